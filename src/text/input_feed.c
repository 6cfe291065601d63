#define _GNU_SOURCE /* memrchr() */
#include "lambert/text/input_feed.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "input_cut.h"
#include "input_plan.h"
#include "lambert/base/array.h"
#include "lambert/base/memory.h"
#include "lambert/base/minmax.h"
#include "lambert/text/input_look.h"
#include "lambert/text/input_stream.h"
#include "lambert/text/text_encoding.h"
#include "lambert/text/text_lines.h"

/* How much is looked at first for a cut, and shown where an encoding is to be guessed; and how many chunks'
 * worth of text a small compressed file may hold. */
enum { GLANCE = 64 * 1024, MOST_INFLATED_CHUNKS = 16 };

/* The streamed chunk at hand: of its text, the window holds what follows the last part, as far as the
 * next cut can lie. */
struct streamed_chunk {
    bool open;
    uint64_t chunk;
    uint32_t part; /* the next to be handed out */
    struct input_stream stream;
    struct buffer window;
    uint64_t window_offset; /* in the text of the file */
    bool continues;         /* the next part begins inside a document, */
    bool barren;            /* or inside a line of JSON that is too long */
    uint64_t undecoded;     /* bytes left out so far */
};

/* Of one file, what was read so far and is or is not text. */
struct input_tally {
    uint64_t bytes, invalid;
    int unread;    /* parts that were handed out, and are to be looked through */
    bool complete; /* nothing more comes */
};

/* Of one plain file, bytes among which no line of JSON begins, for they are of one; and whether one begins at
 * their end, or what is there was not looked at. */
struct barren_range {
    int number; /* of the file */
    uint64_t begin, end;
    bool line;
};

struct input_feed {
    const struct input_list *list;
    struct input_feed_options options;
    struct input_plan plan;

    pthread_mutex_t
        barren_mutex; /* held while more is found out, which all who wait want to know */
    struct barren_range barren;

    pthread_mutex_t mutex; /* guards what follows */
    uint64_t next;         /* chunk */
    bool failed;
    uint64_t taken; /* bytes as stored, of what is done with */
    struct streamed_chunk streamed;
    struct input_tally *tallies; /* [files] */
};

struct input_feed *input_feed_new(const struct input_list *list,
                                  const struct input_feed_options *options)
{
    require(options->chunk_bytes >= 4096 && options->rank < options->ranks);
    struct input_feed *feed = memory_new(1, sizeof *feed);
    *feed = (struct input_feed){.list = list, .options = *options, .next = options->rank};
    input_plan_init(&feed->plan, list, options->chunk_bytes);
    feed->tallies = memory_new((size_t)list->count, sizeof *feed->tallies);
    pthread_mutex_init(&feed->mutex, NULL);
    pthread_mutex_init(&feed->barren_mutex, NULL);
    return feed;
}

void input_feed_free(struct input_feed *feed)
{
    if (!feed)
        return;
    input_stream_close(&feed->streamed.stream);
    buffer_release(&feed->streamed.window);
    pthread_mutex_destroy(&feed->mutex);
    pthread_mutex_destroy(&feed->barren_mutex);
    input_plan_release(&feed->plan);
    free(feed->tallies);
    free(feed);
}

uint64_t input_feed_chunks(const struct input_feed *feed)
{
    return feed->plan.chunk_count;
}

uint64_t input_feed_taken(const struct input_feed *feed)
{
    struct input_feed *shared = (struct input_feed *)feed;
    pthread_mutex_lock(&shared->mutex);
    uint64_t taken = feed->taken + feed->streamed.stream.taken;
    pthread_mutex_unlock(&shared->mutex);
    return taken;
}

/* --- work ------------------------------------------------------------------------------------- */

void input_work_release(struct input_work *work)
{
    buffer_release(&work->text);
    free(work->spans);
    *work = (struct input_work){0};
}

static void work_begin(struct input_work *work, uint64_t chunk, uint32_t part, bool last)
{
    work->chunk = chunk;
    work->part = part;
    work->last = last;
    work->span_count = 0;
    buffer_reset(&work->text);
}

static void work_add_span(struct input_work *work, const struct input_span *span)
{
    if (span->begin == span->end)
        return;
    ARRAY_RESERVE(work->spans, (size_t)work->span_count + 1, work->span_capacity);
    work->spans[work->span_count++] = *span;
}

/* --- bytes that are no text ------------------------------------------------------------------- */

/* Adds what was read of a file, and fails where too much of all of it is no text. How many bytes a file has
 * is known beforehand where it is read at any place; of any other, at its end. `span` are the bytes that were
 * read, to guess from. */
static int count_bytes(struct input_feed *feed, int number, const struct input_tally *read,
                       const char *span, size_t size, struct error *err)
{
    const struct input_file *file = &feed->list->files[number];
    pthread_mutex_lock(&feed->mutex);
    struct input_tally *tally = &feed->tallies[number];
    tally->bytes += read->bytes;
    tally->invalid += read->invalid;
    tally->unread += read->unread;
    tally->complete = tally->complete || read->complete;
    const uint64_t invalid = tally->invalid;
    const uint64_t bytes = file->kind == INPUT_FILE                ? file->bytes
                           : tally->complete && tally->unread == 0 ? tally->bytes
                                                                   : UINT64_MAX;
    pthread_mutex_unlock(&feed->mutex);
    if ((double)invalid <= TEXT_MOST_INVALID * (double)bytes)
        return 0;
    const size_t valid = file->encoding ? size : text_valid_size(span, size);
    return input_look_refuse_encoding(file, invalid, bytes, span + valid,
                                      min_size(size - valid, GLANCE), err);
}

/* --- plain files ------------------------------------------------------------------------------ */

struct plain_file {
    const char *path;
    int file;   /* descriptor */
    int number; /* in the list */
    uint64_t bytes;
    enum text_layout layout;
};

/* Appends [from, end) of the file, which must have that many bytes still. */
static int read_range(const struct plain_file *plain, uint64_t from, uint64_t end,
                      struct buffer *text, struct error *err)
{
    uint8_t *place = buffer_grow(text, (size_t)(end - from));
    while (from < end) {
        ssize_t got = pread(plain->file, place, (size_t)(end - from), (off_t)from);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return error_errno(err, "cannot read the text file %s", plain->path);
        if (got == 0)
            return error_set(err, "the text file %s has become shorter while it was read",
                             plain->path);
        place += got;
        from += (uint64_t)got;
    }
    return 0;
}

struct plain_cut {
    uint64_t offset; /* in the file */
    bool at_document;
    bool line;   /* of JSON: one begins there */
    bool barren; /* of JSON: none does, for the line that goes across is too long (find_line()) */
};

/* Finds cut `number` of a plain file, number > 0: the rule's place in [number N, (number + 1) N).
 *
 * The chunks on both sides of a cut are made by different threads, perhaps of different ranks and
 * machines, and neither waits for the other: each finds the cut for itself. They find the same one
 * since nothing but the bytes [number N - 1, (number + 1) N) is looked at, and these do not depend on
 * where other cuts lie, nor on who looks.
 *
 * A document begins soon in most texts, so a little of the range is read first, and four times as much
 * each time that has none. A beginning that is seen in the lines that are whole is the first one of
 * the whole range as well, but that there is none, and what is the next best place, only the whole
 * range can tell. */
static int find_cut(const struct plain_file *plain, uint64_t n, uint64_t number,
                    struct plain_cut *found, struct error *err)
{
    const uint64_t from = number * n - 1, limit = min_u64(from + 1 + n, plain->bytes);
    struct buffer text = {0};
    struct input_cut cut = {0};
    int status = 0;
    for (uint64_t size = GLANCE;; size *= 4) {
        const bool all = size >= limit - from;
        buffer_reset(&text);
        status = read_range(plain, from, all ? limit : from + size, &text, err);
        if (status < 0)
            break;
        /* The last line may be cut off here, and not look like what it is. */
        const char *bytes = (const char *)text.data;
        const char *newline = all ? NULL : memrchr(bytes, '\n', text.size);
        size_t whole = all ? text.size : newline ? (size_t)(newline - bytes) + 1 : 1;
        cut = input_cut_find(plain->layout, bytes, whole, 1, limit == plain->bytes);
        if (all || cut.at_document)
            break;
    }
    buffer_release(&text);
    *found = (struct plain_cut){.offset = from + cut.place, .at_document = cut.at_document};
    return status;
}

/* How far behind its number the cut of a layout may lie that is not cut anywhere. */
static uint64_t furthest(uint64_t n)
{
    return n > TEXT_LONGEST_VALUE ? n : TEXT_LONGEST_VALUE;
}

/* Looks for the first line that begins in [*from, limit). *from goes to it, or behind what was looked at. */
static int look_for_line(const struct plain_file *plain, uint64_t *from, uint64_t limit,
                         bool *there, struct error *err)
{
    struct buffer text = {0};
    int status = 0;
    *there = false;
    while (*from < limit && !*there && status == 0) {
        buffer_reset(&text);
        status = read_range(plain, *from - 1, min_u64(*from + GLANCE, limit), &text, err);
        if (status < 0)
            break;
        const size_t place = text_newline_start((const char *)text.data, text.size, 1);
        *there = place < text.size;
        *from += place - 1;
    }
    buffer_release(&text);
    return status;
}

/* The same for lines of JSON, which have to be whole: the cut is where the first one begins from number N on, if that
 * is before number N + furthest(N). A line that goes across all of that is damage: the cut is at number N, what
 * begins there has nothing of it but its end, and memory stays bounded.
 *
 * What was found out of a long line is kept for its other cuts, so that a feed reads it once and not at each. */
static int find_line(struct input_feed *feed, const struct plain_file *plain, uint64_t number,
                     struct plain_cut *found, struct error *err)
{
    const uint64_t n = feed->options.chunk_bytes, first = number * n;
    const uint64_t limit = min_u64(first + furthest(n), plain->bytes);
    struct barren_range *known = &feed->barren;
    uint64_t at = first;
    bool there;
    int status = look_for_line(plain, &at, min_u64(first + GLANCE, limit), &there, err);
    if (status == 0 && !there && at < limit) {
        pthread_mutex_lock(&feed->barren_mutex);
        const bool inside =
            known->number == plain->number && first >= known->begin && at <= known->end;
        if (inside) {
            at = min_u64(known->end, limit);
            there = known->line && known->end < limit;
        }
        if (!there)
            status = look_for_line(plain, &at, limit, &there, err);
        if (status == 0 && (!inside || at > known->end))
            *known = (struct barren_range){.number = plain->number,
                                           .begin = inside ? known->begin : first,
                                           .end = at,
                                           .line = there};
        pthread_mutex_unlock(&feed->barren_mutex);
    }
    const bool barren = !there && limit < plain->bytes;
    *found = (struct plain_cut){
        .offset = barren ? first : at, .at_document = true, .line = there, .barren = barren};
    return status;
}

static int find_plain_cut(struct input_feed *feed, const struct plain_file *plain, uint64_t number,
                          struct plain_cut *found, struct error *err)
{
    return plain->layout == LAYOUT_JSON
               ? find_line(feed, plain, number, found, err)
               : find_cut(plain, feed->options.chunk_bytes, number, found, err);
}

/* Appends one unit of a plain file to the work: from its cut, or from behind the byte-order mark, to
 * the next cut or the end of the file. */
static int read_plain(struct input_feed *feed, const struct input_unit *unit,
                      struct input_work *work, struct error *err)
{
    const struct input_file *input = &feed->list->files[unit->file];
    const uint64_t n = feed->options.chunk_bytes;
    struct plain_file plain = {
        .path = input->path, .number = unit->file, .bytes = input->bytes, .layout = input->layout};
    struct plain_cut begin = {.offset = input->mark, .at_document = true},
                     end = {.offset = input->bytes};
    int status = -1;
    plain.file = open(input->path, O_RDONLY | O_CLOEXEC);
    if (plain.file < 0)
        return error_errno(err, "cannot open the text file %s", input->path);
    if (unit->number > 0 && find_plain_cut(feed, &plain, unit->number, &begin, err) < 0)
        goto done;
    if ((unit->number + 1) * n < input->bytes &&
        find_plain_cut(feed, &plain, unit->number + 1, &end, err) < 0)
        goto done;
    if (begin.barren) /* all of it is the line, whose end is for those who count lines */
        begin.offset = end.line ? end.offset - 1 : end.offset;
    struct input_span span = {.file = unit->file,
                              .layout = plain.layout,
                              .offset = begin.offset,
                              .begin = work->text.size,
                              .continues = !begin.at_document};
    if (read_range(&plain, begin.offset, end.offset, &work->text, err) < 0)
        goto done;
    span.end = work->text.size;
    const char *text = (const char *)work->text.data + span.begin;
    const size_t size = span.end - span.begin;
    span.invalid = text_invalid_bytes(text, size, true);
    work_add_span(work, &span);
    status =
        count_bytes(feed, unit->file, &(struct input_tally){.bytes = size, .invalid = span.invalid},
                    text, size, err);
done:
    close(plain.file);
    return status;
}

/* --- small files that are read from their beginning --------------------------------------------- */

/* Appends all of one, within bounds: zlib packs up to a thousandfold, others more, and text is packed
 * three- to tenfold. */
static int read_small(struct input_feed *feed, const struct input_unit *unit,
                      struct input_work *work, struct error *err)
{
    const uint64_t most = MOST_INFLATED_CHUNKS * feed->options.chunk_bytes;
    const struct input_file *file = &feed->list->files[unit->file];
    const size_t begin = work->text.size;
    struct input_stream stream;
    if (input_stream_open(&stream, file->path, feed->list->options->encoding, err) < 0)
        return -1;
    int status = input_stream_read(&stream, (size_t)most, &work->text, err);
    const uint64_t undecoded = stream.undecoded, encoded = stream.encoded;
    input_stream_close(&stream);
    if (status < 0)
        return -1;
    const char *text = (const char *)work->text.data + begin;
    const size_t size = work->text.size - begin;
    if (size == most)
        return error_set(err,
                         "the %s file %s inflates to more than %" PRIu64 " bytes, which no text "
                         "of its size does; look into it, and decompress it if it is right",
                         compression_names[file->compression], file->path, most);
    const struct input_tally read = {
        .bytes = file->encoding ? encoded : size,
        .invalid = file->encoding ? undecoded : text_invalid_bytes(text, size, true),
        .complete = true};
    work_add_span(work, &(struct input_span){.file = unit->file,
                                             .layout = file->layout,
                                             .offset = file->mark,
                                             .begin = begin + file->mark,
                                             .end = work->text.size,
                                             .invalid = read.invalid});
    return count_bytes(feed, unit->file, &read, text, size, err);
}

/* All units of the chunk that the work is of. */
static int read_chunk(struct input_feed *feed, struct input_work *work, struct error *err)
{
    const struct planned_chunk *chunk = &feed->plan.chunks[work->chunk];
    for (size_t u = chunk->first; u < chunk->end; u++) {
        const struct input_unit *unit = &feed->plan.units[u];
        const bool plain = feed->list->files[unit->file].kind == INPUT_FILE;
        if ((plain ? read_plain : read_small)(feed, unit, work, err) < 0)
            return -1;
    }
    return 0;
}

/* --- streams: under the lock, for a stream can be read by one thread at a time ------------------- */

static int stream_file(const struct input_feed *feed, uint64_t chunk)
{
    return feed->plan.units[feed->plan.chunks[chunk].first].file;
}

/* The next cut, from `limit` on, in the window, which is made to reach as far as need be; `last`: there is
 * none, for the text ends before. `barren`: it is at `limit`, inside a line that is too long (find_line()). */
static int find_streamed_cut(struct input_feed *feed, enum text_layout layout, uint64_t limit,
                             struct input_cut *cut, bool *last, bool *barren, struct error *err)
{
    struct streamed_chunk *streamed = &feed->streamed;
    struct buffer *window = &streamed->window;
    const uint64_t n = feed->options.chunk_bytes, most = limit + furthest(n);
    uint64_t reach = limit + n;
    for (;;) {
        const uint64_t there = streamed->window_offset + window->size;
        if (there < reach &&
            input_stream_read(&streamed->stream, (size_t)(reach - there), window, err) < 0)
            return -1;
        const uint64_t end = streamed->window_offset + window->size;
        const size_t from = (size_t)(limit - streamed->window_offset);
        *cut = (struct input_cut){.place = window->size};
        *last = end <= limit;
        if (*last)
            return 0;
        *cut = input_cut_find(layout, (const char *)window->data, window->size, from, end < reach);
        if (!cut->beyond || end < reach)
            return 0;
        *barren = !text_layout_sequential(layout) && end >= most;
        if (*barren) {
            *cut = (struct input_cut){.place = from, .at_document = true};
            return 0;
        }
        reach = reach < most ? min_u64(reach + window->size, most) : reach + TEXT_LONGEST_VALUE;
    }
}

/* Hands out part j: up to cut j + 1, which is looked for in [(j + 1) N, (j + 2) N) as in a plain file,
 * or to the end of the text where that comes before (j + 1) N. */
static int next_part(struct input_feed *feed, struct input_work *work, struct error *err)
{
    struct streamed_chunk *streamed = &feed->streamed;
    struct buffer *window = &streamed->window;
    const int number = stream_file(feed, streamed->chunk);
    const struct input_file *file = &feed->list->files[number];
    const uint64_t limit = (streamed->part + UINT64_C(1)) * feed->options.chunk_bytes;
    struct input_cut cut = {.at_document = true};
    bool last = false, barren = false;
    /* The cut before lies behind `limit` where an object is longer than a part: it is this one too. */
    if (streamed->window_offset < limit &&
        find_streamed_cut(feed, file->layout, limit, &cut, &last, &barren, err) < 0)
        return -1;
    if (streamed->window_offset == limit)
        last = window->size == 0; /* all was read to find that cut */

    /* Of a line that is too long, its end is for those who count lines. */
    const bool at_line = !barren && !cut.beyond && !last;
    const size_t begin = streamed->barren      ? cut.place - at_line
                         : streamed->part == 0 ? file->mark
                                               : 0;
    work_begin(work, streamed->chunk, streamed->part, last);
    buffer_put(&work->text, (const char *)window->data + begin, cut.place - begin);
    work_add_span(
        work, &(struct input_span){.file = number,
                                   .layout = file->layout,
                                   .offset = streamed->window_offset + begin,
                                   .end = work->text.size,
                                   .continues = streamed->continues,
                                   .invalid = streamed->stream.undecoded - streamed->undecoded});
    streamed->undecoded = streamed->stream.undecoded;

    window->size -= cut.place;
    memmove(window->data, window->data + cut.place, window->size);
    streamed->window_offset += cut.place;
    streamed->continues = !cut.at_document;
    streamed->barren = barren;
    streamed->part++;
    feed->tallies[number].unread++;
    if (last) {
        feed->tallies[number].complete = true;
        if (file->encoding) {
            feed->tallies[number].bytes = streamed->stream.encoded;
            feed->tallies[number].invalid = streamed->stream.undecoded;
        }
        feed->taken += streamed->stream.taken;
        input_stream_close(&streamed->stream);
        streamed->open = false;
    }
    return 0;
}

/* Looks through a part that was handed out, now that the lock is given up. */
static int count_part(struct input_feed *feed, struct input_work *work, struct error *err)
{
    const int number = stream_file(feed, work->chunk);
    const char *text = (const char *)work->text.data;
    struct input_tally read = {.unread = -1};
    if (!feed->list->files[number].encoding) {
        read.bytes = work->text.size;
        read.invalid = text_invalid_bytes(text, work->text.size, true);
        if (work->span_count > 0)
            work->spans[0].invalid = read.invalid;
    }
    return count_bytes(feed, number, &read, text, work->text.size, err);
}

/* Opens the stream of a chunk, or goes on with the one that was opened to be looked at. */
static int open_streamed(struct input_feed *feed, struct error *err)
{
    struct streamed_chunk *streamed = &feed->streamed;
    struct input_file *file = &feed->list->files[stream_file(feed, streamed->chunk)];
    if (file->opened) {
        streamed->stream = *file->opened;
        free(file->opened);
        file->opened = NULL;
    } else if (input_stream_open(&streamed->stream, file->path, feed->list->options->encoding,
                                 err) < 0) {
        return -1;
    }
    streamed->open = true;
    return file->looked_at ? 0 : input_look_at(file, &streamed->stream, feed->list->options, err);
}

/* --- handing out ------------------------------------------------------------------------------ */

static uint64_t stored_bytes(const struct input_feed *feed, const struct planned_chunk *chunk)
{
    uint64_t bytes = 0;
    for (size_t u = chunk->first; u < chunk->end; u++) {
        const struct input_unit *unit = &feed->plan.units[u];
        const struct input_file *file = &feed->list->files[unit->file];
        uint64_t left = file->bytes - unit->number * feed->options.chunk_bytes;
        bytes += file->kind == INPUT_FILE ? min_u64(left, feed->options.chunk_bytes) : left;
    }
    return bytes;
}

enum { TAKEN_NOTHING, TAKEN_PART, TAKEN_CHUNK };

/* Under the lock: the work is a part of a stream, its text included, or a chunk that is to be read. */
static int take(struct input_feed *feed, struct input_work *work, struct error *err)
{
    if (feed->failed)
        return TAKEN_NOTHING;
    if (!feed->streamed.open) {
        if (feed->next >= feed->plan.chunk_count)
            return TAKEN_NOTHING;
        const uint64_t number = feed->next;
        const struct planned_chunk *chunk = &feed->plan.chunks[number];
        feed->next += feed->options.ranks;
        if (!chunk->streamed) {
            feed->taken += stored_bytes(feed, chunk);
            work_begin(work, number, 0, true);
            return TAKEN_CHUNK;
        }
        struct streamed_chunk *streamed = &feed->streamed;
        struct buffer window = streamed->window; /* its memory is used again */
        buffer_reset(&window);
        *streamed = (struct streamed_chunk){.chunk = number, .window = window};
        if (open_streamed(feed, err) < 0)
            return -1;
    }
    return next_part(feed, work, err) < 0 ? -1 : TAKEN_PART;
}

static int fail(struct input_feed *feed)
{
    pthread_mutex_lock(&feed->mutex);
    feed->failed = true;
    pthread_mutex_unlock(&feed->mutex);
    return -1;
}

int input_feed_next(struct input_feed *feed, struct input_work *work, struct error *err)
{
    const struct input_feed_options *options = &feed->options;
    for (;;) {
        pthread_mutex_lock(&feed->mutex);
        int taken = take(feed, work, err);
        feed->failed = feed->failed || taken < 0;
        pthread_mutex_unlock(&feed->mutex);
        if (taken <= 0)
            return taken;
        if (taken == TAKEN_PART && count_part(feed, work, err) < 0)
            return fail(feed);
        /* To find out what is wanted may take long (a finished shard is read and checked), so the
         * other threads are not kept from asking meanwhile. */
        if (options->wanted && !options->wanted(options->context, work->chunk, work->part))
            continue;
        return taken == TAKEN_PART || read_chunk(feed, work, err) == 0 ? 1 : fail(feed);
    }
}

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
#include "lambert/text/input_stream.h"

/* How much is looked at for a file's layout, and at first for a cut; and how many chunks' worth of text
 * a small gzip file may hold. */
enum { HEAD = 64 * 1024, GZIP_MOST_CHUNKS = 16 };

/* The streamed chunk at hand: of its text, the window holds what follows the last part, as far as the
 * next cut can lie. */
struct streamed_chunk {
    bool open;
    uint64_t chunk;
    uint32_t part; /* the next to be handed out */
    struct input_stream stream;
    struct buffer window;
    uint64_t window_offset; /* in the text of the file */
    enum text_layout layout;
    bool continues; /* the next part begins inside a document */
};

struct input_feed {
    const struct input_list *list;
    struct input_feed_options options;
    struct input_plan plan;

    pthread_mutex_t mutex; /* guards what follows */
    uint64_t next;         /* chunk */
    bool failed;
    uint64_t taken; /* bytes as stored, of what is done with */
    struct streamed_chunk streamed;
};

struct input_feed *input_feed_new(const struct input_list *list,
                                  const struct input_feed_options *options)
{
    require(options->chunk_bytes >= 4096 && options->rank < options->ranks);
    struct input_feed *feed = memory_new(1, sizeof *feed);
    *feed = (struct input_feed){.list = list, .options = *options, .next = options->rank};
    input_plan_init(&feed->plan, list, options->chunk_bytes);
    pthread_mutex_init(&feed->mutex, NULL);
    return feed;
}

void input_feed_free(struct input_feed *feed)
{
    if (!feed)
        return;
    input_stream_close(&feed->streamed.stream);
    buffer_release(&feed->streamed.window);
    pthread_mutex_destroy(&feed->mutex);
    input_plan_release(&feed->plan);
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

/* The same bytes decide on a file's layout, whatever way it is read. */
static size_t head_bytes(const struct input_feed *feed)
{
    return (size_t)min_u64(2 * feed->options.chunk_bytes, HEAD);
}

/* --- plain files ------------------------------------------------------------------------------ */

struct plain_file {
    const char *path;
    int file;
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
    const uint64_t from = number * n - 1;
    const uint64_t limit = min_u64(from + 1 + n, plain->bytes);
    struct buffer text = {0};
    struct input_cut cut = {0};
    int status = 0;
    for (uint64_t size = HEAD;; size *= 4) {
        const bool all = size >= limit - from;
        buffer_reset(&text);
        status = read_range(plain, from, all ? limit : from + size, &text, err);
        if (status < 0)
            break;
        /* The last line may be cut off here, and not look like what it is. */
        const char *bytes = (const char *)text.data;
        const char *newline = all ? NULL : memrchr(bytes, '\n', text.size);
        size_t whole = all ? text.size : newline ? (size_t)(newline - bytes) + 1 : 1;
        cut = input_cut_find(plain->layout, bytes, whole, 1);
        if (all || cut.at_document)
            break;
    }
    buffer_release(&text);
    *found = (struct plain_cut){.offset = from + cut.place, .at_document = cut.at_document};
    return status;
}

/* Appends one unit of a plain file to the work: from its cut, or from behind the byte-order mark, to
 * the next cut or the end of the file. */
static int read_plain(const struct input_feed *feed, const struct input_unit *unit,
                      struct input_work *work, struct error *err)
{
    const struct input_file *input = &feed->list->files[unit->file];
    const uint64_t n = feed->options.chunk_bytes;
    struct plain_file plain = {.path = input->path, .bytes = input->bytes};
    struct plain_cut begin = {.at_document = true}, end = {.offset = input->bytes};
    struct buffer head = {0};
    int status = -1;
    plain.file = open(input->path, O_RDONLY | O_CLOEXEC);
    if (plain.file < 0)
        return error_errno(err, "cannot open the text file %s", input->path);
    if (read_range(&plain, 0, min_u64(input->bytes, head_bytes(feed)), &head, err) < 0)
        goto done;
    plain.layout = text_layout_of((const char *)head.data, head.size);
    begin.offset = text_mark_size((const char *)head.data, head.size);
    if (unit->number > 0 && find_cut(&plain, n, unit->number, &begin, err) < 0)
        goto done;
    if ((unit->number + 1) * n < input->bytes &&
        find_cut(&plain, n, unit->number + 1, &end, err) < 0)
        goto done;
    struct input_span span = {.file = unit->file,
                              .layout = plain.layout,
                              .offset = begin.offset,
                              .begin = work->text.size,
                              .continues = !begin.at_document};
    if (read_range(&plain, begin.offset, end.offset, &work->text, err) < 0)
        goto done;
    span.end = work->text.size;
    work_add_span(work, &span);
    status = 0;
done:
    buffer_release(&head);
    close(plain.file);
    return status;
}

/* --- small gzip files ------------------------------------------------------------------------- */

/* Appends all of one, within bounds: zlib packs up to a thousandfold, text is packed three- to
 * tenfold. */
static int read_gzip(const struct input_feed *feed, const struct input_unit *unit,
                     struct input_work *work, struct error *err)
{
    const uint64_t most = GZIP_MOST_CHUNKS * feed->options.chunk_bytes;
    const char *path = feed->list->files[unit->file].path;
    const size_t begin = work->text.size;
    struct input_stream stream;
    if (input_stream_open(&stream, path, err) < 0)
        return -1;
    int status = input_stream_read(&stream, (size_t)most, &work->text, err);
    input_stream_close(&stream);
    if (status < 0)
        return -1;
    const char *text = (const char *)work->text.data + begin;
    const size_t size = work->text.size - begin, mark = text_mark_size(text, size);
    if (size == most)
        return error_set(err,
                         "the gzip file %s inflates to more than %" PRIu64 " bytes, which no text "
                         "of its size does; look into it, and inflate it if it is right",
                         path, most);
    work_add_span(
        work, &(struct input_span){.file = unit->file,
                                   .layout = text_layout_of(text, min_size(size, head_bytes(feed))),
                                   .offset = mark,
                                   .begin = begin + mark,
                                   .end = work->text.size});
    return 0;
}

/* All units of the chunk that the work is of. */
static int read_chunk(const struct input_feed *feed, struct input_work *work, struct error *err)
{
    const struct planned_chunk *chunk = &feed->plan.chunks[work->chunk];
    for (size_t u = chunk->first; u < chunk->end; u++) {
        const struct input_unit *unit = &feed->plan.units[u];
        bool gzip = feed->list->files[unit->file].kind == INPUT_GZIP;
        if ((gzip ? read_gzip : read_plain)(feed, unit, work, err) < 0)
            return -1;
    }
    return 0;
}

/* --- streams: under the lock, for a stream can be read by one thread at a time ------------------- */

static int stream_file(const struct input_feed *feed, uint64_t chunk)
{
    return feed->plan.units[feed->plan.chunks[chunk].first].file;
}

/* Hands out part j: up to cut j + 1, which is looked for in [(j + 1) N, (j + 2) N) as in a plain file,
 * or to the end of the text where that comes before (j + 1) N. */
static int next_part(struct input_feed *feed, struct input_work *work, struct error *err)
{
    struct streamed_chunk *streamed = &feed->streamed;
    struct buffer *window = &streamed->window;
    const uint64_t n = feed->options.chunk_bytes;
    const uint64_t limit = (streamed->part + UINT64_C(1)) * n;
    const uint64_t there = streamed->window_offset + window->size;
    if (there < limit + n &&
        input_stream_read(&streamed->stream, (size_t)(limit + n - there), window, err) < 0)
        return -1;
    const char *text = (const char *)window->data;
    if (streamed->part == 0)
        streamed->layout = text_layout_of(text, min_size(window->size, head_bytes(feed)));
    const bool last = streamed->window_offset + window->size <= limit;
    struct input_cut cut = {.place = window->size};
    if (!last)
        cut = input_cut_find(streamed->layout, text, window->size,
                             (size_t)(limit - streamed->window_offset));

    const size_t mark = streamed->part == 0 ? text_mark_size(text, cut.place) : 0;
    work_begin(work, streamed->chunk, streamed->part, last);
    buffer_put(&work->text, text + mark, cut.place - mark);
    work_add_span(work, &(struct input_span){.file = stream_file(feed, streamed->chunk),
                                             .layout = streamed->layout,
                                             .offset = streamed->window_offset + mark,
                                             .end = work->text.size,
                                             .continues = streamed->continues});

    window->size -= cut.place;
    memmove(window->data, window->data + cut.place, window->size);
    streamed->window_offset += cut.place;
    streamed->continues = !cut.at_document;
    streamed->part++;
    if (last) {
        feed->taken += streamed->stream.taken;
        input_stream_close(&streamed->stream);
        streamed->open = false;
    }
    return 0;
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
        const char *path = feed->list->files[stream_file(feed, number)].path;
        if (input_stream_open(&streamed->stream, path, err) < 0)
            return -1;
        streamed->open = true;
    }
    return next_part(feed, work, err) < 0 ? -1 : TAKEN_PART;
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
        /* To find out what is wanted may take long (a finished shard is read and checked), so the
         * other threads are not kept from asking meanwhile. */
        if (options->wanted && !options->wanted(options->context, work->chunk, work->part))
            continue;
        if (taken == TAKEN_PART || read_chunk(feed, work, err) == 0)
            return 1;
        pthread_mutex_lock(&feed->mutex);
        feed->failed = true;
        pthread_mutex_unlock(&feed->mutex);
        return -1;
    }
}

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
#include "input_stream.h"
#include "lambert/base/memory.h"
#include "lambert/text/document_reader.h"

enum { GZIP_WEIGHT = 4, GZIP_MOST_PIECES = 16, HEAD = 64 * 1024 };

/* A part of a file: bytes near [number N, (number + 1) N) of a plain one, all of any other. */
struct unit {
    int file;
    uint64_t number;
};

/* Units [first, end) of the plan. */
struct chunk {
    size_t first, end;
    bool streamed; /* one file, of many parts */
};

struct input_feed {
    const struct input_list *list;
    struct input_feed_options options;
    struct buffer units;  /* struct unit */
    struct buffer chunks; /* struct chunk */
    uint64_t weight;      /* of the chunk being planned */

    pthread_mutex_t mutex; /* guards what follows */
    uint64_t next;         /* chunk */
    bool failed;
    uint64_t taken; /* bytes as stored, of what is done with */
    /* The streamed chunk at hand. */
    bool streaming;
    struct input_stream stream;
    struct buffer window;    /* text from window_offset on */
    uint64_t window_offset;  /* in the text of the file */
    enum text_layout layout; /* of that file */
    bool continues;
    uint64_t chunk;
    uint32_t part;
};

/* --- the plan --------------------------------------------------------------------------------- */

static struct chunk *last_chunk(struct input_feed *feed)
{
    return (struct chunk *)(void *)(feed->chunks.data + feed->chunks.size) - 1;
}

static void close_chunk(struct input_feed *feed)
{
    feed->weight = 0;
}

/* Into the chunk that is open, or a new one. */
static void add_unit(struct input_feed *feed, int file, uint64_t number, uint64_t weight,
                     bool streamed)
{
    struct unit unit = {.file = file, .number = number};
    if (feed->weight == 0) {
        struct chunk chunk = {.first = feed->units.size / sizeof unit, .streamed = streamed};
        buffer_put(&feed->chunks, &chunk, sizeof chunk);
    }
    buffer_put(&feed->units, &unit, sizeof unit);
    last_chunk(feed)->end = feed->units.size / sizeof unit;
    feed->weight += weight + (weight == 0); /* even an empty file opens a chunk */
}

static void plan_file(struct input_feed *feed, int number)
{
    const struct input_file *file = &feed->list->files[number];
    const uint64_t n = feed->options.chunk_bytes;
    uint64_t left = file->bytes;
    if (file->kind == INPUT_STREAM ||
        (file->kind == INPUT_GZIP && file->bytes >= n / GZIP_WEIGHT)) {
        close_chunk(feed);
        add_unit(feed, number, 0, n, true);
        close_chunk(feed);
        return;
    }
    for (uint64_t part = 0; part == 0 || left > 0; part++) {
        uint64_t bytes = file->kind == INPUT_GZIP || left < n ? left : n;
        uint64_t weight = file->kind == INPUT_GZIP ? GZIP_WEIGHT * bytes : bytes;
        if (weight >= n)
            close_chunk(feed);
        add_unit(feed, number, part, weight, false);
        if (feed->weight >= n)
            close_chunk(feed);
        left -= bytes;
    }
}

struct input_feed *input_feed_new(const struct input_list *list,
                                  const struct input_feed_options *options)
{
    require(options->chunk_bytes >= 4096 && options->rank < options->ranks);
    struct input_feed *feed = memory_new(1, sizeof *feed);
    feed->list = list;
    feed->options = *options;
    feed->next = options->rank;
    pthread_mutex_init(&feed->mutex, NULL);
    for (int i = 0; i < list->count; i++)
        plan_file(feed, i);
    return feed;
}

static void end_stream(struct input_feed *feed)
{
    input_stream_close(&feed->stream);
    feed->streaming = false;
}

void input_feed_free(struct input_feed *feed)
{
    if (!feed)
        return;
    end_stream(feed);
    pthread_mutex_destroy(&feed->mutex);
    buffer_release(&feed->units);
    buffer_release(&feed->chunks);
    buffer_release(&feed->window);
    free(feed);
}

uint64_t input_feed_chunks(const struct input_feed *feed)
{
    return feed->chunks.size / sizeof(struct chunk);
}

uint64_t input_feed_taken(const struct input_feed *feed)
{
    struct input_feed *shared = (struct input_feed *)feed;
    pthread_mutex_lock(&shared->mutex);
    uint64_t taken = feed->taken + feed->stream.taken;
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

static void begin_work(struct input_work *work, uint64_t chunk, uint32_t part, bool last)
{
    work->chunk = chunk;
    work->part = part;
    work->last = last;
    work->span_count = 0;
    buffer_reset(&work->text);
}

static void add_span(struct input_work *work, const struct input_span *span)
{
    if (span->begin == span->end)
        return;
    if (work->span_count == work->span_capacity) {
        work->span_capacity = 2 * work->span_capacity + 4;
        work->spans = memory_resize(work->spans, (size_t)work->span_capacity, sizeof *work->spans);
    }
    work->spans[work->span_count++] = *span;
}

/* How much of a file is looked at for its layout, whatever way it is read. */
static uint64_t head_bytes(const struct input_feed *feed)
{
    return 2 * feed->options.chunk_bytes < HEAD ? 2 * feed->options.chunk_bytes : HEAD;
}

static enum text_layout layout_of(const struct input_feed *feed, const char *text, size_t size)
{
    return text_layout_of(text, size < head_bytes(feed) ? size : head_bytes(feed));
}

static size_t mark_size(const char *text, size_t size)
{
    return size >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
}

/* --- plain files ------------------------------------------------------------------------------ */

struct plain_file {
    const struct input_file *input;
    int file;
    enum text_layout layout;
    size_t mark; /* bytes of the byte-order mark */
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
            return error_errno(err, "cannot read the text file %s", plain->input->path);
        if (got == 0)
            return error_set(err, "the text file %s has become shorter while it was read",
                             plain->input->path);
        place += got;
        from += (uint64_t)got;
    }
    return 0;
}

static int open_plain(const struct input_feed *feed, struct plain_file *plain,
                      const struct input_file *input, struct error *err)
{
    const uint64_t most = head_bytes(feed);
    struct buffer head = {0};
    *plain = (struct plain_file){.input = input};
    plain->file = open(input->path, O_RDONLY | O_CLOEXEC);
    if (plain->file < 0)
        return error_errno(err, "cannot open the text file %s", input->path);
    int status = read_range(plain, 0, input->bytes < most ? input->bytes : most, &head, err);
    if (status == 0) {
        plain->layout = layout_of(feed, (const char *)head.data, head.size);
        plain->mark = mark_size((const char *)head.data, head.size);
    } else {
        close(plain->file);
    }
    buffer_release(&head);
    return status;
}

/* Looks at a little of the range first, and at four times as much where that has no document's
 * beginning; only all of it says that there is none. */
static int find_cut(const struct plain_file *plain, uint64_t n, uint64_t number, uint64_t *place,
                    bool *at_document, struct error *err)
{
    const uint64_t from = number * n - 1;
    const uint64_t limit = from + 1 + n < plain->input->bytes ? from + 1 + n : plain->input->bytes;
    struct buffer text = {0};
    struct input_cut cut = {0};
    int status = 0;
    for (uint64_t size = HEAD; status == 0 && !cut.at_document; size *= 4) {
        bool all = size >= limit - from;
        buffer_reset(&text);
        status = read_range(plain, from, all ? limit : from + size, &text, err);
        /* The last line may be cut off here, and not look like what it is. */
        if (status == 0) {
            const char *bytes = (const char *)text.data;
            const char *newline = all ? NULL : memrchr(bytes, '\n', text.size);
            size_t whole = all ? text.size : newline ? (size_t)(newline - bytes) + 1 : 1;
            cut = input_cut_find(plain->layout, bytes, whole, 1);
        }
        if (all)
            break;
    }
    buffer_release(&text);
    *place = from + cut.place;
    *at_document = cut.at_document;
    return status;
}

/* One unit of a plain file, behind what the work has already. */
static int read_unit(const struct input_feed *feed, const struct plain_file *plain,
                     const struct unit *unit, struct input_work *work, struct error *err)
{
    const uint64_t n = feed->options.chunk_bytes, bytes = plain->input->bytes;
    uint64_t begin = plain->mark, end = bytes;
    bool at_document = true, ignored;
    if (unit->number > 0 && find_cut(plain, n, unit->number, &begin, &at_document, err) < 0)
        return -1;
    if ((unit->number + 1) * n < bytes &&
        find_cut(plain, n, unit->number + 1, &end, &ignored, err) < 0)
        return -1;
    struct input_span span = {.file = unit->file,
                              .layout = plain->layout,
                              .offset = begin,
                              .begin = work->text.size,
                              .continues = !at_document};
    if (read_range(plain, begin, end, &work->text, err) < 0)
        return -1;
    span.end = work->text.size;
    add_span(work, &span);
    return 0;
}

static int read_plain(const struct input_feed *feed, const struct unit *unit,
                      struct input_work *work, struct error *err)
{
    struct plain_file plain;
    if (open_plain(feed, &plain, &feed->list->files[unit->file], err) < 0)
        return -1;
    int status = read_unit(feed, &plain, unit, work, err);
    close(plain.file);
    return status;
}

/* --- small gzip files ------------------------------------------------------------------------- */

/* All of it, within bounds: zlib packs up to a thousandfold, text is packed three- to tenfold. */
static int inflate_all(const struct input_feed *feed, const char *path, struct buffer *text,
                       struct error *err)
{
    const uint64_t most = GZIP_MOST_PIECES * feed->options.chunk_bytes;
    const size_t before = text->size;
    struct input_stream stream;
    if (input_stream_open(&stream, path, err) < 0)
        return -1;
    int status = input_stream_read(&stream, (size_t)most, text, err);
    input_stream_close(&stream);
    if (status == 0 && text->size - before == most)
        return error_set(err,
                         "the gzip file %s inflates to more than %" PRIu64 " bytes, which no text "
                         "of its size does; look into it, and inflate it if it is right",
                         path, most);
    return status;
}

static int read_gzip(const struct input_feed *feed, const struct unit *unit,
                     struct input_work *work, struct error *err)
{
    struct input_span span = {.file = unit->file, .begin = work->text.size};
    if (inflate_all(feed, feed->list->files[unit->file].path, &work->text, err) < 0)
        return -1;
    const char *text = (const char *)work->text.data + span.begin;
    size_t size = work->text.size - span.begin;
    span.layout = layout_of(feed, text, size);
    span.offset = mark_size(text, size);
    span.begin += span.offset;
    span.end = work->text.size;
    add_span(work, &span);
    return 0;
}

static int read_chunk(const struct input_feed *feed, uint64_t number, struct input_work *work,
                      struct error *err)
{
    const struct chunk *chunk = (const struct chunk *)(const void *)feed->chunks.data + number;
    const struct unit *units = (const struct unit *)(const void *)feed->units.data;
    int status = 0;
    begin_work(work, number, 0, true);
    for (size_t u = chunk->first; u < chunk->end && status == 0; u++)
        status = (feed->list->files[units[u].file].kind == INPUT_GZIP ? read_gzip : read_plain)(
            feed, units + u, work, err);
    return status;
}

/* --- streams: under the lock ------------------------------------------------------------------ */

static int begin_stream(struct input_feed *feed, uint64_t number, struct error *err)
{
    const struct chunk *chunk = (const struct chunk *)(const void *)feed->chunks.data + number;
    const struct unit *units = (const struct unit *)(const void *)feed->units.data;
    const struct input_file *file = &feed->list->files[units[chunk->first].file];
    if (input_stream_open(&feed->stream, file->path, err) < 0)
        return -1;
    feed->streaming = true;
    feed->chunk = number;
    feed->part = 0;
    feed->window_offset = 0;
    feed->continues = false;
    buffer_reset(&feed->window);
    return 0;
}

/* The window has the text from cut j to (j + 2) N. */
static int fill_window(struct input_feed *feed, struct error *err)
{
    const uint64_t wanted = (feed->part + UINT64_C(2)) * feed->options.chunk_bytes;
    uint64_t there = feed->window_offset + feed->window.size;
    if (there < wanted &&
        input_stream_read(&feed->stream, (size_t)(wanted - there), &feed->window, err) < 0)
        return -1;
    if (feed->part == 0)
        feed->layout = layout_of(feed, (const char *)feed->window.data, feed->window.size);
    return 0;
}

static void hand_out(struct input_feed *feed, size_t size, bool last, struct input_work *work)
{
    const struct chunk *chunk = (const struct chunk *)(const void *)feed->chunks.data + feed->chunk;
    const struct unit *units = (const struct unit *)(const void *)feed->units.data;
    const char *text = (const char *)feed->window.data;
    size_t mark = feed->part == 0 ? mark_size(text, size) : 0;
    begin_work(work, feed->chunk, feed->part, last);
    buffer_put(&work->text, text + mark, size - mark);
    struct input_span span = {.file = units[chunk->first].file,
                              .layout = feed->layout,
                              .offset = feed->window_offset + mark,
                              .end = work->text.size,
                              .continues = feed->continues};
    add_span(work, &span);
}

static void drop_front(struct input_feed *feed, size_t size)
{
    feed->window.size -= size;
    memmove(feed->window.data, feed->window.data + size, feed->window.size);
    feed->window_offset += size;
}

/* Part j: up to cut j + 1, which lies in [(j + 1) N, (j + 2) N); the last one up to the end. */
static int next_part(struct input_feed *feed, struct input_work *work, struct error *err)
{
    if (fill_window(feed, err) < 0)
        return -1;
    const uint64_t limit = (feed->part + UINT64_C(1)) * feed->options.chunk_bytes;
    bool last = feed->window_offset + feed->window.size <= limit;
    struct input_cut cut = {.place = feed->window.size};
    if (!last)
        cut = input_cut_find(feed->layout, (const char *)feed->window.data, feed->window.size,
                             (size_t)(limit - feed->window_offset));
    hand_out(feed, cut.place, last, work);
    drop_front(feed, cut.place);
    feed->continues = !cut.at_document;
    feed->part++;
    if (last) {
        feed->taken += feed->stream.taken;
        end_stream(feed);
    }
    return 0;
}

/* --- handing out ------------------------------------------------------------------------------ */

static bool is_wanted(const struct input_feed *feed, uint64_t chunk, uint32_t part)
{
    return !feed->options.wanted || feed->options.wanted(feed->options.context, chunk, part);
}

static uint64_t stored_bytes(const struct input_feed *feed, const struct chunk *chunk)
{
    const struct unit *units = (const struct unit *)(const void *)feed->units.data;
    const uint64_t n = feed->options.chunk_bytes;
    uint64_t bytes = 0;
    for (size_t u = chunk->first; u < chunk->end; u++) {
        const struct input_file *file = &feed->list->files[units[u].file];
        uint64_t left = file->bytes - units[u].number * n;
        bytes += file->kind == INPUT_FILE && left > n ? n : left;
    }
    return bytes;
}

/* Under the lock. 1: a part of a stream is in `work`; 2: the caller is to read chunk *number; 0:
 * none is left; -1. */
static int choose(struct input_feed *feed, struct input_work *work, uint64_t *number,
                  struct error *err)
{
    const struct chunk *chunks = (const struct chunk *)(const void *)feed->chunks.data;
    for (;;) {
        if (feed->streaming) {
            uint32_t part = feed->part;
            if (next_part(feed, work, err) < 0)
                return -1;
            if (is_wanted(feed, work->chunk, part))
                return 1;
            continue;
        }
        if (feed->next >= input_feed_chunks(feed))
            return 0;
        *number = feed->next;
        feed->next += feed->options.ranks;
        if (chunks[*number].streamed) {
            if (begin_stream(feed, *number, err) < 0)
                return -1;
            continue;
        }
        feed->taken += stored_bytes(feed, &chunks[*number]);
        if (is_wanted(feed, *number, 0))
            return 2;
    }
}

int input_feed_next(struct input_feed *feed, struct input_work *work, struct error *err)
{
    uint64_t number = 0;
    pthread_mutex_lock(&feed->mutex);
    int got = feed->failed ? 0 : choose(feed, work, &number, err);
    feed->failed = feed->failed || got < 0;
    pthread_mutex_unlock(&feed->mutex);
    if (got != 2)
        return got;
    if (read_chunk(feed, number, work, err) == 0)
        return 1;
    pthread_mutex_lock(&feed->mutex);
    feed->failed = true;
    pthread_mutex_unlock(&feed->mutex);
    return -1;
}

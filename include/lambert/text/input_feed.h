/* Cuts the inputs into chunks of about `chunk_bytes`, at document boundaries, and hands them to
 * threads, in memory for one chunk a thread, whatever the size of the input.
 *
 * How the text is cut depends on the names, order and sizes of the files and on chunk_bytes alone:
 * not on threads, not on ranks. Let N be chunk_bytes.
 *
 *   - A plain file is cut near each multiple of N: cut k (k N > 0, below the file's size) is the first
 *     place from k N on, and before (k + 1) N, where a document is seen to begin
 *     (text_document_start()). Where there is none (one document goes across the whole of
 *     [k N, (k + 1) N)): the first line that begins there; else the first byte behind ASCII white
 *     space; else the first byte that is not a UTF-8 continuation; else k N. Bytes before k N - 1 are
 *     not looked at, so a cut can be found from its own neighbourhood. Parts of a document that is cut
 *     are documents of their own (input_span.continues).
 *     JSON is cut between documents only: where an object is longer than that, the cut is where the next
 *     one begins, and parts that begin inside it are empty. What has no end before TEXT_LONGEST_VALUE
 *     bytes (a quote or a bracket is missing) is damage: of lines, the next line goes on; of other
 *     JSON, the next object inside it. So a part holds at most max(N, TEXT_LONGEST_VALUE) bytes
 *     more than N, and each byte of a file is read at most four times by a feed, whatever it holds.
 *   - Runs of small files (and the last, short part of a file) are put together until a chunk has at
 *     least N bytes as stored, each counted as compression_weight() says: four times if it is gzip's.
 *   - A file that is read from its beginning (INPUT_SEQUENTIAL) and counts as N bytes or more, and a stream,
 *     are a chunk each, of many parts: their text is cut by the same rule, and part j holds cut j to
 *     cut j + 1. All other chunks have one part, 0.
 *   - A smaller compressed file that inflates to 16 N or more is refused: memory stays bounded.
 *
 * Layout and encoding of a file are those that input_look() found. That so many of its bytes are no text
 * that it is in another encoding (TEXT_MOST_INVALID) may be seen only later: reading it then fails.
 *
 * Chunks are numbered 0 .. input_feed_chunks()-1 in the order of the text. A feed hands out those
 * whose number is `rank` modulo `ranks`, in ascending order, to whichever thread asks; several
 * threads work on the parts of one compressed file (reading it is done under a lock).
 *
 *     feed = input_feed_new(&list, &options);
 *     #pragma omp parallel
 *     while (input_feed_next(feed, &work, err) == 1)
 *         for each span: document_reader_...
 *     input_feed_free(feed); */
#ifndef LAMBERT_TEXT_INPUT_FEED_H
#define LAMBERT_TEXT_INPUT_FEED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lambert/base/buffer.h"
#include "lambert/base/error.h"
#include "lambert/text/input_list.h"
#include "lambert/text/text_layout.h"

struct input_feed_options {
    uint64_t chunk_bytes; /* N, at least 4096 */
    uint64_t rank, ranks; /* chunks `rank` modulo `ranks` are this feed's */
    /* NULL: all are. Else asked once for each part, by several threads at once; parts that are not
     * wanted are not handed out (nor read, where the file can be read at any place). */
    bool (*wanted)(void *context, uint64_t chunk, uint32_t part);
    void *context;
};

/* A run of bytes of one file. */
struct input_span {
    int file; /* number in the list */
    enum text_layout layout;
    uint64_t offset;   /* of its first byte, in the (inflated, decoded) file */
    size_t begin, end; /* in input_work.text */
    bool continues;    /* its first document began before it */
    uint64_t invalid; /* bytes that are not valid UTF-8; of a file in another encoding: that were no
                          character in it, and are not in the text */
};

/* What one thread works on: owned by the caller, reused from call to call. */
struct input_work {
    uint64_t chunk;
    uint32_t part;
    bool last; /* part of its chunk */
    struct buffer text;
    struct input_span *spans; /* [span_count] */
    int span_count;
    size_t span_capacity;
};

void input_work_release(struct input_work *work); /* fine on a zeroed one */

struct input_feed;

/* The list, which was looked at (text/input_look.h), must outlive it. */
struct input_feed *input_feed_new(const struct input_list *list,
                                  const struct input_feed_options *options);
void input_feed_free(struct input_feed *feed); /* NULL is fine */

uint64_t input_feed_chunks(const struct input_feed *feed);

/* 1: work; 0: none is left; -1: a file could not be read, or it is damaged, cut short or in another
 * encoding (the sentence names it). Any thread may call; after a failure all get 0. A chunk without any text
 * is handed out too (span_count 0), so that every part is seen once. */
int input_feed_next(struct input_feed *feed, struct input_work *work, struct error *err);

/* Bytes as stored that were taken so far, for a progress line. */
uint64_t input_feed_taken(const struct input_feed *feed);

#endif

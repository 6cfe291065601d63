/* Text in memory, in all the forms that the stages of preparation take it in, for `lambert bench
 * prep`.
 *
 *     bench_text_load(&text, inputs, count, bytes, err);
 *     bench_text_encode(&text, tokenizer);
 *     bench_text_release(&text);          also after a failure; fine on a zeroed one
 */
#ifndef LAMBERT_BENCH_BENCH_TEXT_H
#define LAMBERT_BENCH_BENCH_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "lambert/base/buffer.h"
#include "lambert/base/error.h"
#include "lambert/text/input_feed.h"
#include "lambert/text/input_list.h"
#include "lambert/text/tokenizer.h"

/* A line or a sentence. */
struct bench_slice {
    const char *text;
    size_t size;
};

struct bench_document {
    size_t first_sentence, first_token;
    uint32_t sentences;
};

struct bench_text {
    struct input_list list;
    size_t works; /* chunks that were taken from the feed */

    size_t bytes;        /* of input text */
    struct buffer input; /* [bytes] */
    size_t span_count;
    struct input_span *spans; /* [span_count], places in `input` */

    struct buffer lines_text; /* of all documents, end to end */
    size_t line_count, sentence_count, document_count;
    struct bench_slice *lines;        /* [line_count] */
    struct bench_slice *sentences;    /* [sentence_count] */
    struct bench_document *documents; /* [document_count] */

    size_t token_count;
    int32_t *ids;         /* [token_count] */
    uint16_t *stored_ids; /* [token_count], as shards hold them */
    uint32_t *lengths;    /* [sentence_count], tokens */
};

/* Chunks of the inputs until there are `bytes` bytes; fewer when that is all. Fails without any
 * sentence. */
int bench_text_load(struct bench_text *text, char *const *inputs, int input_count, uint64_t bytes,
                    struct error *err);
void bench_text_release(struct bench_text *text);

/* Makes ids and lengths. */
void bench_text_encode(struct bench_text *text, struct tokenizer *tokenizer);

/* Reads the same chunks again; *bytes is their size. */
int bench_text_read(const struct bench_text *text, uint64_t *bytes, struct error *err);

/* Finds the documents again; how many that are not empty. */
uint64_t bench_text_documents(const struct bench_text *text);

/* The input as files of a new folder, one for each run of one layout. */
int bench_text_write(const struct bench_text *text, const char *folder, struct error *err);

#endif

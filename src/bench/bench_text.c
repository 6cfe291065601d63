#include "bench_text.h"

#include <stdlib.h>
#include <string.h>

#include "lambert/base/array.h"
#include "lambert/base/file.h"
#include "lambert/base/memory.h"
#include "lambert/text/document_reader.h"
#include "lambert/text/input_look.h"
#include "lambert/text/sentence_splitter.h"

enum { CHUNK_BYTES = 1 << 20 };

void bench_text_release(struct bench_text *text)
{
    input_list_close(&text->list);
    buffer_release(&text->input);
    buffer_release(&text->lines_text);
    free(text->spans);
    free(text->lines);
    free(text->sentences);
    free(text->documents);
    free(text->ids);
    free(text->stored_ids);
    free(text->lengths);
    *text = (struct bench_text){0};
}

/* --- reading ---------------------------------------------------------------------------------- */

static struct input_feed *new_feed(const struct bench_text *text)
{
    const struct input_feed_options options = {.chunk_bytes = CHUNK_BYTES, .rank = 0, .ranks = 1};
    return input_feed_new(&text->list, &options);
}

int bench_text_read(const struct bench_text *text, uint64_t *bytes, struct error *err)
{
    struct input_feed *feed = new_feed(text);
    struct input_work work = {0};
    int got = 1;
    *bytes = 0;
    for (size_t i = 0; i < text->works && got == 1; i++) {
        got = input_feed_next(feed, &work, err);
        *bytes += got == 1 ? work.text.size : 0;
    }
    input_work_release(&work);
    input_feed_free(feed);
    return got < 0 ? -1 : 0;
}

/* --- documents, lines, sentences -------------------------------------------------------------- */

/* The documents that are not empty: how many. Where `texts` is not NULL, their texts go there end
 * to end, and the ends of each into a new array *ends. */
static size_t read_documents(const struct bench_text *text, struct buffer *texts, size_t **ends)
{
    const struct text_options plainly = {0};
    struct document document;
    size_t documents = 0, capacity = 0;
    document_init(&document);
    for (size_t s = 0; s < text->span_count; s++) {
        const struct input_span *span = &text->spans[s];
        struct document_reader reader;
        document_reader_init(&reader, span->layout, &plainly,
                             (const char *)text->input.data + span->begin, span->end - span->begin);
        while (document_reader_next(&reader, &document)) {
            if (document.text.size == 0)
                continue;
            documents++;
            if (!texts)
                continue;
            buffer_put(texts, document.text.data, document.text.size);
            ARRAY_RESERVE(*ends, documents, capacity);
            (*ends)[documents - 1] = texts->size;
        }
        document_reader_release(&reader);
    }
    document_release(&document);
    return documents;
}

uint64_t bench_text_documents(const struct bench_text *text)
{
    return read_documents(text, NULL, NULL);
}

/* They point into the texts of all documents, whole by then. */
static void find_lines_and_sentences(struct bench_text *text)
{
    size_t *ends = NULL, line_capacity = 0, sentence_capacity = 0;
    text->document_count = read_documents(text, &text->lines_text, &ends);
    text->documents = memory_new(text->document_count, sizeof *text->documents);
    const char *line = (const char *)text->lines_text.data;
    for (size_t d = 0; d < text->document_count; d++) {
        const char *const end = (const char *)text->lines_text.data + ends[d];
        text->documents[d].first_sentence = text->sentence_count;
        while (line < end) {
            const char *line_end = memchr(line, '\n', (size_t)(end - line));
            const struct bench_slice slice = {.text = line, .size = (size_t)(line_end - line)};
            struct sentence_splitter splitter;
            struct bench_slice sentence;
            ARRAY_RESERVE(text->lines, text->line_count + 1, line_capacity);
            text->lines[text->line_count++] = slice;
            sentence_splitter_init(&splitter, slice.text, slice.size);
            while (sentence_splitter_next(&splitter, &sentence.text, &sentence.size)) {
                ARRAY_RESERVE(text->sentences, text->sentence_count + 1, sentence_capacity);
                text->sentences[text->sentence_count++] = sentence;
                text->documents[d].sentences++;
            }
            line = line_end + 1;
        }
    }
    free(ends);
}

int bench_text_load(struct bench_text *text, char *const *inputs, int input_count, uint64_t bytes,
                    struct error *err)
{
    *text = (struct bench_text){0};
    static const struct text_options options = {.encoding = NULL};
    if (input_list_open(&text->list, inputs, input_count, NULL, err) < 0)
        return -1;
    for (int i = 0; i < text->list.count; i++)
        if (text->list.files[i].kind == INPUT_STREAM)
            return error_set(err, "%s is a stream, and can be read only once; give a file",
                             text->list.files[i].path);
    if (input_look(&text->list, &options, err) < 0)
        return -1;
    struct input_feed *feed = new_feed(text);
    struct input_work work = {0};
    size_t capacity = 0;
    int got = 1;
    while (text->input.size < bytes && (got = input_feed_next(feed, &work, err)) == 1) {
        for (int s = 0; s < work.span_count; s++) {
            struct input_span span = work.spans[s];
            span.begin += text->input.size;
            span.end += text->input.size;
            ARRAY_RESERVE(text->spans, text->span_count + 1, capacity);
            text->spans[text->span_count++] = span;
        }
        buffer_put(&text->input, work.text.data, work.text.size);
        text->works++;
    }
    input_work_release(&work);
    input_feed_free(feed);
    if (got < 0)
        return -1;
    text->bytes = text->input.size;
    find_lines_and_sentences(text);
    return text->sentence_count > 0 ? 0 : error_set(err, "there is no text in the input");
}

/* --- ids -------------------------------------------------------------------------------------- */

void bench_text_encode(struct bench_text *text, struct tokenizer *tokenizer)
{
    struct buffer ids = {0};
    text->lengths = memory_new(text->sentence_count, sizeof *text->lengths);
    for (size_t d = 0; d < text->document_count; d++) {
        struct bench_document *document = &text->documents[d];
        document->first_token = ids.size / sizeof *text->ids;
        for (size_t i = 0, s = document->first_sentence; i < document->sentences; i++, s++)
            text->lengths[s] = (uint32_t)tokenizer_encode(tokenizer, text->sentences[s].text,
                                                          text->sentences[s].size, &ids);
    }
    text->ids = (int32_t *)ids.data;
    text->token_count = ids.size / sizeof *text->ids;
    text->stored_ids = memory_new(text->token_count, sizeof *text->stored_ids);
    for (size_t t = 0; t < text->token_count; t++)
        text->stored_ids[t] = (uint16_t)text->ids[t];
}

/* --- writing ---------------------------------------------------------------------------------- */

int bench_text_write(const struct bench_text *text, const char *folder, struct error *err)
{
    struct buffer run = {0};
    int status = folder_create(folder, err);
    for (size_t s = 0; s < text->span_count && status == 0;) {
        const enum text_layout layout = text->spans[s].layout;
        char *path = memory_text("%s/%08zu.txt", folder, s);
        buffer_reset(&run);
        for (; s < text->span_count && text->spans[s].layout == layout; s++) {
            const struct input_span *span = &text->spans[s];
            buffer_put(&run, text->input.data + span->begin, span->end - span->begin);
            buffer_print(&run, "\n\n"); /* a file ends its last document */
        }
        status = file_write(path, run.data, run.size, err);
        free(path);
    }
    buffer_release(&run);
    return status;
}

#include "bench_text.h"

#include <stdlib.h>
#include <string.h>

#include "lambert/base/file.h"
#include "lambert/base/memory.h"
#include "lambert/text/document_reader.h"
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

static void keep(struct bench_text *text, const struct input_work *work, struct buffer *spans)
{
    for (int s = 0; s < work->span_count; s++) {
        struct input_span span = work->spans[s];
        span.begin += text->input.size;
        span.end += text->input.size;
        buffer_put(spans, &span, sizeof span);
    }
    buffer_put(&text->input, work->text.data, work->text.size);
    text->works++;
}

static int read_input(struct bench_text *text, uint64_t bytes, struct error *err)
{
    struct input_feed *feed = new_feed(text);
    struct input_work work = {0};
    struct buffer spans = {0};
    int got = 1;
    while (text->input.size < bytes && (got = input_feed_next(feed, &work, err)) == 1)
        keep(text, &work, &spans);
    input_work_release(&work);
    input_feed_free(feed);
    text->bytes = text->input.size;
    text->span_count = spans.size / sizeof *text->spans;
    text->spans = (struct input_span *)spans.data;
    return got < 0 ? -1 : 0;
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

/* Each document that is not empty is handed to `take`. */
static uint64_t for_each_document(const struct bench_text *text,
                                  void (*take)(void *context, const struct document *document),
                                  void *context)
{
    struct document document;
    uint64_t documents = 0;
    document_init(&document);
    for (size_t s = 0; s < text->span_count; s++) {
        const struct input_span *span = &text->spans[s];
        struct document_reader reader;
        document_reader_init(&reader, span->layout, (const char *)text->input.data + span->begin,
                             span->end - span->begin);
        while (document_reader_next(&reader, &document))
            if (document.text.size > 0) {
                take(context, &document);
                documents++;
            }
        document_reader_release(&reader);
    }
    document_release(&document);
    return documents;
}

static void take_nothing(void *context, const struct document *document)
{
    (void)context;
    (void)document;
}

uint64_t bench_text_documents(const struct bench_text *text)
{
    return for_each_document(text, take_nothing, NULL);
}

/* What grows while documents are taken apart; lines_text is whole before any pointer into it. */
struct parts {
    struct buffer *text;
    struct buffer ends; /* size_t: of each document in `text` */
    struct buffer lines, sentences, documents;
};

static void take_text(void *context, const struct document *document)
{
    struct parts *parts = context;
    buffer_put(parts->text, document->text.data, document->text.size);
    buffer_put(&parts->ends, &parts->text->size, sizeof parts->text->size);
}

static uint32_t add_sentences(struct parts *parts, const char *line, size_t size)
{
    struct sentence_splitter splitter;
    struct bench_piece sentence;
    uint32_t count = 0;
    sentence_splitter_init(&splitter, line, size);
    for (; sentence_splitter_next(&splitter, &sentence.text, &sentence.size); count++)
        buffer_put(&parts->sentences, &sentence, sizeof sentence);
    return count;
}

static void add_document(struct parts *parts, const char *begin, const char *end)
{
    struct bench_document document = {.first_sentence =
                                          parts->sentences.size / sizeof(struct bench_piece)};
    for (const char *line = begin; line < end;) {
        const char *line_end = memchr(line, '\n', (size_t)(end - line));
        struct bench_piece piece = {.text = line, .size = (size_t)(line_end - line)};
        buffer_put(&parts->lines, &piece, sizeof piece);
        document.sentences += add_sentences(parts, piece.text, piece.size);
        line = line_end + 1;
    }
    buffer_put(&parts->documents, &document, sizeof document);
}

static void take_apart(struct bench_text *text)
{
    struct parts parts = {.text = &text->lines_text};
    text->document_count = for_each_document(text, take_text, &parts);
    const char *all = (const char *)text->lines_text.data;
    const size_t *ends = (const size_t *)parts.ends.data;
    for (size_t d = 0; d < text->document_count; d++)
        add_document(&parts, all + (d > 0 ? ends[d - 1] : 0), all + ends[d]);
    buffer_release(&parts.ends);
    text->lines = (struct bench_piece *)parts.lines.data;
    text->line_count = parts.lines.size / sizeof *text->lines;
    text->sentences = (struct bench_piece *)parts.sentences.data;
    text->sentence_count = parts.sentences.size / sizeof *text->sentences;
    text->documents = (struct bench_document *)parts.documents.data;
}

int bench_text_load(struct bench_text *text, char *const *inputs, int input_count, uint64_t bytes,
                    struct error *err)
{
    *text = (struct bench_text){0};
    if (input_list_open(&text->list, inputs, input_count, err) < 0)
        return -1;
    for (int i = 0; i < text->list.count; i++)
        if (text->list.files[i].kind == INPUT_STREAM)
            return error_set(err, "%s is a stream, and can be read only once; give a file",
                             text->list.files[i].path);
    if (read_input(text, bytes, err) < 0)
        return -1;
    take_apart(text);
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

static int write_run(const struct bench_text *text, size_t first, size_t end, const char *folder,
                     struct error *err)
{
    struct buffer run = {0};
    for (size_t s = first; s < end; s++) {
        const struct input_span *span = &text->spans[s];
        buffer_put(&run, text->input.data + span->begin, span->end - span->begin);
        buffer_print(&run, "\n\n"); /* a file ends its last document */
    }
    char *path = memory_text("%s/%08zu.txt", folder, first);
    int status = file_write(path, run.data, run.size, err);
    free(path);
    buffer_release(&run);
    return status;
}

int bench_text_write(const struct bench_text *text, const char *folder, struct error *err)
{
    int status = folder_create(folder, err);
    for (size_t first = 0, end; first < text->span_count && status == 0; first = end) {
        for (end = first + 1; end < text->span_count; end++)
            if (text->spans[end].layout != text->spans[first].layout)
                break;
        status = write_run(text, first, end, folder, err);
    }
    return status;
}

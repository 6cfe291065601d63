/* Text to shards: the work of all threads of a rank. */
#include <inttypes.h>
#include <omp.h>

#include "document_encoder.h"
#include "lambert/base/first_error.h"
#include "lambert/base/hash.h"
#include "lambert/base/minmax.h"
#include "lambert/base/progress.h"
#include "line_widths.h"
#include "preparation.h"

/* What each thread has of its own. */
struct text_worker {
    struct preparation *preparation;
    struct document_encoder encoder;
    struct document document;
    struct input_work work;
    struct chunk chunk;
};

static void count_unknown(void *context, const char *word, size_t size)
{
    frequent_words_add(context, word, size);
}

static void worker_init(struct text_worker *worker, struct preparation *p)
{
    *worker = (struct text_worker){.preparation = p};
    document_encoder_init(&worker->encoder, p->vocabulary, &p->options.tokenizer,
                          p->options.split_sentences, p->options.segmented);
    document_init(&worker->document);
    chunk_init(&worker->chunk, &p->plan);
    tokenizer_tell_unknown(worker->encoder.tokenizer, count_unknown, worker->chunk.unknown);
}

static void worker_release(struct text_worker *worker)
{
    chunk_release(&worker->chunk);
    input_work_release(&worker->work);
    document_release(&worker->document);
    document_encoder_release(&worker->encoder);
}

/* Appends a title as part of a line: without line ends, and not all of a long one. */
static void put_title(struct buffer *sentence, const struct buffer *title)
{
    enum { LONGEST = 100 };
    const size_t begin = sentence->size;
    size_t size = min_size(title->size, LONGEST);
    while (size < title->size && size > 0 && (title->data[size] & 0xC0) == 0x80)
        size--; /* no half of a character */
    buffer_put(sentence, title->data, size);
    for (size_t i = begin; i < sentence->size; i++)
        if (sentence->data[i] == '\n' || sentence->data[i] == '\0')
            sentence->data[i] = ' ';
    buffer_print(sentence, size < title->size ? "..." : "");
}

/* Leaves the document out where it shares words with a test set. It ends at byte `end` of its file. */
static bool exclude_document(struct text_worker *worker, const struct input_span *span,
                             uint64_t end)
{
    const struct preparation *p = worker->preparation;
    const struct document *document = &worker->document;
    const char *text = (const char *)document->text.data;
    struct exclusion_match match;
    struct buffer sentence = {0};
    if (!p->options.exclude || !exclusion_find(&p->exclusion, text, document->text.size, &match))
        return false;
    buffer_print(&sentence, "%s, ", p->inputs.files[span->file].path);
    if (document->title.size > 0) {
        buffer_put_u8(&sentence, '"');
        put_title(&sentence, &document->title);
        buffer_print(&sentence, "\", ");
    }
    buffer_print(&sentence, "ends at byte %" PRIu64 ": \"", end);
    exclusion_print(&p->exclusion, text, document->text.size, &match, &sentence);
    buffer_print(&sentence, "\" is in %s", p->exclusion.files.files[match.file].path);
    chunk_exclude(&worker->chunk, document, buffer_text(&sentence));
    buffer_release(&sentence);
    return true;
}

static int add_document(struct text_worker *worker, struct error *err)
{
    struct corpus_report *report = &worker->chunk.report;
    const struct document *document = &worker->document;
    size_t tokens;
    uint32_t sentences = document_encoder_encode(&worker->encoder, document);
    report->sentences += sentences;
    document_encoder_ids(&worker->encoder, &tokens);
    report->tokens += tokens;
    report->empty_documents += sentences == 0;
    report->one_sentence_documents += sentences == 1;
    if (sentences == 0)
        return 0;
    uint64_t hash = hash_bytes(document->text.data, document->text.size);
    return chunk_add(&worker->chunk, preparation_split(worker->preparation, hash), hash, document,
                     &worker->encoder, err);
}

/* A plain file of so many lines that is one document looks as if something else than blank lines parted its
 * documents. What is seen of a file that is larger than a shard tells nothing of the rest; there it is told how
 * often a document was longer than a shard (cut_documents). */
enum { MANY_LINES = 500 };

/* Whether the span is all of its file. */
static bool is_whole_file(const struct input_list *inputs, const struct input_work *work,
                          const struct input_span *span)
{
    const struct input_file *file = &inputs->files[span->file];
    if (span->offset > file->mark)
        return false;
    return file->kind == INPUT_FILE ? span->offset + (span->end - span->begin) >= file->bytes
                                    : work->last;
}

/* Adds what the reader, at its end, saw of the span, and how many documents and lines the report has since it
 * began. */
static void report_span(struct chunk *chunk, const struct input_span *span, bool whole,
                        const char *text, const struct document_reader *reader, uint64_t documents,
                        uint64_t lines)
{
    struct corpus_report *report = &chunk->report;
    report->input_bytes += span->end - span->begin;
    report->cut_documents += span->continues;
    report->unclosed_documents += reader->not_closed;
    report->damaged_lines += reader->left_out[LEFT_OUT_NO_OBJECT];
    report->keyless_lines += reader->left_out[LEFT_OUT_NO_KEY];
    report->textless_lines += reader->left_out[LEFT_OUT_NO_TEXT];
    report->action_lines += reader->left_out[LEFT_OUT_ACTION];
    if (span->layout == LAYOUT_PLAIN && whole && documents == 1 && lines >= MANY_LINES) {
        report->unparted_files++;
        report->unparted_lines += lines;
    }
    left_out_places_add(&chunk->left_out, span, text, reader);
}

/* Reads the documents of one part of the input, encodes them, and leaves shards and record. */
static int prepare_part(struct text_worker *worker, struct error *err)
{
    const struct input_work *work = &worker->work;
    const struct tokenizer_counts before = tokenizer_counts(worker->encoder.tokenizer);
    struct corpus_report *report = &worker->chunk.report;
    int status = 0;
    struct line_widths widths = {0};
    chunk_begin(&worker->chunk, work->chunk, work->part, work->last);
    for (int s = 0; s < work->span_count && status == 0; s++) {
        const struct input_span *span = &work->spans[s];
        const char *text = (const char *)work->text.data + span->begin;
        const uint64_t documents = report->documents, lines = report->lines;
        struct document_reader reader;
        document_reader_init(&reader, span->layout, &worker->preparation->options.text, text,
                             span->end - span->begin);
        while (status == 0 && document_reader_next(&reader, &worker->document)) {
            report->documents++;
            line_widths_add(&widths, &worker->document);
            if (!exclude_document(worker, span, span->offset + reader.position))
                status = add_document(worker, err);
        }
        report_span(&worker->chunk, span, is_whole_file(&worker->preparation->inputs, work, span),
                    text, &reader, report->documents - documents, report->lines - lines);
        if (worker->preparation->inputs.files[span->file].encoding)
            report->invalid_bytes += span->invalid; /* they are not in the text */
        document_reader_release(&reader);
    }
    report->wrapped_bytes = line_widths_look_wrapped(&widths) ? report->input_bytes : 0;
    /* The tokenizer counts all that it has seen since it was made. */
    const struct tokenizer_counts after = tokenizer_counts(worker->encoder.tokenizer);
    report->words = after.words - before.words;
    report->unknown_words = after.unknown_words - before.unknown_words;
    report->characters = after.characters - before.characters;
    report->accents = after.accents - before.accents;
    report->invalid_bytes += after.invalid_bytes - before.invalid_bytes;
    if (status == 0)
        return chunk_commit(&worker->chunk, err);
    chunk_discard(&worker->chunk);
    return -1;
}

int prepare_chunks(struct preparation *p, struct error *err)
{
    if (p->plan.shard.contents == SHARD_READY_SAMPLES)
        return prepare_samples(p, err);
    struct first_error first;
    struct progress progress;
    first_error_init(&first);
    progress_init(&progress, p->ranks > 1 ? "preparing (rank 0)" : "preparing",
                  (double)p->inputs.bytes / 1e6 / p->ranks, "MB", 10);
#pragma omp parallel
    {
        struct text_worker worker;
        struct error failure;
        int got = 0;
        worker_init(&worker, p);
        while (!first_error_set(&first) &&
               (got = input_feed_next(p->feed, &worker.work, &failure)) == 1) {
            if (prepare_part(&worker, &failure) < 0)
                first_error_put(&first, &failure);
            if (omp_get_thread_num() == 0)
                progress_update(&progress, (double)input_feed_taken(p->feed) / 1e6, "%s", "");
        }
        if (got < 0)
            first_error_put(&first, &failure);
        worker_release(&worker);
    }
    progress_release(&progress);
    return first_error_take(&first, err);
}

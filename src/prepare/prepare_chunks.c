#include <omp.h>

#include "document_encoder.h"
#include "lambert/base/hash.h"
#include "lambert/base/progress.h"
#include "preparation.h"

/* --- a thread's work -------------------------------------------------------------------------- */

struct worker {
    struct preparation *preparation;
    struct document_encoder encoder;
    struct document document;
    struct input_work work;
    struct chunk chunk;
};

static void worker_init(struct worker *worker, struct preparation *p)
{
    *worker = (struct worker){.preparation = p};
    document_encoder_init(&worker->encoder, p->vocabulary, p->options.lower_case,
                          p->options.split_sentences);
    document_init(&worker->document);
    chunk_init(&worker->chunk, &p->plan);
}

static void worker_release(struct worker *worker)
{
    chunk_release(&worker->chunk);
    input_work_release(&worker->work);
    document_release(&worker->document);
    document_encoder_release(&worker->encoder);
}

/* The same text falls on the same side, wherever it comes from. */
static enum corpus_split split_of(uint64_t hash, double heldout_fraction)
{
    return (double)(hash >> 11) * 0x1p-53 < heldout_fraction ? CORPUS_HELDOUT : CORPUS_TRAIN;
}

static int add_document(struct worker *worker, struct error *err)
{
    struct corpus_report *report = &worker->chunk.report;
    const struct document *document = &worker->document;
    uint32_t sentences = document_encoder_encode(&worker->encoder, document);
    report->documents++;
    report->sentences += sentences;
    report->tokens += worker->encoder.ids.size / sizeof(int32_t);
    report->empty_documents += sentences == 0;
    report->one_sentence_documents += sentences == 1;
    if (sentences == 0)
        return 0;
    uint64_t hash = hash_bytes(document->text.data, document->text.size);
    enum corpus_split split = split_of(hash, worker->preparation->options.heldout_fraction);
    return chunk_add(&worker->chunk, split, hash, document, &worker->encoder, err);
}

static int add_span(struct worker *worker, const struct input_span *span, struct error *err)
{
    struct document_reader reader;
    struct corpus_report *report = &worker->chunk.report;
    int status = 0;
    document_reader_init(&reader, span->layout, (const char *)worker->work.text.data + span->begin,
                         span->end - span->begin);
    while (status == 0 && document_reader_next(&reader, &worker->document))
        status = add_document(worker, err);
    report->input_bytes += span->end - span->begin;
    report->cut_documents += span->continues;
    report->unclosed_documents += reader.not_closed;
    report->damaged_lines += reader.damaged;
    document_reader_release(&reader);
    return status;
}

/* The tokenizer's counts are of all it has seen. */
static void count_words(struct corpus_report *report, const struct tokenizer_counts *before,
                        const struct tokenizer_counts *after)
{
    report->words = after->words - before->words;
    report->unknown_words = after->unknown_words - before->unknown_words;
    report->invalid_bytes = after->invalid_bytes - before->invalid_bytes;
}

static int do_part(struct worker *worker, struct error *err)
{
    const struct input_work *work = &worker->work;
    struct tokenizer_counts before = tokenizer_counts(worker->encoder.tokenizer), after;
    int status = 0;
    chunk_begin(&worker->chunk, work->chunk, work->part, work->last);
    for (int s = 0; s < work->span_count && status == 0; s++)
        status = add_span(worker, &work->spans[s], err);
    after = tokenizer_counts(worker->encoder.tokenizer);
    count_words(&worker->chunk.report, &before, &after);
    if (status == 0)
        return chunk_commit(&worker->chunk, err);
    chunk_discard(&worker->chunk);
    return -1;
}

/* --- all threads ------------------------------------------------------------------------------ */

/* What the threads share; a failure is kept under a lock, the first one met. */
struct crew {
    struct preparation *preparation;
    struct input_feed *feed;
    struct progress progress;
    bool failed;
    struct error error;
};

static void fail(struct crew *crew, const struct error *err)
{
#pragma omp critical(prepare_failed)
    if (!crew->failed) {
        crew->error = *err;
        crew->failed = true;
    }
}

static bool has_failed(struct crew *crew)
{
    bool failed;
#pragma omp critical(prepare_failed)
    failed = crew->failed;
    return failed;
}

static void work(struct crew *crew)
{
    struct worker worker;
    struct error err;
    int got = 0;
    worker_init(&worker, crew->preparation);
    while (!has_failed(crew) && (got = input_feed_next(crew->feed, &worker.work, &err)) == 1) {
        if (do_part(&worker, &err) < 0)
            fail(crew, &err);
        if (omp_get_thread_num() == 0)
            progress_update(&crew->progress, (double)input_feed_taken(crew->feed) / 1e6, "%s", "");
    }
    if (got < 0)
        fail(crew, &err);
    worker_release(&worker);
}

/* A rank's share of the input, as far as that is known. */
static double share_megabytes(const struct preparation *p)
{
    return (double)p->inputs.bytes / 1e6 / p->ranks;
}

int prepare_chunks(struct preparation *p, struct error *err)
{
    if (p->plan.shard.contents == SHARD_READY_SAMPLES)
        return prepare_samples(p, err);
    struct crew crew = {.preparation = p, .feed = preparation_feed(p)};
    progress_init(&crew.progress, p->ranks > 1 ? "preparing (rank 0)" : "preparing",
                  share_megabytes(p), "MB", 10);
#pragma omp parallel
    work(&crew);
    progress_release(&crew.progress);
    input_feed_free(crew.feed);
    if (!crew.failed)
        return 0;
    *err = crew.error;
    return -1;
}

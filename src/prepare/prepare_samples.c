/* TFRecord files, each a chunk of its own, to shards of ready samples. */
#include <inttypes.h>
#include <omp.h>

#include "lambert/base/hash.h"
#include "lambert/base/log.h"
#include "lambert/base/progress.h"
#include "preparation.h"
#include "tf_example.h"
#include "tf_sample.h"
#include "tfrecord.h"

/* An empty file may be either: a writer of TFRecords that had nothing to write leaves one. */
int find_contents(const struct input_list *inputs, enum shard_contents *contents, struct error *err)
{
    const char *tfrecord = NULL, *other = NULL;
    for (int i = 0; i < inputs->count && !(tfrecord && other); i++) {
        const struct input_file *file = &inputs->files[i];
        if (file->kind != INPUT_STREAM && file->bytes == 0)
            continue;
        if (file->kind != INPUT_STREAM && tfrecord_is(file->path))
            tfrecord = file->path;
        else
            other = file->path;
    }
    *contents = tfrecord ? SHARD_READY_SAMPLES : SHARD_DOCUMENTS_OF_TEXT;
    if (!tfrecord || !other)
        return 0;
    return error_set(err,
                     "%s holds TFRecords, but %s does not (or its beginning is damaged); prepare "
                     "text and TFRecords apart",
                     tfrecord, other);
}

/* --- a thread's work -------------------------------------------------------------------------- */

struct reader {
    struct preparation *preparation;
    int32_t mask_id;
    struct tf_sample sample;
    struct chunk chunk;
};

static void reader_init(struct reader *reader, struct preparation *p)
{
    *reader =
        (struct reader){.preparation = p, .mask_id = vocabulary_special_tokens(p->vocabulary).mask};
    tf_sample_init(&reader->sample, p->vocabulary);
    chunk_init(&reader->chunk, &p->plan);
}

static void reader_release(struct reader *reader)
{
    tf_sample_release(&reader->sample);
    chunk_release(&reader->chunk);
}

static int add_record(struct reader *reader, const uint8_t *data, size_t size, struct error *err)
{
    struct tf_example example;
    if (tf_example_parse(&example, data, size, err) < 0)
        return -1;
    int status = tf_sample_make(&reader->sample, &example, err);
    tf_example_release(&example);
    if (status < 0)
        return -1;
    uint64_t hash = hash_bytes(data, size);
    bool heldout = (double)(hash >> 11) * 0x1p-53 < reader->preparation->options.heldout_fraction;
    return chunk_add_sample(&reader->chunk, heldout ? CORPUS_HELDOUT : CORPUS_TRAIN, hash, size,
                            &reader->sample.sample, reader->mask_id, err);
}

static int read_records(struct reader *reader, struct tfrecord_file *file, struct error *err)
{
    const uint8_t *data;
    size_t size;
    int got;
    while ((got = tfrecord_next(file, &data, &size, err)) == 1) {
        reader->chunk.report.input_bytes += size;
        if (add_record(reader, data, size, err) < 0)
            return error_prefix(err, "%s, record %" PRIu64, file->path, file->records);
    }
    return got;
}

static int do_file(struct reader *reader, int number, struct error *err)
{
    struct tfrecord_file file;
    const char *path = reader->preparation->inputs.files[number].path;
    if (tfrecord_open(&file, path, err) < 0)
        return -1;
    chunk_begin(&reader->chunk, (uint64_t)number, 0, true);
    int status = read_records(reader, &file, err);
    tfrecord_close(&file);
    if (status == 0)
        return chunk_commit(&reader->chunk, err);
    chunk_discard(&reader->chunk);
    return -1;
}

/* --- all threads ------------------------------------------------------------------------------ */

/* What the threads share, under a lock. */
struct files {
    struct preparation *preparation;
    struct progress progress;
    int next;
    uint64_t bytes; /* of the files taken so far */
    bool failed;
    struct error error;
};

/* The next file of this rank; -1: there is none, or a thread has failed. */
static int take_file(struct files *files)
{
    const struct preparation *p = files->preparation;
    int taken = -1;
#pragma omp critical(prepare_samples)
    if (!files->failed && files->next < p->inputs.count) {
        taken = files->next;
        files->next += p->ranks;
        files->bytes += p->inputs.files[taken].bytes;
    }
    return taken;
}

static void fail(struct files *files, const struct error *err)
{
#pragma omp critical(prepare_samples)
    if (!files->failed) {
        files->error = *err;
        files->failed = true;
    }
}

static double taken_megabytes(const struct files *files)
{
    uint64_t bytes;
#pragma omp critical(prepare_samples)
    bytes = files->bytes;
    return (double)bytes / 1e6;
}

static void work(struct files *files)
{
    struct reader reader;
    struct error err;
    int number;
    reader_init(&reader, files->preparation);
    while ((number = take_file(files)) >= 0) {
        if (!chunk_is_done(&files->preparation->plan, (uint64_t)number, 0) &&
            do_file(&reader, number, &err) < 0)
            fail(files, &err);
        if (omp_get_thread_num() == 0)
            progress_update(&files->progress, taken_megabytes(files), "%s", "");
    }
    reader_release(&reader);
}

int prepare_samples(struct preparation *p, struct error *err)
{
    struct files files = {.preparation = p, .next = p->rank};
    progress_init(&files.progress, p->ranks > 1 ? "preparing (rank 0)" : "preparing",
                  (double)p->inputs.bytes / 1e6 / p->ranks, "MB", 10);
#pragma omp parallel
    work(&files);
    progress_release(&files.progress);
    if (!files.failed)
        return 0;
    *err = files.error;
    return -1;
}

/* --- all samples ------------------------------------------------------------------------------ */

static void warn_of_labels(const struct sample_totals *totals)
{
    if (totals->samples > 1 &&
        (totals->next == totals->samples || totals->random == totals->samples))
        log_warning("all %" PRIu64 " samples have the next-sentence label %d, so there is nothing "
                    "to learn from it; was the text that they were made of one document, without "
                    "blank lines between documents?",
                    totals->samples, totals->random > 0);
}

int check_samples(const struct sample_totals *totals, struct error *err)
{
    if (totals->samples == 0)
        return error_set(err, "there are no records in the TFRecord files");
    if (totals->masks == 0)
        return error_set(err,
                         "none of the %" PRIu64 " samples has a masked position: there is nothing "
                         "to learn from them",
                         totals->samples);
    if (2 * totals->mask_tokens < totals->masks)
        return error_set(err,
                         "only %" PRIu64 " of %" PRIu64
                         " masked positions hold [MASK], where eight "
                         "of ten should; were the samples made with another vocabulary?",
                         totals->mask_tokens, totals->masks);
    if (totals->next + totals->random != 0 && totals->next + totals->random != totals->samples)
        return error_set(err,
                         "%" PRIu64 " of %" PRIu64 " samples have next_sentence_labels, the others "
                         "have none; prepare them apart",
                         totals->next + totals->random, totals->samples);
    warn_of_labels(totals);
    return 0;
}

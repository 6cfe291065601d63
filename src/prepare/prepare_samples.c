/* TFRecord files, each a chunk of its own, to shards of ready samples: the work of all threads of a
 * rank. */
#include <inttypes.h>
#include <omp.h>

#include "lambert/base/first_error.h"
#include "lambert/base/hash.h"
#include "lambert/base/progress.h"
#include "preparation.h"
#include "tf_example.h"
#include "tf_sample.h"
#include "tfrecord.h"

/* What each thread has of its own. */
struct sample_worker {
    const struct preparation *preparation;
    int32_t mask_id;
    struct tf_sample sample;
    struct chunk chunk;
};

static int add_record(struct sample_worker *worker, const uint8_t *data, size_t size,
                      struct error *err)
{
    struct tf_example example;
    if (tf_example_parse(&example, data, size, err) < 0)
        return -1;
    int status = tf_sample_make(&worker->sample, &example, err);
    tf_example_release(&example);
    if (status < 0)
        return -1;
    uint64_t hash = hash_bytes(data, size);
    return chunk_add_sample(&worker->chunk, preparation_split(worker->preparation, hash), hash,
                            size, &worker->sample.sample, worker->mask_id, err);
}

static int prepare_file(struct sample_worker *worker, int number, struct error *err)
{
    const char *path = worker->preparation->inputs.files[number].path;
    struct tfrecord_file file;
    const uint8_t *data;
    size_t size;
    int got;
    if (tfrecord_open(&file, path, err) < 0)
        return -1;
    chunk_begin(&worker->chunk, (uint64_t)number, 0, true);
    while ((got = tfrecord_next(&file, &data, &size, err)) == 1) {
        worker->chunk.report.input_bytes += size;
        if (add_record(worker, data, size, err) < 0) {
            got = error_prefix(err, "%s, record %" PRIu64, path, file.records);
            break;
        }
    }
    tfrecord_close(&file);
    if (got == 0)
        return chunk_commit(&worker->chunk, err);
    chunk_discard(&worker->chunk);
    return -1;
}

int prepare_samples(struct preparation *p, struct error *err)
{
    struct first_error first;
    struct progress progress;
    atomic_int next = p->rank;       /* file of this rank */
    atomic_uint_least64_t taken = 0; /* bytes of the files that threads have begun */
    first_error_init(&first);
    progress_init(&progress, p->ranks > 1 ? "preparing (rank 0)" : "preparing",
                  (double)p->inputs.bytes / 1e6 / p->ranks, "MB", 10);
#pragma omp parallel
    {
        struct sample_worker worker = {.preparation = p,
                                       .mask_id = vocabulary_special_tokens(p->vocabulary).mask};
        struct error failure;
        int number;
        tf_sample_init(&worker.sample, p->vocabulary);
        chunk_init(&worker.chunk, &p->plan);
        while (!first_error_set(&first) &&
               (number = atomic_fetch_add(&next, p->ranks)) < p->inputs.count) {
            atomic_fetch_add(&taken, p->inputs.files[number].bytes);
            if (!chunk_is_done(&p->plan, (uint64_t)number, 0) &&
                prepare_file(&worker, number, &failure) < 0)
                first_error_put(&first, &failure);
            if (omp_get_thread_num() == 0)
                progress_update(&progress, (double)atomic_load(&taken) / 1e6, "%s", "");
        }
        tf_sample_release(&worker.sample);
        chunk_release(&worker.chunk);
    }
    progress_release(&progress);
    return first_error_take(&first, err);
}

/* The first record of the file, counted from 1, that has a label, or that has none; 0: none is such. */
static int find_record(const char *path, bool labelled, uint64_t *record, struct error *err)
{
    struct tfrecord_file file;
    struct tf_example example;
    const uint8_t *data;
    size_t size;
    int got = 1;
    *record = 0;
    if (tfrecord_open(&file, path, err) < 0)
        return -1;
    while (*record == 0 && (got = tfrecord_next(&file, &data, &size, err)) == 1) {
        if ((got = tf_example_parse(&example, data, size, err)) < 0)
            break;
        if ((example.next_sentence_labels.values != NULL) == labelled)
            *record = file.records;
        tf_example_release(&example);
    }
    tfrecord_close(&file);
    if (*record > 0 || got < 0)
        return *record > 0 ? 0 : -1;
    return error_set(err, "%s was changed while it was read; prepare it again", path);
}

int prepare_refuse_labels(const struct preparation *p, int labelled, int unlabelled,
                          struct error *err)
{
    const char *with = p->inputs.files[labelled].path, *without = p->inputs.files[unlabelled].path;
    uint64_t records[2];
    if (find_record(with, true, &records[0], err) < 0 ||
        find_record(without, false, &records[1], err) < 0)
        return -1;
    return error_set(err,
                     "%s, record %" PRIu64 ", has no next_sentence_labels, but %s, record %" PRIu64
                     ", has one; prepare samples with and without them apart",
                     without, records[1], with, records[0]);
}

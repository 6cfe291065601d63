#define _GNU_SOURCE
#include "sample.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lambert/base/file.h"
#include "lambert/base/memory.h"

const struct bert_config sample_config = {.layers = 1,
                                          .hidden = 3,
                                          .heads = 1,
                                          .intermediate = 5,
                                          .vocab = 7,
                                          .positions = 6,
                                          .types = 2};

float sample_value(int array, int tensor, size_t i)
{
    return (float)(array * 4096 + tensor * 32) + (float)(i % 4096) / 128.0f;
}

/* --- the run ---------------------------------------------------------------------------------- */

void sample_init_empty(struct sample *sample, const struct dist *dist,
                       const struct bert_config *config, enum update_rule rule, size_t bucket)
{
    struct error err;
    struct optimizer_options options = {
        .rule = rule, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-6};
    *sample = (struct sample){0};
    param_table_init(&sample->table, config);
    sharding_init(&sample->sharding, sample->table.size, bucket, dist_size(dist));
    sample->params = memory_new(sample->table.size, sizeof(real));
    sample->scratch = memory_new(sample->table.size, sizeof(real));
    assert_int_equal(optimizer_new(&sample->optimizer, &sample->table, &sample->sharding,
                                   dist_rank(dist), &options, &err),
                     0);
}

static void fill(const struct param_table *table, int array, real *flat)
{
    memset(flat, 0, table->size * sizeof *flat);
    for (int t = 0; t < table->count; t++)
        for (size_t i = 0; i < table->infos[t].count; i++)
            flat[table->infos[t].offset + i] = (real)sample_value(array, t, i);
}

void sample_init(struct sample *sample, const struct dist *dist, const struct bert_config *config,
                 enum update_rule rule, size_t bucket)
{
    sample_init_empty(sample, dist, config, rule, bucket);
    fill(&sample->table, SAMPLE_WEIGHTS, sample->params);
    for (int k = 0; k < optimizer_moments(sample->optimizer); k++) {
        fill(&sample->table, SAMPLE_M + k, sample->scratch);
        shard_extract(&sample->sharding, dist_rank(dist), sample->scratch,
                      optimizer_moment(sample->optimizer, k));
    }
    memset(sample->scratch, 0xFF, sample->table.size * sizeof(real)); /* NaN */
    optimizer_set_updates(sample->optimizer, 41);
    sample->meta = (struct checkpoint_meta){
        .state = {.phase = 1,
                  .phase_step = 12,
                  .total_steps = 42,
                  .sequences = 65536,
                  .tokens = UINT64_C(123456789012345),
                  .corpus_hash = UINT64_C(0xfedcba9876543210),
                  .vocabulary_hash = UINT64_C(0x0000000000000abc)},
        .config = memory_copy_text("[model]\nhidden_size = 3\n"),
        .vocabulary = memory_copy_text("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n##b\n"),
    };
    sample->meta.vocabulary_size = strlen(sample->meta.vocabulary);
}

void sample_release(struct sample *sample)
{
    optimizer_free(sample->optimizer);
    param_table_release(&sample->table);
    checkpoint_meta_release(&sample->meta);
    free(sample->params);
    free(sample->scratch);
}

struct checkpoint_arrays sample_arrays(struct sample *sample, const struct dist *dist)
{
    return (struct checkpoint_arrays){.dist = dist,
                                      .table = &sample->table,
                                      .sharding = &sample->sharding,
                                      .weights = sample->params,
                                      .optimizer = sample->optimizer,
                                      .scratch = sample->scratch};
}

int sample_write(struct sample *sample, const struct dist *dist, const char *path,
                 struct error *err)
{
    struct checkpoint_arrays arrays = sample_arrays(sample, dist);
    return checkpoint_write(&arrays, path, &sample->meta, err);
}

bool sample_weights_hold(const struct sample *sample)
{
    real *wanted = memory_new(sample->table.size, sizeof *wanted);
    fill(&sample->table, SAMPLE_WEIGHTS, wanted);
    bool hold = memcmp(sample->params, wanted, sample->table.size * sizeof *wanted) == 0;
    free(wanted);
    return hold;
}

bool sample_moments_hold(struct sample *sample, int rank)
{
    bool hold = true;
    size_t count = sharding_count(&sample->sharding, rank);
    real *flat = memory_new(sample->table.size, sizeof *flat);
    real *wanted = memory_new(count, sizeof *wanted);
    for (int k = 0; k < optimizer_moments(sample->optimizer); k++) {
        fill(&sample->table, SAMPLE_M + k, flat);
        shard_extract(&sample->sharding, rank, flat, wanted);
        hold &= memcmp(optimizer_moment(sample->optimizer, k), wanted, count * sizeof *wanted) == 0;
    }
    free(flat);
    free(wanted);
    return hold;
}

/* --- files ------------------------------------------------------------------------------------ */

static char folder[512];

const char *scratch_open(const struct dist *dist)
{
    const char *parent = getenv("TMPDIR");
    if (dist_rank(dist) == 0) {
        snprintf(folder, sizeof folder, "%s/test-store-XXXXXX", parent != NULL ? parent : "/tmp");
        if (mkdtemp(folder) == NULL)
            dist_abort(dist);
    }
    dist_broadcast(dist, 0, folder, sizeof folder);
    return folder;
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    (void)status;
    (void)kind;
    (void)walk;
    return remove(path);
}

void scratch_close(const struct dist *dist)
{
    dist_barrier(dist);
    if (dist_rank(dist) == 0)
        nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

const char *scratch_path(const char *name)
{
    static char paths[8][640];
    static int turn;
    char *path = paths[turn++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

void read_bytes(const char *path, struct buffer *bytes)
{
    struct error err;
    buffer_reset(bytes);
    if (file_read(path, bytes, &err) != 0)
        fail_msg("%s", err.text);
}

void write_bytes(const char *path, const void *data, size_t size)
{
    unlink(path);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static FILE *caught;
static int real_stderr = -1;

void catch_begin(void)
{
    caught = tmpfile();
    assert_non_null(caught);
    fflush(stderr);
    real_stderr = dup(STDERR_FILENO);
    dup2(fileno(caught), STDERR_FILENO);
}

void catch_end(struct buffer *said)
{
    fflush(stderr);
    dup2(real_stderr, STDERR_FILENO);
    close(real_stderr);
    buffer_reset(said);
    rewind(caught);
    for (int c; (c = fgetc(caught)) != EOF;)
        buffer_put_u8(said, (uint8_t)c);
    fclose(caught);
}

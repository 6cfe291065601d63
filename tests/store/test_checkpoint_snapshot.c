/* ranks: 1 2 3 */
/* A checkpoint taken, and written later: the bytes of one that was written at once. */
#include "../dist/ranks.h"
#include "sample.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/base/memory.h"
#include "lambert/store/checkpoint_snapshot.h"

static bool first(void)
{
    return dist_rank(ranks) == 0;
}

/* The two files are one. */
static void expect_same_bytes(const char *a, const char *b)
{
    struct buffer x = {0}, y = {0};
    scratch_read(a, &x);
    scratch_read(b, &y);
    assert_int_equal(x.size, y.size);
    assert_memory_equal(x.data, y.data, x.size);
    buffer_release(&x);
    buffer_release(&y);
}

/* What a step does to a sample: nothing stays as it was. */
static void train_on(struct sample *sample)
{
    size_t own = sharding_count(&sample->sharding, dist_rank(ranks));
    for (size_t i = 0; i < sample->table.size; i++)
        sample->params[i] += 1;
    for (int k = 0; k < optimizer_moments(sample->optimizer); k++)
        for (size_t i = 0; i < own; i++)
            optimizer_moment(sample->optimizer, k)[i] -= 1;
    memset(sample->scratch, 0xFF, sample->table.size * sizeof(real));
    struct update_counts updates = optimizer_updates(sample->optimizer);
    updates.of_moments++;
    updates.earlier += 2;
    optimizer_set_updates(sample->optimizer, updates);
    sample->meta.state.total_steps++;
    memset(sample->meta.config, '#', strlen(sample->meta.config));
    memset(sample->meta.vocabulary, '#', sample->meta.vocabulary_size);
}

static void its_bytes_are_those_of_the_moment_it_was_taken(void **state)
{
    (void)state;
    static const enum update_rule rules[] = {RULE_LAMB, RULE_SGD};
    for (int r = 0; r < 2; r++) {
        struct sample sample;
        struct checkpoint_snapshot *snapshot;
        struct error err;
        const char *wanted = scratch_path("at-once"), *path = scratch_path("new/later");
        sample_init(&sample, ranks, &sample_config, rules[r], 32);
        struct checkpoint_arrays arrays = sample_arrays(&sample, ranks);
        assert_int_equal(checkpoint_snapshot_new(&snapshot, &arrays, &err), 0);
        assert_int_equal(snapshot != NULL, first());
        for (int turn = 0; turn < 2; turn++) { /* one snapshot is taken again and again */
            assert_int_equal(sample_write(&sample, ranks, wanted, &err), 0);
            checkpoint_snapshot_take(snapshot, &arrays, &sample.meta);
            train_on(&sample);
            if (first()) {
                assert_int_equal(checkpoint_snapshot_write(snapshot, path, &err), 0);
                expect_same_bytes(path, wanted);
            }
        }
        checkpoint_snapshot_free(snapshot);
        sample_release(&sample);
    }
}

struct writing {
    const struct checkpoint_snapshot *snapshot;
    const char *path;
    int status;
    struct error err;
};

static void *write_beside(void *context)
{
    struct writing *writing = context;
    writing->status = checkpoint_snapshot_write(writing->snapshot, writing->path, &writing->err);
    return NULL;
}

/* Rank 0 has a thread write while all go on with collectives and change everything. */
static void a_thread_writes_while_training_goes_on(void **state)
{
    (void)state;
    struct sample sample;
    struct checkpoint_snapshot *snapshot;
    struct error err;
    struct writing writing;
    pthread_t thread;
    struct bert_config config = sample_config;
    config.vocab = 150000; /* long enough to be met by the steps */
    sample_init(&sample, ranks, &config, RULE_LAMB, 1 << 16);
    struct checkpoint_arrays arrays = sample_arrays(&sample, ranks);
    assert_int_equal(checkpoint_snapshot_new(&snapshot, &arrays, &err), 0);
    assert_int_equal(sample_write(&sample, ranks, scratch_path("still"), &err), 0);
    checkpoint_snapshot_take(snapshot, &arrays, &sample.meta);
    writing = (struct writing){.snapshot = snapshot, .path = scratch_path("beside")};
    if (first())
        assert_int_equal(pthread_create(&thread, NULL, write_beside, &writing), 0);
    for (int step = 0; step < 3; step++) {
        train_on(&sample);
        dist_barrier(ranks);
    }
    if (first()) {
        assert_int_equal(pthread_join(thread, NULL), 0);
        assert_int_equal(writing.status, 0);
        expect_same_bytes(scratch_path("beside"), scratch_path("still"));
    }
    checkpoint_snapshot_free(snapshot);
    sample_release(&sample);
}

static void a_failed_write_can_be_tried_again(void **state)
{
    (void)state;
    struct sample sample;
    struct checkpoint_snapshot *snapshot;
    struct error err;
    sample_init(&sample, ranks, &sample_config, RULE_LAMB, 32);
    struct checkpoint_arrays arrays = sample_arrays(&sample, ranks);
    assert_int_equal(checkpoint_snapshot_new(&snapshot, &arrays, &err), 0);
    checkpoint_snapshot_take(snapshot, &arrays, &sample.meta);
    assert_int_equal(sample_write(&sample, ranks, scratch_path("whole"), &err), 0);
    if (first()) {
        scratch_write(scratch_path("file"), "x", 1);
        assert_int_equal(checkpoint_snapshot_write(snapshot, scratch_path("file/step"), &err), -1);
        assert_non_null(strstr(err.text, scratch_path("file")));
        assert_int_equal(checkpoint_snapshot_write(snapshot, scratch_path("again"), &err), 0);
        expect_same_bytes(scratch_path("again"), scratch_path("whole"));
    }
    checkpoint_snapshot_free(snapshot);
    sample_release(&sample);
}

/* What is announced is what is taken: an array for the weights, and one a moment. */
static void memory_is_told_before(void **state)
{
    (void)state;
    static const enum update_rule rules[] = {RULE_LAMB, RULE_SGD};
    for (int r = 0; r < 2; r++) {
        struct sample sample;
        sample_init(&sample, ranks, &sample_config, rules[r], 32);
        struct checkpoint_arrays arrays = sample_arrays(&sample, ranks);
        assert_int_equal(checkpoint_snapshot_memory(&arrays),
                         (size_t)(r == 0 ? 3 : 2) * sample.table.size * sizeof(real));
        sample_release(&sample);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        RANKS_TEST(its_bytes_are_those_of_the_moment_it_was_taken),
        RANKS_TEST(a_thread_writes_while_training_goes_on),
        RANKS_TEST(a_failed_write_can_be_tried_again),
        RANKS_TEST(memory_is_told_before),
    };
    if (ranks_open(&argc, &argv) != 0)
        return 1;
    scratch_open(ranks);
    int failures = cmocka_run_group_tests(tests, NULL, ranks_check);
    scratch_close(ranks);
    return ranks_close(failures);
}

#include "lib/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "corpus/fixture.h"
#include "lambert/base/memory.h"
#include "lambert/sample/sampled_batches.h"

enum { G = 32, BATCHES = 12, MOST_RANKS = 40 };

static const struct shape shape = {
    .documents = 80, .most_sentences = 20, .most_tokens = 30, .shards = 2, .words = 700};
static struct sampler_options sampling = {.seed = 3,
                                          .sequence_length = 64,
                                          .max_predictions = 10,
                                          .sampling.short_sequence_probability = 0.1,
                                          .sampling.masked_lm_probability = 0.15,
                                          .sampling.mask_replace_prob = 0.8,
                                          .sampling.random_replace_prob = 0.1,
                                          .cache_bytes = 1 << 20};

struct run {
    struct fixture f;
    struct mixed_sampler *samplers[MOST_RANKS];
    struct batch_source *sources[MOST_RANKS];
    int ranks;
};

/* A sampler of one corpus. */
static struct mixed_sampler *alone(const struct fixture *f)
{
    struct sampler *part;
    struct mixture whole;
    struct error err;
    mixture_init(&whole, (const double[]){1}, 1);
    assert_int_equal(sampler_new(&part, f->store, f->vocabulary, &sampling, &err), 0);
    return mixed_sampler_new(&part, &whole);
}

static void open_grouped(struct run *run, int ranks, int group, uint64_t first_batch,
                         uint64_t end_batch)
{
    struct error err;
    run->ranks = ranks;
    fixture_open(&run->f, &shape);
    for (int r = 0; r < ranks; r++) {
        struct sampled_batches_options options = {.first_batch = first_batch,
                                                  .end_batch = end_batch,
                                                  .sizes.first = G,
                                                  .group = group,
                                                  .rank = r,
                                                  .ranks = ranks};
        run->samplers[r] = alone(&run->f);
        assert_int_equal(sampled_batches_open(&run->sources[r], run->samplers[r], &options, &err),
                         0);
    }
}

static void open_sources(struct run *run, int ranks, uint64_t first_batch, uint64_t end_batch)
{
    open_grouped(run, ranks, 0, first_batch, end_batch);
}

static void close_sources(struct run *run)
{
    for (int r = 0; r < run->ranks; r++) {
        batch_source_close(run->sources[r]);
        mixed_sampler_free(run->samplers[r]);
    }
    fixture_close(&run->f);
}

/* sequence n of the share is the sample that a sampler of its own makes of that index. */
static void assert_is_sample(struct sampler *sampler, const struct packed_batch *share, int n)
{
    struct packed_batch one, slice;
    struct sample_plan plan;
    struct error err;
    packed_batch_init(&one);
    packed_batch_init(&slice);
    sampler_plan(sampler, share->sample_index[n], &plan, NULL);
    assert_int_equal(sampler_fill(sampler, &plan, &one, &err), 0);
    packed_batch_slice(share, n, 1, &slice);
    assert_int_equal(slice.tokens, one.tokens);
    assert_int_equal(slice.labelled, one.labelled);
    assert_memory_equal(slice.input_ids, one.input_ids, (size_t)one.tokens * sizeof(int32_t));
    assert_memory_equal(slice.labelled_rows, one.labelled_rows,
                        (size_t)one.labelled * sizeof(int32_t));
    assert_int_equal(slice.sample_key[0], one.sample_key[0]);
    packed_batch_release(&one);
    packed_batch_release(&slice);
}

/* Whatever the number of ranks, shares of batch k are together samples [k G, (k + 1) G). The epoch
 * ends several times on the way. */
static void check_shares(int ranks, uint64_t first_batch)
{
    struct run run;
    struct sampler *own;
    struct error err;
    open_sources(&run, ranks, first_batch, first_batch + BATCHES);
    assert_int_equal(sampler_new(&own, run.f.store, run.f.vocabulary, &sampling, &err), 0);
    for (uint64_t k = first_batch; k < first_batch + BATCHES; k++) {
        uint8_t seen[G] = {0};
        int total = 0;
        for (int r = 0; r < ranks; r++) {
            struct batch batch;
            assert_int_equal(batch_source_next(run.sources[r], &batch, &err), 1);
            const struct packed_batch *share = batch.share;
            assert_true(share->sequences == G / ranks || share->sequences == G / ranks + 1);
            for (int n = 0; n < share->sequences; n++) {
                assert_true(share->sample_index[n] >= k * G &&
                            share->sample_index[n] < (k + 1) * G);
                assert_int_equal(seen[share->sample_index[n] - k * G]++, 0);
                assert_is_sample(own, share, n);
            }
            total += share->sequences;
            const struct part_progress *progress = sampled_batches_progress(run.sources[r]);
            assert_true(progress->samples == (k + 1) * G);
            assert_true(progress->epochs == sampler_epochs(own, (k + 1) * G));
        }
        assert_int_equal(total, G);
    }
    sampler_free(own);
    close_sources(&run);
}

static void shares_make_up_the_global_batch(void **state)
{
    (void)state;
    check_shares(1, 0);
    check_shares(2, 0);
    check_shares(3, 5);
    check_shares(MOST_RANKS, 1); /* more ranks than samples: some get none */
}

/* The rate of a sample does not depend on who makes it, nor on where its source began. */
static void samples_of_a_changing_masking_rate_are_those_of_one_rank(void **state)
{
    (void)state;
    sampling.max_predictions = 0;
    sampling.sampling.masked_lm_probability = 0.4;
    sampling.masking_change = (struct masking_change){.end = 0.1, .samples = 15 * G};
    for (int ranks = 1; ranks <= 3; ranks++) {
        check_shares(ranks, 0);
        check_shares(ranks, 5);
    }
    sampling.max_predictions = 10;
    sampling.sampling.masked_lm_probability = 0.15;
    sampling.masking_change = (struct masking_change){0};
}

static void a_share_stays_until_the_next_is_asked_for(void **state)
{
    (void)state;
    struct run run;
    struct error err;
    struct batch batch;
    open_sources(&run, 1, 0, BATCHES);
    for (int k = 0; k < BATCHES; k++) {
        assert_int_equal(batch_source_next(run.sources[0], &batch, &err), 1);
        const struct packed_batch *share = batch.share;
        int32_t *copy = memory_new((size_t)share->tokens, sizeof *copy);
        memcpy(copy, share->input_ids, (size_t)share->tokens * sizeof *copy);
        struct timespec pause = {0, 3000000}; /* the thread makes the next share meanwhile */
        nanosleep(&pause, NULL);
        assert_memory_equal(copy, share->input_ids, (size_t)share->tokens * sizeof *copy);
        free(copy);
    }
    close_sources(&run);
}

/* Who looks before it asks knows when there is a batch, or the end. */
static void it_says_whether_a_batch_is_there(void **state)
{
    (void)state;
    struct run run;
    struct error err;
    struct batch batch;
    open_sources(&run, 1, 0, 2);
    for (int k = 0; k <= 2; k++) {
        while (!batch_source_wait(run.sources[0], 0.001))
            ;
        assert_true(batch_source_wait(run.sources[0], 0));
        assert_int_equal(batch_source_next(run.sources[0], &batch, &err), k < 2);
    }
    close_sources(&run);
}

static void it_can_be_closed_at_any_time(void **state)
{
    (void)state;
    for (int taken = 0; taken <= 4; taken++) {
        struct run run;
        struct error err;
        struct batch batch;
        open_sources(&run, 1, 0, 4);
        for (int k = 0; k < taken; k++)
            assert_int_equal(batch_source_next(run.sources[0], &batch, &err), 1);
        close_sources(&run);
    }
    struct run none;
    open_sources(&none, 1, 7, 7);
    close_sources(&none);
    batch_source_close(NULL);
}

/* It says which batch it gives, the same on every rank, and ends behind the last, for good. */
static void batches_are_numbered_and_end(void **state)
{
    (void)state;
    struct run run;
    struct error err;
    open_grouped(&run, 2, 3, 5, 8);
    for (int r = 0; r < 2; r++) {
        struct batch batch;
        for (uint64_t k = 5; k < 8; k++) {
            assert_int_equal(batch_source_next(run.sources[r], &batch, &err), 1);
            assert_int_equal(batch.number, k);
            assert_int_equal(batch.first_sample, k * G);
            assert_int_equal(batch.global_batch, G);
            assert_int_equal(batch.group, 3);
        }
        assert_int_equal(batch_source_next(run.sources[r], &batch, &err), 0);
        assert_int_equal(batch_source_next(run.sources[r], &batch, &err), 0);
    }
    close_sources(&run);
}

static void damage_ids(const char *path)
{
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, 1000, SEEK_SET), 0);
    for (int i = 0; i < 50; i++)
        fputc(0x55, file);
    fclose(file);
}

static void errors_come_out_of_next(void **state)
{
    (void)state;
    struct run run;
    struct error err = {""};
    struct batch batch;
    open_sources(&run, 1, 0, 1000);
    batch_source_close(run.sources[0]);
    mixed_sampler_free(run.samplers[0]);
    damage_ids(run.f.paths[0]);
    struct sampled_batches_options options = {.end_batch = 1000, .sizes.first = G, .ranks = 1};
    run.samplers[0] = alone(&run.f);
    assert_int_equal(sampled_batches_open(&run.sources[0], run.samplers[0], &options, &err), 0);
    int status = 1;
    for (int k = 0; k < 1000 && status == 1; k++)
        status = batch_source_next(run.sources[0], &batch, &err);
    assert_int_equal(status, -1);
    assert_non_null(strstr(err.text, "made-0.shard"));
    assert_int_equal(batch_source_next(run.sources[0], &batch, &err), -1);
    close_sources(&run);
}

/* Where the size changes, samples go on: those of the batches together are 0, 1, 2, ..., in order, on any number of ranks,
 * and so they are for a run that resumes between two changes. */
static void sizes_change_and_samples_go_on(void **state)
{
    (void)state;
    const struct batch_sizes sizes = {
        .first = 5, .change_count = 3, .changes = {{2, 40}, {3, 7}, {6, 64}}};
    for (int trial = 0; trial < 9; trial++) {
        const int ranks = 1 + trial % 3, group = trial % 2 * 4;
        const uint64_t first = (uint64_t)trial % 5, end = 8;
        struct run run = {.ranks = ranks};
        struct error err;
        fixture_open(&run.f, &shape);
        for (int r = 0; r < ranks; r++) {
            const struct sampled_batches_options options = {.first_batch = first,
                                                            .end_batch = end,
                                                            .sizes = sizes,
                                                            .group = group,
                                                            .rank = r,
                                                            .ranks = ranks};
            run.samplers[r] = alone(&run.f);
            assert_int_equal(sampled_batches_open(&run.sources[r], run.samplers[r], &options, &err),
                             0);
        }
        struct sampler *own;
        assert_int_equal(sampler_new(&own, run.f.store, run.f.vocabulary, &sampling, &err), 0);
        for (uint64_t k = first; k < end; k++) {
            const uint64_t before = batch_sizes_before(&sizes, k);
            const int size = batch_sizes_at(&sizes, k);
            uint8_t seen[64] = {0};
            int total = 0;
            for (int r = 0; r < ranks; r++) {
                struct batch batch;
                assert_int_equal(batch_source_next(run.sources[r], &batch, &err), 1);
                assert_int_equal(batch.number, k);
                assert_int_equal(batch.first_sample, before);
                assert_int_equal(batch.global_batch, size);
                for (int n = 0; n < batch.share->sequences; n++) {
                    const uint64_t place = batch.share->sample_index[n] - before;
                    assert_true(place < (uint64_t)size);
                    assert_int_equal(seen[place]++, 0);
                    assert_is_sample(own, batch.share, n);
                }
                total += batch.share->sequences;
                assert_true(sampled_batches_progress(run.sources[r])->samples ==
                            before + (uint64_t)size);
            }
            assert_int_equal(total, size);
        }
        sampler_free(own);
        close_sources(&run);
    }
}

/* Groups are whole, start at multiples of their size, and each is on one rank. */
static void check_groups(int ranks, int group)
{
    struct run run;
    struct error err;
    open_grouped(&run, ranks, group, 3, 3 + BATCHES);
    for (uint64_t k = 3; k < 3 + BATCHES; k++) {
        uint8_t seen[G] = {0};
        int groups = 0, told = 0;
        for (int r = 0; r < ranks; r++) {
            struct batch batch;
            assert_int_equal(batch_source_next(run.sources[r], &batch, &err), 1);
            const struct packed_batch *share = batch.share;
            told = batch_groups(&batch);
            for (int first = 0, count; first < share->sequences; first += count, groups++) {
                uint64_t begin = share->sample_index[first] - k * G;
                count = batch_group_fit(&batch, first);
                assert_int_equal(begin % (uint64_t)group, 0);
                assert_true(count == group || begin + (uint64_t)count == G);
                for (int n = 0; n < count; n++) {
                    assert_true(share->sample_index[first + n] == k * G + begin + (uint64_t)n);
                    assert_int_equal(seen[begin + (uint64_t)n]++, 0);
                }
            }
        }
        assert_int_equal(groups, (G + group - 1) / group);
        assert_int_equal(groups, told);
        for (int i = 0; i < G; i++)
            assert_int_equal(seen[i], 1);
    }
    close_sources(&run);
}

static void groups_stay_together(void **state)
{
    (void)state;
    check_groups(1, 5);
    check_groups(3, 5);
    check_groups(4, 8);
    check_groups(9, 5); /* more ranks than groups */
    check_groups(2, G + 3);
    check_groups(2, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shares_make_up_the_global_batch),
        cmocka_unit_test(sizes_change_and_samples_go_on),
        cmocka_unit_test(groups_stay_together),
        cmocka_unit_test(samples_of_a_changing_masking_rate_are_those_of_one_rank),
        cmocka_unit_test(a_share_stays_until_the_next_is_asked_for),
        cmocka_unit_test(it_says_whether_a_batch_is_there),
        cmocka_unit_test(it_can_be_closed_at_any_time),
        cmocka_unit_test(batches_are_numbered_and_end),
        cmocka_unit_test(errors_come_out_of_next),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

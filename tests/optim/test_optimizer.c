/* ranks: 1 2 3 */
#include "../dist/ranks.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/base/memory.h"
#include "lambert/base/rng.h"
#include "optimizer_checks.h"
#include "small_table.h"

static void lamb_makes_the_golden_steps(void **state)
{
    (void)state;
    check_golden(ranks, true, 0, golden_a, 1e-6);
    check_golden(ranks, true, 1, golden_b, 1e-6);
    check_golden(ranks, false, 0, golden_c, 1e-6);
}

static void rules_are_those_of_the_equations(void **state)
{
    (void)state;
    static const char *const names[] = {"lamb", "adamw", "lars", "sgd"};
    for (int n = 0; n < 4; n++) {
        struct optimizer_options options = usual_options(names[n]);
        options.max_grad_norm = 1;
        check_against_reference(ranks, &options, 2e-6);
    }
}

/* A run on the small table: everything it holds, to be compared as bytes. */
struct run {
    struct param_table table;
    struct sharding sharding;
    struct optimizer *optimizer;
    real *params, *grads, *shard;
    size_t shard_bytes, bytes;
};

static void fill(real *values, size_t count, uint64_t stream)
{
    struct rng rng;
    rng_init(&rng, rng_key(5, RNG_TEST, stream, 0));
    for (size_t i = 0; i < count; i++)
        values[i] = (real)rng_normal(&rng);
}

static void run_init(struct run *run, const char *rule)
{
    struct error err;
    struct optimizer_options options = usual_options(rule);
    small_table_init(&run->table);
    sharding_init(&run->sharding, run->table.size, 4096, dist_size(ranks));
    run->bytes = run->table.size * sizeof(real);
    run->shard_bytes = sharding_count(&run->sharding, dist_rank(ranks)) * sizeof(real);
    run->params = memory_new(1, run->bytes);
    run->grads = memory_new(1, run->bytes);
    run->shard = memory_new(1, run->shard_bytes);
    fill(run->params, run->table.size, 0);
    assert_int_equal(optimizer_new(&run->optimizer, &run->table, &run->sharding, dist_rank(ranks),
                                   &options, &err),
                     0);
}

static void run_release(struct run *run)
{
    optimizer_free(run->optimizer);
    param_table_release(&run->table);
    free(run->params);
    free(run->grads);
    free(run->shard);
}

static struct optimizer_report run_step(struct run *run, uint64_t stream)
{
    struct optimizer_report report;
    fill(run->grads, run->table.size, stream);
    shard_extract(&run->sharding, dist_rank(ranks), run->grads, run->shard);
    optimizer_step(run->optimizer, ranks, 0.01, run->shard, run->params, &report);
    return report;
}

static void assert_same_state(const struct run *one, const struct run *other)
{
    assert_memory_equal(one->params, other->params, one->bytes);
    for (int k = 0; k < optimizer_moments(one->optimizer); k++)
        assert_memory_equal(optimizer_moment(one->optimizer, k),
                            optimizer_moment(other->optimizer, k), one->shard_bytes);
    assert_int_equal(optimizer_updates(one->optimizer), optimizer_updates(other->optimizer));
}

static void threads_change_nothing(void **state)
{
    (void)state;
    struct run one, four;
    run_init(&one, "lamb");
    run_init(&four, "lamb");
    for (uint64_t t = 1; t <= 5; t++) {
        omp_set_num_threads(1);
        struct optimizer_report report_one = run_step(&one, t);
        omp_set_num_threads(4);
        struct optimizer_report report_four = run_step(&four, t);
        assert_true(report_one.gradient_norm == report_four.gradient_norm);
    }
    assert_same_state(&one, &four);
    run_release(&one);
    run_release(&four);
}

/* One rank's gradient has it, and no rank moves. */
static void what_is_not_finite_changes_nothing(void **state)
{
    (void)state;
    const real bad[] = {NAN, INFINITY, -INFINITY};
    struct run run, before;
    run_init(&run, "lamb");
    run_init(&before, "lamb");
    run_step(&run, 1);
    run_step(&before, 1);
    int rank = dist_rank(ranks), culprit = dist_size(ranks) - 1;
    for (int i = 0; i < 3; i++) {
        struct optimizer_report report;
        fill(run.shard, run.shard_bytes / sizeof(real), 2);
        if (rank == culprit)
            run.shard[7 + i] = bad[i];
        optimizer_step(run.optimizer, ranks, 0.01, run.shard, run.params, &report);
        assert_false(report.finite);
        assert_true(report.clip == 1);
        assert_false(isfinite(report.gradient_norm));
        assert_same_state(&run, &before);
    }
    assert_true(run_step(&run, 3).finite);
    run_release(&run);
    run_release(&before);
}

/* Going on from copied moments and t is the same as never having stopped. */
static void state_can_be_carried_over(void **state)
{
    (void)state;
    static const char *const names[] = {"lamb", "adamw", "lars", "sgd"};
    static const int moments[] = {2, 2, 1, 1};
    for (int n = 0; n < 4; n++) {
        struct run run, again;
        run_init(&run, names[n]);
        run_init(&again, names[n]);
        run_step(&run, 1);
        run_step(&run, 2);
        assert_int_equal(optimizer_moments(run.optimizer), moments[n]);
        for (int k = 0; k < moments[n]; k++) {
            assert_string_equal(optimizer_moment_name(run.optimizer, k), k == 0 ? "m" : "v");
            memcpy(optimizer_moment(again.optimizer, k), optimizer_moment(run.optimizer, k),
                   run.shard_bytes);
        }
        memcpy(again.params, run.params, run.bytes);
        optimizer_set_updates(again.optimizer, optimizer_updates(run.optimizer));
        run_step(&run, 3);
        run_step(&again, 3);
        assert_int_equal(optimizer_updates(run.optimizer), 3);
        assert_same_state(&run, &again);
        run_release(&run);
        run_release(&again);
    }
}

/* Slices of other ranks are not touched. */
static void only_the_own_slices_move(void **state)
{
    (void)state;
    struct run run;
    run_init(&run, "lamb");
    real *before = memory_new(1, run.bytes);
    memcpy(before, run.params, run.bytes);
    run_step(&run, 1);
    for (int b = 0; b < run.sharding.buckets; b++)
        for (int r = 0; r < dist_size(ranks); r++) {
            struct slice slice = sharding_slice(&run.sharding, b, r);
            size_t moved = 0;
            for (size_t i = slice.begin; i < slice.end; i++)
                moved += run.params[i] != before[i];
            if (r == dist_rank(ranks))
                assert_true(moved > (slice.end - slice.begin) / 2);
            else
                assert_int_equal(moved, 0);
        }
    free(before);
    run_release(&run);
}

static void memory_is_that_of_the_moments(void **state)
{
    (void)state;
    struct param_table table;
    const struct bert_config config = {.layers = 2,
                                       .hidden = 256,
                                       .heads = 4,
                                       .intermediate = 1024,
                                       .vocab = 8000,
                                       .positions = 128,
                                       .types = 2};
    param_table_init(&table, &config);
    struct optimizer_options options = usual_options("lamb");
    size_t total = 0;
    for (int r = 0; r < 3; r++) {
        struct sharding sharding;
        sharding_init(&sharding, table.size, 1 << 16, 3);
        size_t bytes = optimizer_memory(&table, &sharding, r, &options);
        assert_true(bytes >= 2 * sharding_count(&sharding, r) * sizeof(real));
        total += bytes;
    }
    assert_true((double)total < 1.02 * 2 * (double)(table.size * sizeof(real)));
    param_table_release(&table);
}

static void an_unknown_rule_is_refused(void **state)
{
    (void)state;
    struct param_table table;
    struct sharding sharding;
    struct optimizer *optimizer;
    struct optimizer_options options = usual_options("lam");
    struct error err;
    small_table_init(&table);
    sharding_init(&sharding, table.size, 64, 1);
    assert_int_equal(optimizer_new(&optimizer, &table, &sharding, 0, &options, &err), -1);
    assert_non_null(strstr(err.text, "'lam'"));
    assert_non_null(strstr(err.text, "lamb, adamw, lars, sgd"));
    assert_null(optimizer);
    optimizer_free(NULL);
    param_table_release(&table);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        RANKS_TEST(lamb_makes_the_golden_steps),   RANKS_TEST(rules_are_those_of_the_equations),
        RANKS_TEST(threads_change_nothing),        RANKS_TEST(what_is_not_finite_changes_nothing),
        RANKS_TEST(state_can_be_carried_over),     RANKS_TEST(only_the_own_slices_move),
        RANKS_TEST(memory_is_that_of_the_moments), RANKS_TEST(an_unknown_rule_is_refused),
    };
    return RANKS_RUN(tests, &argc, &argv);
}

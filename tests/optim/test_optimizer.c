/* ranks: 1 2 3 */
/* The optimizer in single precision, with the kernels that a run on this machine would take
 * (LAMBERT_ISA included), and its equations with every table. */
#include "../dist/ranks.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/base/activity.h"
#include "lambert/base/memory.h"
#include "lambert/base/rng.h"
#include "lambert/kernels/kernels.h"
#include "optim/exact_sum.h"
#include "optim/tensor_fragments.h"
#include "optimizer_checks.h"
#include "small_table.h"

/* With every table of kernels; afterwards the one that was chosen at the start is in use again. */
static void for_each_table(void (*check)(void))
{
    const struct kernels *chosen = kernels;
    for (const struct kernels *const *table = kernels_available(); *table; table++) {
        kernels = *table;
        check();
    }
    kernels = chosen;
}

static void check_golden_steps(void)
{
    check_golden(ranks, true, 0, golden_a, 1e-6);
    check_golden(ranks, true, 1, golden_b, 1e-6);
    check_golden(ranks, false, 0, golden_c, 1e-6);
}

static void lamb_makes_the_golden_steps(void **state)
{
    (void)state;
    for_each_table(check_golden_steps);
}

static void check_clipped_updates(void)
{
    struct optimizer_options options = usual_options(RULE_ADAMW);
    options.max_update_rms = 1;
    check_against_reference(ranks, &options, 2e-6);
}

static void check_rules(void)
{
    check_clipped_updates();
    for (enum update_rule rule = 0; rule < UPDATE_RULES; rule++) {
        struct optimizer_options options = usual_options(rule);
        options.max_grad_norm = 1;
        check_against_reference(ranks, &options, 2e-6);
    }
}

static void rules_are_those_of_the_equations(void **state)
{
    (void)state;
    for_each_table(check_rules);
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

static void run_init_with(struct run *run, const struct optimizer_options *options)
{
    struct error err;
    small_table_init(&run->table);
    sharding_init(&run->sharding, run->table.size, 4096, dist_size(ranks));
    run->bytes = run->table.size * sizeof(real);
    run->shard_bytes = sharding_count(&run->sharding, dist_rank(ranks)) * sizeof(real);
    run->params = memory_new(1, run->bytes);
    run->grads = memory_new(1, run->bytes);
    run->shard = memory_new(1, run->shard_bytes);
    fill(run->params, run->table.size, 0);
    assert_int_equal(optimizer_new(&run->optimizer, &run->table, &run->sharding, dist_rank(ranks),
                                   options, &err),
                     0);
}

static void run_init(struct run *run, enum update_rule rule)
{
    const struct optimizer_options options = usual_options(rule);
    run_init_with(run, &options);
}

static void run_release(struct run *run)
{
    optimizer_free(run->optimizer);
    param_table_release(&run->table);
    free(run->params);
    free(run->grads);
    free(run->shard);
}

/* With the gradient that stands in grads. */
static struct optimizer_report step_on(struct run *run, struct tensor_report *tensors)
{
    struct optimizer_report report;
    shard_extract(&run->sharding, dist_rank(ranks), run->grads, run->shard);
    optimizer_step(run->optimizer, ranks, 0.01, run->shard, run->params, &report, tensors);
    return report;
}

static struct optimizer_report run_step(struct run *run, uint64_t stream)
{
    fill(run->grads, run->table.size, stream);
    return step_on(run, NULL);
}

static void assert_same_state(const struct run *one, const struct run *other)
{
    assert_memory_equal(one->params, other->params, one->bytes);
    for (int k = 0; k < optimizer_moments(one->optimizer); k++)
        assert_memory_equal(optimizer_moment(one->optimizer, k),
                            optimizer_moment(other->optimizer, k), one->shard_bytes);
    assert_int_equal(optimizer_updates(one->optimizer).of_moments,
                     optimizer_updates(other->optimizer).of_moments);
}

static void threads_change_nothing(void **state)
{
    (void)state;
    struct run one, four;
    run_init(&one, RULE_LAMB);
    run_init(&four, RULE_LAMB);
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

/* Of one tensor, or of all (-1): what a job of one rank finds, computed by each rank alone. */
static double squares_alone(const struct run *run, const real *values, int tensor)
{
    struct sharding alone;
    struct exact_sum sum = {0};
    sharding_init(&alone, run->table.size, 4096, 1);
    size_t count = tensor_fragments_cut(&run->table, &alone, 0, NULL);
    struct tensor_fragment *fragments = memory_new(count, sizeof *fragments);
    tensor_fragments_cut(&run->table, &alone, 0, fragments);
    for (size_t p = count; p-- > 0;) /* backwards: the order does not matter either */
        if (tensor < 0 || fragments[p].tensor == tensor)
            exact_sum_add(
                &sum, kernels->sum_squares(values + fragments[p].flat, (size_t)fragments[p].count));
    free(fragments);
    return exact_sum_read(&sum);
}

static double norm_alone(const struct run *run, const real *values, int tensor)
{
    return sqrt(squares_alone(run, values, tensor));
}

/* Its slices are cut between fragments. */
static void run_init_cut(struct run *run, const struct optimizer_options *options)
{
    struct stages stages = stages_flat(dist_size(ranks));
    struct error err;
    run_init_with(run, options);
    optimizer_free(run->optimizer);
    free(run->shard);
    sharding_init_staged(&run->sharding, run->table.size, 4096, OPTIMIZER_UNIT, &stages);
    run->shard_bytes = sharding_count(&run->sharding, dist_rank(ranks)) * sizeof(real);
    run->shard = memory_new(1, run->shard_bytes);
    assert_int_equal(optimizer_new(&run->optimizer, &run->table, &run->sharding, dist_rank(ranks),
                                   options, &err),
                     0);
}

static void norms_have_the_same_bits_on_any_ranks(void **state)
{
    (void)state;
    struct run run;
    struct tensor_report tensors[SMALL_TENSORS];
    const struct optimizer_options options = usual_options(RULE_LAMB);
    run_init_cut(&run, &options);
    real *before = memory_new(1, run.bytes);
    memcpy(before, run.params, run.bytes);
    fill(run.grads, run.table.size, 3);
    struct optimizer_report report = step_on(&run, tensors);
    assert_true(report.gradient_norm == norm_alone(&run, run.grads, -1));
    for (int t = 0; t < SMALL_TENSORS; t++) {
        assert_true(tensors[t].weight_norm == norm_alone(&run, before, t));
        assert_true(tensors[t].gradient_norm == norm_alone(&run, run.grads, t));
    }
    free(before);
    run_release(&run);
}

/* So have the factors that updates are clipped by; without bias correction the first are all near √(1 - β2). */
static void clipped_updates_have_the_same_bits_on_any_ranks(void **state)
{
    (void)state;
    struct run run;
    struct tensor_report tensors[SMALL_TENSORS];
    struct optimizer_options options = usual_options(RULE_ADAMW);
    options.bias_correction = false;
    options.max_update_rms = 1;
    run_init_cut(&run, &options);
    fill(run.grads, run.table.size, 3);
    step_on(&run, tensors);
    real *updates = memory_new(1, run.bytes);
    const real rest = (real)(1 - options.beta2), epsilon = (real)options.epsilon;
    for (size_t i = 0; i < run.table.size; i++) {
        const real rms = sqrtf(rest * run.grads[i] * run.grads[i]);
        updates[i] = run.grads[i] / (rms > epsilon ? rms : epsilon);
    }
    for (int t = 0; t < SMALL_TENSORS; t++) {
        const double squares = squares_alone(&run, updates, t);
        assert_true(tensors[t].trust_ratio == 1 / sqrt(squares / (double)run.table.infos[t].count));
        assert_true(fabs(tensors[t].trust_ratio / sqrt(1 - options.beta2) - 1) < 0.01);
    }
    free(updates);
    run_release(&run);
}

/* One rank's gradient has it, and no rank moves. */
static void what_is_not_finite_changes_nothing(void **state)
{
    (void)state;
    const real bad[] = {NAN, INFINITY, -INFINITY};
    struct run run, before;
    run_init(&run, RULE_LAMB);
    run_init(&before, RULE_LAMB);
    run_step(&run, 1);
    run_step(&before, 1);
    int rank = dist_rank(ranks), culprit = dist_size(ranks) - 1;
    for (int i = 0; i < 3; i++) {
        struct optimizer_report report;
        fill(run.shard, run.shard_bytes / sizeof(real), 2);
        if (rank == culprit)
            run.shard[7 + i] = bad[i];
        optimizer_step(run.optimizer, ranks, 0.01, run.shard, run.params, &report, NULL);
        assert_false(report.finite);
        assert_true(report.clip == 1);
        assert_false(isfinite(report.gradient_norm));
        assert_same_state(&run, &before);
    }
    assert_true(run_step(&run, 3).finite);
    run_release(&run);
    run_release(&before);
}

/* Whichever rank has it, all know the first tensor that is to blame. */
static void the_first_culprit_is_known_to_all(void **state)
{
    (void)state;
    struct run run;
    run_init(&run, RULE_LAMB);
    for (int t = 0; t < run.table.count; t++)
        for (int last = 0; last < 2; last++) {
            const struct param_info *info = &run.table.infos[t];
            fill(run.grads, run.table.size, 2);
            run.grads[info->offset + (last ? info->count - 1 : 0)] = NAN;
            run.grads[run.table.infos[LONE].offset] = INFINITY;
            struct optimizer_report report = step_on(&run, NULL);
            assert_false(report.finite);
            assert_int_equal(report.culprit, t);
        }
    struct optimizer_report report = run_step(&run, 3);
    assert_true(report.finite);
    assert_int_equal(report.culprit, -1);
    run_release(&run);
}

/* Elements whose squares float does not hold would make the second moment infinite, and with it the
 * weights immovable. Clipping saves them. */
static void what_is_too_long_changes_nothing(void **state)
{
    (void)state;
    struct run run, before;
    run_init(&run, RULE_LAMB);
    run_init(&before, RULE_LAMB);
    fill(run.grads, run.table.size, 2);
    run.grads[run.table.infos[QUERY].offset + 3] = 1e25F;
    run.grads[run.table.infos[KEY].offset] = 1e27F;
    struct optimizer_report report = step_on(&run, NULL);
    assert_false(report.finite);
    assert_int_equal(report.culprit, QUERY);
    assert_true(isfinite(report.gradient_norm));
    run.grads[run.table.infos[QUERY].offset + 3] = 1.5e19F; /* none alone, but together */
    run.grads[run.table.infos[KEY].offset] = 1.6e19F;
    report = step_on(&run, NULL);
    assert_false(report.finite);
    assert_int_equal(report.culprit, KEY);
    assert_same_state(&run, &before);
    run_release(&run);
    run_release(&before);
}

static void clipping_saves_what_is_too_long(void **state)
{
    (void)state;
    struct run run;
    struct error err;
    struct optimizer_options options = usual_options(RULE_ADAMW);
    options.max_grad_norm = 1;
    run_init(&run, RULE_ADAMW);
    optimizer_free(run.optimizer);
    assert_int_equal(
        optimizer_new(&run.optimizer, &run.table, &run.sharding, dist_rank(ranks), &options, &err),
        0);
    fill(run.grads, run.table.size, 2);
    run.grads[run.table.infos[QUERY].offset + 3] = 1e25F;
    struct optimizer_report report = step_on(&run, NULL);
    assert_true(report.finite);
    assert_true(optimizer_state_finite(run.optimizer, ranks, run.params));
    run_release(&run);
}

/* And it finds what the step then finds. */
static void measuring_changes_nothing(void **state)
{
    (void)state;
    struct run run, before;
    struct optimizer_report measured;
    run_init(&run, RULE_LAMB);
    run_init(&before, RULE_LAMB);
    fill(run.grads, run.table.size, 2);
    shard_extract(&run.sharding, dist_rank(ranks), run.grads, run.shard);
    shard_extract(&run.sharding, dist_rank(ranks), run.grads, before.shard);
    optimizer_measure(run.optimizer, ranks, run.shard, &measured);
    assert_memory_equal(run.shard, before.shard, run.shard_bytes);
    assert_same_state(&run, &before);
    struct optimizer_report report = step_on(&run, NULL);
    assert_true(measured.gradient_norm == report.gradient_norm && measured.clip == report.clip);
    assert_true(measured.finite && measured.culprit == -1);
    run_release(&run);
    run_release(&before);
}

/* A weight or a moment on any one rank. */
static void a_state_that_is_not_finite_is_seen(void **state)
{
    (void)state;
    int rank = dist_rank(ranks), culprit = dist_size(ranks) - 1;
    struct run run;
    run_init(&run, RULE_LAMB);
    run_step(&run, 1);
    assert_true(optimizer_state_finite(run.optimizer, ranks, run.params));
    real *places[] = {&run.params[sharding_slice(&run.sharding, 0, rank).begin + 1],
                      &optimizer_moment(run.optimizer, 0)[2],
                      &optimizer_moment(run.optimizer, 1)[3]};
    for (int i = 0; i < 3; i++) {
        real good = *places[i];
        if (rank == culprit)
            *places[i] = i == 1 ? NAN : INFINITY;
        assert_false(optimizer_state_finite(run.optimizer, ranks, run.params));
        *places[i] = good;
    }
    assert_true(optimizer_state_finite(run.optimizer, ranks, run.params));
    run_release(&run);
}

/* With and without it, steps are the same to the last bit. */
static void the_report_changes_nothing(void **state)
{
    (void)state;
    for (enum update_rule rule = 0; rule < UPDATE_RULES; rule++) {
        struct tensor_report tensors[SMALL_TENSORS];
        struct run without, with;
        run_init(&without, rule);
        run_init(&with, rule);
        for (uint64_t t = 1; t <= 3; t++) {
            run_step(&without, t);
            fill(with.grads, with.table.size, t);
            step_on(&with, tensors);
        }
        assert_same_state(&without, &with);
        run_release(&without);
        run_release(&with);
    }
}

/* Each begins and ends a wait, and nothing else in a step moves the heartbeat. */
static int collectives_of_a_step(struct run *run, struct tensor_report *tensors)
{
    fill(run->grads, run->table.size, 1);
    uint64_t before = activity_heartbeats();
    step_on(run, tensors);
    return (int)(activity_heartbeats() - before) / 2;
}

/* Clipping of updates wants a sum of each tensor, which goes with those of a report. */
static void clipping_of_updates_takes_one_collective(void **state)
{
    (void)state;
    struct optimizer_options options = usual_options(RULE_ADAMW);
    struct tensor_report tensors[SMALL_TENSORS];
    struct run run;
    options.max_update_rms = 1;
    run_init_with(&run, &options);
    assert_int_equal(collectives_of_a_step(&run, NULL), 2);
    assert_int_equal(collectives_of_a_step(&run, tensors), 2);
    run_release(&run);
}

static void a_step_takes_no_more_collectives_than_it_has_to(void **state)
{
    (void)state;
    static const struct {
        int plain, reported;
    } wanted[UPDATE_RULES] = {[RULE_LAMB] = {2, 2},
                              [RULE_ADAMW] = {1, 2},
                              [RULE_LARS] = {2, 3},
                              [RULE_SGD] = {1, 2},
                              [RULE_LANS] = {2, 3}};
    for (enum update_rule rule = 0; rule < UPDATE_RULES; rule++) {
        struct run run;
        struct tensor_report tensors[SMALL_TENSORS];
        run_init(&run, rule);
        assert_int_equal(collectives_of_a_step(&run, NULL), wanted[rule].plain);
        assert_int_equal(collectives_of_a_step(&run, tensors), wanted[rule].reported);
        run_release(&run);
    }
}

/* The report has them as they were used. A tensor without a ratio is not given one by its bounds: neither those that are
 * excluded, nor one whose weights are all 0. */
static void trust_ratios_keep_within_their_bounds(void **state)
{
    (void)state;
    static const enum update_rule adaptive[] = {RULE_LAMB, RULE_LARS, RULE_LANS};
    for (size_t i = 0; i < sizeof adaptive / sizeof *adaptive; i++) {
        struct optimizer_options options = usual_options(adaptive[i]);
        struct tensor_report free[SMALL_TENSORS], bound[SMALL_TENSORS];
        struct run without, with;
        int below = 0, above = 0;
        run_init(&without, adaptive[i]);
        fill(without.grads, without.table.size, 1);
        memset(without.params + without.table.infos[ZERO_WEIGHT].offset, 0,
               without.table.infos[ZERO_WEIGHT].count * sizeof(real));
        step_on(&without, free);
        /* Not around 1, so that one that comes of them would be seen. */
        options.ratio_min = fmin(free[WIDE].trust_ratio, free[QUERY].trust_ratio) * 0.999 +
                            fmax(free[WIDE].trust_ratio, free[QUERY].trust_ratio) * 0.001;
        options.ratio_max = options.ratio_min * (1 + 1e-4);
        run_init_with(&with, &options);
        fill(with.grads, with.table.size, 1);
        memset(with.params + with.table.infos[ZERO_WEIGHT].offset, 0,
               with.table.infos[ZERO_WEIGHT].count * sizeof(real));
        step_on(&with, bound);
        for (int t = 0; t < SMALL_TENSORS; t++) {
            const double r = free[t].trust_ratio;
            const bool has = !with.table.infos[t].is_bias_or_norm && t != ZERO_WEIGHT;
            below += has && r < options.ratio_min;
            above += has && r > options.ratio_max;
            assert_true(bound[t].trust_ratio ==
                        (!has ? 1 : fmax(fmin(r, options.ratio_max), options.ratio_min)));
        }
        assert_true(below > 0 && above > 0);
        run_release(&without);
        run_release(&with);
    }
}

/* However long the gradient: lans looks at its direction, tensor by tensor, and never clips. */
static void lans_does_not_see_the_gradients_length(void **state)
{
    (void)state;
    struct run one, other;
    run_init(&one, RULE_LANS);
    run_init(&other, RULE_LANS);
    for (uint64_t t = 1; t <= 3; t++) {
        struct optimizer_report report = run_step(&one, t);
        assert_true(report.clip == 1);
        fill(other.grads, other.table.size, t);
        for (int k = 0; k < other.table.count; k++) {
            const struct param_info *info = &other.table.infos[k];
            for (size_t i = 0; i < info->count; i++) /* a power of two a tensor: exact */
                other.grads[info->offset + i] =
                    (real)ldexp((double)other.grads[info->offset + i], 3 * k);
        }
        step_on(&other, NULL);
        assert_same_state(&one, &other);
    }
    run_release(&one);
    run_release(&other);
}

/* Shorter than any normal number, where a reciprocal would be infinite: as if it were 0. */
static void lans_takes_a_vanishing_gradient_for_none(void **state)
{
    (void)state;
    struct run run;
    run_init(&run, RULE_LANS);
    for (size_t i = 0; i < run.table.size; i++)
        run.grads[i] = 1e-42F;
    for (int t = 0; t < 3; t++)
        assert_true(step_on(&run, NULL).finite);
    assert_true(optimizer_state_finite(run.optimizer, ranks, run.params));
    size_t own = run.shard_bytes / sizeof(real);
    for (int k = 0; k < 2; k++)
        for (size_t i = 0; i < own; i++)
            assert_true(optimizer_moment(run.optimizer, k)[i] == 0);
    run_release(&run);
}

/* Going on from copied moments and t is the same as never having stopped. */
static void state_can_be_carried_over(void **state)
{
    (void)state;
    static const int moments[UPDATE_RULES] = {
        [RULE_LAMB] = 2, [RULE_ADAMW] = 2, [RULE_LARS] = 1, [RULE_SGD] = 1, [RULE_LANS] = 2};
    for (enum update_rule rule = 0; rule < UPDATE_RULES; rule++) {
        struct run run, again;
        run_init(&run, rule);
        run_init(&again, rule);
        run_step(&run, 1);
        run_step(&run, 2);
        assert_int_equal(optimizer_moments(run.optimizer), moments[rule]);
        for (int k = 0; k < moments[rule]; k++) {
            assert_string_equal(optimizer_moment_name(run.optimizer, k), k == 0 ? "m" : "v");
            memcpy(optimizer_moment(again.optimizer, k), optimizer_moment(run.optimizer, k),
                   run.shard_bytes);
        }
        memcpy(again.params, run.params, run.bytes);
        optimizer_set_updates(again.optimizer, optimizer_updates(run.optimizer));
        run_step(&run, 3);
        run_step(&again, 3);
        assert_int_equal(optimizer_updates(run.optimizer).of_moments, 3);
        assert_same_state(&run, &again);
        run_release(&run);
        run_release(&again);
    }
}

/* What follows is what a new optimizer makes of the same weights; and updates are counted for both. */
static void moments_can_be_reset(void **state)
{
    (void)state;
    for (enum update_rule rule = 0; rule < UPDATE_RULES; rule++) {
        struct run run, fresh;
        run_init(&run, rule);
        run_init(&fresh, rule);
        run_step(&run, 1);
        run_step(&run, 2);
        memcpy(fresh.params, run.params, run.bytes);
        for (int again = 0; again < 2; again++) { /* the second time nothing is left to do */
            optimizer_reset_moments(run.optimizer);
            assert_same_state(&run, &fresh);
            assert_int_equal(optimizer_updates(run.optimizer).earlier, 2);
        }
        run_step(&run, 3);
        run_step(&fresh, 3);
        assert_same_state(&run, &fresh);
        optimizer_reset_moments(run.optimizer);
        assert_int_equal(optimizer_updates(run.optimizer).earlier, 3);
        run_release(&run);
        run_release(&fresh);
    }
}

/* Slices of other ranks are not touched. */
static void only_the_own_slices_move(void **state)
{
    (void)state;
    struct run run;
    run_init(&run, RULE_LAMB);
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
    struct optimizer_options options = usual_options(RULE_LAMB);
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

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        RANKS_TEST(lamb_makes_the_golden_steps),
        RANKS_TEST(rules_are_those_of_the_equations),
        RANKS_TEST(threads_change_nothing),
        RANKS_TEST(norms_have_the_same_bits_on_any_ranks),
        RANKS_TEST(clipped_updates_have_the_same_bits_on_any_ranks),
        RANKS_TEST(what_is_not_finite_changes_nothing),
        RANKS_TEST(the_first_culprit_is_known_to_all),
        RANKS_TEST(what_is_too_long_changes_nothing),
        RANKS_TEST(clipping_saves_what_is_too_long),
        RANKS_TEST(measuring_changes_nothing),
        RANKS_TEST(a_state_that_is_not_finite_is_seen),
        RANKS_TEST(the_report_changes_nothing),
        RANKS_TEST(clipping_of_updates_takes_one_collective),
        RANKS_TEST(a_step_takes_no_more_collectives_than_it_has_to),
        RANKS_TEST(trust_ratios_keep_within_their_bounds),
        RANKS_TEST(lans_does_not_see_the_gradients_length),
        RANKS_TEST(lans_takes_a_vanishing_gradient_for_none),
        RANKS_TEST(state_can_be_carried_over),
        RANKS_TEST(moments_can_be_reset),
        RANKS_TEST(only_the_own_slices_move),
        RANKS_TEST(memory_is_that_of_the_moments),
    };
    struct error err;
    if (kernels_select(&err) != 0) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    return RANKS_RUN(tests, &argc, &argv);
}

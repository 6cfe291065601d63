#include "lambert/optim/optimizer.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "exact_sum.h"
#include "lambert/base/arena.h"
#include "lambert/base/memory.h"
#include "lambert/kernels/kernels.h"
#include "rules.h"
#include "tensor_fragments.h"

/* Sums of squares: of the gradient before clipping, what updates are clipped by, the weights before
 * the update, and each direction. */
enum {
    SUM_GRADIENT,
    SUM_UPDATE,
    SUM_WEIGHT,
    SUM_DIRECTION,
    SUMS = SUM_DIRECTION + RULE_DIRECTIONS
};

struct optimizer {
    struct optimizer_options options;
    const struct rule *rule;
    const struct param_table *table;
    struct arena arena;
    real *moments[RULE_MOMENTS];       /* [sharding_count()] each; NULL where the rule has none */
    struct tensor_fragment *fragments; /* [fragment_count] */
    double (*fragment_sums)[SUMS];     /* [fragment_count] */
    double (*tensor_sums)[SUMS];       /* [table count], over all ranks */
    struct exact_sum *exact;           /* while sums of tensors are made */
    size_t fragment_count;
    size_t shard; /* sharding_count() */
    struct update_counts updates;
};

static bool clips_updates(const struct optimizer *o)
{
    return o->rule->update_squares && o->options.max_update_rms > 0;
}

/* --- set-up ----------------------------------------------------------------------------------- */

static void lay_out(struct optimizer *o, const struct sharding *sharding, int rank)
{
    o->shard = sharding_count(sharding, rank);
    o->fragment_count = tensor_fragments_cut(o->table, sharding, rank, NULL);
    for (int k = 0; k < o->rule->moments; k++)
        o->moments[k] = arena_take(&o->arena, o->shard, sizeof(real));
    o->fragments = arena_take(&o->arena, o->fragment_count, sizeof *o->fragments);
    size_t tensors = (size_t)o->table->count;
    o->fragment_sums = arena_take(&o->arena, o->fragment_count, sizeof *o->fragment_sums);
    o->tensor_sums = arena_take(&o->arena, tensors, sizeof *o->tensor_sums);
    const size_t most_sums = 1 + (size_t)o->rule->directions + clips_updates(o);
    o->exact = arena_take(&o->arena, most_sums * tensors, sizeof *o->exact);
}

size_t optimizer_memory(const struct param_table *table, const struct sharding *sharding, int rank,
                        const struct optimizer_options *options)
{
    struct optimizer plan = {.options = *options, .rule = rule_of(options->rule), .table = table};
    arena_measure(&plan.arena);
    lay_out(&plan, sharding, rank);
    return plan.arena.used;
}

int optimizer_new(struct optimizer **optimizer, const struct param_table *table,
                  const struct sharding *sharding, int rank,
                  const struct optimizer_options *options, struct error *err)
{
    *optimizer = NULL;
    struct optimizer *new = memory_new(1, sizeof *new);
    *new = (struct optimizer){.options = *options, .rule = rule_of(options->rule), .table = table};
    if (arena_init(&new->arena, optimizer_memory(table, sharding, rank, options),
                   "the optimizer's moments", err) < 0) {
        free(new);
        return -1;
    }
    lay_out(new, sharding, rank);
    tensor_fragments_cut(table, sharding, rank, new->fragments);
    *optimizer = new;
    return 0;
}

void optimizer_free(struct optimizer *optimizer)
{
    if (!optimizer)
        return;
    arena_release(&optimizer->arena);
    free(optimizer);
}

/* --- sums over ranks -------------------------------------------------------------------------- */

/* Sums number first to first + count - 1 of all tensors, from those of the fragments. Collective,
 * once. */
static void sum_tensors(struct optimizer *o, const struct dist *dist, int first, int count)
{
    memset(o->exact, 0, (size_t)(count * o->table->count) * sizeof *o->exact);
    for (size_t i = 0; i < o->fragment_count; i++)
        for (int k = 0; k < count; k++)
            exact_sum_add(&o->exact[count * o->fragments[i].tensor + k],
                          o->fragment_sums[i][first + k]);
    exact_sum_all(dist, o->exact, count * o->table->count);
    for (int t = 0; t < o->table->count; t++)
        for (int k = 0; k < count; k++)
            o->tensor_sums[t][first + k] = exact_sum_read(&o->exact[count * t + k]);
}

static double norm_of(const struct optimizer *o, int tensor, int sum)
{
    return sqrt(o->tensor_sums[tensor][sum]);
}

/* --- the gradient ----------------------------------------------------------------------------- */

/* ‖g‖² of the whole gradient, and where by_tensor of each tensor's. One collective in any case: the
 * whole is the sum of its tensors, to the bit. */
static double gradient_squares(struct optimizer *o, const struct dist *dist,
                               const real *shard_grads, bool by_tensor)
{
    struct exact_sum total = {0};
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < o->fragment_count; i++) {
        const struct tensor_fragment *fragment = &o->fragments[i];
        o->fragment_sums[i][SUM_GRADIENT] =
            kernels->sum_squares(shard_grads + fragment->shard, (size_t)fragment->count);
    }
    if (by_tensor) {
        sum_tensors(o, dist, SUM_GRADIENT, 1);
        for (int t = 0; t < o->table->count; t++)
            exact_sum_merge(&total, &o->exact[t]);
    } else {
        for (size_t i = 0; i < o->fragment_count; i++)
            exact_sum_add(&total, o->fragment_sums[i][SUM_GRADIENT]);
        exact_sum_all(dist, &total, 1);
    }
    return exact_sum_read(&total);
}

/* Whether the elements behind a sum of squares, and their squares, fit a real. */
static bool fits(double squares)
{
    return squares <= (sizeof(real) == sizeof(float) ? (double)FLT_MAX : DBL_MAX);
}

/* The first tensor that does not fit; where it takes several to not fit, the longest. */
static int find_culprit(const struct optimizer *o, double clip)
{
    int longest = 0;
    for (int t = 0; t < o->table->count; t++) {
        double squares = o->tensor_sums[t][SUM_GRADIENT];
        if (!fits(clip * clip * squares))
            return t;
        if (squares > o->tensor_sums[longest][SUM_GRADIENT])
            longest = t;
    }
    return longest;
}

static void measure(struct optimizer *o, const struct dist *dist, const real *shard_grads,
                    bool by_tensor, struct optimizer_report *report)
{
    double squares = gradient_squares(o, dist, shard_grads, by_tensor), norm = sqrt(squares);
    /* A gradient that is normalised tensor by tensor has a length of its own, and is not clipped. */
    const double most = o->rule->normalises ? 0 : o->options.max_grad_norm;
    const double clip = most > 0 && norm > most && isfinite(norm) ? most / norm : 1;
    *report = (struct optimizer_report){
        .gradient_norm = norm, .clip = clip, .finite = fits(clip * clip * squares), .culprit = -1};
    if (report->finite)
        return;
    if (!by_tensor)
        sum_tensors(o, dist, SUM_GRADIENT, 1);
    report->culprit = find_culprit(o, clip);
}

void optimizer_measure(struct optimizer *optimizer, const struct dist *dist,
                       const real *shard_grads, struct optimizer_report *report)
{
    measure(optimizer, dist, shard_grads, false, report);
}

/* --- one update ------------------------------------------------------------------------------- */

static struct rule_numbers common_numbers(const struct optimizer *o, double clip)
{
    const struct optimizer_options *options = &o->options;
    double t = (double)(o->updates.of_moments + 1);
    double unbias1 = options->bias_correction ? 1 / (1 - pow(options->beta1, t)) : 1;
    double unbias2 = options->bias_correction ? 1 / (1 - pow(options->beta2, t)) : 1;
    return (struct rule_numbers){.adam = {.clip = (real)clip,
                                          .beta1 = (real)options->beta1,
                                          .beta2 = (real)options->beta2,
                                          .rest1 = (real)(1 - options->beta1),
                                          .rest2 = (real)(1 - options->beta2),
                                          .unbias1 = (real)unbias1,
                                          .unbias2 = (real)unbias2,
                                          .epsilon = (real)options->epsilon},
                                 .momentum = (real)options->momentum};
}

static double decay_of(const struct optimizer *o, int tensor)
{
    bool excluded = o->table->infos[tensor].is_bias_or_norm && !o->options.decay_all;
    return excluded ? 0 : o->options.weight_decay;
}

static struct rule_numbers numbers_of(const struct optimizer *o, const struct rule_numbers *common,
                                      int tensor)
{
    const double shortest = sizeof(real) == sizeof(float) ? (double)FLT_MIN : DBL_MIN;
    struct rule_numbers numbers = *common;
    if (o->rule->normalises) {
        /* A gradient so short that the reciprocal of its norm is not a number counts as none. */
        const double norm = norm_of(o, tensor, SUM_GRADIENT);
        numbers.adam.clip = norm < shortest ? 0 : (real)(1 / norm);
    }
    numbers.adam.decay = (real)decay_of(o, tensor);
    return numbers;
}

static double within_bounds(const struct optimizer_options *options, double ratio)
{
    if (options->ratio_max > 0 && ratio > options->ratio_max)
        return options->ratio_max;
    return ratio < options->ratio_min ? options->ratio_min : ratio;
}

/* What clipping leaves of a tensor's rate. */
static double update_clip(const struct optimizer *o, int tensor)
{
    const double mean = o->tensor_sums[tensor][SUM_UPDATE] / (double)o->table->infos[tensor].count;
    const double rms = sqrt(mean), most = o->options.max_update_rms;
    return rms > most ? most / rms : 1;
}

/* r of a tensor's direction, from the sums over all ranks; 1 where the rule has none. */
static double ratio_of(const struct optimizer *o, int tensor, int direction)
{
    if (clips_updates(o))
        return update_clip(o, tensor);
    bool excluded = o->table->infos[tensor].is_bias_or_norm && !o->options.adapt_all;
    double w = norm_of(o, tensor, SUM_WEIGHT), u = norm_of(o, tensor, SUM_DIRECTION + direction);
    if (!o->rule->adaptive || excluded || w == 0 || u == 0)
        return 1;
    return within_bounds(&o->options, o->rule->ratio(&o->options, decay_of(o, tensor), w, u));
}

/* The first pass: moments, and the directions, with what the tensors' norms are made of. */
static void find_directions(struct optimizer *o, const struct rule_numbers *common,
                            real *shard_grads, const real *params, bool norms_wanted)
{
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < o->fragment_count; i++) {
        const struct tensor_fragment *fragment = &o->fragments[i];
        struct rule_numbers numbers = numbers_of(o, common, fragment->tensor);
        const size_t n = (size_t)fragment->count;
        const real *w = params + fragment->flat;
        real *u = shard_grads + fragment->shard;
        real *v = o->moments[1] ? o->moments[1] + fragment->shard : NULL;
        if (clips_updates(o))
            o->fragment_sums[i][SUM_UPDATE] = o->rule->update_squares(&numbers, u, v, n);
        o->rule->direct(&numbers, w, u, o->moments[0] + fragment->shard, v,
                        &o->fragment_sums[i][SUM_WEIGHT], n);
        if (!norms_wanted || o->rule->gives_squares)
            continue;
        o->fragment_sums[i][SUM_WEIGHT] = kernels->sum_squares(w, n);
        o->fragment_sums[i][SUM_DIRECTION] = kernels->sum_squares(u, n);
    }
}

/* The second pass: the weights are updated. */
static void apply_directions(struct optimizer *o, const struct rule_numbers *common, double rate,
                             real *shard_grads, real *params)
{
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < o->fragment_count; i++) {
        const struct tensor_fragment *fragment = &o->fragments[i];
        struct rule_numbers numbers = numbers_of(o, common, fragment->tensor);
        for (int d = 0; d < o->rule->directions; d++)
            numbers.step[d] = (real)(rate * ratio_of(o, fragment->tensor, d));
        o->rule->apply(&numbers, params + fragment->flat, shard_grads + fragment->shard,
                       o->moments[0] + fragment->shard,
                       o->moments[1] ? o->moments[1] + fragment->shard : NULL,
                       (size_t)fragment->count);
    }
}

/* Both passes in one. */
static void update(struct optimizer *o, const struct rule_numbers *common, double rate,
                   const real *shard_grads, real *params)
{
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < o->fragment_count; i++) {
        const struct tensor_fragment *fragment = &o->fragments[i];
        struct rule_numbers numbers = numbers_of(o, common, fragment->tensor);
        numbers.step[0] = (real)rate;
        o->rule->update(&numbers, params + fragment->flat, shard_grads + fragment->shard,
                        o->moments[0] + fragment->shard,
                        o->moments[1] ? o->moments[1] + fragment->shard : NULL,
                        (size_t)fragment->count);
    }
}

/* After the second pass. What a rule subtracts is known from the norm of its one direction, or is
 * to be measured where the rule has it. */
static void report_tensors(struct optimizer *o, const struct dist *dist, double rate,
                           const real *shard_grads, struct tensor_report *tensors)
{
    for (int t = 0; t < o->table->count; t++) {
        double ratio = ratio_of(o, t, o->rule->directions - 1);
        tensors[t] =
            (struct tensor_report){.weight_norm = norm_of(o, t, SUM_WEIGHT),
                                   .gradient_norm = norm_of(o, t, SUM_GRADIENT),
                                   .update_norm = rate * ratio * norm_of(o, t, SUM_DIRECTION),
                                   .trust_ratio = ratio};
    }
    if (o->rule->subtracts == SUBTRACTS_DIRECTION)
        return;
    const real *subtracted = o->rule->subtracts == SUBTRACTS_MOMENT ? o->moments[0] : shard_grads;
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < o->fragment_count; i++) {
        const struct tensor_fragment *fragment = &o->fragments[i];
        o->fragment_sums[i][SUM_DIRECTION] =
            kernels->sum_squares(subtracted + fragment->shard, (size_t)fragment->count);
    }
    sum_tensors(o, dist, SUM_DIRECTION, 1);
    for (int t = 0; t < o->table->count; t++)
        tensors[t].update_norm = norm_of(o, t, SUM_DIRECTION);
}

void optimizer_step(struct optimizer *optimizer, const struct dist *dist, double rate,
                    real *shard_grads, real *params, struct optimizer_report *report,
                    struct tensor_report *tensors)
{
    const struct rule *rule = optimizer->rule;
    measure(optimizer, dist, shard_grads, rule->normalises || tensors, report);
    if (!report->finite)
        return;
    struct rule_numbers numbers = common_numbers(optimizer, report->clip);
    const bool norms_wanted = rule->adaptive || tensors;
    const int first = clips_updates(optimizer) ? SUM_UPDATE : SUM_WEIGHT;
    const int end = norms_wanted ? SUM_DIRECTION + rule->directions : SUM_WEIGHT;
    if (first == end && rule->update) {
        update(optimizer, &numbers, rate, shard_grads, params);
    } else {
        find_directions(optimizer, &numbers, shard_grads, params, norms_wanted);
        if (first < end)
            sum_tensors(optimizer, dist, first, end - first);
        apply_directions(optimizer, &numbers, rate, shard_grads, params);
    }
    if (tensors)
        report_tensors(optimizer, dist, rate, shard_grads, tensors);
    optimizer->updates.of_moments++;
}

bool optimizer_state_finite(struct optimizer *optimizer, const struct dist *dist,
                            const real *params)
{
    double total = 0;
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < optimizer->fragment_count; i++) {
        const struct tensor_fragment *fragment = &optimizer->fragments[i];
        size_t n = (size_t)fragment->count;
        double squares = kernels->sum_squares(params + fragment->flat, n);
        for (int k = 0; k < optimizer->rule->moments; k++)
            squares += kernels->sum_squares(optimizer->moments[k] + fragment->shard, n);
        optimizer->fragment_sums[i][SUM_WEIGHT] = squares;
    }
    for (size_t i = 0; i < optimizer->fragment_count; i++)
        total += optimizer->fragment_sums[i][SUM_WEIGHT];
    return !dist_any(dist, !isfinite(total));
}

void optimizer_reset_moments(struct optimizer *optimizer)
{
    struct update_counts *updates = &optimizer->updates;
    for (int k = 0; k < optimizer->rule->moments; k++)
        memset(optimizer->moments[k], 0, optimizer->shard * sizeof(real));
    *updates = (struct update_counts){.earlier = updates->earlier + updates->of_moments};
}

/* --- for checkpoints -------------------------------------------------------------------------- */

struct update_counts optimizer_updates(const struct optimizer *optimizer)
{
    return optimizer->updates;
}

void optimizer_set_updates(struct optimizer *optimizer, struct update_counts updates)
{
    optimizer->updates = updates;
}

int optimizer_moments(const struct optimizer *optimizer)
{
    return optimizer->rule->moments;
}

const char *optimizer_moment_name(const struct optimizer *optimizer, int k)
{
    static const char *const names[RULE_MOMENTS] = {"m", "v"};
    require(k >= 0 && k < optimizer->rule->moments);
    return names[k];
}

real *optimizer_moment(struct optimizer *optimizer, int k)
{
    require(k >= 0 && k < optimizer->rule->moments);
    return optimizer->moments[k];
}

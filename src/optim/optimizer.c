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

enum { MOMENTS = 2 };

struct sums {
    double w, u; /* of squares */
};

struct optimizer {
    struct optimizer_options options;
    const struct rule *rule;
    const struct param_table *table;
    struct arena arena;
    real *moments[MOMENTS];            /* [own shard] each; NULL where the rule has none */
    struct tensor_fragment *fragments; /* [fragment_count] */
    struct sums *fragment_sums;        /* [fragment_count] */
    struct sums *tensor_sums;          /* [table count], over all ranks */
    double *fragment_gradients;        /* [fragment_count], sums of squares */
    double *tensor_gradients;          /* [table count], the same over all ranks */
    struct exact_sum *exact;           /* [2 table count], while sums of tensors are made */
    size_t fragment_count;
    int64_t updates;
};

/* --- set-up ----------------------------------------------------------------------------------- */

static void lay_out(struct optimizer *o, const struct sharding *sharding, int rank)
{
    size_t shard = sharding_count(sharding, rank);
    o->fragment_count = fragments_cut(o->table, sharding, rank, NULL);
    for (int k = 0; k < o->rule->moments; k++)
        o->moments[k] = arena_take(&o->arena, shard, sizeof(real));
    o->fragments = arena_take(&o->arena, o->fragment_count, sizeof *o->fragments);
    o->fragment_sums = arena_take(&o->arena, o->fragment_count, sizeof *o->fragment_sums);
    o->tensor_sums = arena_take(&o->arena, (size_t)o->table->count, sizeof *o->tensor_sums);
    o->fragment_gradients = arena_take(&o->arena, o->fragment_count, sizeof *o->fragment_gradients);
    o->tensor_gradients =
        arena_take(&o->arena, (size_t)o->table->count, sizeof *o->tensor_gradients);
    o->exact = arena_take(&o->arena, 2 * (size_t)o->table->count, sizeof *o->exact);
}

size_t optimizer_memory(const struct param_table *table, const struct sharding *sharding, int rank,
                        const struct optimizer_options *options)
{
    struct optimizer plan = {.rule = rule_of(options->rule), .table = table};
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
    fragments_cut(table, sharding, rank, new->fragments);
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

/* --- the gradient ----------------------------------------------------------------------------- */

/* ‖g‖² of the whole gradient. */
static double gradient_squares(struct optimizer *o, const struct dist *dist,
                               const real *shard_grads)
{
    struct exact_sum total = {0};
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < o->fragment_count; i++) {
        const struct tensor_fragment *fragment = &o->fragments[i];
        o->fragment_gradients[i] =
            kernels->sum_squares(shard_grads + fragment->shard, (size_t)fragment->count);
    }
    for (size_t i = 0; i < o->fragment_count; i++)
        exact_sum_add(&total, o->fragment_gradients[i]);
    exact_sum_all(dist, &total, 1);
    return exact_sum_read(&total);
}

static double clip_factor(const struct optimizer_options *options, double norm)
{
    double most = options->max_grad_norm;
    return most > 0 && norm > most && isfinite(norm) ? most / norm : 1;
}

static void sum_tensor_gradients(struct optimizer *o, const struct dist *dist)
{
    memset(o->exact, 0, (size_t)o->table->count * sizeof *o->exact);
    for (size_t i = 0; i < o->fragment_count; i++)
        exact_sum_add(&o->exact[o->fragments[i].tensor], o->fragment_gradients[i]);
    exact_sum_all(dist, o->exact, o->table->count);
    for (int t = 0; t < o->table->count; t++)
        o->tensor_gradients[t] = exact_sum_read(&o->exact[t]);
}

/* Whether the elements behind a sum of squares, and their squares, fit a real. */
static bool fits(double squares)
{
    return squares <= (sizeof(real) == sizeof(float) ? (double)FLT_MAX : DBL_MAX);
}

/* The first tensor that does not fit; where it takes several to not fit, the longest. */
static int find_culprit(struct optimizer *o, const struct dist *dist, double clip)
{
    int longest = 0;
    sum_tensor_gradients(o, dist);
    for (int t = 0; t < o->table->count; t++) {
        if (!fits(clip * clip * o->tensor_gradients[t]))
            return t;
        if (o->tensor_gradients[t] > o->tensor_gradients[longest])
            longest = t;
    }
    return longest;
}

void optimizer_measure(struct optimizer *optimizer, const struct dist *dist,
                       const real *shard_grads, struct optimizer_report *report)
{
    double squares = gradient_squares(optimizer, dist, shard_grads), norm = sqrt(squares);
    double clip = clip_factor(&optimizer->options, norm);
    *report = (struct optimizer_report){
        .gradient_norm = norm, .clip = clip, .finite = fits(clip * clip * squares), .culprit = -1};
    if (!report->finite)
        report->culprit = find_culprit(optimizer, dist, clip);
}

/* --- one update ------------------------------------------------------------------------------- */

static struct rule_numbers common_numbers(const struct optimizer *o, double clip)
{
    const struct optimizer_options *options = &o->options;
    double t = (double)(o->updates + 1);
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

/* r of a tensor, from the sums over all ranks; 1 where the rule has none. */
static double ratio_of(const struct optimizer *o, int tensor)
{
    bool excluded = o->table->infos[tensor].is_bias_or_norm && !o->options.adapt_all;
    double w = sqrt(o->tensor_sums[tensor].w), u = sqrt(o->tensor_sums[tensor].u);
    if (!o->rule->adaptive || excluded || w == 0 || u == 0)
        return 1;
    return o->rule->ratio(&o->options, decay_of(o, tensor), w, u);
}

/* The elements whose weights, gradients and two moments fit the first-level cache. */
enum { HOT = 2048 };

/* The first pass: moments, and u over the gradient, with its norm while it is in the cache. */
static struct sums find_direction(struct optimizer *o, const struct rule_numbers *numbers,
                                  const struct tensor_fragment *fragment, real *shard_grads,
                                  const real *params, bool norms_wanted)
{
    struct sums sums = {0, 0};
    for (size_t i = 0; i < (size_t)fragment->count; i += HOT) {
        const size_t left = (size_t)fragment->count - i, n = left < HOT ? left : HOT;
        real *u = shard_grads + fragment->shard + i;
        const real *w = params + fragment->flat + i;
        o->rule->direction(numbers, w, u, o->moments[0] + fragment->shard + i,
                           o->moments[1] ? o->moments[1] + fragment->shard + i : NULL, n);
        if (norms_wanted) {
            sums.w += kernels->sum_squares(w, n);
            sums.u += kernels->sum_squares(u, n);
        }
    }
    return sums;
}

static void find_directions(struct optimizer *o, const struct rule_numbers *common,
                            real *shard_grads, const real *params, bool norms_wanted)
{
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < o->fragment_count; i++) {
        struct rule_numbers numbers = *common;
        numbers.adam.decay = (real)decay_of(o, o->fragments[i].tensor);
        o->fragment_sums[i] =
            find_direction(o, &numbers, &o->fragments[i], shard_grads, params, norms_wanted);
    }
}

static void sum_tensors(struct optimizer *o, const struct dist *dist)
{
    memset(o->exact, 0, 2 * (size_t)o->table->count * sizeof *o->exact);
    for (size_t i = 0; i < o->fragment_count; i++) {
        struct exact_sum *of_tensor = &o->exact[2 * o->fragments[i].tensor];
        exact_sum_add(&of_tensor[0], o->fragment_sums[i].w);
        exact_sum_add(&of_tensor[1], o->fragment_sums[i].u);
    }
    exact_sum_all(dist, o->exact, 2 * o->table->count);
    for (int t = 0; t < o->table->count; t++)
        o->tensor_sums[t] = (struct sums){.w = exact_sum_read(&o->exact[2 * t]),
                                          .u = exact_sum_read(&o->exact[2 * t + 1])};
}

/* The second pass. */
static void apply_directions(struct optimizer *o, const struct rule_numbers *common, double rate,
                             const real *shard_grads, real *params)
{
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < o->fragment_count; i++) {
        const struct tensor_fragment *fragment = &o->fragments[i];
        struct rule_numbers numbers = *common;
        numbers.adam.decay = (real)decay_of(o, fragment->tensor);
        numbers.step = (real)(rate * ratio_of(o, fragment->tensor));
        o->rule->apply(&numbers, params + fragment->flat, shard_grads + fragment->shard,
                       o->moments[0] + fragment->shard, (size_t)fragment->count);
    }
}

/* sums.u becomes that of the first moment. */
static void measure_moments(struct optimizer *o)
{
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < o->fragment_count; i++) {
        const struct tensor_fragment *fragment = &o->fragments[i];
        o->fragment_sums[i].u =
            kernels->sum_squares(o->moments[0] + fragment->shard, (size_t)fragment->count);
    }
}

/* After the second pass, with the sums of the first. */
static void report_tensors(struct optimizer *o, const struct dist *dist, double rate,
                           struct tensor_report *tensors)
{
    sum_tensor_gradients(o, dist);
    for (int t = 0; t < o->table->count; t++) {
        double ratio = ratio_of(o, t);
        tensors[t] = (struct tensor_report){.weight_norm = sqrt(o->tensor_sums[t].w),
                                            .gradient_norm = sqrt(o->tensor_gradients[t]),
                                            .update_norm = rate * ratio * sqrt(o->tensor_sums[t].u),
                                            .trust_ratio = ratio};
    }
    if (!o->rule->subtracts_moment)
        return;
    measure_moments(o);
    sum_tensors(o, dist);
    for (int t = 0; t < o->table->count; t++)
        tensors[t].update_norm = sqrt(o->tensor_sums[t].u);
}

void optimizer_step(struct optimizer *optimizer, const struct dist *dist, double rate,
                    real *shard_grads, real *params, struct optimizer_report *report,
                    struct tensor_report *tensors)
{
    bool norms_wanted = optimizer->rule->adaptive || tensors;
    optimizer_measure(optimizer, dist, shard_grads, report);
    if (!report->finite)
        return;
    struct rule_numbers numbers = common_numbers(optimizer, report->clip);
    find_directions(optimizer, &numbers, shard_grads, params, norms_wanted);
    if (norms_wanted)
        sum_tensors(optimizer, dist);
    apply_directions(optimizer, &numbers, rate, shard_grads, params);
    if (tensors)
        report_tensors(optimizer, dist, rate, tensors);
    optimizer->updates++;
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
        optimizer->fragment_sums[i].w = squares;
    }
    for (size_t i = 0; i < optimizer->fragment_count; i++)
        total += optimizer->fragment_sums[i].w;
    return !dist_any(dist, !isfinite(total));
}

/* --- for checkpoints -------------------------------------------------------------------------- */

int64_t optimizer_updates(const struct optimizer *optimizer)
{
    return optimizer->updates;
}

void optimizer_set_updates(struct optimizer *optimizer, int64_t updates)
{
    optimizer->updates = updates;
}

int optimizer_moments(const struct optimizer *optimizer)
{
    return optimizer->rule->moments;
}

const char *optimizer_moment_name(const struct optimizer *optimizer, int k)
{
    static const char *const names[MOMENTS] = {"m", "v"};
    require(k >= 0 && k < optimizer->rule->moments);
    return names[k];
}

real *optimizer_moment(struct optimizer *optimizer, int k)
{
    require(k >= 0 && k < optimizer->rule->moments);
    return optimizer->moments[k];
}

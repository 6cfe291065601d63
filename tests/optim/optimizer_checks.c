#include "optimizer_checks.h"

#include "lib/unit.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/base/memory.h"
#include "lambert/base/rng.h"
#include "reference.h"
#include "small_table.h"

/* One tensor w0 = [.5, -.3, .2, .1], the gradients below, rate .01, β .9 and .999, ε 1e-6, λ .01;
 * in double precision, by a program that is not this one. */
static const double golden_start[4] = {.5, -.3, .2, .1};
static const double golden_gradients[3][4] = {
    {.1, -.2, .05, 0}, {.3, .1, -.4, .2}, {-1.5, 2, .5, -.25}};

const double golden_a[3][4] = {{.4963884568, -.296395626, .1963992735, .0999964064},
                               {.492253134, -.2951887438, .1993273499, .0966570514},
                               {.4958758038, -.2998446592, .1979394245, .0977175842}};
/* Only the third gradient is longer than 1. */
const double golden_b[3][4] = {{.4963884568, -.296395626, .1963992735, .0999964064},
                               {.492253134, -.2951887438, .1993273499, .0966570514},
                               {.4942883779, -.3003133523, .2009481449, .0944612496}};
const double golden_c[3][4] = {{NAN, NAN, NAN, NAN},
                               {NAN, NAN, NAN, NAN},
                               {.4959012799, -.2998467246, .1979683561, .0977178558}};

struct optimizer_options usual_options(enum update_rule rule)
{
    struct optimizer_options options = {.rule = rule,
                                        .beta1 = 0.9,
                                        .beta2 = 0.999,
                                        .epsilon = 1e-6,
                                        .momentum = 0.9,
                                        .weight_decay = 0.01,
                                        .bias_correction = true,
                                        .trust_coefficient = 0.001};
    return options;
}

/* An optimizer on a table, sharded over the job, with its arrays. */
struct fixture {
    struct sharding sharding;
    struct optimizer *optimizer;
    real *params, *grads;          /* [table size] */
    real *shard;                   /* [own shard] */
    struct tensor_report *tensors; /* [table count] */
};

static void fixture_init(struct fixture *fixture, const struct dist *dist,
                         const struct param_table *table, size_t bucket,
                         const struct optimizer_options *options)
{
    struct error err;
    int rank = dist_rank(dist);
    sharding_init(&fixture->sharding, table->size, bucket, dist_size(dist));
    fixture->params = memory_new(table->size, sizeof(real));
    fixture->grads = memory_new(table->size, sizeof(real));
    fixture->shard = memory_new(sharding_count(&fixture->sharding, rank), sizeof(real));
    fixture->tensors = memory_new((size_t)table->count, sizeof *fixture->tensors);
    assert_int_equal(
        optimizer_new(&fixture->optimizer, table, &fixture->sharding, rank, options, &err), 0);
}

static void fixture_release(struct fixture *fixture)
{
    optimizer_free(fixture->optimizer);
    free(fixture->params);
    free(fixture->grads);
    free(fixture->shard);
    free(fixture->tensors);
}

static struct optimizer_report fixture_step(struct fixture *fixture, const struct dist *dist,
                                            double rate)
{
    struct optimizer_report report;
    shard_extract(&fixture->sharding, dist_rank(dist), fixture->grads, fixture->shard);
    optimizer_step(fixture->optimizer, dist, rate, fixture->shard, fixture->params, &report,
                   fixture->tensors);
    shard_gather(dist, &fixture->sharding, fixture->params);
    assert_true(report.finite);
    return report;
}

static double length(const double *x, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += x[i] * x[i];
    return sqrt(sum);
}

static void check_near(const char *what, size_t i, double seen, double wanted, double tolerance)
{
    if (!(fabs(seen - wanted) <= tolerance * (1 + fabs(wanted))))
        fail_msg("%s[%zu] is %.12g, not %.12g", what, i, seen, wanted);
}

void check_golden(const struct dist *dist, bool bias_correction, double max_grad_norm,
                  const double wanted[3][4], double tolerance)
{
    struct param_table table;
    struct fixture fixture;
    struct optimizer_options options = usual_options(RULE_LAMB);
    options.bias_correction = bias_correction;
    options.max_grad_norm = max_grad_norm;
    golden_table_init(&table);
    fixture_init(&fixture, dist, &table, 16, &options);
    for (int i = 0; i < 4; i++)
        fixture.params[i] = (real)golden_start[i];
    for (int t = 0; t < 3; t++) {
        for (int i = 0; i < 4; i++)
            fixture.grads[i] = (real)golden_gradients[t][i];
        struct optimizer_report report = fixture_step(&fixture, dist, 0.01);
        double norm = length(golden_gradients[t], 4);
        check_near("norm", (size_t)t, report.gradient_norm, norm, tolerance);
        check_near("clip", (size_t)t, report.clip,
                   max_grad_norm > 0 && norm > max_grad_norm ? max_grad_norm / norm : 1, tolerance);
        for (int i = 0; i < 4; i++)
            if (!isnan(wanted[t][i]))
                check_near("w", (size_t)i, (double)fixture.params[i], wanted[t][i], tolerance);
    }
    assert_int_equal(optimizer_updates(fixture.optimizer).of_moments, 3);
    fixture_release(&fixture);
    param_table_release(&table);
}

/* Values that real can hold, so that both precisions start from the same. */
static void random_values(const struct param_table *table, uint64_t stream, int zero_tensor,
                          double scale, double *values /* [table size] */)
{
    struct rng rng;
    rng_init(&rng, rng_key(11, RNG_TEST, stream, 0));
    for (int t = 0; t < table->count; t++) {
        const struct param_info *info = &table->infos[t];
        double size = scale * pow(10, -(t % 3)); /* tensors of different size */
        for (size_t i = 0; i < info->count; i++) {
            double value = size * rng_normal(&rng);
            values[info->offset + i] = t == zero_tensor ? 0 : (double)(float)value;
        }
    }
}

static void compare(const struct param_table *table, const struct fixture *fixture,
                    const struct reference *reference, double tolerance)
{
    for (int t = 0; t < table->count; t++) {
        const struct param_info *info = &table->infos[t];
        for (size_t i = info->offset; i < info->offset + info->count; i++)
            check_near(info->name, i - info->offset, (double)fixture->params[i], reference->w[i],
                       tolerance);
    }
    for (size_t i = 0; i < table->size; i++)
        if (reference->w[i] == 0 && reference->m[i] == 0)
            assert_true(fixture->params[i] == 0); /* gaps among them */
}

static void check_ratio(const char *tensor, const char *what, double seen, double wanted,
                        double tolerance)
{
    if (wanted == 0 ? seen != 0 : !(fabs(seen / wanted - 1) <= tolerance))
        fail_msg("%s of %s is %.12g, not %.12g", what, tensor, seen, wanted);
}

/* The report against lengths of the reference's arrays; `before` are the weights before the step,
 * and what was subtracted is known to their last digit, not to its own. */
static void check_report(const struct reference *reference, const struct tensor_report *tensors,
                         const double *before, const double *g, double tolerance)
{
    for (int t = 0; t < reference->table->count; t++) {
        const struct param_info *info = &reference->table->infos[t];
        const struct tensor_report *seen = &tensors[t];
        size_t at = info->offset, n = info->count;
        double *moved = memory_new(n, sizeof *moved);
        for (size_t i = 0; i < n; i++)
            moved[i] = before[at + i] - reference->w[at + i];
        double weight = length(before + at, n), update = length(moved, n);
        check_ratio(info->name, "weight norm", seen->weight_norm, weight, tolerance);
        check_ratio(info->name, "gradient norm", seen->gradient_norm, length(g + at, n), tolerance);
        check_ratio(info->name, "update norm", seen->update_norm, update,
                    tolerance + DBL_EPSILON * weight / update);
        check_ratio(info->name, "trust ratio", seen->trust_ratio, reference->ratios[t], tolerance);
        free(moved);
    }
}

void check_against_reference(const struct dist *dist, const struct optimizer_options *options,
                             double tolerance)
{
    enum { STEPS = 6 };
    struct param_table table;
    struct fixture fixture;
    struct reference reference;
    small_table_init(&table);
    double *w = memory_new(table.size, sizeof *w), *g = memory_new(table.size, sizeof *g);
    double *before = memory_new(table.size, sizeof *before);
    fixture_init(&fixture, dist, &table, 1008, options);
    random_values(&table, 0, ZERO_WEIGHT, 1, w);
    reference_init(&reference, &table, options, w);
    for (size_t i = 0; i < table.size; i++)
        fixture.params[i] = (real)w[i];
    for (int t = 0; t < STEPS; t++) {
        double rate = 0.02 * (t + 1) / STEPS;
        random_values(&table, (uint64_t)t + 1, ZERO_GRADIENT, t % 2 ? 0.002 : 0.3, g);
        for (size_t i = 0; i < table.size; i++)
            fixture.grads[i] = (real)g[i];
        struct optimizer_report report = fixture_step(&fixture, dist, rate);
        check_near("norm", (size_t)t, report.gradient_norm, length(g, table.size), tolerance);
        memcpy(before, reference.w, table.size * sizeof *before);
        reference_step(&reference, rate, g);
        compare(&table, &fixture, &reference, tolerance);
        check_report(&reference, fixture.tensors, before, g, 100 * tolerance);
    }
    fixture_release(&fixture);
    reference_release(&reference);
    param_table_release(&table);
    free(w);
    free(g);
    free(before);
}

#include "reference.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/base/memory.h"

void reference_init(struct reference *reference, const struct param_table *table,
                    const struct optimizer_options *options, const double *w)
{
    *reference = (struct reference){.table = table, .options = *options};
    reference->w = memory_new(table->size, sizeof(double));
    reference->m = memory_new(table->size, sizeof(double));
    reference->v = memory_new(table->size, sizeof(double));
    reference->ratios = memory_new((size_t)table->count, sizeof(double));
    memcpy(reference->w, w, table->size * sizeof(double));
}

void reference_release(struct reference *reference)
{
    free(reference->w);
    free(reference->m);
    free(reference->v);
    free(reference->ratios);
}

static double norm(const double *x, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += x[i] * x[i];
    return sqrt(sum);
}

/* λ and r's exclusion for a tensor. */
struct treatment {
    double decay;
    bool adapted;
};

/* What clipping leaves of the rate: `squares` are the sum of g² / max(v̂, ε²). */
static double update_clip(const struct optimizer_options *options, double squares, size_t n)
{
    const double rms = sqrt(squares / (double)n), most = options->max_update_rms;
    return most > 0 && rms > most ? most / rms : 1;
}

static double bounded(const struct optimizer_options *options, double ratio)
{
    if (ratio < options->ratio_min)
        return options->ratio_min;
    return options->ratio_max > 0 && ratio > options->ratio_max ? options->ratio_max : ratio;
}

/* Each rule gives r. */
static double lamb_or_adamw(const struct reference *o, const struct treatment *t, double rate,
                            const double *g, size_t at, size_t n)
{
    const struct optimizer_options *k = &o->options;
    double *w = o->w + at, *m = o->m + at, *v = o->v + at;
    double *u = memory_new(n, sizeof *u), squares = 0;
    for (size_t i = 0; i < n; i++) {
        m[i] = k->beta1 * m[i] + (1 - k->beta1) * g[i];
        v[i] = k->beta2 * v[i] + (1 - k->beta2) * g[i] * g[i];
        double mean = m[i], square = v[i];
        if (k->bias_correction) {
            mean /= 1 - pow(k->beta1, o->updates + 1);
            square /= 1 - pow(k->beta2, o->updates + 1);
        }
        u[i] = mean / (sqrt(square) + k->epsilon) + t->decay * w[i];
        squares += g[i] * g[i] / fmax(square, k->epsilon * k->epsilon);
    }
    double r = k->rule == RULE_ADAMW ? update_clip(k, squares, n) : 1;
    if (k->rule == RULE_LAMB && t->adapted && norm(w, n) > 0 && norm(u, n) > 0)
        r = bounded(k, norm(w, n) / norm(u, n));
    for (size_t i = 0; i < n; i++)
        w[i] -= rate * r * u[i];
    free(u);
    return r;
}

static double lars(const struct reference *o, const struct treatment *t, double rate,
                   const double *g, size_t at, size_t n)
{
    double *w = o->w + at, *m = o->m + at;
    double r = 1;
    if (t->adapted && norm(w, n) > 0 && norm(g, n) > 0)
        r = bounded(&o->options, o->options.trust_coefficient * norm(w, n) /
                                     (norm(g, n) + t->decay * norm(w, n)));
    for (size_t i = 0; i < n; i++) {
        double u = g[i] + t->decay * w[i];
        m[i] = o->options.momentum * m[i] + rate * r * u;
        w[i] -= m[i];
    }
    return r;
}

static double sgd(const struct reference *o, const struct treatment *t, double rate,
                  const double *g, size_t at, size_t n)
{
    double *w = o->w + at, *m = o->m + at;
    for (size_t i = 0; i < n; i++) {
        m[i] = o->options.momentum * m[i] + g[i] + t->decay * w[i];
        w[i] -= rate * m[i];
    }
    return 1;
}

/* Gives the moment's r. */
static double lans(const struct reference *o, const struct treatment *t, double rate,
                   const double *g, size_t at, size_t n)
{
    const struct optimizer_options *k = &o->options;
    double *w = o->w + at, *m = o->m + at, *v = o->v + at;
    double *of_moment = memory_new(n, sizeof *m), *of_gradient = memory_new(n, sizeof *m);
    double length = norm(g, n), correct1 = 1, correct2 = 1;
    if (k->bias_correction) {
        correct1 = 1 - pow(k->beta1, o->updates + 1);
        correct2 = 1 - pow(k->beta2, o->updates + 1);
    }
    for (size_t i = 0; i < n; i++) {
        double unit = length > 0 ? g[i] / length : 0;
        m[i] = k->beta1 * m[i] + (1 - k->beta1) * unit;
        v[i] = k->beta2 * v[i] + (1 - k->beta2) * unit * unit;
        double below = sqrt(v[i] / correct2) + k->epsilon;
        of_moment[i] = m[i] / correct1 / below + t->decay * w[i];
        of_gradient[i] = unit / below + t->decay * w[i];
    }
    double r1 = 1, r2 = 1, weight = norm(w, n);
    if (t->adapted && weight > 0 && norm(of_moment, n) > 0)
        r1 = bounded(k, weight / norm(of_moment, n));
    if (t->adapted && weight > 0 && norm(of_gradient, n) > 0)
        r2 = bounded(k, weight / norm(of_gradient, n));
    for (size_t i = 0; i < n; i++)
        w[i] -= rate * (k->beta1 * r1 * of_moment[i] + (1 - k->beta1) * r2 * of_gradient[i]);
    free(of_moment);
    free(of_gradient);
    return r1;
}

void reference_step(struct reference *o, double rate, const double *g)
{
    size_t size = o->table->size;
    double *clipped = memory_new(size, sizeof *clipped);
    double length = norm(g, size), most = o->options.max_grad_norm;
    for (size_t i = 0; i < size; i++)
        clipped[i] = most > 0 && length > most ? g[i] * most / length : g[i];
    for (int k = 0; k < o->table->count; k++) {
        const struct param_info *info = &o->table->infos[k];
        struct treatment treatment = {
            .decay = info->is_bias_or_norm && !o->options.decay_all ? 0 : o->options.weight_decay,
            .adapted = !info->is_bias_or_norm || o->options.adapt_all};
        o->ratios[k] = (o->options.rule == RULE_LARS   ? lars
                        : o->options.rule == RULE_SGD  ? sgd
                        : o->options.rule == RULE_LANS ? lans
                                                       : lamb_or_adamw)(
            o, &treatment, rate, clipped + info->offset, info->offset, info->count);
    }
    free(clipped);
    o->updates++;
}

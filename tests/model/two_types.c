#include "two_types.h"

#include <math.h>
#include <stdlib.h>

#include "lambert/base/memory.h"
#include "lambert/kernels/gemm.h"
#include "lib/unit.h"
#include "random_batch.h"

real *gradient_of(const struct bert_config *config, const struct bert_options *options,
                  const struct packed_batch *batch, const double *scales,
                  struct objective_sums *sums)
{
    struct bert *bert;
    struct error err;
    assert_int_equal(bert_new(&bert, config, options, &err), 0);
    const size_t size = bert_params(bert)->size;
    real *params = memory_new(size, sizeof *params), *grads = memory_new(size, sizeof *grads);
    random_params(bert_params(bert), 0.1, 4, params);
    bert_train(bert, params, batch, scales, grads, sums);
    free(params);
    bert_free(bert);
    return grads;
}

static double norm(const real *x, size_t n)
{
    double squares = 0;
    for (size_t i = 0; i < n; i++)
        squares += (double)x[i] * (double)x[i];
    return sqrt(squares);
}

/* What is stored in bfloat16 is off by up to u = 2^-8 of itself. Some dozen times a layer that
 * happens to what a gradient is made of, forward and backward, and as errors are as good as
 * independent, they add up by their squares: to about 1.5 u √(L + 1) here, of which this allows 4.
 * What queries and keys get is a difference of larger numbers (0 for the keys' bias), which are of
 * the size of the whole gradient at most. */
static void check_tensors(const char *name, const struct param_table *table, int layers,
                          const real *rounded, const real *exact)
{
    const double u = 0x1p-8 * sqrt(layers + 1), whole = norm(exact, table->size);
    real *difference = memory_new(table->size, sizeof *difference);
    for (size_t i = 0; i < table->size; i++)
        difference[i] = rounded[i] - exact[i];
    for (int t = 0; t < table->count; t++) {
        const struct param_info *tensor = &table->infos[t];
        const double apart = norm(difference + tensor->offset, tensor->count);
        const double length = norm(exact + tensor->offset, tensor->count);
        if (!(apart <= 4 * u * length + u / 16 * whole) || apart == 0)
            fail_msg("%s, %s kernels, %s: the gradient of %s, %g long, is off by %g", name,
                     kernels->name, gemm_is_blas() ? "cblas" : "tiles", tensor->name, length,
                     apart);
    }
    free(difference);
}

void expect_types_agree(const char *name, const struct bert_config *config,
                        const struct packed_batch *batch, const double *scales)
{
    struct bert_options options = options_for(batch);
    struct param_table table;
    struct objective_sums exact_sums[OBJECTIVE_MOST] = {{0}}, sums[OBJECTIVE_MOST] = {{0}};
    param_table_init(&table, config);
    real *exact = gradient_of(config, &options, batch, scales, exact_sums);
    options.compute_type = TYPE_BFLOAT16;
    real *rounded = gradient_of(config, &options, batch, scales, sums);
    for (int o = 0; o < OBJECTIVE_MOST; o++) {
        const double apart = fabs(sums[o].loss - exact_sums[o].loss);
        assert_true(sums[o].terms == exact_sums[o].terms);
        if (exact_sums[o].terms > 0 && (!(apart <= 0x1p-7 * exact_sums[o].loss) || apart == 0))
            fail_msg("%s: loss %d is off by %g of itself", name, o, apart / exact_sums[o].loss);
    }
    check_tensors(name, &table, config->layers, rounded, exact);
    free(exact);
    free(rounded);
    param_table_release(&table);
}

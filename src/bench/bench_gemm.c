#include <stdlib.h>

#include "bench_model.h"
#include "lambert/base/clock.h"
#include "lambert/base/memory.h"
#include "lambert/base/minmax.h"
#include "lambert/base/progress.h"
#include "lambert/base/rng.h"
#include "lambert/kernels/cpu.h"
#include "lambert/kernels/gemm.h"
#include "lambert/kernels/kernels.h"

/* --- matrix products -------------------------------------------------------------------------- */

struct layer_shape {
    const char *name;
    int rows, in, out;
    enum float_type operand_type; /* of x and dy, as the model has them there */
};

struct operands {
    real *x, *w, *y; /* of the largest shape each */
    /* x and dy once more, rounded; NULL where the type that is computed in is float32. */
    uint16_t *x_rounded, *y_rounded;
};

/* Lambert's product beside the BLAS's, in turn; shares of the peak measured behind them. The
 * BLAS has none in bfloat16: then only what a run would take is measured. */
static void measure_form(struct bench_model *bench, const struct layer_shape *shape,
                         enum gemm_form form, const struct operands *at)
{
    static const char *const forms[] = {"forward", "dx", "dw"};
    static const char *const makers[] = {"gemm", "blas"};
    const int T = shape->rows, in = shape->in, out = shape->out;
    const int repeat = bench->arguments->repeat;
    const enum float_type type = shape->operand_type;
    const void *x = type == TYPE_BFLOAT16 ? (const void *)at->x_rounded : at->x;
    const void *dy = type == TYPE_BFLOAT16 ? (const void *)at->y_rounded : at->y;
    const struct gemm products[] = {
        [GEMM_NT] = {.m = T, .n = out, .k = in, .a = x, .lda = in, .b = at->w, .ldb = in},
        [GEMM_NN] = {.m = T, .n = in, .k = out, .a = dy, .lda = out, .b = at->w, .ldb = in},
        [GEMM_TN] = {.m = out, .n = in, .k = T, .a = dy, .lda = out, .b = x, .ldb = in},
    };
    real *const results[] = {[GEMM_NT] = at->y, [GEMM_NN] = at->x, [GEMM_TN] = at->w};
    struct gemm product = products[form];
    product.form = form;
    product.compute_type = bench->type;
    product.a_type = type;
    product.b_type = form == GEMM_TN ? type : TYPE_FLOAT32;
    product.beta = form == GEMM_TN;
    product.c = results[form];
    product.ldc = product.n;
    const bool was_blas = gemm_is_blas();
    const int last = was_blas || bench->type == TYPE_FLOAT32; /* 1: the BLAS's is measured */
    double medians[2];
    for (int blas = was_blas; blas <= last; blas++) {
        double seconds[BENCH_MOST_REPEATS];
        gemm_use_blas(blas);
        for (int r = -1; r < repeat; r++) { /* the first is not counted */
            const double started = clock_seconds();
            gemm_parallel(&product);
            if (r >= 0)
                seconds[r] = clock_seconds() - started;
        }
        medians[blas] = bench_median(seconds, repeat);
    }
    gemm_use_blas(was_blas);
    const double peak = cpu_peak_flops(bench->type, bench->threads),
                 operations = 2.0 * T * in * out;
    for (int blas = was_blas; blas <= last; blas++) {
        char *name = memory_text("%s-%s-%s", makers[blas], shape->name, forms[form]);
        char *note = memory_text("of peak, %d rows, %d to %d", T, in, out);
        bench_report_add(&bench->report, name, 100 * operations / medians[blas] / peak, "%", note);
        free(name);
        free(note);
    }
    const size_t bytes = (size_t)product.m * (size_t)product.k * gemm_operand_size(product.a_type) +
                         (size_t)product.k * (size_t)product.n * gemm_operand_size(product.b_type) +
                         (size_t)product.m * (size_t)product.n * sizeof(real);
    char *name = memory_text("intensity-%s-%s", shape->name, forms[form]);
    bench_report_add(&bench->report, name, operations / (double)bytes, "flop/B",
                     "each matrix read or written once");
    free(name);
}

/* In memory as the model's: huge pages where there are. */
static void *matrix(size_t bytes)
{
    void *memory;
    struct error err;
    if (memory_big(&memory, bytes, "measuring matrix products", &err) < 0)
        end_process("%s", err.text);
    return memory;
}

static real *operand(size_t elements)
{
    struct rng rng;
    real *data = matrix(elements * sizeof *data);
    rng_init(&rng, rng_key(1, RNG_TEST, elements, 0));
    for (size_t i = 0; i < elements; i++)
        data[i] = (real)(rng_uniform(&rng) - 0.5) / 64;
    return data;
}

static uint16_t *rounded(const real *x, size_t elements)
{
    uint16_t *data = matrix(elements * sizeof *data);
    kernels->to_bfloat16(x, data, elements);
    return data;
}

void bench_model_gemms(struct bench_model *bench)
{
    const struct bert_config *model = &bench->model;
    const int H = model->hidden, F = model->intermediate, V = model->vocab;
    const int T = bench->config.train.micro_batch_tokens;
    const int M = (int)(bench_model_masking(bench, bench->phase_begin) * T);
    const enum float_type type = bench->type;
    const struct layer_shape shapes[] = {
        {"qkv", T, H, 3 * H, type}, {"output", T, H, H, type},          {"up", T, H, F, type},
        {"down", T, F, H, type},    {"decoder", M, H, V, TYPE_FLOAT32},
    };
    size_t x = 0, w = 0, y = 0;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        x = max_size(x, (size_t)shapes[i].rows * (size_t)shapes[i].in);
        w = max_size(w, (size_t)shapes[i].in * (size_t)shapes[i].out);
        y = max_size(y, (size_t)shapes[i].rows * (size_t)shapes[i].out);
    }
    struct operands operands = {.x = operand(x), .w = operand(w), .y = operand(y)};
    if (type == TYPE_BFLOAT16) {
        operands.x_rounded = rounded(operands.x, x);
        operands.y_rounded = rounded(operands.y, y);
    }
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        for (int form = GEMM_NT; form <= GEMM_TN; form++)
            measure_form(bench, &shapes[i], (enum gemm_form)form, &operands);
    memory_big_free(operands.x, x * sizeof(real));
    memory_big_free(operands.w, w * sizeof(real));
    memory_big_free(operands.y, y * sizeof(real));
    memory_big_free(operands.x_rounded, x * sizeof(uint16_t));
    memory_big_free(operands.y_rounded, y * sizeof(uint16_t));
}

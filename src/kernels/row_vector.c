/* The row kernels in vector code, written once over vector_math.h and compiled for each instruction
 * set: kernels_v3, kernels_v4, kernels_v4_bf16, kernels_neon, kernels_neon_bf16. What each must do is
 * said in kernels.h and defined in plain.c. */
#include <math.h>

#include "dropout_bits.h"
#include "gemm_engine.h"
#include "peak.h"
#include "tile.h"
#include "vector.h"
#include "vector_math.h"

#if defined __AVX512BF16__
#define TABLE               kernels_v4_bf16
#define TABLE_NAME          "v4-bf16"
#define TABLE_TILE          tile_v4
#define TABLE_PEAK          peak_v4
#define TABLE_BFLOAT16_TILE &tile_v4_bf16
#define TABLE_BFLOAT16_PEAK peak_v4_bf16
#define TABLE_WIDE          &tile_v4_wide
#define TABLE_BFLOAT16_WIDE &tile_v4_bf16_wide
#elif defined __AVX512F__
#define TABLE      kernels_v4
#define TABLE_NAME "v4"
#define TABLE_TILE tile_v4
#define TABLE_PEAK peak_v4
#define TABLE_WIDE &tile_v4_wide
#elif defined __AVX2__
#define TABLE      kernels_v3
#define TABLE_NAME "v3"
#define TABLE_TILE tile_v3
#define TABLE_PEAK peak_v3
#define TABLE_WIDE NULL
#elif defined __ARM_FEATURE_BF16_VECTOR_ARITHMETIC
#define TABLE               kernels_neon_bf16
#define TABLE_NAME          "neon-bf16"
#define TABLE_TILE          tile_neon
#define TABLE_PEAK          peak_neon
#define TABLE_BFLOAT16_TILE &tile_neon_bf16
#define TABLE_BFLOAT16_PEAK peak_neon_bf16
#define TABLE_WIDE          &tile_neon_wide
#define TABLE_BFLOAT16_WIDE &tile_neon_bf16_wide
#else
#define TABLE      kernels_neon
#define TABLE_NAME "neon"
#define TABLE_TILE tile_neon
#define TABLE_PEAK peak_neon
#define TABLE_WIDE &tile_neon_wide
#endif
#ifndef TABLE_BFLOAT16_TILE
#define TABLE_BFLOAT16_TILE NULL
#define TABLE_BFLOAT16_WIDE NULL
#define TABLE_BFLOAT16_PEAK NULL
#endif

/* --- dropout ---------------------------------------------------------------------------------- */

/* A vector holds LANES Philox states, each of which decides 8 columns. */
typedef vlong vstate;
typedef uint16_t vbits __attribute__((vector_size(WIDTH * 2)));
enum { LANES = WIDTH / 2, DROPPER_COLUMNS = 8 * LANES };

/* Lanes `first` and on of both, in turn. */
static inline vstate interleave(vstate x, vstate y, int first)
{
    vstate lanes;
    for (int i = 0; i < LANES; i++)
        lanes[i] = (uint64_t)(first + i / 2 + i % 2 * LANES);
    return __builtin_shuffle(x, y, lanes);
}

static inline vstate lane_numbers(void)
{
    vstate lanes;
    for (int i = 0; i < LANES; i++)
        lanes[i] = (uint64_t)i;
    return lanes;
}

/* Dropout along a row, for columns taken in steps of WIDTH from 0 on. */
struct dropper {
    bool all_kept; /* threshold 0 */
    vstate row, stream;
    vstate keys[DROPOUT_ROUNDS][2];
    vfloat scale;
    vint threshold;
    uint16_t bits[DROPPER_COLUMNS];
};

static inline void dropper_init(struct dropper *dropper, const struct dropout *dropout,
                                uint32_t row)
{
    uint32_t key0 = (uint32_t)dropout->key, key1 = (uint32_t)(dropout->key >> 32);
    dropper->all_kept = dropout->threshold == 0;
    if (dropper->all_kept)
        return;
    dropper->row = (vstate){0} + row;
    dropper->stream = (vstate){0} + dropout->stream;
    for (int round = 0; round < DROPOUT_ROUNDS; round++) {
        dropper->keys[round][0] = (vstate){0} + key0;
        dropper->keys[round][1] = (vstate){0} + key1;
        key0 += 0x9E3779B9u;
        key1 += 0xBB67AE85u;
    }
    dropper->scale = v_all(dropout_scale(dropout->threshold));
    dropper->threshold = (vint){0} + (int32_t)dropout->threshold;
}

/* The bits of columns first .. first + DROPPER_COLUMNS - 1. Only the lower halves of the lanes of a
 * state mean anything until the end: the upper ones are left over from the products. */
static inline void make_bits(struct dropper *dropper, int first)
{
    vstate c0 = lane_numbers() + (uint64_t)(first / 8), c1 = dropper->row, c2 = dropper->stream;
    vstate c3 = {0};
    for (int round = 0; round < DROPOUT_ROUNDS; round++) {
        vstate a = v_multiply_lower(c0, 0xD2511F53u), b = v_multiply_lower(c2, 0xCD9E8D57u);
        c0 = (b >> 32) ^ c1 ^ dropper->keys[round][0];
        c2 = (a >> 32) ^ c3 ^ dropper->keys[round][1];
        c1 = b;
        c3 = a;
    }
    vstate low = (c0 & 0xffffffffu) | c1 << 32, high = (c2 & 0xffffffffu) | c3 << 32;
    vstate pairs[2] = {interleave(low, high, 0), interleave(low, high, LANES / 2)};
    memcpy(dropper->bits, pairs, sizeof pairs);
}

static inline vfloat drop(struct dropper *dropper, int column, vfloat x)
{
    if (dropper->all_kept)
        return x;
    if (column % DROPPER_COLUMNS == 0)
        make_bits(dropper, column);
    vbits bits;
    memcpy(&bits, dropper->bits + column % DROPPER_COLUMNS, sizeof bits);
    vint kept = __builtin_convertvector(bits, vint) >= dropper->threshold;
    return (vfloat)(kept & (vint)(x * dropper->scale));
}

static void dropout(const struct dropout *dropout, uint32_t row, const float *x, float *y, int n)
{
    struct dropper dropper;
    dropper_init(&dropper, dropout, row);
    for (int i = 0; i < n; i += WIDTH)
        v_store(y + i, drop(&dropper, i, v_load(x + i, n - i)), n - i);
}

/* --- layer normalisation ---------------------------------------------------------------------- */

/* LayerNorm of a row whose sum is known. */
static inline void normalize(const float *gamma, const float *beta, float eps, const float *z,
                             float *y, const struct vsum *sum, float *mean, float *rstd, int n)
{
    vfloat center = v_all(vsum_total(sum) / (float)n);
    struct vsum squares = {0};
    for (int i = 0; i < n; i += WIDTH) {
        vfloat d = v_first(v_load(z + i, n - i) - center, n - i, 0);
        vsum_add(&squares, d * d);
    }
    *mean = center[0];
    *rstd = 1.0f / sqrtf(vsum_total(&squares) / (float)n + eps);
    for (int i = 0; i < n; i += WIDTH) {
        vfloat h = (v_load(z + i, n - i) - center) * *rstd;
        v_store(y + i, v_load(gamma + i, n - i) * h + v_load(beta + i, n - i), n - i);
    }
}

static void layernorm(const float *gamma, const float *beta, float eps, const float *z, float *y,
                      float *mean, float *rstd, int n)
{
    struct vsum sum = {0};
    for (int i = 0; i < n; i += WIDTH)
        vsum_add(&sum, v_load(z + i, n - i));
    normalize(gamma, beta, eps, z, y, &sum, mean, rstd, n);
}

static void residual_layernorm(const struct dropout *dropout, uint32_t row, const float *bias,
                               const float *residual, const float *gamma, const float *beta,
                               float eps, float *x, float *y, float *mean, float *rstd, int n)
{
    struct dropper dropper;
    struct vsum sum = {0};
    dropper_init(&dropper, dropout, row);
    for (int i = 0; i < n; i += WIDTH) {
        vfloat branch = v_load(x + i, n - i) + v_load(bias + i, n - i);
        vfloat z = drop(&dropper, i, branch) + v_load(residual + i, n - i);
        vsum_add(&sum, z);
        v_store(x + i, z, n - i);
    }
    normalize(gamma, beta, eps, x, y, &sum, mean, rstd, n);
}

static void layernorm_backward(const float *gamma, const float *z, float mean, float rstd,
                               const float *dy, float *dz, float *dgamma, float *dbeta, int n)
{
    struct vsum sum = {0}, product = {0};
    for (int i = 0; i < n; i += WIDTH) {
        vfloat e = v_load(dy + i, n - i) * v_load(gamma + i, n - i);
        vsum_add(&sum, e);
        vsum_add(&product, e * ((v_load(z + i, n - i) - mean) * rstd));
    }
    float mean_e = vsum_total(&sum) / (float)n, mean_eh = vsum_total(&product) / (float)n;
    for (int i = 0; i < n; i += WIDTH) {
        vfloat h = (v_load(z + i, n - i) - mean) * rstd, d = v_load(dy + i, n - i);
        v_store(dgamma + i, v_load(dgamma + i, n - i) + d * h, n - i);
        v_store(dbeta + i, v_load(dbeta + i, n - i) + d, n - i);
        v_store(dz + i, rstd * (d * v_load(gamma + i, n - i) - mean_e - h * mean_eh), n - i);
    }
}

/* --- activations ------------------------------------------------------------------------------ */

/* gelu(x) = x Φ(x), where Φ is the normal distribution or, in the tanh form, the logistic function
 * of 2 √(2/π) (x + 0.044715 x³), which is what (1 + tanh) / 2 comes to. Returns Φ and Φ' = dΦ/dx,
 * with full relative precision where Φ is small. */
static inline vfloat gate(enum gelu_form form, vfloat x, vfloat *slope)
{
    const float a = 1.5957691216057308f, cube = 0.044715f; /* 2 √(2/π) */
    vfloat upper;                                          /* 1 - Φ(|x|) */
    if (form == GELU_ERF) {
        *slope = v_normal(x, &upper);
    } else {
        vfloat e = v_exp(-a * v_abs(x) * (cube * x * x + 1.0f)), large = 1.0f / (e + 1.0f);
        upper = e * large;
        *slope = upper * large * a * (3.0f * cube * x * x + 1.0f);
    }
    return v_select(x < 0.0f, upper, 1.0f - upper);
}

static inline void bias_gelu_of(enum gelu_form form, enum float_type type, const float *bias,
                                const float *x, void *a, void *y, int n)
{
    for (int i = 0; i < n; i += WIDTH) {
        vfloat slope, sum = v_as(type, v_load(x + i, n - i) + v_load(bias + i, n - i));
        v_store_as(type, a, i, sum, n - i);
        v_store_as(type, y, i, sum * gate(form, sum, &slope), n - i);
    }
}

static inline void gelu_backward_of(enum gelu_form form, enum float_type type, const void *a,
                                    const float *dy, void *da, void *y, float *dbias, int n)
{
    for (int i = 0; i < n; i += WIDTH) {
        vfloat slope, x = v_load_as(type, a, i, n - i), value = gate(form, x, &slope);
        vfloat d = v_load(dy + i, n - i) * (value + x * slope);
        v_store_as(type, y, i, x * value, n - i);
        v_store_as(type, da, i, d, n - i);
        v_store(dbias + i, v_load(dbias + i, n - i) + d, n - i);
    }
}

/* One loop for each form and type: the choice stays out of it. */
#define CHOOSE_FORM(function, type, ...)                                                           \
    (form == GELU_ERF ? function(GELU_ERF, type, __VA_ARGS__)                                      \
                      : function(GELU_TANH, type, __VA_ARGS__))

static void bias_gelu(enum gelu_form form, enum float_type type, const float *bias, const float *x,
                      void *a, void *y, int n)
{
    if (type == TYPE_BFLOAT16)
        CHOOSE_FORM(bias_gelu_of, TYPE_BFLOAT16, bias, x, a, y, n);
    else
        CHOOSE_FORM(bias_gelu_of, TYPE_FLOAT32, bias, x, a, y, n);
}

static void gelu_backward(enum gelu_form form, enum float_type type, const void *a, const float *dy,
                          void *da, void *y, float *dbias, int n)
{
    if (type == TYPE_BFLOAT16)
        CHOOSE_FORM(gelu_backward_of, TYPE_BFLOAT16, a, dy, da, y, dbias, n);
    else
        CHOOSE_FORM(gelu_backward_of, TYPE_FLOAT32, a, dy, da, y, dbias, n);
}

static void bias_tanh(const float *bias, float *x, int n)
{
    for (int i = 0; i < n; i += WIDTH)
        v_store(x + i, v_tanh(v_load(x + i, n - i) + v_load(bias + i, n - i)), n - i);
}

/* --- softmax ---------------------------------------------------------------------------------- */

/* exp(scale x - top) over x; returns the sum. */
static inline double exponentials(float scale, float top, float *x, int n)
{
    vdouble sum = {0};
    for (int i = 0; i < n; i += WIDTH) {
        vfloat e = v_first(v_exp(v_load(x + i, n - i) * scale - top), n - i, 0);
        sum = v_add_double(sum, e);
        v_store(x + i, e, n - i);
    }
    return v_sum_double(sum);
}

static inline void multiply_by(float factor, float *x, int n)
{
    for (int i = 0; i < n; i += WIDTH)
        v_store(x + i, v_load(x + i, n - i) * factor, n - i);
}

/* Two passes over the row: the largest, then exponential, sum and dropout. */
static inline float attention_weights_of(const struct dropout *dropout, uint32_t row, float scale,
                                         enum float_type type, const float *s, void *p, float *lse,
                                         int n)
{
    vfloat best = v_all(-INFINITY);
    struct vsum sum = {0};
    for (int i = 0; i < n; i += WIDTH)
        best = v_max(v_first(v_load(s + i, n - i) * scale, n - i, -INFINITY), best);
    const float top = v_largest(best);
    struct dropper dropper;
    dropper_init(&dropper, dropout, row);
    for (int i = 0; i < n; i += WIDTH) {
        vfloat e = v_first(v_exp(v_load(s + i, n - i) * scale - top), n - i, 0);
        vsum_add(&sum, e);
        v_store_as(type, p, i, drop(&dropper, i, e), n - i);
    }
    const float all = vsum_total(&sum);
    *lse = top + logf(all);
    return all;
}

static float attention_weights(const struct dropout *dropout, uint32_t row, float scale,
                               enum float_type type, const float *s, void *p, float *lse, int n)
{
    return type == TYPE_BFLOAT16
               ? attention_weights_of(dropout, row, scale, TYPE_BFLOAT16, s, p, lse, n)
               : attention_weights_of(dropout, row, scale, TYPE_FLOAT32, s, p, lse, n);
}

static inline void attention_backward_of(const struct dropout *dropout, uint32_t row, float scale,
                                         float lse, float delta, enum float_type type,
                                         const float *s, const float *dp, void *p, void *ds, int n)
{
    struct dropper dropper;
    dropper_init(&dropper, dropout, row);
    for (int i = 0; i < n; i += WIDTH) {
        vfloat kept = drop(&dropper, i, v_all(1));
        vfloat weight = v_exp(v_load(s + i, n - i) * scale - lse);
        vfloat d = weight * scale * (v_load(dp + i, n - i) * kept - delta);
        v_store_as(type, p, i, weight * kept, n - i);
        v_store_as(type, ds, i, d, n - i);
    }
}

static void attention_backward(const struct dropout *dropout, uint32_t row, float scale, float lse,
                               float delta, enum float_type type, const float *s, const float *dp,
                               void *p, void *ds, int n)
{
    if (type == TYPE_BFLOAT16)
        attention_backward_of(dropout, row, scale, lse, delta, TYPE_BFLOAT16, s, dp, p, ds, n);
    else
        attention_backward_of(dropout, row, scale, lse, delta, TYPE_FLOAT32, s, dp, p, ds, n);
}

/* Whether `label` is the first place of the largest logit, `top`. */
static inline bool is_first_largest(const float *logits, int32_t label, float top)
{
    if (logits[label] < top)
        return false;
    for (int i = 0; i < label; i++)
        if (logits[i] == top)
            return false;
    return true;
}

static double cross_entropy(const float *bias, int32_t label, float gradient_scale, float *logits,
                            bool *correct, int n)
{
    vfloat best = v_all(-INFINITY);
    for (int i = 0; i < n; i += WIDTH) {
        vfloat x = v_load(logits + i, n - i) + v_load(bias + i, n - i);
        v_store(logits + i, x, n - i);
        best = v_max(v_first(x, n - i, -INFINITY), best);
    }
    float top = v_largest(best);
    *correct = is_first_largest(logits, label, top);
    double loss = (double)(top - logits[label]), sum = exponentials(1, top, logits, n);
    multiply_by(gradient_scale * (float)(1 / sum), logits, n);
    logits[label] -= gradient_scale;
    return loss + log(sum);
}

/* --- types ------------------------------------------------------------------------------------ */

static void to_bfloat16(const float *x, uint16_t *y, size_t n)
{
    for (size_t i = 0; i < n; i += WIDTH) {
        const int count = n - i < WIDTH ? (int)(n - i) : WIDTH;
        v_store_bfloat16(y + i, v_load(x + i, count), count);
    }
}

static void from_bfloat16(const uint16_t *x, float *y, size_t n)
{
    for (size_t i = 0; i < n; i += WIDTH) {
        const int count = n - i < WIDTH ? (int)(n - i) : WIDTH;
        v_store(y + i, v_load_bfloat16(x + i, count), count);
    }
}

/* --- sums ------------------------------------------------------------------------------------- */

static void accumulate(const float *x, float *sum, size_t n)
{
    for (size_t i = 0; i < n; i++)
        sum[i] += x[i];
}

static void multiply_all(float alpha, float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] *= alpha;
}

static void axpy(float alpha, const float *x, float *y, size_t n)
{
    for (size_t i = 0; i < n; i++)
        y[i] += alpha * x[i];
}

static float dot(const float *x, const float *y, int n)
{
    struct vsum sum = {0};
    for (int i = 0; i < n; i += WIDTH)
        vsum_add(&sum, v_load(x + i, n - i) * v_load(y + i, n - i));
    return vsum_total(&sum);
}

/* Squares added up in double, in four sums, since one would wait for the adder. */
struct squares {
    vdouble sum[4];
};

static inline vdouble add_squares(vdouble sum, const float *x)
{
    vhalf part;
    memcpy(&part, x, sizeof part);
    vdouble d = __builtin_convertvector(part, vdouble);
    return sum + d * d;
}

/* Those of two vectors. */
static inline void squares_add(struct squares *squares, const float *x)
{
    for (int k = 0; k < 4; k++)
        squares->sum[k] = add_squares(squares->sum[k], x + k * WIDTH / 2);
}

/* Those of `count` elements, one vector at the most, behind all others. */
static inline void squares_add_rest(struct squares *squares, const float *x, int count)
{
    vfloat v = v_load(x, count);
    float rest[WIDTH];
    memcpy(rest, &v, sizeof rest);
    for (int k = 0; k < 2; k++)
        squares->sum[k] = add_squares(squares->sum[k], rest + k * WIDTH / 2);
}

static inline double squares_total(const struct squares *squares)
{
    const vdouble *sum = squares->sum;
    return v_sum_double((sum[0] + sum[1]) + (sum[2] + sum[3]));
}

static double sum_squares(const float *x, size_t n)
{
    struct squares squares = {0};
    size_t i = 0;
    for (; i + 2 * WIDTH <= n; i += 2 * WIDTH)
        squares_add(&squares, x + i);
    for (; i < n; i += WIDTH)
        squares_add_rest(&squares, x + i, n - i < WIDTH ? (int)(n - i) : WIDTH);
    return squares_total(&squares);
}

/* --- Adam ------------------------------------------------------------------------------------- */

/* The direction of `count` elements, one vector at the most, and their moments. */
static inline vfloat adam_vector(const struct adam_numbers *k, vfloat w, const float *g, float *m,
                                 float *v, int count)
{
    vfloat gradient = k->clip * v_load(g, count);
    vfloat first = k->beta1 * v_load(m, count) + k->rest1 * gradient;
    vfloat second = k->beta2 * v_load(v, count) + k->rest2 * gradient * gradient;
    vfloat root = v_sqrt(k->unbias2 * second) + k->epsilon;
    v_store(m, first, count);
    v_store(v, second, count);
    return k->unbias1 * first / root + k->decay * w;
}

/* The arrays come from memory, which is to be kept busy all the time: squares are taken two vectors
 * behind the direction and not after all of it, when nothing would be on its way. The CPU asks ahead
 * for four arrays by itself. */
static void adam_direction(const struct adam_numbers *numbers, const float *restrict w,
                           float *restrict g, float *restrict m, float *restrict v,
                           double *restrict squares, size_t n)
{
    const struct adam_numbers k = *numbers; /* which no store can change */
    struct squares of_weights = {0}, of_direction = {0};
    size_t i = 0;
    for (; i + 2 * WIDTH <= n; i += 2 * WIDTH) {
        for (size_t j = i; j < i + 2 * WIDTH; j += WIDTH)
            v_store(g + j, adam_vector(&k, v_load(w + j, WIDTH), g + j, m + j, v + j, WIDTH),
                    WIDTH);
        squares_add(&of_weights, w + i);
        squares_add(&of_direction, g + i);
    }
    for (; i < n; i += WIDTH) {
        const int count = n - i < WIDTH ? (int)(n - i) : WIDTH;
        v_store(g + i, adam_vector(&k, v_load(w + i, count), g + i, m + i, v + i, count), count);
        squares_add_rest(&of_weights, w + i, count);
        squares_add_rest(&of_direction, g + i, count);
    }
    squares[0] = squares_total(&of_weights);
    squares[1] = squares_total(&of_direction);
}

static void adam_update(const struct adam_numbers *numbers, float step, float *restrict w,
                        const float *restrict g, float *restrict m, float *restrict v, size_t n)
{
    const struct adam_numbers k = *numbers;
    const float alpha = -step;
    for (size_t i = 0; i < n; i += WIDTH) {
        const int count = n - i < WIDTH ? (int)(n - i) : WIDTH;
        const vfloat weights = v_load(w + i, count);
        const vfloat u = adam_vector(&k, weights, g + i, m + i, v + i, count);
        v_store(w + i, weights + alpha * u, count);
    }
}

#define ROW_KERNELS                                                                                \
    .dropout = dropout, .layernorm = layernorm, .residual_layernorm = residual_layernorm,          \
    .layernorm_backward = layernorm_backward, .bias_gelu = bias_gelu,                              \
    .gelu_backward = gelu_backward, .bias_tanh = bias_tanh,                                        \
    .attention_weights = attention_weights, .attention_backward = attention_backward,              \
    .cross_entropy = cross_entropy, .to_bfloat16 = to_bfloat16, .from_bfloat16 = from_bfloat16,    \
    .accumulate = accumulate, .multiply = multiply_all, .axpy = axpy,                              \
    .adam_direction = adam_direction, .adam_update = adam_update, .dot = dot,                      \
    .sum_squares = sum_squares

const struct kernels TABLE = {
    .name = TABLE_NAME,
    .gemm = &gemm_tiles,
    .tile = &TABLE_TILE,
    .wide_tile = TABLE_WIDE,
    .bfloat16_tile = TABLE_BFLOAT16_TILE,
    .wide_bfloat16_tile = TABLE_BFLOAT16_WIDE,
    .peak = TABLE_PEAK,
    .bfloat16_peak = TABLE_BFLOAT16_PEAK,
    ROW_KERNELS,
};

#ifdef __AVX512BF16__
const struct kernels kernels_v4_amx = {
    .name = "v4-amx",
    .gemm = &gemm_tiles,
    .tile = &TABLE_TILE,
    .wide_tile = TABLE_WIDE,
    .bfloat16_tile = &tile_v4_amx,
    .peak = TABLE_PEAK,
    .bfloat16_peak = peak_v4_amx,
    ROW_KERNELS,
};
#endif

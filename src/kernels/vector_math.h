/* Vectors of floats, and exp, tanh and the normal distribution on them. Included by row_vector.c,
 * which is compiled once for each instruction set: everything here is static.
 *
 * Errors, against double precision, where the result is a normal number: v_exp and v_tanh 2 ulp;
 * v_normal 7 ulp for |x| < 4, and more the farther out (x² is rounded: 63 ulp at 12). NaN gives
 * NaN. */
#ifndef LAMBERT_KERNELS_VECTOR_MATH_H
#define LAMBERT_KERNELS_VECTOR_MATH_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "lambert/base/float16.h"
#include "vector_types.h"
#ifdef __x86_64__
#include "vector_x86.h"
#else
#include "vector_neon.h"
#endif

/* From element i of a row of either type on, and what a vector becomes when it is stored. */
static inline vfloat v_load_as(enum float_type type, const void *row, int i, int count)
{
    return type == TYPE_BFLOAT16 ? v_load_bfloat16((const uint16_t *)row + i, count)
                                 : v_load((const float *)row + i, count);
}

static inline void v_store_as(enum float_type type, void *row, int i, vfloat v, int count)
{
    if (type == TYPE_BFLOAT16)
        v_store_bfloat16((uint16_t *)row + i, v, count);
    else
        v_store((float *)row + i, v, count);
}

static inline vfloat v_as(enum float_type type, vfloat v)
{
    return type == TYPE_BFLOAT16 ? v_from_bfloat16(v_to_bfloat16(v)) : v;
}

static inline vfloat v_abs(vfloat x)
{
    return (vfloat)((vint)x & 0x7fffffff);
}

/* A sum over a row, begun as {0}. NEON's vectors are short: there two sums take turns, which lose as
 * little as one of twice as many lanes, and wait less for the adder. */
struct vsum {
    vfloat now, later;
};

static inline void vsum_add(struct vsum *sum, vfloat v)
{
    const vfloat added = sum->now + v;
    if (WIDTH < 8) {
        sum->now = sum->later;
        sum->later = added;
    } else {
        sum->now = added;
    }
}

static inline float vsum_total(const struct vsum *sum)
{
    return v_sum(WIDTH < 8 ? sum->now + sum->later : sum->now);
}

/* sum += the lanes of v, in double. */
static inline vdouble v_add_double(vdouble sum, vfloat v)
{
    vhalf low, high;
    memcpy(&low, &v, sizeof low);
    memcpy(&high, (const char *)&v + sizeof low, sizeof high);
    return sum + __builtin_convertvector(low, vdouble) + __builtin_convertvector(high, vdouble);
}

static inline double v_sum_double(vdouble v)
{
    double sum = 0;
    for (int i = 0; i < WIDTH / 2; i++)
        sum += v[i];
    return sum;
}

/* exp(x) = 2^k exp(r), |r| <= ln 2 / 2; the polynomial is the one of Cephes' expf (Moshier).
 * 0 below -87 (where the result would soon be denormal), exp(88) above 88. */
static inline vfloat v_exp(vfloat x)
{
    const float nearest = 12582912.0f; /* 1.5 * 2^23: adding it rounds to an integer */
    vint too_small = x < -87.0f;
    x = v_select(x > 88.0f, v_all(88.0f), x);
    vfloat k = x * 1.44269504088896341f + nearest - nearest;
    vfloat r = x - k * 0.693359375f + k * 2.12194440e-4f;
    vfloat p = r * 1.9875691500e-4f + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * (r * r) + r + 1.0f;
    vint power = (__builtin_convertvector(k, vint) + 127) << 23;
    return (vfloat)(~too_small & (vint)(p * (vfloat)power));
}

/* Near 0 the polynomial of Cephes' tanhf, elsewhere 1 - 2 / (exp(2|x|) + 1). */
static inline vfloat v_tanh(vfloat x)
{
    vfloat a = v_abs(x), z = x * x;
    vfloat p = z * -5.70498872745e-3f + 2.06390887954e-2f;
    p = p * z + -5.37397155531e-2f;
    p = p * z + 1.33314422036e-1f;
    p = p * z + -3.33332819422e-1f;
    vfloat near = p * z * x + x;
    vfloat far = 1.0f - 2.0f / (v_exp(2.0f * a) + 1.0f);
    vint sign = (vint)x & INT32_MIN;
    return v_select(a < 0.625f, near, (vfloat)((vint)far | sign));
}

/* The normal distribution: its density at x, φ = exp(-x²/2) / √(2π), is returned; *upper becomes
 * what lies above |x|, erfc(|x|/√2) / 2. No subtraction, so both hold their relative precision far
 * into the tail. upper = exp(-x²/2) u p(u), u = 1 / (1 + 0.35 |x|); p: Chebyshev interpolation of
 * degree 8 on |x| <= 14, error 4e-8. */
static inline vfloat v_normal(vfloat x, vfloat *upper)
{
    vfloat e = v_exp(-0.5f * x * x), u = 1.0f / (0.35f * v_abs(x) + 1.0f);
    vfloat p = u * -0.029679522003224944f + 0.14654583029162127f;
    p = p * u + -0.2609612283021512f;
    p = p * u + 0.16505099587634836f;
    p = p * u + -0.027046608287302973f;
    p = p * u + 0.10711458760820883f;
    p = p * u + 0.11944491684256872f;
    p = p * u + 0.13991229812582956f;
    p = p * u + 0.1396187125610164f;
    *upper = e * u * p;
    return e * 0.3989422804014327f;
}

#endif

/* Vectors of floats, and exp, tanh and the normal distribution on them. Included by row_vector.c,
 * which is compiled once for each instruction set: everything here is static.
 *
 * Errors, against double precision, where the result is a normal number: v_exp and v_tanh 2 ulp;
 * v_normal 7 ulp for |x| < 4, and more the farther out (x² is rounded: 63 ulp at 12). NaN gives
 * NaN. */
#ifndef LAMBERT_KERNELS_VECTOR_MATH_H
#define LAMBERT_KERNELS_VECTOR_MATH_H

#include <immintrin.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "lambert/base/float16.h"

#ifdef __AVX512F__
enum { WIDTH = 16 };
#else
enum { WIDTH = 8 };
#endif

typedef float vfloat __attribute__((vector_size(WIDTH * 4)));
typedef int32_t vint __attribute__((vector_size(WIDTH * 4)));
typedef float vhalf __attribute__((vector_size(WIDTH * 2))); /* half as many floats */
typedef double vdouble __attribute__((vector_size(WIDTH * 4)));

static inline vfloat v_all(float x)
{
    return x - (vfloat){0};
}

/* The lanes below `count`, as masked loads and stores want them. */
#ifdef __AVX512F__
static inline __mmask16 v_lanes(int count)
{
    return (__mmask16)((1u << count) - 1);
}
#else
static inline vint v_lanes(int count)
{
    return (vint){0, 1, 2, 3, 4, 5, 6, 7} < count;
}
#endif

/* The first `count` elements at p, 0 in the other lanes; count >= 1. No element past them is read. */
static inline vfloat v_load(const float *p, int count)
{
#ifdef __AVX512F__
    return (vfloat)(count >= WIDTH ? _mm512_loadu_ps(p) : _mm512_maskz_loadu_ps(v_lanes(count), p));
#else
    return (vfloat)(count >= WIDTH ? _mm256_loadu_ps(p)
                                   : _mm256_maskload_ps(p, (__m256i)v_lanes(count)));
#endif
}

static inline void v_store(float *p, vfloat v, int count)
{
#ifdef __AVX512F__
    if (count >= WIDTH)
        _mm512_storeu_ps(p, (__m512)v);
    else
        _mm512_mask_storeu_ps(p, v_lanes(count), (__m512)v);
#else
    if (count >= WIDTH)
        _mm256_storeu_ps(p, (__m256)v);
    else
        _mm256_maskstore_ps(p, (__m256i)v_lanes(count), (__m256)v);
#endif
}

/* As many bfloat16 as a vfloat has lanes, and the words that each of them becomes one of. */
#ifdef __AVX512F__
typedef __m256i vbfloat16;
#else
typedef __m128i vbfloat16;
#endif

/* To nearest, ties to even; NaN stays NaN. */
static inline vbfloat16 v_to_bfloat16(vfloat v)
{
#ifdef __AVX512BF16__
    return (__m256i)_mm512_cvtneps_pbh((__m512)v); /* denormals become 0 */
#else
    const vint bits = (vint)v, rounded = bits + 0x7fff + ((bits >> 16) & 1), nan = v != v;
    const vint upper = ((nan & (bits | 0x400000)) | (~nan & rounded)) >> 16 & 0xffff;
#ifdef __AVX512F__
    return _mm512_cvtepi32_epi16((__m512i)upper);
#else
    const __m256i packed = _mm256_packus_epi32((__m256i)upper, (__m256i)upper);
    return _mm256_castsi256_si128(_mm256_permute4x64_epi64(packed, 0x08));
#endif
#endif
}

static inline vfloat v_from_bfloat16(vbfloat16 v)
{
#ifdef __AVX512F__
    return (vfloat)_mm512_slli_epi32(_mm512_cvtepu16_epi32(v), 16);
#else
    return (vfloat)_mm256_slli_epi32(_mm256_cvtepu16_epi32(v), 16);
#endif
}

/* v_load() and v_store() of bfloat16. */
static inline vfloat v_load_bfloat16(const uint16_t *p, int count)
{
#ifdef __AVX512F__
    return v_from_bfloat16(count >= WIDTH ? _mm256_loadu_si256((const __m256i *)(const void *)p)
                                          : _mm256_maskz_loadu_epi16(v_lanes(count), p));
#else
    vbfloat16 v = {0};
    memcpy(&v, p, count >= WIDTH ? sizeof v : (size_t)count * sizeof *p);
    return v_from_bfloat16(v);
#endif
}

static inline void v_store_bfloat16(uint16_t *p, vfloat x, int count)
{
    const vbfloat16 v = v_to_bfloat16(x);
#ifdef __AVX512F__
    if (count >= WIDTH)
        _mm256_storeu_si256((__m256i *)(void *)p, v);
    else
        _mm256_mask_storeu_epi16(p, v_lanes(count), v);
#else
    memcpy(p, &v, count >= WIDTH ? sizeof v : (size_t)count * sizeof *p);
#endif
}

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

/* Lanes of x where the mask (a comparison's result: 0 or -1) holds, else of y. */
static inline vfloat v_select(vint mask, vfloat x, vfloat y)
{
    return (vfloat)((mask & (vint)x) | (~mask & (vint)y));
}

static inline vfloat v_abs(vfloat x)
{
    return (vfloat)((vint)x & 0x7fffffff);
}

/* x > y ? x : y */
static inline vfloat v_max(vfloat x, vfloat y)
{
#ifdef __AVX512F__
    return (vfloat)_mm512_max_ps((__m512)x, (__m512)y);
#else
    return (vfloat)_mm256_max_ps((__m256)x, (__m256)y);
#endif
}

static inline vfloat v_sqrt(vfloat x)
{
#ifdef __AVX512F__
    return (vfloat)_mm512_sqrt_ps((__m512)x);
#else
    return (vfloat)_mm256_sqrt_ps((__m256)x);
#endif
}

/* In the first `count` lanes x, in the others `other`. */
static inline vfloat v_first(vfloat x, int count, float other)
{
    if (count >= WIDTH)
        return x;
#ifdef __AVX512F__
    return (vfloat)_mm512_mask_blend_ps(v_lanes(count), _mm512_set1_ps(other), (__m512)x);
#else
    return v_select(v_lanes(count), x, v_all(other));
#endif
}

/* The lower half of v with the upper half folded onto it, once by adding, once by the larger. */
static inline __m128 v_fold_sum(vfloat v)
{
#ifdef __AVX512F__
    __m256 w =
        _mm256_add_ps(_mm512_castps512_ps256((__m512)v), _mm512_extractf32x8_ps((__m512)v, 1));
#else
    __m256 w = (__m256)v;
#endif
    return _mm_add_ps(_mm256_castps256_ps128(w), _mm256_extractf128_ps(w, 1));
}

static inline __m128 v_fold_max(vfloat v)
{
#ifdef __AVX512F__
    __m256 w =
        _mm256_max_ps(_mm512_castps512_ps256((__m512)v), _mm512_extractf32x8_ps((__m512)v, 1));
#else
    __m256 w = (__m256)v;
#endif
    return _mm_max_ps(_mm256_castps256_ps128(w), _mm256_extractf128_ps(w, 1));
}

static inline float v_sum(vfloat v)
{
    __m128 four = v_fold_sum(v), two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(two) + _mm_cvtss_f32(_mm_movehdup_ps(two));
}

static inline float v_largest(vfloat v)
{
    __m128 four = v_fold_max(v), two = _mm_max_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)));
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

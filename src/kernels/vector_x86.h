/* What vector code needs of AVX2 and AVX-512 beyond what gcc makes of vector types. vector_neon.h has
 * the same functions. */
#ifndef LAMBERT_KERNELS_VECTOR_X86_H
#define LAMBERT_KERNELS_VECTOR_X86_H

#include <immintrin.h>
#include <stdint.h>
#include <string.h>

#include "vector_types.h"

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
    const vuint bits = (vuint)v, rounded = bits + 0x7fff + ((bits >> 16) & 1),
                nan = (vuint)(v != v);
    const vuint upper = ((nan & (bits | 0x400000)) | (~nan & rounded)) >> 16 & 0xffff;
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

/* v_load() of bfloat16 as they are. */
static inline vbfloat16 v_load_halves(const uint16_t *p, int count)
{
#ifdef __AVX512F__
    return count >= WIDTH ? _mm256_loadu_si256((const __m256i *)(const void *)p)
                          : _mm256_maskz_loadu_epi16(v_lanes(count), p);
#else
    vbfloat16 v = {0};
    memcpy(&v, p, count >= WIDTH ? sizeof v : (size_t)count * sizeof *p);
    return v;
#endif
}

/* v_load() and v_store() of bfloat16. */
static inline vfloat v_load_bfloat16(const uint16_t *p, int count)
{
    return v_from_bfloat16(v_load_halves(p, count));
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

/* The 64-bit products of the lanes' lower halves. */
static inline vlong v_multiply_lower(vlong x, uint32_t factor)
{
#ifdef __AVX512F__
    return (vlong)_mm512_mul_epu32((__m512i)x, _mm512_set1_epi64(factor));
#else
    return (vlong)_mm256_mul_epu32((__m256i)x, _mm256_set1_epi64x(factor));
#endif
}

#endif

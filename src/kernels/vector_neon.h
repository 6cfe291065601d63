/* What vector code needs of NEON beyond what gcc makes of vector types: the functions of vector_x86.h,
 * where they have their comments. */
#ifndef LAMBERT_KERNELS_VECTOR_NEON_H
#define LAMBERT_KERNELS_VECTOR_NEON_H

#include <arm_neon.h>
#include <stdint.h>
#include <string.h>

#include "vector_types.h"

/* There are no masked loads and stores. */
static inline vfloat v_load(const float *p, int count)
{
    vfloat v = {0};
    if (count >= WIDTH)
        return (vfloat)vld1q_f32(p);
    memcpy(&v, p, (size_t)count * sizeof *p);
    return v;
}

static inline void v_store(float *p, vfloat v, int count)
{
    if (count >= WIDTH)
        vst1q_f32(p, (float32x4_t)v);
    else
        memcpy(p, &v, (size_t)count * sizeof *p);
}

typedef uint16x4_t vbfloat16;

static inline vbfloat16 v_to_bfloat16(vfloat v)
{
#ifdef __ARM_FEATURE_BF16_VECTOR_ARITHMETIC
    return vreinterpret_u16_bf16(vcvt_bf16_f32((float32x4_t)v)); /* the same bits, denormals too */
#else
    const vuint bits = (vuint)v, rounded = bits + 0x7fff + ((bits >> 16) & 1),
                nan = (vuint)(v != v);
    return vshrn_n_u32((uint32x4_t)((nan & (bits | 0x400000)) | (~nan & rounded)), 16);
#endif
}

static inline vfloat v_from_bfloat16(vbfloat16 v)
{
    return (vfloat)vshll_n_u16(v, 16);
}

static inline vfloat v_load_bfloat16(const uint16_t *p, int count)
{
    vbfloat16 v = {0};
    if (count >= WIDTH)
        return v_from_bfloat16(vld1_u16(p));
    memcpy(&v, p, (size_t)count * sizeof *p);
    return v_from_bfloat16(v);
}

static inline void v_store_bfloat16(uint16_t *p, vfloat x, int count)
{
    const vbfloat16 v = v_to_bfloat16(x);
    if (count >= WIDTH)
        vst1_u16(p, v);
    else
        memcpy(p, &v, (size_t)count * sizeof *p);
}

/* FMAX would give NaN where either is. */
static inline vfloat v_max(vfloat x, vfloat y)
{
    return v_select(x > y, x, y);
}

static inline vfloat v_sqrt(vfloat x)
{
    return (vfloat)vsqrtq_f32((float32x4_t)x);
}

static inline vfloat v_first(vfloat x, int count, float other)
{
    return count >= WIDTH ? x : v_select((vint){0, 1, 2, 3} < count, x, v_all(other));
}

static inline float v_sum(vfloat v)
{
    return vaddvq_f32((float32x4_t)v);
}

static inline float v_largest(vfloat v)
{
    return vmaxvq_f32((float32x4_t)v);
}

static inline vlong v_multiply_lower(vlong x, uint32_t factor)
{
    return (vlong)vmull_u32(vmovn_u64((uint64x2_t)x), vdup_n_u32(factor));
}

#endif

#include "contributions.h"

#include <string.h>

#include "lambert/base/float16.h"
#include "lambert/dist/exchange.h"

/* Elements that are added up at a time. The sum is made aside, on the stack, where it stays in the
 * first-level cache, and because the result may lie over one of the contributions. */
enum { BLOCK = 1024 };

static size_t blocks_of(size_t n)
{
    return (n + BLOCK - 1) / BLOCK;
}

static size_t length_of(size_t block, size_t n)
{
    size_t left = n - block * BLOCK;
    return left < BLOCK ? left : BLOCK;
}

static void add_bfloat16(const uint16_t *restrict values, size_t n, real *restrict sum)
{
    for (size_t i = 0; i < n; i++)
        sum[i] += bfloat16_to_float(values[i]);
}

static void add_real(const real *restrict values, size_t n, real *restrict sum)
{
    for (size_t i = 0; i < n; i++)
        sum[i] += values[i];
}

/* Begins with the first contribution as it is, and not with zero, to which -0 would be added as
 * 0. */
static void sum_block(const struct contribution *c, int count, size_t begin, size_t n, real *out)
{
    real sum[BLOCK];
    for (size_t i = 0; i < n; i++)
        sum[i] = c[0].bfloat16 ? bfloat16_to_float(((const uint16_t *)c[0].values)[begin + i])
                               : ((const real *)c[0].values)[begin + i];
    for (int k = 1; k < count; k++) {
        if (c[k].bfloat16)
            add_bfloat16((const uint16_t *)c[k].values + begin, n, sum);
        else
            add_real((const real *)c[k].values + begin, n, sum);
    }
    memcpy(out + begin, sum, n * sizeof *sum);
}

void contributions_sum(const struct contribution *c, int count, size_t n, real *out)
{
#pragma omp parallel for schedule(static)
    for (size_t b = 0; b < blocks_of(n); b++)
        sum_block(c, count, b * BLOCK, length_of(b, n), out);
}

static void sum_block_fixed(const struct contribution *c, int count, size_t begin, size_t n,
                            int64_t *out)
{
    int64_t sum[BLOCK];
    memcpy(sum, (const int64_t *)c[0].values + begin, n * sizeof *sum);
    for (int k = 1; k < count; k++) {
        const int64_t *values = (const int64_t *)c[k].values + begin;
        for (size_t i = 0; i < n; i++)
            sum[i] = exchange_fixed_sum(sum[i], values[i]);
    }
    memcpy(out + begin, sum, n * sizeof *sum);
}

void contributions_sum_fixed(const struct contribution *c, int count, size_t n, int64_t *out)
{
#pragma omp parallel for schedule(static)
    for (size_t b = 0; b < blocks_of(n); b++)
        sum_block_fixed(c, count, b * BLOCK, length_of(b, n), out);
}

void contribution_pack(const real *values, size_t n, uint16_t *packed)
{
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < n; i++)
        packed[i] = bfloat16_from_float((float)values[i]);
}

void contribution_unpack(const uint16_t *packed, size_t n, real *values)
{
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < n; i++)
        values[i] = bfloat16_to_float(packed[i]);
}

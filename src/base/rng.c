#include "lambert/base/rng.h"

#include <math.h>

#include "lambert/base/error.h"

/* Multipliers and Weyl constants of the paper, table 2 and section 4.2 (golden ratio, sqrt(3) - 1).
 */
void philox4x32(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4])
{
    uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
    uint32_t k0 = key[0], k1 = key[1];
    for (int round = 0; round < 10; round++) {
        uint64_t p0 = (uint64_t)0xD2511F53 * c0;
        uint64_t p1 = (uint64_t)0xCD9E8D57 * c2;
        c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
        c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
        c1 = (uint32_t)p1;
        c3 = (uint32_t)p0;
        k0 += 0x9E3779B9;
        k1 += 0xBB67AE85;
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

/* The two numbers fill the counter; seed and purpose share the key. The odd constant spreads
 * purposes over all 64 bits, so that seeds that lie close together do not meet. */
uint64_t rng_key(uint64_t seed, enum rng_purpose purpose, uint64_t a, uint64_t b)
{
    uint64_t mixed = seed + (uint64_t)purpose * UINT64_C(0x9E3779B97F4A7C15);
    uint32_t counter[4] = {(uint32_t)a, (uint32_t)(a >> 32), (uint32_t)b, (uint32_t)(b >> 32)};
    uint32_t key[2] = {(uint32_t)mixed, (uint32_t)(mixed >> 32)};
    uint32_t out[4];
    philox4x32(counter, key, out);
    return (uint64_t)out[1] << 32 | out[0];
}

void rng_init(struct rng *rng, uint64_t key)
{
    *rng = (struct rng){.key = {(uint32_t)key, (uint32_t)(key >> 32)}};
}

uint32_t rng_u32(struct rng *rng)
{
    if (rng->unused == 0) {
        uint32_t counter[4] = {(uint32_t)rng->block, (uint32_t)(rng->block >> 32), 0, 0};
        philox4x32(counter, rng->key, rng->out);
        rng->block++;
        rng->unused = 4;
    }
    return rng->out[4 - rng->unused--];
}

uint64_t rng_u64(struct rng *rng)
{
    uint64_t low = rng_u32(rng);
    return (uint64_t)rng_u32(rng) << 32 | low;
}

double rng_uniform(struct rng *rng)
{
    return (double)(rng_u64(rng) >> 11) * 0x1p-53;
}

/* Lemire, "Fast random integer generation in an interval" (arXiv 1805.10941): the high word of a
 * product; the few low words that would favour some results are drawn again. */
uint32_t rng_below(struct rng *rng, uint32_t limit)
{
    require(limit > 0);
    uint64_t product = (uint64_t)rng_u32(rng) * limit;
    if ((uint32_t)product < limit) {
        uint32_t unfair = (0 - limit) % limit; /* 2^32 mod limit */
        while ((uint32_t)product < unfair)
            product = (uint64_t)rng_u32(rng) * limit;
    }
    return (uint32_t)(product >> 32);
}

double rng_normal(struct rng *rng)
{
    double radius = sqrt(-2 * log(1 - rng_uniform(rng))); /* 1 - u is never 0 */
    return radius * cos(2 * M_PI * rng_uniform(rng));
}

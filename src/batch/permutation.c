#include "lambert/batch/permutation.h"

#include "lambert/base/error.h"
#include "lambert/base/rng.h"

/* Four rounds make a strong pseudo-random permutation of a large domain (Luby and Rackoff). Where a
 * half has only a few bits that is not enough: with six, the orders of five samples are visibly not
 * equally likely (test_permutation.c). */
enum { ROUNDS = 6, ROUNDS_SMALL = 12, SMALL_HALF_BITS = 4 };

void permutation_init(struct permutation *permutation, uint64_t size, uint64_t key)
{
    require(size > 0);
    *permutation = (struct permutation){.size = size, .key = key, .half_bits = 1};
    while (permutation->half_bits < 32 && (size - 1) >> (2 * permutation->half_bits) != 0)
        permutation->half_bits++;
}

static uint64_t encrypt(const struct permutation *permutation, uint64_t value)
{
    const uint32_t mask = (uint32_t)((UINT64_C(1) << permutation->half_bits) - 1);
    const uint32_t key[2] = {(uint32_t)permutation->key, (uint32_t)(permutation->key >> 32)};
    const uint32_t rounds = permutation->half_bits <= SMALL_HALF_BITS ? ROUNDS_SMALL : ROUNDS;
    uint32_t left = (uint32_t)(value >> permutation->half_bits) & mask;
    uint32_t right = (uint32_t)value & mask;
    for (uint32_t round = 0; round < rounds; round++) {
        uint32_t counter[4] = {right, round, 0, 0}, out[4];
        philox4x32(counter, key, out);
        uint32_t mixed = (left ^ out[0]) & mask;
        left = right;
        right = mixed;
    }
    return (uint64_t)left << permutation->half_bits | right;
}

/* The domain of the network is less than four times `size` (or has four elements), so the walk is
 * short. It ends: the cycle that i lies on comes back to i, which is inside. */
uint64_t permutation_apply(const struct permutation *permutation, uint64_t i)
{
    require(i < permutation->size);
    do
        i = encrypt(permutation, i);
    while (i >= permutation->size);
    return i;
}

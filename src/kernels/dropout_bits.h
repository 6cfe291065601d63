/* The random bits of dropout (kernels.h): Philox4x32 with 7 rounds. */
#ifndef LAMBERT_KERNELS_DROPOUT_BITS_H
#define LAMBERT_KERNELS_DROPOUT_BITS_H

#include "lambert/kernels/kernels.h"

enum { DROPOUT_ROUNDS = 7 };

static inline real dropout_scale(uint32_t threshold)
{
    return (real)65536 / (real)(65536 - threshold);
}

/* The four words that decide columns 8 block .. 8 block + 7. */
static inline void dropout_bits(const struct dropout *dropout, uint32_t row, uint32_t block,
                                uint32_t words[4])
{
    uint32_t key0 = (uint32_t)dropout->key, key1 = (uint32_t)(dropout->key >> 32);
    uint32_t c0 = block, c1 = row, c2 = dropout->stream, c3 = 0;
    for (int round = 0; round < DROPOUT_ROUNDS; round++) {
        uint64_t a = (uint64_t)c0 * 0xD2511F53u, b = (uint64_t)c2 * 0xCD9E8D57u;
        c0 = (uint32_t)(b >> 32) ^ c1 ^ key0;
        c2 = (uint32_t)(a >> 32) ^ c3 ^ key1;
        c1 = (uint32_t)b;
        c3 = (uint32_t)a;
        key0 += 0x9E3779B9u;
        key1 += 0xBB67AE85u;
    }
    words[0] = c0, words[1] = c1, words[2] = c2, words[3] = c3;
}

#endif

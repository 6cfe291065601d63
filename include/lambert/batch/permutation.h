/* A keyed bijection of [0, size): the order of an epoch's samples, with no table and no shuffle
 * buffer. A balanced Feistel network over the next even number of bits, its round function a
 * counter-based generator, walked along its cycle until it lands inside [0, size) (Black and
 * Rogaway, "Ciphers with arbitrary finite domains", CT-RSA 2002). */
#ifndef LAMBERT_BATCH_PERMUTATION_H
#define LAMBERT_BATCH_PERMUTATION_H

#include <stdint.h>

struct permutation {
    uint64_t size;
    uint64_t key;
    int half_bits;
};

void permutation_init(struct permutation *permutation, uint64_t size, uint64_t key);
uint64_t permutation_apply(const struct permutation *permutation, uint64_t i); /* i < size */

#endif

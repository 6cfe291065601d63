/* Finds exact duplicates among things too many to keep: each leaves its hash and its size, and
 * where even those would be too many, only the hashes that end in `bits` zero bits are kept. All
 * copies of a thing have one hash, so they are kept or left out together, and what is found among
 * those kept, times 2^bits, is an estimate of the whole; with bits = 0 it is exact (up to the
 * chance of two of n things having one 64-bit hash, n^2 / 2^65). */
#ifndef LAMBERT_SRC_CORPUS_FINGERPRINTS_H
#define LAMBERT_SRC_CORPUS_FINGERPRINTS_H

#include <stdint.h>

#include "lambert/base/buffer.h"

struct fingerprint {
    uint64_t hash;
    uint64_t bytes;
};

/* How many bits keep about `most` of `expected` things. */
int fingerprint_bits(uint64_t expected, uint64_t most);

void fingerprints_add(struct buffer *prints, int bits, uint64_t hash, uint64_t bytes);

/* How many are copies of another, the first of each not counted, and their bytes; the estimate for
 * the whole. Sorts. */
struct duplicates {
    uint64_t count;
    uint64_t bytes;
};
struct duplicates fingerprints_duplicates(struct buffer *prints, int bits);

#endif

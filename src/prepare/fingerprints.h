/* Finds exact duplicates among things too many to keep: each leaves its hash and its size, and
 * where even those would be too many, only the hashes that end in `bits` zero bits are kept. All
 * copies of a thing have one hash, so they are kept or left out together. With bits = 0 what is
 * found is exact (up to the chance of two of n things having one 64-bit hash, n^2 / 2^65).
 *
 * With bits > 0 the whole is estimated from two sides. What is found among those kept, times
 * 2^bits, is right on average, and close where copies are few; but a thing that has very many
 * copies is in it 2^bits times or not at all. The number of different things, those kept times
 * 2^bits, is always close (a standard deviation is 2^bits times the root of those kept), and all
 * but these are copies. So the estimate is the first, but no further than four standard deviations
 * from the second, and never more than there are things. Its bytes are those of the copies kept,
 * times 2^bits, or, where the bound took hold, all bytes but the mean size of what is different
 * times its number. */
#ifndef LAMBERT_PREPARE_FINGERPRINTS_H
#define LAMBERT_PREPARE_FINGERPRINTS_H

#include <stddef.h>
#include <stdint.h>

struct fingerprint {
    uint64_t hash;
    uint64_t bytes;
};

struct fingerprints {
    struct fingerprint *prints; /* [count] */
    size_t count, capacity;
};

void fingerprints_release(struct fingerprints *prints); /* fine on a zeroed one */

/* How many bits have to be zero for about `most` of `expected` things to be kept. */
int fingerprint_bits(uint64_t expected, uint64_t most);

void fingerprints_add(struct fingerprints *prints, int bits, uint64_t hash, uint64_t bytes);

/* Appends those of `more`, which were kept by `more_bits`, and thins both to the same bits: the
 * larger of the two, or as many more as it takes to keep no more than `most`. Returns them. */
int fingerprints_join(struct fingerprints *prints, int bits, const struct fingerprints *more,
                      int more_bits, uint64_t most);

/* How many are copies of another, the first of each not counted, and their bytes, of the `all`
 * things that were added. Sorts. */
struct duplicates {
    uint64_t count;
    uint64_t bytes;
};
struct duplicates fingerprints_duplicates(struct fingerprints *prints, int bits,
                                          const struct duplicates *all);

#endif

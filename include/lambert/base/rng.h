/* Random numbers that are a pure function of a key: Philox4x32-10 (Salmon, Moraes, Dror, Shaw,
 * "Parallel random numbers: as easy as 1, 2, 3", SC11). There is no hidden state to save: who knows
 * the key and how many numbers were drawn knows everything. That is what makes samples, masks and
 * dropout independent of ranks, threads and interruptions.
 *
 * Keys are made from the run's seed, a purpose, and two numbers (say epoch and document):
 *
 *     struct rng rng;
 *     rng_init(&rng, rng_key(seed, RNG_SAMPLE, phase, index));
 *     uint32_t j = rng_below(&rng, n); */
#ifndef LAMBERT_BASE_RNG_H
#define LAMBERT_BASE_RNG_H

#include <stdint.h>

/* Purposes are part of what a seed means: never renumber, only append. */
enum rng_purpose {
    RNG_INITIAL_WEIGHTS = 1, /* (tensor's number, 0) */
    RNG_ORDER = 2,           /* (phase, epoch): the permutation of an epoch's samples */
    RNG_SEGMENTS = 3,        /* (phase << 32 | epoch, document): passages, NSP pairs, truncation */
    RNG_MASKS = 4,           /* (phase, sample index) */
    RNG_DROPOUT = 5,         /* (phase, sample index) */
    RNG_TEST = 6,
    RNG_RESAMPLING = 7,     /* (sample, 0) */
    RNG_FEATURE_ORDER = 8,  /* (phase, epoch): the permutation of a set of features */
    RNG_FEATURE_DROPOUT = 9 /* (phase, sample index), in fine-tuning */
};

/* One block of Philox4x32-10. */
void philox4x32(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);

/* A 64-bit key from a seed, a purpose and two numbers: the first half of the Philox block with
 * counter (a, b) and key seed + purpose * 0x9E3779B97F4A7C15. */
uint64_t rng_key(uint64_t seed, enum rng_purpose purpose, uint64_t a, uint64_t b);

struct rng {
    uint32_t key[2];
    uint64_t block;  /* number of the next block to make */
    uint32_t out[4]; /* the last block made */
    int unused;      /* how many of out[] are left */
};

void rng_init(struct rng *rng, uint64_t key);
uint32_t rng_u32(struct rng *rng);
uint64_t rng_u64(struct rng *rng);
double rng_uniform(struct rng *rng);                 /* [0, 1), 53 bits */
uint32_t rng_below(struct rng *rng, uint32_t limit); /* [0, limit), unbiased; limit > 0 */
double rng_normal(struct rng *rng);                  /* Box-Muller, one number a call */

#endif

/* Several sequences of samples dealt into one, each with its share: which part the i-th sample of
 * the whole is from, and which of that part's own samples it is, for any i, without going through
 * those before it.
 *
 *     struct mixture mixture;
 *     mixture_init(&mixture, weights, count);
 *     struct mixture_place place = mixture_find(&mixture, i);
 *
 * Part 0 gets round(i u0 / U) of the first i samples, where u0 is its share and U the sum of all;
 * what is left is dealt to the other parts in the same way, part 1 before the rest, and so on. So a
 * part's samples come in their own order, without a gap, and of the first i samples, for any i, a
 * part has had its share to within four samples, and exactly after every MIXTURE_UNIT of them:
 * nothing is drawn by lot, and no batch has much more of a part than another.
 *
 * Shares are whole numbers of 1 / MIXTURE_UNIT, so that all this is in whole numbers. */
#ifndef LAMBERT_SAMPLE_MIXTURE_H
#define LAMBERT_SAMPLE_MIXTURE_H

#include <stdint.h>

enum { MIXTURE_MOST = 128, MIXTURE_UNIT = 1 << 30 };

/* No pointers: ranks may send it to each other as it is. */
struct mixture {
    int count;
    uint32_t units[MIXTURE_MOST]; /* [count], each at least 1, together MIXTURE_UNIT */
};

/* Shares in proportion to the weights, which are finite and above 0; a part that would have less
 * than a unit has one. count is 1 to MIXTURE_MOST. */
void mixture_init(struct mixture *mixture, const double *weights /* [count] */, int count);

/* Weights for mixture_init(): each part's tokens to the power 1 / temperature, the largest being 1.
 * A temperature of 1 takes all text equally often, a higher one small parts more often: that of
 * multilingual BERT is 1 / 0.7, that of XLM-R (arXiv 1911.02116, section 3.1) 1 / 0.3. The same bits on any
 * machine. */
void mixture_weights(const uint64_t *tokens /* [count] */, int count, double temperature,
                     double *weights /* [count] */);

double mixture_share(const struct mixture *mixture, int part);

struct mixture_place {
    int part;
    uint64_t index; /* of the part's own samples */
};

/* Where sample i comes from; i below 2^62. */
struct mixture_place mixture_find(const struct mixture *mixture, uint64_t i);

/* How many of the first i samples are the part's. */
uint64_t mixture_count(const struct mixture *mixture, int part, uint64_t i);

#endif

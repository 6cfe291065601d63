/* Which rank checks what which other has computed: a permutation of the ranks.
 *
 * A rank is checked by one of its own kind (with the same kernels, say, so that both have the same bits), on another
 * machine wherever that is possible for as many ranks at a time as can be, and each turn by another one, as long as
 * there are others: a machine that is wrong meets many that are not. The only one of its kind checks itself.
 *
 * The rule: ranks of a kind stand in a circle, in their order, in which those of a machine are neighbours; what a
 * rank has computed goes s places on. With M ranks on the fullest machine, of n, any s from M to n - M takes all of
 * them to another machine; where M is more than half, any from n - M to M takes as many as possible. s goes through
 * that range turn by turn. */
#ifndef LAMBERT_DIST_PARTNERS_H
#define LAMBERT_DIST_PARTNERS_H

#include <stdint.h>

struct partners {
    int checker; /* checks what this rank has computed */
    int checked; /* what this rank checks is that one's */
};

/* [local] Of `rank`; kinds and machines [ranks]: equal numbers where two are alike. `turn` counts from 0. Ranks of a
 * machine need not be numbered side by side (they are, in dist.h), but then more may stay on their machine. */
struct partners partners_of(const uint64_t *kinds, const int *machines, int ranks, int rank,
                            int64_t turn);

#endif

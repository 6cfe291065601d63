/* The sums of an exchange: what the members of a group contribute to one part, added up in the
 * order of members, so that the result does not depend on who was first. All threads take part, or,
 * within a parallel region, the calling one. All is [local]. */
#ifndef LAMBERT_DIST_CONTRIBUTIONS_H
#define LAMBERT_DIST_CONTRIBUTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lambert/base/real.h"

struct contribution {
    const void *values; /* [n] */
    bool bfloat16;      /* of bfloat16, else of the type that the function names */
};

/* out [n] = c[0] + c[1] + ...; out may be one of them. */
void contributions_sum(const struct contribution *c, int count, size_t n, real *out);

/* The same in fixed point, by exchange_fixed_sum(); never bfloat16. */
void contributions_sum_fixed(const struct contribution *c, int count, size_t n, int64_t *out);

/* Rounds values [n] to bfloat16; and makes float of them again, which is exact. */
void contribution_pack(const real *values, size_t n, uint16_t *packed);
void contribution_unpack(const uint16_t *packed, size_t n, real *values);

#endif

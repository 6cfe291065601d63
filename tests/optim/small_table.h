/* A parameter table of a few tensors that fit nothing: not the buckets, not the slices, not the
 * fragments. */
#ifndef LAMBERT_TESTS_OPTIM_SMALL_TABLE_H
#define LAMBERT_TESTS_OPTIM_SMALL_TABLE_H

#include "lambert/model/params.h"

enum { WIDE, NORM, NORM_BIAS, QUERY, KEY, ZERO_WEIGHT, ZERO_GRADIENT, LONE, SMALL_TENSORS };

/* Offsets as the real table makes them: multiples of 16, but KEY follows QUERY without a gap. */
void small_table_init(struct param_table *table); /* param_table_release() */

/* One tensor [2, 2], neither bias nor norm. */
void golden_table_init(struct param_table *table);

#endif

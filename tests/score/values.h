/* The metrics of a scoring held against what they must be. */
#ifndef LAMBERT_TESTS_SCORE_VALUES_H
#define LAMBERT_TESTS_SCORE_VALUES_H

#include "lambert/examples/label_set.h"
#include "lambert/score/scoring.h"
#include "lib/unit.h"

/* As "accuracy 0.75, f1 0.5" with six digits behind the point at most; frees the scoring. */
void check_values(struct scoring *scoring, const uint32_t *weights, const char *expected);

/* The metrics of that name are the same to the last digits but two. */
void check_value(const struct scoring *scoring, const uint32_t *weights, const char *name,
                 double expected);

/* Labels "0", "1", ... */
void numbered_labels(struct label_set *set, int count);

#endif

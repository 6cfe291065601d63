/* Terms of an objective's loss: each is made by whatever thread, and they are added up in their order. */
#ifndef LAMBERT_MODEL_TERM_H
#define LAMBERT_MODEL_TERM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lambert/model/objective.h"

struct term {
    double loss;
    bool there; /* false: what it would be of has no label */
    bool correct;
};

/* How many of them are labels, which are not below 0. */
double labels_count(const int32_t *labels, size_t count);

/* The cross-entropy of softmax(logits + bias) against the label; over the logits its gradient times
 * scale, which is 0 where there is no label. */
struct term label_term(const real *bias, int32_t label, double scale, real *logits, int n);

/* Adds those that are there to sums, and returns how many they are. losses [count], which may be NULL, gets
 * what each is, not a number where it is not there. */
int terms_add(const struct term *terms, int count, double *losses, struct objective_sums *sums);

#endif

/* Hashes of what a micro-batch comes to: of its gradient, tensor by tensor, and of its losses. Two that are equal
 * come of the same bits; of two that are not, it is known which tensors differ.
 *
 *     result_hashes_init(&hashes, table)
 *     result_hashes_put(&hashes, grads, begin, end)       as parts of the gradient are complete, in any order
 *     result_hashes_put_rows(&hashes, rows, count)        what belongs to the word embeddings, and is kept apart
 *     result_hashes_put_sums(&hashes, sums, objectives)
 *     result_hashes_compare(&one, &other)
 *
 * All functions are [local]. */
#ifndef LAMBERT_TRAINER_RESULT_HASHES_H
#define LAMBERT_TRAINER_RESULT_HASHES_H

#include <stdbool.h>
#include <stdint.h>

#include "lambert/base/real.h"
#include "lambert/model/objective.h"
#include "lambert/model/params.h"

struct result_hashes {
    const struct param_table *table;
    uint64_t *values; /* [result_hashes_count()]: of the tensors, and of the losses */
};

int result_hashes_count(const struct param_table *table);

/* table outlives it. */
void result_hashes_init(struct result_hashes *hashes, const struct param_table *table);
void result_hashes_release(struct result_hashes *hashes); /* also of a zeroed one */

/* Of the tensors that lie in grads [begin, end), each as a whole. */
void result_hashes_put(struct result_hashes *hashes, const real *grads, size_t begin, size_t end);

/* Once, after the matrix of the word embeddings, the first tensor. */
void result_hashes_put_rows(struct result_hashes *hashes, const real *rows, size_t count);

/* sums [objectives]: of this micro-batch alone. */
void result_hashes_put_sums(struct result_hashes *hashes, const struct objective_sums *sums,
                            int objectives);

struct result_difference {
    bool losses; /* differ */
    int tensors; /* whose gradients do */
    int first;   /* the first of them in the table; -1: none */
};

struct result_difference result_hashes_compare(const struct result_hashes *a,
                                               const struct result_hashes *b);

#endif

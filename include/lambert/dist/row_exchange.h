/* Rows of a matrix in the flat array, moved between the ranks that look them up and those that own
 * them: for word embeddings, of which a micro-batch reads, and changes the gradient of, a few rows.
 * What the matrix as a whole needs travels in buckets meanwhile (dist/exchange.h).
 *
 *     row_exchange_new(&exchange, dist, &sharding, &matrix, scratch, err)
 *     row_exchange_fetch(exchange, &wanted, weights, values)       values of the rows wanted
 *     row_exchange_add(exchange, &changed, gradients, shard)       shard += gradients, of all ranks
 *
 * Ranks say in the stages of the sharding which rows they look up, by a bit a row, and rows go the
 * same way: what several members of a group look up goes on once, as one sum, and a row that all
 * look up is no burden for its owner. Sums are made in an order that timing has no part in.
 *
 * Rows need not be cut where slices are. All functions but _needs() and _free() are collective, and
 * they wait: they are for places where the ranks meet anyway. */
#ifndef LAMBERT_DIST_ROW_EXCHANGE_H
#define LAMBERT_DIST_ROW_EXCHANGE_H

#include <stddef.h>
#include <stdint.h>

#include "lambert/base/error.h"
#include "lambert/base/real.h"
#include "lambert/dist/dist.h"
#include "lambert/dist/sharding.h"

/* [rows, width], at the front of the flat array. */
struct row_matrix {
    int rows, width;
    int most; /* rows that a rank looks up at a time, at most */
};

/* Elements of a matrix at most: Open MPI 4 computes the bytes of a message in int. */
enum { ROW_MATRIX_MOST = INT32_MAX / sizeof(real) };

/* Rows of the matrix, ascending, each once. */
struct row_list {
    const int32_t *rows; /* [count] */
    int count;
};

struct row_exchange;

/* [local] Elements of scratch memory that a rank needs, whichever it is. */
size_t row_exchange_needs(const struct sharding *sharding, const struct row_matrix *matrix);

/* [local] Bytes that a rank takes besides. */
size_t row_exchange_memory(const struct sharding *sharding, const struct row_matrix *matrix);

/* scratch [row_exchange_needs()] is the caller's, and is written to in _fetch() and _add() only;
 * what it holds then is lost. In a training step gradients are such memory, before and after. dist,
 * sharding and scratch outlive the exchange. */
int row_exchange_new(struct row_exchange **exchange, const struct dist *dist,
                     const struct sharding *sharding, const struct row_matrix *matrix,
                     real *scratch, struct error *err);
void row_exchange_free(struct row_exchange *exchange); /* NULL is fine */

/* weights [sharding size]: those of this rank's slices are read. values [count, width].
 */
void row_exchange_fetch(struct row_exchange *exchange, const struct row_list *wanted,
                        const real *weights, real *values);

/* gradients [count, width] of this rank; shard as in sharding_count(). */
void row_exchange_add(struct row_exchange *exchange, const struct row_list *changed,
                      const real *gradients, real *shard);

struct row_exchange_report {
    double wait_seconds; /* in the functions above, all of them */
    uint64_t bytes_sent; /* by this rank */
};
struct row_exchange_report row_exchange_report(const struct row_exchange *exchange);

#endif

/* The elements of some rows of a matrix that lie in a rank's part of the flat array: what is in a
 * message of row_exchange.c. Both who sends and who receives go through them in the same order,
 * bucket by bucket and then ascending. Rows need not be cut where parts are. All functions are
 * [local]. */
#ifndef LAMBERT_DIST_ROW_WALK_H
#define LAMBERT_DIST_ROW_WALK_H

#include <stdbool.h>

#include "lambert/dist/row_exchange.h"

/* A set of rows is a bit a row. */
size_t row_set_words(int rows);
void row_set_add(uint64_t *set, int row);
bool row_set_has(const uint64_t *set, size_t row);

size_t row_matrix_size(const struct row_matrix *matrix); /* elements */

/* In which the matrix lies, the last perhaps with others. */
int row_matrix_buckets(const struct row_matrix *matrix, const struct sharding *sharding);

/* What of the matrix is in a rank's part of a bucket when a stage begins. */
struct slice row_matrix_part(const struct row_matrix *matrix, const struct sharding *sharding,
                             int bucket, int rank, int stage);

struct row_walk {
    const struct row_matrix *matrix;
    const struct sharding *sharding;
    const uint64_t *set;
    int rank, stage;
    int bucket;        /* of the run that was last found */
    struct slice left; /* of the rank's part of it */
};

struct row_walk row_walk_of(const struct row_matrix *matrix, const struct sharding *sharding,
                            const uint64_t *set, int rank, int stage);

/* The next run of elements, all of one row; false: there are no more. */
bool row_walk_next(struct row_walk *walk, struct slice *run);

/* Elements that the walk will come to. */
size_t row_walk_count(struct row_walk walk);

/* values [rows, width] to packed [count], which is returned; and back, in the place of what values
 * hold, or added to it. */
size_t row_walk_pack(struct row_walk walk, const real *values, real *packed);
void row_walk_unpack(struct row_walk walk, const real *packed, real *values);
void row_walk_unpack_adding(struct row_walk walk, const real *packed, real *values);

#endif

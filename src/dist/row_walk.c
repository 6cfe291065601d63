#include "row_walk.h"

#include <string.h>

#include "lambert/base/minmax.h"

enum { WORD = 64 }; /* rows in a word of a set */

/* --- sets ------------------------------------------------------------------------------------- */

size_t row_set_words(int rows)
{
    return ((size_t)rows + WORD - 1) / WORD;
}

void row_set_add(uint64_t *set, int row)
{
    set[row / WORD] |= (uint64_t)1 << row % WORD;
}

bool row_set_has(const uint64_t *set, size_t row)
{
    return set[row / WORD] >> row % WORD & 1;
}

/* The first row of the set from `row` on; `rows` if there is none. */
static size_t set_next(const uint64_t *set, size_t row, size_t rows)
{
    while (row < rows) {
        uint64_t rest = set[row / WORD] >> row % WORD;
        if (rest != 0)
            return row + (size_t)__builtin_ctzll(rest);
        row = (row / WORD + 1) * WORD;
    }
    return rows;
}

/* --- the matrix ------------------------------------------------------------------------------- */

size_t row_matrix_size(const struct row_matrix *matrix)
{
    return (size_t)matrix->rows * (size_t)matrix->width;
}

int row_matrix_buckets(const struct row_matrix *matrix, const struct sharding *sharding)
{
    return (int)((row_matrix_size(matrix) + sharding->bucket - 1) / sharding->bucket);
}

struct slice row_matrix_part(const struct row_matrix *matrix, const struct sharding *sharding,
                             int bucket, int rank, int stage)
{
    struct slice part = sharding_part(sharding, bucket, rank, stage);
    size_t size = row_matrix_size(matrix);
    return (struct slice){min_size(part.begin, size), min_size(part.end, size)};
}

/* --- walks ------------------------------------------------------------------------------------ */

struct row_walk row_walk_of(const struct row_matrix *matrix, const struct sharding *sharding,
                            const uint64_t *set, int rank, int stage)
{
    return (struct row_walk){.matrix = matrix,
                             .sharding = sharding,
                             .set = set,
                             .rank = rank,
                             .stage = stage,
                             .bucket = -1};
}

bool row_walk_next(struct row_walk *walk, struct slice *run)
{
    const struct row_matrix *matrix = walk->matrix;
    size_t width = (size_t)matrix->width;
    for (;;) {
        size_t row = set_next(walk->set, walk->left.begin / width, (size_t)matrix->rows);
        run->begin = max_size(row * width, walk->left.begin);
        run->end = min_size((row + 1) * width, walk->left.end);
        if (run->begin < run->end)
            break;
        if (++walk->bucket >= row_matrix_buckets(matrix, walk->sharding))
            return false;
        walk->left = row_matrix_part(matrix, walk->sharding, walk->bucket, walk->rank, walk->stage);
    }
    walk->left.begin = run->end;
    return true;
}

size_t row_walk_count(struct row_walk walk)
{
    struct slice run;
    size_t count = 0;
    while (row_walk_next(&walk, &run))
        count += slice_length(run);
    return count;
}

size_t row_walk_pack(struct row_walk walk, const real *values, real *packed)
{
    struct slice run;
    const real *start = packed;
    while (row_walk_next(&walk, &run)) {
        memcpy(packed, values + run.begin, slice_length(run) * sizeof *packed);
        packed += slice_length(run);
    }
    return (size_t)(packed - start);
}

void row_walk_unpack(struct row_walk walk, const real *packed, real *values)
{
    struct slice run;
    while (row_walk_next(&walk, &run)) {
        memcpy(values + run.begin, packed, slice_length(run) * sizeof *packed);
        packed += slice_length(run);
    }
}

void row_walk_unpack_adding(struct row_walk walk, const real *packed, real *values)
{
    struct slice run;
    while (row_walk_next(&walk, &run))
        for (size_t i = run.begin; i < run.end; i++)
            values[i] += *packed++;
}

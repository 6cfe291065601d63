/* Rows that are operands of matrix products lie there as the products multiply them: real, or as
 * bfloat16 where that is what the model computes in. They are made, and read again, as real rows:
 *
 *     real *row = operand_place(type, to, memory);     in their array if that can be, else in memory
 *     ... make the row ...
 *     operand_store(type, row, to, n);                 rounds; does nothing to a row that lies there
 *
 *     const real *row = operand_read(type, from, memory, n);
 *
 * so that one code serves both types, and in float32 moves nothing. An index counts elements. */
#ifndef LAMBERT_MODEL_OPERAND_H
#define LAMBERT_MODEL_OPERAND_H

#include <omp.h>
#include <stddef.h>
#include <stdint.h>

#include "lambert/base/arena.h"
#include "lambert/base/float16.h"
#include "lambert/base/real.h"
#include "lambert/kernels/gemm.h"
#include "lambert/kernels/kernels.h"

static inline void *operand_take(enum float_type type, struct arena *arena, size_t count)
{
    return arena_take(arena, count, gemm_operand_size(type));
}

static inline void *operand_at(enum float_type type, const void *base, size_t index)
{
    return (char *)base + index * gemm_operand_size(type);
}

static inline real *operand_place(enum float_type type, void *to, real *memory)
{
    return type == TYPE_BFLOAT16 ? memory : to;
}

static inline void operand_store(enum float_type type, const real *row, void *to, size_t n)
{
    if (type == TYPE_BFLOAT16)
        kernels->to_bfloat16(row, to, n);
}

static inline const real *operand_read(enum float_type type, const void *from, real *memory,
                                       size_t n)
{
    if (type == TYPE_FLOAT32)
        return from;
    kernels->from_bfloat16(from, memory, n);
    return memory;
}

/* A row for each thread to make or read operands in; none in float32, which needs none. */
struct row_memory {
    real *rows; /* [threads, n] */
    size_t n;
};

static inline struct row_memory row_memory_plan(enum float_type type, struct arena *arena,
                                                int threads, size_t n)
{
    real *rows =
        type == TYPE_BFLOAT16 ? arena_take(arena, (size_t)threads * n, sizeof(real)) : NULL;
    return (struct row_memory){.rows = rows, .n = n};
}

static inline real *row_of_thread(const struct row_memory *memory)
{
    return memory->rows ? memory->rows + (size_t)omp_get_thread_num() * memory->n : NULL;
}

#endif

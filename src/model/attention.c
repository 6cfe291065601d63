#include "attention.h"

#include <math.h>
#include <omp.h>

#include "lambert/kernels/gemm.h"
#include "lambert/kernels/kernels.h"

/* Queries handled at a time: scores of a block and 512 keys are 128 KB. */
enum { QUERY_BLOCK = 64 };

size_t attention_scratch(int longest)
{
    return 2 * (size_t)QUERY_BLOCK * (size_t)longest;
}

/* One (sequence, head) and one block of its queries. */
struct query_block {
    int head;
    int begin, count;  /* among the R query rows */
    int keys_at, keys; /* rows of the batch; S of them */
    size_t column;     /* of the head in rows of A D elements */
    real scale;        /* 1 / √D */
};

static struct dropout dropout_of(const struct attention *at, const struct query_block *block,
                                 int row)
{
    return dropout_at(at->key[row], DROPOUT_PROBS, at->layer, block->head, at->threshold);
}

/* scores [count, S] = q kᵀ, not scaled */
static void query_key_products(const struct attention *at, const struct query_block *block,
                               real *scores)
{
    gemm(GEMM_NT, block->count, block->keys, at->head_size, 1,
         at->q + (size_t)block->begin * (size_t)at->ld_q + block->column, at->ld_q,
         at->k + (size_t)block->keys_at * (size_t)at->ld_kv + block->column, at->ld_kv, 0, scores,
         block->keys);
}

static void forward_block(const struct attention *at, const struct query_block *block, real *probs,
                          real *lse, real *context)
{
    int width = at->heads * at->head_size;
    query_key_products(at, block, probs);
    for (int i = 0; i < block->count; i++) {
        int r = block->begin + i, row = row_set_at(at->query, r);
        real *p = probs + (size_t)i * (size_t)block->keys;
        lse[(size_t)r * (size_t)at->heads + (size_t)block->head] =
            kernels->softmax(block->scale, p, block->keys);
        struct dropout dropout = dropout_of(at, block, row);
        if (dropout.threshold > 0)
            kernels->dropout(&dropout, (uint32_t)at->position[row], p, p, block->keys);
    }
    gemm(GEMM_NN, block->count, at->head_size, block->keys, 1, probs, block->keys,
         at->v + (size_t)block->keys_at * (size_t)at->ld_kv + block->column, at->ld_kv, 0,
         context + (size_t)block->begin * (size_t)width + block->column, width);
}

/* With Pd = dropout(P): dPd = dO vᵀ, dv += Pdᵀ dO, dP = dropout'(dPd), dS = P (dP - Δ) / √D,
 * Δ = Σ P dP = Σ Pd dPd = dO · O, dq = dS k, dk += dSᵀ q. `first`: dk and dv are begun. */
static void backward_block(const struct attention *at, const struct query_block *block, bool first,
                           real *probs, real *dprobs, const real *lse, const real *context,
                           const real *dcontext, real *dq, real *dk, real *dv)
{
    int width = at->heads * at->head_size, keys = block->keys, size = at->head_size;
    size_t key_offset = (size_t)block->keys_at * (size_t)at->ld_kv + block->column;
    size_t query_offset = (size_t)block->begin * (size_t)at->ld_q + block->column;
    const real *output = context + (size_t)block->begin * (size_t)width + block->column;
    const real *doutput = dcontext + (size_t)block->begin * (size_t)width + block->column;
    real begun = first ? 0 : 1;

    query_key_products(at, block, probs);
    gemm(GEMM_NT, block->count, keys, size, 1, doutput, width, at->v + key_offset, at->ld_kv, 0,
         dprobs, keys);
    for (int i = 0; i < block->count; i++) {
        int r = block->begin + i, row = row_set_at(at->query, r);
        real *p = probs + (size_t)i * (size_t)keys, *dp = dprobs + (size_t)i * (size_t)keys;
        real delta = kernels->dot(output + (size_t)i * (size_t)width,
                                  doutput + (size_t)i * (size_t)width, size);
        struct dropout dropout = dropout_of(at, block, row);
        uint32_t position = (uint32_t)at->position[row];
        kernels->softmax_again(block->scale,
                               lse[(size_t)r * (size_t)at->heads + (size_t)block->head], p, keys);
        if (dropout.threshold > 0)
            kernels->dropout(&dropout, position, dp, dp, keys);
        kernels->softmax_backward(block->scale, delta, p, dp, keys);
        if (dropout.threshold > 0)
            kernels->dropout(&dropout, position, p, p, keys);
    }
    gemm(GEMM_TN, keys, size, block->count, 1, probs, keys, doutput, width, begun, dv + key_offset,
         at->ld_kv);
    gemm(GEMM_NN, block->count, size, keys, 1, dprobs, keys, at->k + key_offset, at->ld_kv, 0,
         dq + query_offset, at->ld_q);
    gemm(GEMM_TN, keys, size, block->count, 1, dprobs, keys, at->q + query_offset, at->ld_q, begun,
         dk + key_offset, at->ld_kv);
}

/* Block number b of the queries of sequence n and a head; false when there is none. */
static bool query_block_at(const struct attention *at, int n, int head, int b,
                           struct query_block *block)
{
    int begin = at->query->start[n] + b * QUERY_BLOCK, end = at->query->start[n + 1];
    *block = (struct query_block){
        .head = head,
        .begin = begin,
        .count = end - begin < QUERY_BLOCK ? end - begin : QUERY_BLOCK,
        .keys_at = at->key_start[n],
        .keys = at->key_start[n + 1] - at->key_start[n],
        .column = (size_t)head * (size_t)at->head_size,
        .scale = (real)(1 / sqrt(at->head_size)),
    };
    return begin < end;
}

void attention_forward(const struct attention *at, real *lse, real *context)
{
#pragma omp parallel for collapse(2) schedule(dynamic)
    for (int n = 0; n < at->sequences; n++)
        for (int head = 0; head < at->heads; head++) {
            real *probs = at->scratch + (size_t)omp_get_thread_num() * at->scratch_stride;
            struct query_block block;
            for (int b = 0; query_block_at(at, n, head, b, &block); b++)
                forward_block(at, &block, probs, lse, context);
        }
}

void attention_backward(const struct attention *at, const real *lse, const real *context,
                        const real *dcontext, real *dq, real *dk, real *dv)
{
#pragma omp parallel for collapse(2) schedule(dynamic)
    for (int n = 0; n < at->sequences; n++)
        for (int head = 0; head < at->heads; head++) {
            real *probs = at->scratch + (size_t)omp_get_thread_num() * at->scratch_stride;
            real *dprobs = probs + at->scratch_stride / 2;
            struct query_block block;
            for (int b = 0; query_block_at(at, n, head, b, &block); b++)
                backward_block(at, &block, b == 0, probs, dprobs, lse, context, dcontext, dq, dk,
                               dv);
        }
}

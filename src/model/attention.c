#include "attention.h"

#include <math.h>
#include <omp.h>

#include "lambert/kernels/gemm.h"
#include "lambert/kernels/kernels.h"
#include "lambert/kernels/parallel.h"
#include "lambert/kernels/profile.h"

/* Queries handled at a time: scores of a block and 512 keys are 128 KB. */
enum { QUERY_BLOCK = 64 };

/* Rows of scores lie a little more than their length apart, so that they do not all fall into the
 * same sets of the cache. */
static size_t score_step(int keys)
{
    return ((size_t)keys + 15) / 16 * 16 + 16;
}

/* What a thread works in: two blocks of scores, three operands packed by keys, two by queries. */
struct work {
    real *scores, *dscores;       /* [QUERY_BLOCK, score_step] */
    real *by_keys[3];             /* keys or values of a head, packed */
    real *by_queries, *by_output; /* a block of queries, and of the context's gradient, packed */
};

static size_t packed_by_keys(int longest, int head_size)
{
    size_t across = gemm_packed_size(longest, head_size);
    size_t along = gemm_packed_size(head_size, longest);
    return across > along ? across : along;
}

size_t attention_scratch(int longest, int head_size)
{
    return 2 * QUERY_BLOCK * score_step(longest) + 3 * packed_by_keys(longest, head_size) +
           2 * gemm_packed_size(head_size, QUERY_BLOCK);
}

static struct work work_of(const struct attention *at)
{
    real *place = at->scratch + (size_t)omp_get_thread_num() * at->scratch_stride;
    const size_t scores = QUERY_BLOCK * score_step(at->longest);
    const size_t keys = packed_by_keys(at->longest, at->head_size);
    struct work work = {.scores = place, .dscores = place + scores};
    place += 2 * scores;
    for (int i = 0; i < 3; i++, place += keys)
        work.by_keys[i] = place;
    work.by_queries = place;
    work.by_output = place + gemm_packed_size(at->head_size, QUERY_BLOCK);
    return work;
}

/* One sequence and head. */
struct head {
    int number;
    int keys_at, keys;       /* rows of the batch; S of them */
    int queries_at, queries; /* among the R query rows */
    size_t column;           /* of the head in rows of A D elements */
    const real *k, *v;       /* [S, D], rows ld_kv apart */
    real scale;              /* 1 / √D */
};

static struct head head_of(const struct attention *at, int n, int number)
{
    struct head head = {.number = number,
                        .keys_at = at->key_start[n],
                        .keys = at->key_start[n + 1] - at->key_start[n],
                        .queries_at = at->query->start[n],
                        .queries = at->query->start[n + 1] - at->query->start[n],
                        .column = (size_t)number * (size_t)at->head_size,
                        .scale = (real)(1 / sqrt(at->head_size))};
    head.k = at->k + (size_t)head.keys_at * (size_t)at->ld_kv + head.column;
    head.v = at->v + (size_t)head.keys_at * (size_t)at->ld_kv + head.column;
    return head;
}

/* Queries [begin, begin + count) of the R. */
struct block {
    int begin, count;
    const real *q; /* [count, D], rows ld_q apart */
    size_t output; /* of its context, in arrays of [R, A D] */
};

static struct block block_of(const struct attention *at, const struct head *head, int first)
{
    const int left = head->queries - first;
    const size_t begin = (size_t)(head->queries_at + first);
    return (struct block){
        .begin = (int)begin,
        .count = left < QUERY_BLOCK ? left : QUERY_BLOCK,
        .q = at->q + begin * (size_t)at->ld_q + head->column,
        .output = begin * (size_t)at->heads * (size_t)at->head_size + head->column,
    };
}

static struct dropout dropout_of(const struct attention *at, const struct head *head, int row)
{
    return dropout_at(at->key[row], DROPOUT_PROBS, at->layer, head->number, at->threshold);
}

static real *lse_at(const struct attention *at, const struct head *head, real *lse, int r)
{
    return lse + (size_t)r * (size_t)at->heads + (size_t)head->number;
}

/* --- forward ---------------------------------------------------------------------------------- */

/* scores -> dropout(exp(scores - their largest)); the context is divided by the sum afterwards. */
static void weigh(const struct attention *at, const struct head *head, const struct block *block,
                  const struct work *work, real *lse, real sums[QUERY_BLOCK])
{
    for (int i = 0; i < block->count; i++) {
        const int row = row_set_at(at->query, block->begin + i);
        struct dropout dropout = dropout_of(at, head, row);
        sums[i] = kernels->attention_weights(&dropout, (uint32_t)at->position[row], head->scale,
                                             work->scores + (size_t)i * score_step(head->keys),
                                             lse_at(at, head, lse, block->begin + i), head->keys);
    }
}

static void forward_block(const struct attention *at, const struct head *head,
                          const struct block *block, const struct work *work, real *lse,
                          real *context)
{
    const int width = at->heads * at->head_size, step = (int)score_step(head->keys);
    real sums[QUERY_BLOCK];
    double begun = profile_begin();
    gemm_packed(false, block->count, head->keys, at->head_size, 1, block->q, at->ld_q,
                work->by_keys[0], 0, work->scores, step);
    profile_end(PROFILE_ATTENTION_GEMM, begun);

    begun = profile_begin();
    weigh(at, head, block, work, lse, sums);
    profile_end(PROFILE_SOFTMAX, begun);

    begun = profile_begin();
    gemm_packed(false, block->count, at->head_size, head->keys, 1, work->scores, step,
                work->by_keys[1], 0, context + block->output, width);
    profile_end(PROFILE_ATTENTION_GEMM, begun);

    begun = profile_begin();
    for (int i = 0; i < block->count; i++)
        kernels->multiply(1 / sums[i], context + block->output + (size_t)i * (size_t)width,
                          (size_t)at->head_size);
    profile_end(PROFILE_SOFTMAX, begun);
}

static void forward_head(const struct attention *at, const struct head *head, real *lse,
                         real *context)
{
    const struct work work = work_of(at);
    double begun = profile_begin();
    gemm_pack(true, head->keys, at->head_size, head->k, at->ld_kv, work.by_keys[0]);
    gemm_pack(false, at->head_size, head->keys, head->v, at->ld_kv, work.by_keys[1]);
    profile_end(PROFILE_ATTENTION_GEMM, begun);
    for (int first = 0; first < head->queries; first += QUERY_BLOCK) {
        struct block block = block_of(at, head, first);
        forward_block(at, head, &block, &work, lse, context);
    }
}

void attention_forward(const struct attention *at, real *lse, real *context)
{
    task_queue_reset(at->sequences * at->heads);
#pragma omp parallel
    for (int t = task_queue_next(); t >= 0; t = task_queue_next()) {
        struct head head = head_of(at, t / at->heads, t % at->heads);
        forward_head(at, &head, lse, context);
    }
}

/* --- backward --------------------------------------------------------------------------------- */

/* What backward reads, and what it makes: as in attention_backward(). */
struct gradients {
    const real *context, *dcontext;
    real *lse;
    real *dq, *dk, *dv;
};

/* scores -> Pd, dPd -> dS */
static void weigh_again(const struct attention *at, const struct head *head,
                        const struct block *block, const struct work *work,
                        const struct gradients *g)
{
    const size_t width = (size_t)at->heads * (size_t)at->head_size, step = score_step(head->keys);
    for (int i = 0; i < block->count; i++) {
        const int row = row_set_at(at->query, block->begin + i);
        const size_t output = block->output + (size_t)i * width;
        struct dropout dropout = dropout_of(at, head, row);
        real delta = kernels->dot(g->context + output, g->dcontext + output, at->head_size);
        kernels->attention_backward(&dropout, (uint32_t)at->position[row], head->scale,
                                    *lse_at(at, head, g->lse, block->begin + i), delta,
                                    work->scores + (size_t)i * step,
                                    work->dscores + (size_t)i * step, head->keys);
    }
}

/* With Pd = dropout(P): dPd = dO vᵀ, dv += Pdᵀ dO, dP = dropout'(dPd), dS = P (dP - Δ) / √D,
 * Δ = Σ P dP = Σ Pd dPd = dO · O, dq = dS k, dk += dSᵀ q. `first`: dk and dv are begun. */
static void backward_block(const struct attention *at, const struct head *head,
                           const struct block *block, const struct work *work, bool first,
                           const struct gradients *g)
{
    const int width = at->heads * at->head_size, step = (int)score_step(head->keys);
    const int D = at->head_size, S = head->keys, count = block->count;
    const size_t key_offset = (size_t)head->keys_at * (size_t)at->ld_kv + head->column;
    const real *doutput = g->dcontext + block->output;
    const real begun_sums = first ? 0 : 1;

    double begun = profile_begin();
    gemm_packed(false, count, S, D, 1, block->q, at->ld_q, work->by_keys[0], 0, work->scores, step);
    gemm_packed(false, count, S, D, 1, doutput, width, work->by_keys[1], 0, work->dscores, step);
    profile_end(PROFILE_ATTENTION_GEMM, begun);

    begun = profile_begin();
    weigh_again(at, head, block, work, g);
    profile_end(PROFILE_SOFTMAX, begun);

    begun = profile_begin();
    gemm_pack(false, D, count, doutput, width, work->by_output);
    gemm_pack(false, D, count, block->q, at->ld_q, work->by_queries);
    gemm_packed(true, S, D, count, 1, work->scores, step, work->by_output, begun_sums,
                g->dv + key_offset, at->ld_kv);
    gemm_packed(false, count, D, S, 1, work->dscores, step, work->by_keys[2], 0,
                g->dq + (size_t)block->begin * (size_t)at->ld_q + head->column, at->ld_q);
    gemm_packed(true, S, D, count, 1, work->dscores, step, work->by_queries, begun_sums,
                g->dk + key_offset, at->ld_kv);
    profile_end(PROFILE_ATTENTION_GEMM, begun);
}

static void backward_head(const struct attention *at, const struct head *head,
                          const struct gradients *g)
{
    const struct work work = work_of(at);
    double begun = profile_begin();
    gemm_pack(true, head->keys, at->head_size, head->k, at->ld_kv, work.by_keys[0]);
    gemm_pack(true, head->keys, at->head_size, head->v, at->ld_kv, work.by_keys[1]);
    gemm_pack(false, at->head_size, head->keys, head->k, at->ld_kv, work.by_keys[2]);
    profile_end(PROFILE_ATTENTION_GEMM, begun);
    for (int first = 0; first < head->queries; first += QUERY_BLOCK) {
        struct block block = block_of(at, head, first);
        backward_block(at, head, &block, &work, first == 0, g);
    }
}

void attention_backward(const struct attention *at, const real *lse, const real *context,
                        const real *dcontext, real *dq, real *dk, real *dv)
{
    const struct gradients gradients = {context, dcontext, (real *)lse, dq, dk, dv};
    task_queue_reset(at->sequences * at->heads);
#pragma omp parallel
    for (int t = task_queue_next(); t >= 0; t = task_queue_next()) {
        struct head head = head_of(at, t / at->heads, t % at->heads);
        backward_head(at, &head, &gradients);
    }
}

#include "attention.h"

#include <math.h>
#include <omp.h>

#include "lambert/base/minmax.h"
#include "lambert/kernels/gemm.h"
#include "lambert/kernels/kernels.h"
#include "lambert/kernels/profile.h"
#include "lambert/kernels/task_queue.h"

/* Queries handled at a time: scores of a block and 512 keys are 128 KB. */
enum { QUERY_BLOCK = 64 };

/* Rows of scores lie a little more than their length apart, so that they do not all fall into the
 * same sets of the cache. */
static size_t score_step(int keys)
{
    return ((size_t)keys + 15) / 16 * 16 + 16;
}

/* --- what a thread works in ------------------------------------------------------------------- */

/* Packed operands (gemm.h): what has a row a key is packed once a head, what has a row a query once
 * a block of queries. */
struct work {
    real *scores, *dscores;   /* [QUERY_BLOCK, score_step] */
    real *by_keys[3];         /* k and v of a head, transposed or not */
    real *queries, *dcontext; /* of a block of queries */
    real *copy;               /* of scores, where a product wants one */
};

static size_t packed_by_keys(int longest, int head_size)
{
    return max_size(gemm_packed_size(longest, head_size), gemm_packed_size(head_size, longest));
}

/* Of queries by D numbers, of scores, and of scores by their columns. */
static size_t copy_size(int longest, int head_size)
{
    return max_size(gemm_copy_size(QUERY_BLOCK, max_int(longest, head_size)),
                    gemm_copy_size(longest, QUERY_BLOCK));
}

size_t attention_scratch(int longest, int head_size)
{
    return 2 * QUERY_BLOCK * score_step(longest) + 3 * packed_by_keys(longest, head_size) +
           2 * gemm_packed_size(head_size, QUERY_BLOCK) + copy_size(longest, head_size);
}

static struct work work_of_thread(const struct attention *at)
{
    const size_t scores = QUERY_BLOCK * score_step(at->longest);
    const size_t keys = packed_by_keys(at->longest, at->head_size);
    real *memory = at->scratch + (size_t)omp_get_thread_num() * at->scratch_stride;
    real *packed = memory + 2 * scores, *by_queries = packed + 3 * keys;
    return (struct work){
        .scores = memory,
        .dscores = memory + scores,
        .by_keys = {packed, packed + keys, packed + 2 * keys},
        .queries = by_queries,
        .dcontext = by_queries + gemm_packed_size(at->head_size, QUERY_BLOCK),
        .copy = by_queries + 2 * gemm_packed_size(at->head_size, QUERY_BLOCK),
    };
}

/* --- a head, and a block of its queries ------------------------------------------------------- */

/* One head in one sequence: a task. */
struct head {
    int number;
    int keys_at, keys;       /* rows of the batch; S of them */
    int queries_at, queries; /* among the R query rows */
    size_t column;           /* of the head in rows of A D elements */
    const real *k, *v;       /* [S, D], rows ld_kv apart */
    real scale;              /* 1 / √D */
};

static struct head head_of_task(const struct attention *at, int task)
{
    const int n = task / at->heads, number = task % at->heads;
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

/* Packs the keys or the values of a head as the B of a product that sums over its columns (q kᵀ:
 * transposed, GEMM_NT), or over its rows (P v: as it lies, GEMM_NN). */
static void pack_by_keys(const struct attention *at, const struct head *head, enum gemm_form form,
                         const real *b, real *packed)
{
    const bool transposed = form == GEMM_NT;
    gemm_pack(&(struct gemm){.form = form,
                             .n = transposed ? head->keys : at->head_size,
                             .k = transposed ? at->head_size : head->keys,
                             .compute_type = at->compute_type,
                             .b = b,
                             .ldb = at->ld_kv},
              packed);
}

/* Queries [begin, begin + count) of the R. */
struct query_block {
    int begin, count;
    const real *q; /* [count, D], rows ld_q apart */
    size_t output; /* of its context, in arrays of [R, A D] */
};

static struct query_block query_block_at(const struct attention *at, const struct head *head,
                                         int first)
{
    const size_t begin = (size_t)(head->queries_at + first);
    return (struct query_block){
        .begin = (int)begin,
        .count = min_int(head->queries - first, QUERY_BLOCK),
        .q = at->q + begin * (size_t)at->ld_q + head->column,
        .output = begin * (size_t)at->heads * (size_t)at->head_size + head->column,
    };
}

static struct dropout dropout_of(const struct attention *at, const struct head *head, int row)
{
    return dropout_at(at->key[row], DROPOUT_PROBS, at->layer, head->number, at->threshold);
}

/* Where the log-sum-exp of query r and a head lies in [R, A]. */
static size_t lse_index(const struct attention *at, const struct head *head, int r)
{
    return (size_t)r * (size_t)at->heads + (size_t)head->number;
}

/* S = q kᵀ of a block of queries, before scaling, into scores; keys are work->by_keys[0]. */
static struct gemm scores_product(const struct attention *at, const struct head *head,
                                  const struct query_block *block, const struct work *work)
{
    return (struct gemm){.form = GEMM_NN,
                         .m = block->count,
                         .n = head->keys,
                         .k = at->head_size,
                         .compute_type = at->compute_type,
                         .a = block->q,
                         .lda = at->ld_q,
                         .b = work->by_keys[0],
                         .c = work->scores,
                         .ldc = (int)score_step(head->keys)};
}

/* --- forward ---------------------------------------------------------------------------------- */

/* S = q kᵀ, then row by row dropout(exp(S / √D - their largest)), then times v. The sum of a row's
 * exponentials divides its context at the end: D numbers, where there are S probabilities. */
static void forward_block(const struct attention *at, const struct head *head,
                          const struct query_block *block, const struct work *work, real *lse,
                          real *context)
{
    const int D = at->head_size, width = at->heads * D, step = (int)score_step(head->keys);
    real sums[QUERY_BLOCK], *output = context + block->output;
    const struct gemm scores = scores_product(at, head, block, work);
    double begun = profile_begin();
    gemm_packed(&scores, work->copy);
    profile_end(PROFILE_ATTENTION_GEMM, begun);

    begun = profile_begin();
    for (int i = 0; i < block->count; i++) {
        const int row = row_set_at(at->query, block->begin + i);
        struct dropout dropout = dropout_of(at, head, row);
        sums[i] = kernels->attention_weights(
            &dropout, (uint32_t)at->position[row], head->scale, TYPE_FLOAT32,
            work->scores + (size_t)i * (size_t)step, work->scores + (size_t)i * (size_t)step,
            lse + lse_index(at, head, block->begin + i), head->keys);
    }
    profile_end(PROFILE_SOFTMAX, begun);

    begun = profile_begin();
    gemm_packed(&(struct gemm){.form = GEMM_NN,
                               .m = block->count,
                               .n = D,
                               .k = head->keys,
                               .compute_type = at->compute_type,
                               .a = work->scores,
                               .lda = step,
                               .b = work->by_keys[1],
                               .c = output,
                               .ldc = width},
                work->copy);
    profile_end(PROFILE_ATTENTION_GEMM, begun);

    begun = profile_begin();
    for (int i = 0; i < block->count; i++)
        kernels->multiply(1 / sums[i], output + (size_t)i * (size_t)width, (size_t)D);
    profile_end(PROFILE_SOFTMAX, begun);
}

void attention_forward(const struct attention *at, real *lse, real *context)
{
    task_queue_reset(at->sequences * at->heads);
#pragma omp parallel
    for (int task = task_queue_next(); task >= 0; task = task_queue_next()) {
        const struct head head = head_of_task(at, task);
        const struct work work = work_of_thread(at);
        double begun = profile_begin();
        pack_by_keys(at, &head, GEMM_NT, head.k, work.by_keys[0]);
        pack_by_keys(at, &head, GEMM_NN, head.v, work.by_keys[1]);
        profile_end(PROFILE_ATTENTION_GEMM, begun);
        for (int first = 0; first < head.queries; first += QUERY_BLOCK) {
            const struct query_block block = query_block_at(at, &head, first);
            forward_block(at, &head, &block, &work, lse, context);
        }
    }
}

/* --- backward --------------------------------------------------------------------------------- */

/* What backward reads, and what it makes: as in attention_backward(). */
struct gradients {
    const real *lse, *context, *dcontext;
    real *dq, *dk, *dv;
};

/* scores becomes Pd = dropout(P), made again from what forward has left, and dscores, by way of
 * dPd = dO vᵀ, the gradient of what the scores are before scaling: dS = P (dP - Δ) / √D with
 * dP = dropout'(dPd) and Δ = Σ P dP = Σ Pd dPd = dO · O. */
static void score_gradients(const struct attention *at, const struct head *head,
                            const struct query_block *block, const struct work *work,
                            const struct gradients *g)
{
    const int D = at->head_size, width = at->heads * D, step = (int)score_step(head->keys);
    struct gemm product = scores_product(at, head, block, work);
    double begun = profile_begin();
    gemm_packed(&product, work->copy);
    product.a = g->dcontext + block->output;
    product.lda = width;
    product.b = work->by_keys[1];
    product.c = work->dscores;
    gemm_packed(&product, work->copy);
    profile_end(PROFILE_ATTENTION_GEMM, begun);

    begun = profile_begin();
    for (int i = 0; i < block->count; i++) {
        const int row = row_set_at(at->query, block->begin + i);
        const size_t output = block->output + (size_t)i * (size_t)width;
        const size_t scores = (size_t)i * (size_t)step;
        struct dropout dropout = dropout_of(at, head, row);
        real delta = kernels->dot(g->context + output, g->dcontext + output, D);
        kernels->attention_backward(&dropout, (uint32_t)at->position[row], head->scale,
                                    g->lse[lse_index(at, head, block->begin + i)], delta,
                                    TYPE_FLOAT32, work->scores + scores, work->dscores + scores,
                                    work->scores + scores, work->dscores + scores, head->keys);
    }
    profile_end(PROFILE_SOFTMAX, begun);
}

/* dv += Pdᵀ dO, dk += dSᵀ q, dq = dS k. The first block of queries begins dv and dk. */
static void operand_gradients(const struct attention *at, const struct head *head,
                              const struct query_block *block, const struct work *work, bool first,
                              const struct gradients *g)
{
    const int D = at->head_size, step = (int)score_step(head->keys);
    const size_t keys = (size_t)head->keys_at * (size_t)at->ld_kv + head->column;
    const size_t queries = (size_t)block->begin * (size_t)at->ld_q + head->column;
    double begun = profile_begin();
    gemm_pack(&(struct gemm){.form = GEMM_NN,
                             .n = D,
                             .k = block->count,
                             .compute_type = at->compute_type,
                             .b = g->dcontext + block->output,
                             .ldb = at->heads * D},
              work->dcontext);
    gemm_pack(&(struct gemm){.form = GEMM_NN,
                             .n = D,
                             .k = block->count,
                             .compute_type = at->compute_type,
                             .b = block->q,
                             .ldb = at->ld_q},
              work->queries);
    struct gemm by_keys = {.form = GEMM_TN,
                           .m = head->keys,
                           .n = D,
                           .k = block->count,
                           .compute_type = at->compute_type,
                           .a = work->scores,
                           .lda = step,
                           .b = work->dcontext,
                           .beta = first ? 0 : 1,
                           .c = g->dv + keys,
                           .ldc = at->ld_kv};
    gemm_packed(&by_keys, work->copy);
    by_keys.a = work->dscores;
    by_keys.b = work->queries;
    by_keys.c = g->dk + keys;
    gemm_packed(&by_keys, work->copy);
    gemm_packed(&(struct gemm){.form = GEMM_NN,
                               .m = block->count,
                               .n = D,
                               .k = head->keys,
                               .compute_type = at->compute_type,
                               .a = work->dscores,
                               .lda = step,
                               .b = work->by_keys[2],
                               .c = g->dq + queries,
                               .ldc = at->ld_q},
                work->copy);
    profile_end(PROFILE_ATTENTION_GEMM, begun);
}

void attention_backward(const struct attention *at, const real *lse, const real *context,
                        const real *dcontext, real *dq, real *dk, real *dv)
{
    const struct gradients gradients = {
        .lse = lse, .context = context, .dcontext = dcontext, .dq = dq, .dk = dk, .dv = dv};
    task_queue_reset(at->sequences * at->heads);
#pragma omp parallel
    for (int task = task_queue_next(); task >= 0; task = task_queue_next()) {
        const struct head head = head_of_task(at, task);
        const struct work work = work_of_thread(at);
        double begun = profile_begin();
        pack_by_keys(at, &head, GEMM_NT, head.k, work.by_keys[0]);
        pack_by_keys(at, &head, GEMM_NT, head.v, work.by_keys[1]);
        pack_by_keys(at, &head, GEMM_NN, head.k, work.by_keys[2]);
        profile_end(PROFILE_ATTENTION_GEMM, begun);
        for (int first = 0; first < head.queries; first += QUERY_BLOCK) {
            const struct query_block block = query_block_at(at, &head, first);
            score_gradients(at, &head, &block, &work, &gradients);
            operand_gradients(at, &head, &block, &work, first == 0, &gradients);
        }
    }
}

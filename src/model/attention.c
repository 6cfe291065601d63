#include "attention.h"

#include <math.h>
#include <omp.h>

#include "lambert/base/minmax.h"
#include "lambert/kernels/gemm.h"
#include "lambert/kernels/kernels.h"
#include "lambert/kernels/profile.h"
#include "lambert/kernels/task_queue.h"
#include "operand.h"

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
    /* In bfloat16 alone, results before they are rounded: context and dq; dk and dv of a head. */
    real *by_query; /* [QUERY_BLOCK, D] */
    real *dk, *dv;  /* [S, D] */
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

static size_t results_size(enum float_type compute_type, int longest, int head_size)
{
    return compute_type == TYPE_FLOAT32 ? 0
                                        : (QUERY_BLOCK + 2 * (size_t)longest) * (size_t)head_size;
}

size_t attention_scratch(enum float_type compute_type, int longest, int head_size)
{
    return 2 * QUERY_BLOCK * score_step(longest) + 3 * packed_by_keys(longest, head_size) +
           2 * gemm_packed_size(head_size, QUERY_BLOCK) + copy_size(longest, head_size) +
           results_size(compute_type, longest, head_size);
}

static struct work work_of_thread(const struct attention *at)
{
    const size_t scores = QUERY_BLOCK * score_step(at->longest);
    const size_t keys = packed_by_keys(at->longest, at->head_size);
    const size_t D = (size_t)at->head_size;
    real *results = at->scratch + (size_t)omp_get_thread_num() * at->scratch_stride;
    real *memory = results + results_size(at->compute_type, at->longest, at->head_size);
    real *packed = memory + 2 * scores, *by_queries = packed + 3 * keys;
    return (struct work){
        .scores = memory,
        .dscores = memory + scores,
        .by_keys = {packed, packed + keys, packed + 2 * keys},
        .queries = by_queries,
        .dcontext = by_queries + gemm_packed_size(at->head_size, QUERY_BLOCK),
        .copy = by_queries + 2 * gemm_packed_size(at->head_size, QUERY_BLOCK),
        .by_query = results,
        .dk = results + QUERY_BLOCK * D,
        .dv = results + (QUERY_BLOCK + (size_t)at->longest) * D,
    };
}

/* --- a head, and a block of its queries ------------------------------------------------------- */

/* One head in one sequence: a task. */
struct head {
    int number;
    int keys_at, keys;       /* rows of the batch; S of them */
    int queries_at, queries; /* among the R query rows */
    size_t column;           /* of the head in rows of A D elements */
    const void *k, *v;       /* [S, D], rows ld_kv apart */
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
    const size_t keys = (size_t)head.keys_at * (size_t)at->ld_kv + head.column;
    head.k = operand_at(at->compute_type, at->k, keys);
    head.v = operand_at(at->compute_type, at->v, keys);
    return head;
}

/* Packs the keys or the values of a head as the B of a product that sums over its columns (q kᵀ:
 * transposed, GEMM_NT), or over its rows (P v: as it lies, GEMM_NN). */
static void pack_by_keys(const struct attention *at, const struct head *head, enum gemm_form form,
                         const void *b, real *packed)
{
    const bool transposed = form == GEMM_NT;
    gemm_pack(&(struct gemm){.form = form,
                             .n = transposed ? head->keys : at->head_size,
                             .k = transposed ? at->head_size : head->keys,
                             .compute_type = at->compute_type,
                             .b_type = at->compute_type,
                             .b = b,
                             .ldb = at->ld_kv},
              packed);
}

/* Queries [begin, begin + count) of the R. */
struct query_block {
    int begin, count;
    const void *q; /* [count, D], rows ld_q apart */
    size_t output; /* of its context, in arrays of [R, A D] */
};

static struct query_block query_block_at(const struct attention *at, const struct head *head,
                                         int first)
{
    const size_t begin = (size_t)(head->queries_at + first);
    return (struct query_block){
        .begin = (int)begin,
        .count = min_int(head->queries - first, QUERY_BLOCK),
        .q = operand_at(at->compute_type, at->q, begin * (size_t)at->ld_q + head->column),
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

/* Rows of D numbers that a product makes, and where they are to lie. */
struct result {
    real *c; /* where the product makes them: there, if that can be */
    int ldc;
    void *to;
    int ld;
};

static struct result result_at(const struct attention *at, void *array, size_t offset, int ld,
                               real *memory)
{
    void *to = operand_at(at->compute_type, array, offset);
    real *c = operand_place(at->compute_type, to, memory);
    return (struct result){.c = c, .ldc = c == to ? ld : at->head_size, .to = to, .ld = ld};
}

static void result_store(const struct attention *at, const struct result *result, int rows)
{
    if (result->c == result->to)
        return;
    const double begun = profile_begin();
    for (size_t r = 0; r < (size_t)rows; r++)
        operand_store(at->compute_type, result->c + r * (size_t)result->ldc,
                      operand_at(at->compute_type, result->to, r * (size_t)result->ld),
                      (size_t)at->head_size);
    profile_end(PROFILE_SOFTMAX, begun);
}

/* Rows of weights and their gradients are written over those of scores that they are made of: as
 * operands they lie so many elements apart. */
static int weight_step(const struct attention *at, const struct head *head)
{
    return (int)(score_step(head->keys) * sizeof(real) / gemm_operand_size(at->compute_type));
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
                         .a_type = at->compute_type,
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
                          void *context)
{
    const int D = at->head_size, width = at->heads * D, step = (int)score_step(head->keys);
    const struct result output = result_at(at, context, block->output, width, work->by_query);
    real sums[QUERY_BLOCK];
    const struct gemm scores = scores_product(at, head, block, work);
    double begun = profile_begin();
    gemm_packed(&scores, work->copy);
    profile_end(PROFILE_ATTENTION_GEMM, begun);

    begun = profile_begin();
    for (int i = 0; i < block->count; i++) {
        const int row = row_set_at(at->query, block->begin + i);
        struct dropout dropout = dropout_of(at, head, row);
        sums[i] = kernels->attention_weights(
            &dropout, (uint32_t)at->position[row], head->scale, at->compute_type,
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
                               .a_type = at->compute_type,
                               .a = work->scores,
                               .lda = weight_step(at, head),
                               .b = work->by_keys[1],
                               .c = output.c,
                               .ldc = output.ldc},
                work->copy);
    profile_end(PROFILE_ATTENTION_GEMM, begun);

    begun = profile_begin();
    for (int i = 0; i < block->count; i++)
        kernels->multiply(1 / sums[i], output.c + (size_t)i * (size_t)output.ldc, (size_t)D);
    profile_end(PROFILE_SOFTMAX, begun);
    result_store(at, &output, block->count);
}

void attention_forward(const struct attention *at, real *lse, void *context)
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
    const real *lse;
    const void *context, *dcontext;
    void *dq, *dk, *dv;
};

/* dO · O of a query and head, whose numbers begin at an index. */
static real context_product(const struct attention *at, const struct work *work,
                            const struct gradients *g, size_t index)
{
    const enum float_type type = at->compute_type;
    const size_t D = (size_t)at->head_size;
    const real *context =
        operand_read(type, operand_at(type, g->context, index), work->by_query, D);
    const real *dcontext =
        operand_read(type, operand_at(type, g->dcontext, index), work->by_query + D, D);
    return kernels->dot(context, dcontext, at->head_size);
}

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
    product.a = operand_at(at->compute_type, g->dcontext, block->output);
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
        real delta = context_product(at, work, g, output);
        kernels->attention_backward(&dropout, (uint32_t)at->position[row], head->scale,
                                    g->lse[lse_index(at, head, block->begin + i)], delta,
                                    at->compute_type, work->scores + scores, work->dscores + scores,
                                    work->scores + scores, work->dscores + scores, head->keys);
    }
    profile_end(PROFILE_SOFTMAX, begun);
}

/* dv += Pdᵀ dO, dk += dSᵀ q, dq = dS k. The first block of queries begins dv and dk. */
static void operand_gradients(const struct attention *at, const struct head *head,
                              const struct query_block *block, const struct work *work, bool first,
                              const struct result *dk, const struct result *dv,
                              const struct gradients *g)
{
    const enum float_type type = at->compute_type;
    const int D = at->head_size, step = weight_step(at, head);
    const size_t queries = (size_t)block->begin * (size_t)at->ld_q + head->column;
    const struct result dq = result_at(at, g->dq, queries, at->ld_q, work->by_query);
    double begun = profile_begin();
    struct gemm by_query = {.form = GEMM_NN,
                            .n = D,
                            .k = block->count,
                            .compute_type = type,
                            .b_type = type,
                            .b = operand_at(type, g->dcontext, block->output),
                            .ldb = at->heads * D};
    gemm_pack(&by_query, work->dcontext);
    by_query.b = block->q;
    by_query.ldb = at->ld_q;
    gemm_pack(&by_query, work->queries);
    struct gemm by_keys = {.form = GEMM_TN,
                           .m = head->keys,
                           .n = D,
                           .k = block->count,
                           .compute_type = type,
                           .a_type = type,
                           .a = work->scores,
                           .lda = step,
                           .b = work->dcontext,
                           .beta = first ? 0 : 1,
                           .c = dv->c,
                           .ldc = dv->ldc};
    gemm_packed(&by_keys, work->copy);
    by_keys.a = work->dscores;
    by_keys.b = work->queries;
    by_keys.c = dk->c;
    by_keys.ldc = dk->ldc;
    gemm_packed(&by_keys, work->copy);
    gemm_packed(&(struct gemm){.form = GEMM_NN,
                               .m = block->count,
                               .n = D,
                               .k = head->keys,
                               .compute_type = type,
                               .a_type = type,
                               .a = work->dscores,
                               .lda = step,
                               .b = work->by_keys[2],
                               .c = dq.c,
                               .ldc = dq.ldc},
                work->copy);
    profile_end(PROFILE_ATTENTION_GEMM, begun);
    result_store(at, &dq, block->count);
}

static void backward_head(const struct attention *at, const struct head *head,
                          const struct gradients *g)
{
    const struct work work = work_of_thread(at);
    const size_t keys = (size_t)head->keys_at * (size_t)at->ld_kv + head->column;
    const struct result dk = result_at(at, g->dk, keys, at->ld_kv, work.dk);
    const struct result dv = result_at(at, g->dv, keys, at->ld_kv, work.dv);
    double begun = profile_begin();
    pack_by_keys(at, head, GEMM_NT, head->k, work.by_keys[0]);
    pack_by_keys(at, head, GEMM_NT, head->v, work.by_keys[1]);
    pack_by_keys(at, head, GEMM_NN, head->k, work.by_keys[2]);
    profile_end(PROFILE_ATTENTION_GEMM, begun);
    for (int first = 0; first < head->queries; first += QUERY_BLOCK) {
        const struct query_block block = query_block_at(at, head, first);
        score_gradients(at, head, &block, &work, g);
        operand_gradients(at, head, &block, &work, first == 0, &dk, &dv, g);
    }
    result_store(at, &dk, head->keys);
    result_store(at, &dv, head->keys);
}

void attention_backward(const struct attention *at, const real *lse, const void *context,
                        const void *dcontext, void *dq, void *dk, void *dv)
{
    const struct gradients gradients = {
        .lse = lse, .context = context, .dcontext = dcontext, .dq = dq, .dk = dk, .dv = dv};
    task_queue_reset(at->sequences * at->heads);
#pragma omp parallel
    for (int task = task_queue_next(); task >= 0; task = task_queue_next()) {
        const struct head head = head_of_task(at, task);
        backward_head(at, &head, &gradients);
    }
}

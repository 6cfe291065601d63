/* Multi-head self-attention within each sequence of a packed batch (BERT, section 3; Vaswani et
 * al., arXiv 1706.03762, equation 1), between the projections: queries, keys and values in, context
 * out.
 *
 *     P = softmax(q kᵀ / √D),  context = dropout(P) v            per sequence and head
 *
 * Probabilities are not kept: forward stores each row's log-sum-exp, backward makes them again from
 * it (as FlashAttention does, Dao et al., arXiv 2205.14135). Dropout masks are recomputed too. A
 * task is one (sequence, head); inside it queries go in blocks, so that scores stay in the cache.
 */
#ifndef LAMBERT_MODEL_ATTENTION_H
#define LAMBERT_MODEL_ATTENTION_H

#include "lambert/base/float16.h"
#include "lambert/base/real.h"
#include "rows.h"

struct attention {
    int heads;                    /* A */
    int head_size;                /* D */
    enum float_type compute_type; /* of its products, and of q, k, v and what else is operand */
    int layer;                    /* for dropout */
    int longest;                  /* sequence the working memory was made for */
    int sequences;                /* N */
    const int32_t *key_start;     /* [N + 1] rows of keys and values */
    const struct row_set *query;  /* which rows ask */
    const uint64_t *key;          /* [T] samples' keys */
    const int32_t *position;      /* [T] */
    uint32_t threshold;           /* of dropout */
    const void *q;                /* [R, A D], rows ld_q apart */
    const void *k;                /* [T, A D], rows ld_kv apart */
    const void *v;                /* [T, A D], rows ld_kv apart */
    int ld_q, ld_kv;
    real *scratch; /* [threads, attention_scratch()] */
    size_t scratch_stride;
};

/* Elements of working memory a thread needs for sequences of up to `longest` rows. */
size_t attention_scratch(enum float_type compute_type, int longest, int head_size);

/* lse [R, A], context [R, A D] */
void attention_forward(const struct attention *attention, real *lse, void *context);

/* dq, dk, dv have the layout of q, k, v and are overwritten. */
void attention_backward(const struct attention *attention, const real *lse, const void *context,
                        const void *dcontext, void *dq, void *dk, void *dv);

#endif

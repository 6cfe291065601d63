/* Where each weight lies in the flat arrays: the parameter table's offsets by place in the model
 * instead of by name, looked up once. */
#ifndef LAMBERT_MODEL_LAYOUT_H
#define LAMBERT_MODEL_LAYOUT_H

#include "lambert/model/params.h"

struct linear_layout {
    size_t weight; /* [out, in] */
    size_t bias;   /* [out] */
};

struct norm_layout {
    size_t weight; /* gamma [H] */
    size_t bias;   /* beta [H] */
};

struct block_layout {
    struct linear_layout qkv;    /* [3H, H]: query, key, value */
    struct linear_layout output; /* [H, H] */
    struct norm_layout attention_norm;
    struct linear_layout up;   /* [F, H], "intermediate" */
    struct linear_layout down; /* [H, F], "output" */
    struct norm_layout norm;
    size_t end; /* where the next block begins, or the heads; all is in the order of this struct */
};

struct bert_layout {
    size_t word;     /* [V, H] */
    size_t position; /* [positions, H] */
    size_t type;     /* [types, H] */
    struct norm_layout embedding_norm;
    struct block_layout *blocks; /* [L] */
    size_t heads;                /* where the pooler and the objectives' tensors begin (heads.h) */
    struct linear_layout pooler; /* [H, H]; {0}: no objective reads it */
};

void bert_layout_init(struct bert_layout *layout, const struct param_table *table, int layers);
void bert_layout_release(struct bert_layout *layout);

#endif

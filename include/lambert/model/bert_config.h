/* The shape of a BERT (Devlin et al., arXiv 1810.04805), by the paper's letters, and what it is
 * trained for. */
#ifndef LAMBERT_MODEL_BERT_CONFIG_H
#define LAMBERT_MODEL_BERT_CONFIG_H

#include "lambert/kernels/kernels.h"

struct objective;

struct bert_config {
    int layers;       /* L, num_hidden_layers */
    int hidden;       /* H, hidden_size */
    int heads;        /* A, num_attention_heads; A divides H */
    int intermediate; /* F, intermediate_size */
    int vocab;        /* V, vocab_size */
    int positions;    /* max_position_embeddings */
    int types;        /* type_vocab_size */
    enum gelu_form gelu;
    double layer_norm_eps;
    double hidden_dropout;
    double attention_dropout;
    double initializer_range;

    /* [objective_count] What it is trained for (objective.h); the caller's, and outlives the model.
     * None: the pre-training pair, MLM and NSP. */
    const struct objective *const *objectives;
    int objective_count;
};

/* What working memory is made for: micro-batches of up to so many ... */
struct bert_capacity {
    int tokens; /* rows */
    int sequences;
    int labelled; /* labelled rows */
    int longest;  /* rows of a sequence */
};

#endif

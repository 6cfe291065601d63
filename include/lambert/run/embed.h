/* Vectors of texts: what a model makes of them before any head, of every token or of the text as a whole,
 * behind chosen layers. Features are computed in rounds, in their order; each round is shared by the ranks
 * and handed over on rank 0, so that memory does not grow with the number of texts. */
#ifndef LAMBERT_RUN_EMBED_H
#define LAMBERT_RUN_EMBED_H

#include <stdbool.h>

#include "lambert/base/error.h"
#include "lambert/dist/dist.h"
#include "lambert/features/feature_set.h"
#include "lambert/model/bert.h"

/* Which vectors a text has. */
enum embed_pool {
    EMBED_TOKENS, /* one a token, [CLS] and [SEP] included */
    EMBED_MEAN,   /* one: the mean of those */
    EMBED_CLS,    /* one: that of [CLS] */
    EMBED_POOLER  /* one: the pooler's, of [CLS] behind the last layer */
};

struct embed_options {
    enum embed_pool pool;
    const int *layers; /* [layer_count] 0 (the embedding) to L; the pooler's are not looked at */
    int layer_count;   /* at least 1, and 1 of the pooler */
    int hidden;        /* H */
    bool normalize;    /* vectors of length 1; one of zeros stays */
    int token_budget;  /* rows of a micro-batch, within the model's capacity */
};

/* Who takes the vectors of a round, on rank 0. */
struct embed_sink {
    /* Of features [first, end): [rows, layer_count, H], a row a token or a row a feature. Returns 0 or -1. */
    int (*add)(void *who, int first, int end, const float *vectors, struct error *err);
    void *who; /* the caller's */
};

/* The list, of one, that a model must be made with for such vectors (model/states.h); it is there for ever. */
const struct objective *const *embed_objective(enum embed_pool pool);

/* Rows of a feature. */
int embed_rows(enum embed_pool pool, const struct feature *feature);

/* Collective; fails on all ranks where the sink fails. */
int embed_features(const struct dist *dist, struct bert *bert, const real *params,
                   const struct feature_set *features, const struct embed_options *options,
                   const struct embed_sink *sink, struct error *err);

#endif

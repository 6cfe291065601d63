/* A visitor of states (model/states.h) that keeps what it is shown. */
#ifndef LAMBERT_TESTS_MODEL_KEPT_STATES_H
#define LAMBERT_TESTS_MODEL_KEPT_STATES_H

#include "lambert/model/states.h"

struct kept_states {
    int layers, tokens, sequences, hidden;
    int visits;
    real *rows;   /* [layers + 1, T, H] */
    real *pooled; /* [N, H]; NULL: it was not shown */
};

/* Of a model of its own with random weights, in which the embeddings and every layer are seen, and the
 * pooled rows where they are wanted. */
void kept_states_init(struct kept_states *kept, const struct bert_config *config,
                      const struct bert_options *options, const struct packed_batch *batch,
                      bool pooled);
void kept_states_release(struct kept_states *kept);

#endif

/* What a model makes of a batch before any head: the rows of its layers, and the pooled ones, for those who
 * want vectors and no losses.
 *
 * Which rows the last block computes, and whether there is a pooler, follow from a model's objectives
 * (objective.h). A model that is made for its states has one or both of these, which have no tensors, no
 * terms and no loss:
 *
 *     static const struct objective *const objectives[] = {&objective_states, &objective_pooled};
 *     struct bert_config config = {..., .objectives = objectives, .objective_count = 2};
 *     bert_new(&bert, &config, &options, err);
 *     bert_states(bert, params, batch, &visitor); */
#ifndef LAMBERT_MODEL_STATES_H
#define LAMBERT_MODEL_STATES_H

#include "lambert/model/bert.h"

extern const struct objective objective_states; /* reads all rows of the last block */
extern const struct objective objective_pooled; /* reads the pooled row of each sequence */

/* What is called with rows, which are real whatever the compute_type, and are there until it returns. */
struct state_visitor {
    /* The rows [T, H] behind the embedding, layer 0, and behind each block, layers 1 to L, one after the
     * other. The model has an objective that reads all rows. NULL: they are not wanted. */
    void (*layer)(void *who, int layer, const real *rows);

    /* And then the pooled rows [N, H]. The model has an objective that reads them. NULL: the same. */
    void (*pooled)(void *who, const real *rows);

    void *who; /* the caller's */
};

/* Forward, without dropout and without heads. */
void bert_states(struct bert *bert, const real *params, const struct packed_batch *batch,
                 const struct state_visitor *visitor);

#endif

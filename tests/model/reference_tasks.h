/* The heads of fine-tuning (model/task_objectives.h) as slow and obvious as reference.h: by the equations
 * of that header, from the rows of the reference's encoder. */
#ifndef LAMBERT_TESTS_MODEL_REFERENCE_TASKS_H
#define LAMBERT_TESTS_MODEL_REFERENCE_TASKS_H

#include "lambert/batch/packed_batch.h"
#include "lambert/model/bert.h"

/* What a head says: logits [R, outputs] of the rows that it reads, and losses, as struct
 * objective_outputs has them. */
struct reference_said {
    double *logits, *losses;
};

/* Of a model whose only objective is one of those, which is told by its name; adds to sums. */
void reference_task(const struct bert_config *config, const struct param_table *table,
                    const real *params, const struct packed_batch *batch, bool dropout,
                    struct objective_sums *sums, const struct reference_said *said);

#endif

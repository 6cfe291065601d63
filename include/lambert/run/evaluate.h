/* Held-out evaluation, and the yardstick beside it: what guessing from token frequencies gives.
 *
 * The evaluation set is fixed: the first `sequences` samples that the phase's sampler makes of the
 * held-out documents, masked by the run's seed, dropout off. Losses are means over all masked
 * tokens (all sequences) of the set, in natural logarithms, whatever the number of ranks. */
#ifndef LAMBERT_RUN_EVALUATE_H
#define LAMBERT_RUN_EVALUATE_H

#include "lambert/config/config.h"
#include "lambert/corpus/corpus.h"
#include "lambert/dist/dist.h"
#include "lambert/model/bert.h"
#include "lambert/store/checkpoint_file.h"

/* Sums are over the set; an objective may have no term in it (no masked token, no label). */
struct evaluation {
    struct objective_list objectives;           /* the model's */
    struct objective_sums sums[OBJECTIVE_MOST]; /* [objectives.count] */
    double unigram_loss;     /* cross-entropy of the masked tokens under the training text's
                                frequencies (one added to each count); of none, not a number */
    double unigram_accuracy; /* of always answering the commonest token */
    uint64_t sequences;
    enum float_type compute_type; /* that products were made in */
};

struct evaluator;

/* [local] An evaluator for one phase. *evaluator is NULL, and a warning is logged, when the corpus
 * has too few held-out documents to make pairs of. The corpus must outlive it. */
int evaluator_new(struct evaluator **evaluator, const struct config *config, int phase,
                  const struct corpus *corpus, struct error *err);
void evaluator_free(struct evaluator *evaluator); /* NULL is fine */

/* Collective: each rank takes every ranks-th sample. The model computes in the configuration's
 * train.compute_type, as a run's does. */
int evaluator_run(struct evaluator *evaluator, const struct dist *dist, struct bert *bert,
                  const real *params, struct evaluation *result, struct error *err);

struct evaluation_request {
    const struct config *config;
    int phase;
    const char *checkpoint; /* or a run folder, which stands for its newest; NULL: run.folder */
    bool keeps_type; /* compute in the configuration's train.compute_type, not the checkpoint's */
};

/* Collective. The evaluation of a checkpoint's weights for one phase of a configuration, in the type
 * that they were trained in, unless the request keeps the configuration's; fails where the corpus
 * has too few held-out documents. *file is what was opened, on rank 0 (checkpoint_file_path() names
 * it) and zeroed elsewhere; the caller closes it in any case. All of it is watched
 * (train.watchdog_seconds), opening the file on a disk that does not answer included. */
int evaluate_checkpoint(const struct dist *dist, const struct evaluation_request *request,
                        struct checkpoint_file *file, struct evaluation *result, struct error *err);

#endif

/* Held-out evaluation, and the yardstick beside it: what guessing from token frequencies gives.
 *
 * The evaluation set is fixed: the first `sequences` samples that the phase's sampler makes of the
 * held-out documents, masked by the run's seed at train.evaluate_masked_lm_probability and 80/10/10 (so that losses of
 * runs that mask otherwise can be compared), dropout off. Losses are means over all masked
 * tokens (all sequences) of the set, in natural logarithms, whatever the number of ranks.
 *
 * Of several corpora, each has a set of so many sequences, the same that it would have alone. What
 * stands for all of them is the mean of the corpora's own means (losses, accuracies, guesses), each
 * weighted by its share of the phase's samples: the loss on held-out text mixed as training text is,
 * whatever the sizes of the held-out splits. */
#ifndef LAMBERT_RUN_EVALUATE_H
#define LAMBERT_RUN_EVALUATE_H

#include <stdbool.h>

#include "lambert/config/config.h"
#include "lambert/dist/dist.h"
#include "lambert/model/bert.h"
#include "lambert/run/corpora.h"
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
    double masking; /* the masking rate; 0: of ready samples alone, whose masks are their own */
    bool masked_as_trained; /* the phase's training samples are masked in the same way */

    /* Where the phase has several corpora: those that have held-out text, each by itself. The sums
     * above are then those that give the weighted means; terms and sequences are of all together. */
    struct corpus_evaluation *corpora; /* [corpus_count] */
    int corpus_count;                  /* 0: the phase has one corpus */
};

struct corpus_evaluation {
    char *folder;
    double share; /* of the phase's samples */
    struct evaluation own;
};

void evaluation_release(struct evaluation *evaluation); /* fine on a zeroed one */

/* [local] Whether a corpus of the phase has enough held-out text to evaluate on. */
bool evaluator_has_text(const struct config *config, int phase, const struct corpora *corpora);

struct evaluator;

/* [local] An evaluator for one phase. A warning is logged of a corpus that has too few held-out
 * documents to make pairs of, and *evaluator is NULL where none has enough. The corpora must outlive
 * it. */
int evaluator_new(struct evaluator **evaluator, const struct config *config, int phase,
                  const struct corpora *corpora, struct error *err);
void evaluator_free(struct evaluator *evaluator); /* NULL is fine */

/* [local] Sequences of all its sets; of NULL none. */
uint64_t evaluator_sequences(const struct evaluator *evaluator);

/* Collective: each rank takes every ranks-th sample. The model computes in the configuration's
 * train.compute_type, as a run's does. told: whether this rank is told to end, which is asked between two micro-batches;
 * NULL, on all ranks alike: nobody is. 0; -1; 1, on all ranks: given up, as one was told. There is something to release
 * after 0 only. Who reads the text does so in a thread of his own where there is somebody to tell: a disk that does not
 * answer holds up nobody who gives up. */
int evaluator_run(struct evaluator *evaluator, const struct dist *dist, struct bert *bert,
                  const real *params, bool (*told)(void), struct evaluation *result,
                  struct error *err);

/* [local] After evaluator_run(): whether the thread that was reading did not come back, five seconds after the evaluation
 * was given up. It is left behind; the evaluator, and all that it was made of, is to stay as it is until the process
 * ends. */
bool evaluator_is_left(const struct evaluator *evaluator);

struct evaluation_request {
    const struct config *config;
    int phase;
    const char *checkpoint; /* or a run folder, which stands for its newest; NULL: run.folder */
    bool keeps_type; /* compute in the configuration's train.compute_type, not the checkpoint's */
};

/* Collective. The evaluation of a checkpoint's weights for one phase of a configuration, in the type
 * that they were trained in, unless the request keeps the configuration's; fails where the corpus
 * has too few held-out documents. *file is what was opened, on rank 0 (checkpoint_file_path() names
 * it) and zeroed elsewhere; the caller closes it in any case, and releases the result unless it
 * failed. All of it is watched (train.watchdog_seconds), opening the file on a disk that does not
 * answer included. */
int evaluate_checkpoint(const struct dist *dist, const struct evaluation_request *request,
                        struct checkpoint_file *file, struct evaluation *result, struct error *err);

#endif

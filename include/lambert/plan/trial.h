/* A few steps of a run, made to time them: by the trainer that trains, on the batches that it would train on, but from
 * fresh weights that are thrown away, and without a run folder. Started on the ranks of one node; what other nodes add is
 * the model's (plan/step_time.h).
 *
 *     trial_open(&trial, dist, config, corpora, vocab, seconds, err)
 *     trial_phase(trial, phase, &batch, ranks, &result, err)     for any phase, as often as one likes
 *     trial_checkpoint(trial, &bytes_a_second, err)
 *     trial_close(trial)
 *
 * Functions are collective; all ranks fail together. */
#ifndef LAMBERT_PLAN_TRIAL_H
#define LAMBERT_PLAN_TRIAL_H

#include "lambert/config/config.h"
#include "lambert/dist/dist.h"
#include "lambert/plan/plan.h"
#include "lambert/run/corpora.h"

struct trial;

/* `corpora` of all phases, none: made-up sequences of full length, from a vocabulary of `vocab`. Each measurement goes on
 * for `seconds` at least. Dist, config and corpora outlive the trial. */
int trial_open(struct trial **trial, const struct dist *dist, const struct config *config,
               const struct corpora *corpora, int vocab, double seconds, struct error *err);
void trial_close(struct trial *trial); /* NULL is fine */

/* [local] Seconds that opening it took. */
double trial_start(const struct trial *trial);

/* [local] The trainer that it made. */
const struct trainer_options *trial_trainer(const struct trial *trial);

struct trial_result {
    struct plan_speed speed;
    double memory;       /* bytes a second that the node's updates move */
    double sequences;    /* of a step that was timed, on this node */
    double step_seconds; /* the median */
    int steps;           /* that were timed */
};

/* Steps as this node would make them in a job of `ranks` ranks that have such global batches of the phase: of its share of
 * the sequences, or, where a rank has more than TRIAL_MICRO_BATCHES micro-batches, of so many as these take, for the others
 * would only take as long again. And a part of an evaluation. */
enum { TRIAL_MICRO_BATCHES = 2 };
int trial_phase(struct trial *trial, int phase, const struct step_work *batch, int ranks,
                struct trial_result *result, struct error *err);

/* [local] How many sequences of a step trial_phase() takes on this node. */
int trial_sequences(const struct trial *trial, const struct step_work *batch, int ranks);

/* How fast weights and moments are copied for a checkpoint; 0 where there is no memory for a copy. */
int trial_checkpoint(struct trial *trial, double *bytes_a_second, struct error *err);

/* [local] How fast files are written where the run folder is, or will be, synced: nothing stays there. */
int trial_disk(const char *run_folder, double *bytes_a_second, struct error *err);

#endif

/* Where a run starts: from the newest checkpoint of its folder, from a checkpoint of another run that it is a branch
 * of, from the weights of another model, or from fresh ones. All collective; rank 0 reads. */
#ifndef LAMBERT_RUN_START_H
#define LAMBERT_RUN_START_H

#include "lambert/run/run.h"
#include "run_internal.h"

/* Whether the folder holds a run that request->resume does not go on with: as start_run() refuses it, but before
 * anything is opened that takes long. */
int start_check_folder(const struct run *run, const struct run_request *request, struct error *err);

/* Gives the run its first weights and, where it goes on or is branched off (run->branches), the optimizer's state and
 * run->state. A
 * folder that holds a run is refused without request->resume, and one whose checkpoints cannot be
 * read in any case. */
int start_run(struct run *run, const struct run_request *request, struct error *err);

/* The weights of `path`: a Hugging Face folder, a checkpoint of TensorFlow, a checkpoint, or a run
 * folder (its newest); or fresh ones where `path` is empty. Refused where vocabulary, case or model are
 * not the configured ones, but for rows that run.new_tokens and run.new_positions make (carry_over.h). */
int start_weights(struct run *run, const char *path, struct error *err);

#endif

/* Where a run starts: from the newest checkpoint of its folder, from the weights of another model,
 * or from fresh ones. All collective; rank 0 reads. */
#ifndef LAMBERT_RUN_START_H
#define LAMBERT_RUN_START_H

#include "job.h"
#include "lambert/run/run.h"

/* Fills in job->params, the optimizer's state and job->state. A folder that holds a run is refused
 * without request->resume, and one whose checkpoints cannot be read in any case. */
int start_run(struct job *job, const struct run_request *request, struct error *err);

/* The weights of a Hugging Face folder, a checkpoint, or a run folder (its newest): replaces
 * job->params. Refused where vocabulary, case or model are not the configured ones. */
int start_weights(struct job *job, const char *path, struct error *err);

/* [local] A checkpoint at the end of a phase says so, rather than that the next begins, so that a
 * run resumed with more steps for that phase goes on in it. This moves job->state past phases that
 * are done. */
void pass_finished_phases(struct job *job);

#endif

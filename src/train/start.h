/* Weights that a new run starts with (run.start_from): a Hugging Face folder or a checkpoint. */
#ifndef LAMBERT_TRAIN_START_H
#define LAMBERT_TRAIN_START_H

#include "job.h"

/* Collective. Replaces job->params; rank 0 reads. */
int start_weights(struct job *job, struct error *err);

#endif

/* The configuration of a job, on all its ranks. A file lies where each of them reads it. A pipe (/dev/stdin, which mpirun
 * gives to rank 0 alone, or a named one), of which there may be several, as one is included, can be read only once: rank 0
 * does, and passes the texts on. */
#ifndef LAMBERT_RUN_SHARED_CONFIG_H
#define LAMBERT_RUN_SHARED_CONFIG_H

#include "lambert/config/config.h"
#include "lambert/dist/dist.h"

/* Collective; config_load() for the ranks of a job. Each has an answer of its own (dist_agree() makes one of them), but
 * where there is a pipe, and rank 0 fails, all have the same. */
int config_load_shared(struct config *config, const struct dist *dist, const char *path,
                       char *const *words, int word_count, struct error *err);

#endif

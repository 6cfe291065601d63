/* What `lambert bench model --json` and `lambert bench net --json` printed, as a plan wants it. Files come from anywhere:
 * what is not such a file, or lacks a number, is refused with a sentence that names it. All is [local]. */
#ifndef LAMBERT_PLAN_BENCH_FILES_H
#define LAMBERT_PLAN_BENCH_FILES_H

#include <stdbool.h>

#include <cjson/cJSON.h>

#include "lambert/base/error.h"
#include "lambert/config/config.h"
#include "lambert/plan/plan.h"

/* A file of `lambert bench model`. */
struct bench_file {
    char *path;
    cJSON *root;
    int ranks, threads; /* of the node that it was measured on; threads a rank */
    const char *cpu;    /* root's */
};

int bench_file_open(struct bench_file *file, const char *path, struct error *err);
void bench_file_close(struct bench_file *file); /* fine on a zeroed one */

/* Whether it computed in this type and with this model's width and feed-forward: operations of others are not as fast. */
int bench_file_check(const struct bench_file *file, const struct config *config, struct error *err);

/* How fast the node, which is to have so many ranks of this kind, goes through sequences of this length. */
int bench_file_speed(const struct bench_file *file, int length, int ranks, struct plan_speed *speed,
                     struct error *err);

/* Bytes a second that the updates of all its ranks move. */
int bench_file_memory(const struct bench_file *file, int ranks, double *memory, struct error *err);

/* Between nodes, with one rank a node: what all carry at once; and seconds that a message takes of a rank. */
int bench_net_read(const char *path, struct step_network *network, double *message,
                   struct error *err);

#endif

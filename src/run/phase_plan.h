/* What a phase comes to: how long it is, and of each of its steps the rate, the size of its global batch and the
 * first of its samples. The one place where that follows from the configuration; all is a function of the step alone,
 * so resuming needs no more than its number. All functions are [local]. */
#ifndef LAMBERT_RUN_PHASE_PLAN_H
#define LAMBERT_RUN_PHASE_PLAN_H

#include <stdint.h>

#include "lambert/base/buffer.h"
#include "lambert/batch/batch_sizes.h"
#include "lambert/config/config.h"
#include "lambert/optim/schedule.h"

struct phase_plan {
    const struct config_phase *settings;
    struct schedule schedule;
    struct batch_sizes sizes;
    int64_t steps; /* of the phase */
};

struct planned_step {
    double rate;
    int sequences;         /* of its global batch */
    uint64_t first_sample; /* the lowest of them */
};

struct phase_plan phase_plan_of(const struct config_phase *phase);

/* Of the step that `step` others of the phase come before. */
struct planned_step phase_plan_step(const struct phase_plan *plan, int64_t step);

/* The sequences of all steps behind so many of them. */
uint64_t phase_plan_sequences_behind(const struct phase_plan *plan, int64_t step);

/* For people: "3000 steps of 512 (1024 after step 1000), peak rate 0.002, warm-up 300 steps". */
void phase_plan_print(const struct phase_plan *plan, struct buffer *text);

#endif

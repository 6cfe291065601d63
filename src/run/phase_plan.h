/* What a phase comes to: how long it is, and of each of its steps the rate, the size of its global batch and the
 * first of its samples. The one place where that follows from the configuration; all is a function of the place in the
 * phase, so resuming needs no more than that. The place is the number of steps that are made and, in a phase whose length is a time,
 * the seconds that were worked (run_clock.h), which are rank 0's on all ranks. All functions are [local]. */
#ifndef LAMBERT_RUN_PHASE_PLAN_H
#define LAMBERT_RUN_PHASE_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "lambert/base/buffer.h"
#include "lambert/batch/batch_sizes.h"
#include "lambert/config/config.h"
#include "lambert/optim/schedule.h"

/* Of a phase that goes on until its time is over, or until it is told to end. */
#define PHASE_ENDLESS INT64_MAX

struct phase_plan {
    const struct config_phase *settings;
    struct schedule schedule;
    struct batch_sizes sizes;
    int64_t steps;       /* of the phase; or PHASE_ENDLESS */
    double seconds;      /* of the phase; 0: steps hold */
    const double *rates; /* [steps] taken from a record, the caller's; NULL: the schedule's hold */
};

struct phase_place {
    int64_t steps; /* that were made */
    double seconds;
};

struct planned_step {
    double rate;
    int sequences;         /* of its global batch */
    uint64_t first_sample; /* the lowest of them */
};

struct phase_plan phase_plan_of(const struct config_phase *phase); /* without rates */

/* Of the step that follows. */
struct planned_step phase_plan_step(const struct phase_plan *plan, struct phase_place place);

bool phase_plan_is_over(const struct phase_plan *plan, struct phase_place place);

/* Whether it is known how many steps the phase has, and then the sequences of all steps behind so many of them. */
bool phase_plan_is_counted(const struct phase_plan *plan);
uint64_t phase_plan_sequences_behind(const struct phase_plan *plan, int64_t steps);

/* For people: "3000 steps of 512 (1024 after step 1000), peak rate 0.002, warm-up 300 steps". */
void phase_plan_print(const struct phase_plan *plan, struct buffer *text);

#endif

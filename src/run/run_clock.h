/* The time that a run has worked: the one clock by which limits and schedules in hours go, and what
 * a run says of itself at its end.
 *
 *     run_clock_start(&clock, seconds that earlier processes of this run had worked)
 *     ...
 *     run_clock_seconds(&clock)
 *
 * Time in which no process of the run lives does not count. Checkpoints hold the time of a phase whose
 * length is one (phase_seconds of struct run_state), and no other: their bytes do not depend on time.
 * Ranks start their clocks at slightly different moments, so whatever all of them must decide alike (a
 * rate, an end) is read from rank 0's and told to the others with what ranks tell each other after a step
 * anyhow (balance.h). All functions are [local]. */
#ifndef LAMBERT_RUN_RUN_CLOCK_H
#define LAMBERT_RUN_RUN_CLOCK_H

struct run_clock {
    double started; /* by clock_seconds() */
    double before;  /* seconds of earlier processes */
};

void run_clock_start(struct run_clock *clock, double before);
double run_clock_seconds(const struct run_clock *clock);

#endif

/* The learning rate of a phase as a function of the step.
 *
 *     SCHEDULE_CONTINUOUS  peak min((s + 1) / W, 1)          s < W
 *                          peak ((N - s) / (N - W))^p        else: starts at the peak, no jump
 *     SCHEDULE_GOOGLE      peak s / W                        s < W   (the first update has rate 0)
 *                          peak (1 - s / N)^p                else: jumps down at W
 *     SCHEDULE_NVIDIA      peak ((s + 1) / N) / w            (s + 1) / N < w, w the warm-up ratio
 *                          peak (1 - (s + 1) / N)^p          else: jumps down, the last rate is 0
 *     SCHEDULE_TRAPEZOID   peak min((s + 1) / W, 1)          s < W
 *                          peak                              s < N - D, and always where D is 0
 *                          peak ((N - s) / D)^p              else: starts at the peak, no jump
 *     SCHEDULE_TRAPEZOID_SQRT
 *                          the same, but at last             peak (1 - sqrt(1 - (N - s) / D))
 *
 * The trapezoids are the warm-up, constant rate and cooldown of arXiv 2405.18392, whose (n - (N - N_decay)) / N_decay
 * is 1 - (N - s) / D. Without a decay they do not ask for N: such a phase may go on for as long as one likes, and a
 * decay be branched off any of its steps.
 *
 * s counts a phase's updates from 0, N is the phase's steps, W its warm-up steps, D those of its decay. Each phase starts
 * again with a warm-up of its own (arXiv 1904.00962, section 4: re-warm-up in the second stage).
 *
 * By the clock, s and s + 1 are both the time that is over when the step begins, as nobody knows how long it will take: a
 * warm-up begins with a rate of 0, and the last step's is that of when it begins. */
#ifndef LAMBERT_OPTIM_SCHEDULE_H
#define LAMBERT_OPTIM_SCHEDULE_H

#include <stdint.h>

enum schedule_form {
    SCHEDULE_CONTINUOUS,
    SCHEDULE_GOOGLE,
    SCHEDULE_NVIDIA,
    SCHEDULE_TRAPEZOID,
    SCHEDULE_TRAPEZOID_SQRT
};

struct schedule {
    enum schedule_form form;
    double peak;
    double length; /* N */
    double warmup; /* W, need not be whole */
    double decay;  /* D, of the trapezoids; need not be whole, and W + D is N at most */
    double power;  /* p */
};

double schedule_rate(const struct schedule *schedule, int64_t step);

/* Of a phase whose length is a time: N, W and D are seconds, and a step is made when so many are over. */
double schedule_rate_by_clock(const struct schedule *schedule, double seconds);

#endif

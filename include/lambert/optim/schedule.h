/* The learning rate of a phase as a function of the step.
 *
 *     SCHEDULE_CONTINUOUS  peak min((s + 1) / W, 1)          s < W
 *                          peak ((N - s) / (N - W))^p        else: starts at the peak, no jump
 *     SCHEDULE_GOOGLE      peak s / W                        s < W   (the first update has rate 0)
 *                          peak (1 - s / N)^p                else: jumps down at W
 *     SCHEDULE_NVIDIA      peak ((s + 1) / N) / w            (s + 1) / N < w, w the warm-up ratio
 *                          peak (1 - (s + 1) / N)^p          else: jumps down, the last rate is 0
 *
 * s counts a phase's updates from 0, N is the phase's steps, W its warm-up steps. Each phase starts
 * again with a warm-up of its own (arXiv 1904.00962, section 4: re-warm-up in the second stage). */
#ifndef LAMBERT_OPTIM_SCHEDULE_H
#define LAMBERT_OPTIM_SCHEDULE_H

#include <stdint.h>

enum schedule_form { SCHEDULE_CONTINUOUS, SCHEDULE_GOOGLE, SCHEDULE_NVIDIA };

struct schedule {
    enum schedule_form form;
    double peak;
    int64_t steps; /* N */
    double warmup; /* W, need not be whole */
    double power;  /* p */
};

double schedule_rate(const struct schedule *schedule, int64_t step);

#endif

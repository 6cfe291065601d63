#include "run_clock.h"

#include "lambert/base/clock.h"

void run_clock_start(struct run_clock *clock, double before)
{
    *clock = (struct run_clock){.started = clock_seconds(), .before = before};
}

double run_clock_seconds(const struct run_clock *clock)
{
    return clock->before + (clock_seconds() - clock->started);
}

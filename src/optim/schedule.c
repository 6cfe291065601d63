#include "lambert/optim/schedule.h"

#include <math.h>

/* base^power of what is left; a step past the end has nothing left. */
static double decay(double left, double power)
{
    return left > 0 ? pow(left, power) : 0;
}

/* Each form of the units that are over when the step begins, and when it ends. */

static double continuous(const struct schedule *schedule, double begun, double ended)
{
    const double n = schedule->length, w = schedule->warmup;
    return begun < w ? fmin(ended / w, 1) : decay((n - begun) / (n - w), schedule->power);
}

static double google(const struct schedule *schedule, double begun, double ended)
{
    const double n = schedule->length, w = schedule->warmup;
    (void)ended;
    return begun < w ? begun / w : decay(1 - begun / n, schedule->power);
}

static double nvidia(const struct schedule *schedule, double begun, double ended)
{
    const double n = schedule->length;
    const double progress = ended / n, warmup = schedule->warmup / n;
    (void)begun;
    return progress < warmup ? progress / warmup : decay(1 - progress, schedule->power);
}

/* What of the decay is left, of a trapezoid; 1 before it. */
static double decay_left(const struct schedule *schedule, double begun)
{
    const double left = schedule->length - begun;
    return schedule->decay == 0 || left >= schedule->decay ? 1 : fmax(left, 0) / schedule->decay;
}

static double trapezoid(const struct schedule *schedule, double begun, double ended)
{
    const double w = schedule->warmup;
    return begun < w ? fmin(ended / w, 1) : decay(decay_left(schedule, begun), schedule->power);
}

static double trapezoid_sqrt(const struct schedule *schedule, double begun, double ended)
{
    const double w = schedule->warmup;
    return begun < w ? fmin(ended / w, 1) : 1 - sqrt(1 - decay_left(schedule, begun));
}

static double rate_between(const struct schedule *schedule, double begun, double ended)
{
    static double (*const forms[])(const struct schedule *, double,
                                   double) = {[SCHEDULE_CONTINUOUS] = continuous,
                                              [SCHEDULE_GOOGLE] = google,
                                              [SCHEDULE_NVIDIA] = nvidia,
                                              [SCHEDULE_TRAPEZOID] = trapezoid,
                                              [SCHEDULE_TRAPEZOID_SQRT] = trapezoid_sqrt};
    return schedule->peak * forms[schedule->form](schedule, begun, ended);
}

double schedule_rate(const struct schedule *schedule, int64_t step)
{
    return rate_between(schedule, (double)step, (double)step + 1);
}

double schedule_rate_by_clock(const struct schedule *schedule, double seconds)
{
    return rate_between(schedule, seconds, seconds);
}

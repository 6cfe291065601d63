#include "lambert/optim/schedule.h"

#include <math.h>

/* base^power of what is left; a step past the end has nothing left. */
static double decay(double left, double power)
{
    return left > 0 ? pow(left, power) : 0;
}

static double continuous(const struct schedule *schedule, double s)
{
    double n = (double)schedule->steps, w = schedule->warmup;
    return s < w ? fmin((s + 1) / w, 1) : decay((n - s) / (n - w), schedule->power);
}

static double google(const struct schedule *schedule, double s)
{
    double n = (double)schedule->steps, w = schedule->warmup;
    return s < w ? s / w : decay(1 - s / n, schedule->power);
}

static double nvidia(const struct schedule *schedule, double s)
{
    double n = (double)schedule->steps;
    double progress = (s + 1) / n, warmup = schedule->warmup / n;
    return progress < warmup ? progress / warmup : decay(1 - progress, schedule->power);
}

/* What of the decay is left, of a trapezoid; 1 before it. */
static double decay_left(const struct schedule *schedule, double s)
{
    const double left = (double)schedule->steps - s;
    return schedule->decay == 0 || left >= schedule->decay ? 1 : fmax(left, 0) / schedule->decay;
}

static double trapezoid(const struct schedule *schedule, double s)
{
    const double w = schedule->warmup;
    return s < w ? fmin((s + 1) / w, 1) : decay(decay_left(schedule, s), schedule->power);
}

static double trapezoid_sqrt(const struct schedule *schedule, double s)
{
    const double w = schedule->warmup;
    return s < w ? fmin((s + 1) / w, 1) : 1 - sqrt(1 - decay_left(schedule, s));
}

double schedule_rate(const struct schedule *schedule, int64_t step)
{
    static double (*const forms[])(const struct schedule *,
                                   double) = {[SCHEDULE_CONTINUOUS] = continuous,
                                              [SCHEDULE_GOOGLE] = google,
                                              [SCHEDULE_NVIDIA] = nvidia,
                                              [SCHEDULE_TRAPEZOID] = trapezoid,
                                              [SCHEDULE_TRAPEZOID_SQRT] = trapezoid_sqrt};
    return schedule->peak * forms[schedule->form](schedule, (double)step);
}

#include "phase_plan.h"

#include <inttypes.h>

#include "lambert/base/clock.h"
#include "lambert/run/options.h"

struct phase_plan phase_plan_of(const struct config_phase *phase)
{
    return (struct phase_plan){.settings = phase,
                               .schedule = schedule_of(phase),
                               .sizes = batch_sizes_of(phase),
                               .steps = phase->steps > 0 ? phase->steps : PHASE_ENDLESS,
                               .seconds = 3600 * phase->hours};
}

static double rate_of(const struct phase_plan *plan, struct phase_place place)
{
    if (plan->rates)
        return place.steps < plan->steps ? plan->rates[place.steps] : 0;
    return plan->seconds > 0 ? schedule_rate_by_clock(&plan->schedule, place.seconds)
                             : schedule_rate(&plan->schedule, place.steps);
}

struct planned_step phase_plan_step(const struct phase_plan *plan, struct phase_place place)
{
    return (struct planned_step){
        .rate = rate_of(plan, place),
        .sequences = batch_sizes_at(&plan->sizes, (uint64_t)place.steps),
        .first_sample = batch_sizes_before(&plan->sizes, (uint64_t)place.steps),
    };
}

bool phase_plan_is_over(const struct phase_plan *plan, struct phase_place place)
{
    return plan->seconds > 0 ? place.seconds >= plan->seconds : place.steps >= plan->steps;
}

bool phase_plan_is_counted(const struct phase_plan *plan)
{
    return plan->steps < PHASE_ENDLESS;
}

uint64_t phase_plan_sequences_behind(const struct phase_plan *plan, int64_t steps)
{
    require(phase_plan_is_counted(plan));
    return batch_sizes_before(&plan->sizes, (uint64_t)plan->steps) -
           batch_sizes_before(&plan->sizes, (uint64_t)steps);
}

void phase_plan_print(const struct phase_plan *plan, struct buffer *text)
{
    const struct schedule *schedule = &plan->schedule;
    char time[32];
    if (plan->seconds > 0)
        buffer_print(text, "%s of steps of ", clock_words(plan->seconds, time));
    else if (phase_plan_is_counted(plan))
        buffer_print(text, "%" PRId64 " steps of ", plan->steps);
    else
        buffer_print(text, "steps without an end of ");
    batch_sizes_print(&plan->sizes, text);
    if (plan->settings->rates[0]) {
        buffer_print(text, ", rates of %s", plan->settings->rates);
        return;
    }
    buffer_print(text, ", peak rate %g, warm-up ", schedule->peak);
    if (plan->seconds > 0)
        buffer_print(text, "%s", clock_words(schedule->warmup, time));
    else
        buffer_print(text, "%.0f steps", schedule->warmup);
    if (schedule->decay > 0 && plan->seconds > 0)
        buffer_print(text, ", decay in the last %s", clock_words(schedule->decay, time));
    else if (schedule->decay > 0)
        buffer_print(text, ", decay in the last %.0f", schedule->decay);
}

#include "phase_plan.h"

#include <inttypes.h>

#include "lambert/run/options.h"

struct phase_plan phase_plan_of(const struct config_phase *phase)
{
    return (struct phase_plan){.settings = phase,
                               .schedule = schedule_of(phase),
                               .sizes = batch_sizes_of(phase),
                               .steps = phase->steps};
}

struct planned_step phase_plan_step(const struct phase_plan *plan, int64_t step)
{
    return (struct planned_step){
        .rate = schedule_rate(&plan->schedule, step),
        .sequences = batch_sizes_at(&plan->sizes, (uint64_t)step),
        .first_sample = batch_sizes_before(&plan->sizes, (uint64_t)step),
    };
}

uint64_t phase_plan_sequences_behind(const struct phase_plan *plan, int64_t step)
{
    return batch_sizes_before(&plan->sizes, (uint64_t)plan->steps) -
           batch_sizes_before(&plan->sizes, (uint64_t)step);
}

void phase_plan_print(const struct phase_plan *plan, struct buffer *text)
{
    buffer_print(text, "%" PRId64 " steps of ", plan->steps);
    batch_sizes_print(&plan->sizes, text);
    buffer_print(text, ", peak rate %g, warm-up %.0f steps", plan->schedule.peak,
                 plan->schedule.warmup);
    if (plan->schedule.decay > 0)
        buffer_print(text, ", decay in the last %.0f", plan->schedule.decay);
}

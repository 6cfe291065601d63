#include "time_left.h"

#include <math.h>
#include <stdbool.h>

#include "lambert/run/due.h"
#include "phase_plan.h"

static const double WEIGHT = 0.05; /* of the last step in the mean: some twenty of them count */

/* The arithmetic of a sequence of the phase, in a unit that all phases of a model have in common. */
static double sequence_cost(const struct config *config, int phase)
{
    const struct config_phase *settings = &config->phases[phase];
    const double H = config->model.hidden_size, F = config->model.intermediate_size;
    const double S = settings->sequence_length;
    /* Multiply-adds of a token in a layer: queries, keys, values and output; feed-forward; attention. */
    return S * (4 * H * H + 2 * H * F + 2 * S * H);
}

/* The mean becomes that of steps with so much arithmetic. */
static void scale(struct time_left *left, double cost)
{
    if (left->cost > 0)
        left->step *= cost / left->cost;
    left->cost = cost;
}

void time_left_phase(struct time_left *left, const struct config *config, int phase, int64_t step)
{
    const struct phase_plan plan = phase_plan_of(&config->phases[phase]);
    left->sequence = sequence_cost(config, phase);
    scale(left, left->sequence * batch_sizes_at(&plan.sizes, (uint64_t)step));
    left->steps = 0;
}

/* The first step of a phase is unlike the others (memory is touched for the first time): it stands for them until there
 * is a second. */
void time_left_note_step(struct time_left *left, uint64_t sequences, double seconds)
{
    scale(left, left->sequence * (double)sequences);
    const int64_t others = left->steps++ - 1;
    const double weight = others < 1 ? 1 : fmax(WEIGHT, 1 / (double)(others + 1));
    left->step += weight * (seconds - left->step);
}

/* What follows the steps behind `from`, up to and with `to`, which is the last of a phase. */
static double between(const struct time_left *left, const struct config_train *train, int64_t from,
                      int64_t to)
{
    const struct run_due due = run_due_between(train, from, to);
    return (double)due.evaluations * left->evaluation + (double)due.checkpoints * left->checkpoint;
}

/* A phase from where it stands: its seconds, and where the run's steps are at its end. */
struct span {
    double seconds;
    int64_t to;
};

/* Of a phase whose length is a time, evaluations and checkpoints within it are in that; how many steps it has is
 * guessed by their pace. */
static struct span timed_span(const struct time_left *left, const struct phase_plan *plan,
                              double step, int64_t from, double worked)
{
    const double rest = fmax(plan->seconds - worked, 0);
    return (struct span){.seconds = rest + left->evaluation + left->checkpoint,
                         .to = from + (step > 0 ? (int64_t)(rest / step) : 0)};
}

static struct span counted_span(const struct time_left *left, const struct config *config,
                                const struct phase_plan *plan, double sequence, int64_t from,
                                int64_t done, bool running)
{
    const struct config_train *train = &config->train;
    const double more =
        train->checkpoint_minutes > 0 ? left->checkpoint / (60 * train->checkpoint_minutes) : 0;
    const int64_t to = from + plan->steps - done;
    const double steps = sequence * (double)phase_plan_sequences_behind(plan, done);
    /* What follows the step that was made last is still to come. */
    return (struct span){.seconds = (1 + more) * (steps + between(left, train, from - running, to)),
                         .to = to};
}

struct time_estimate time_left_estimate(const struct time_left *left, const struct config *config,
                                        const struct run_state *state)
{
    struct time_estimate estimate = {0};
    int64_t from = state->total_steps;
    for (int p = state->phase; p < config->phase_count; p++) {
        const bool running = p == state->phase;
        const struct phase_plan plan = phase_plan_of(&config->phases[p]);
        const double sequence = left->step * sequence_cost(config, p) / left->cost;
        struct span span = {.seconds = INFINITY, .to = from};
        if (plan.seconds > 0)
            span = timed_span(left, &plan, sequence * plan.sizes.first, from,
                              running ? state->phase_seconds : 0);
        else if (phase_plan_is_counted(&plan))
            span = counted_span(left, config, &plan, sequence, from,
                                running ? state->phase_step : 0, running);
        estimate.run += span.seconds;
        if (running)
            estimate.phase = estimate.run;
        from = span.to;
    }
    return estimate;
}

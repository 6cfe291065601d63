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
    scale(left, left->sequence * phase_plan_step(&plan, step).sequences);
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

struct time_estimate time_left_estimate(const struct time_left *left, const struct config *config,
                                        const struct run_state *state)
{
    const struct config_train *train = &config->train;
    struct time_estimate estimate = {0};
    int64_t from = state->total_steps, done = state->phase_step;
    for (int p = state->phase; p < config->phase_count; p++) {
        const bool running = p == state->phase;
        const struct phase_plan plan = phase_plan_of(&config->phases[p]);
        const int64_t to = from + plan.steps - done;
        const double cost =
            sequence_cost(config, p) * (double)phase_plan_sequences_behind(&plan, done);
        /* What follows the step that was made last is still to come. */
        estimate.run += left->step * cost / left->cost + between(left, train, from - running, to);
        if (running)
            estimate.phase = estimate.run;
        from = to;
        done = 0;
    }
    if (train->checkpoint_minutes > 0) {
        const double more = left->checkpoint / (60 * train->checkpoint_minutes);
        estimate.phase += more * estimate.phase;
        estimate.run += more * estimate.run;
    }
    return estimate;
}

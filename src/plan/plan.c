#include "lambert/plan/plan.h"

#include <math.h>

#include "lambert/run/due.h"
#include "lambert/run/needs.h"
#include "lambert/run/options.h"

double plan_memory_seconds(const struct step_shape *shape, int ranks, double memory)
{
    const double bytes = step_shape_elements(shape) * sizeof(float);
    return bytes * (ranks + STEP_FLOATS_UPDATED) / memory;
}

/* Bytes of the moments, which one rank after another hands to rank 0 in its turn, and what they take on the network. */
static double pause_of(const struct plan_job *job, const struct plan *plan, double moments)
{
    const double travels = moments * (plan->nodes - 1) / plan->nodes;
    const double still =
        plan->beside ? plan->checkpoint_bytes / job->copy : plan->checkpoint_bytes / job->disk;
    return still + travels / job->network.bandwidth;
}

static void plan_memory(const struct plan_job *job, struct plan *plan, double *moments)
{
    const struct config_train *train = &job->config->train;
    const struct job_layout layout = {
        .nodes = plan->nodes, .ranks_per_node = job->node.ranks, .threads = job->threads};
    struct run_needs needs;
    run_needs_of_job(&needs, job->config, job->trainer, &layout);
    plan->rank_bytes = needs.rank;
    plan->node_bytes = needs.machine;
    plan->checkpoint_bytes = needs.checkpoint;
    plan->beside = train->checkpoint_beside && needs.machine + needs.checkpoint <= job->node_bytes;
    plan->snapshot_bytes = plan->beside ? needs.checkpoint : 0;
    *moments = needs.checkpoint - needs.weights;
}

/* Where a step has a replay, a rank computes one micro-batch more. */
static double replays_cost(const struct config_train *train, const struct plan_part *part)
{
    const double computing = part->step.compute + part->step.waiting;
    return train->replay_every > 0 ? computing / part->micro_batches / train->replay_every : 0;
}

/* Each rank takes as many sequences as any other, or one less. */
static double evaluation_of(const struct plan_job *job, int i, int ranks)
{
    const struct plan_work *work = &job->works[i];
    const double each = ceil(work->evaluated / ranks) * job->node.ranks;
    return each * work->batch.operations / work->batch.sequences / 3 / job->speeds[i].forward;
}

/* Those that steps bring, `by_steps` of them, and between them those by the clock. */
static void add_checkpoints(const struct plan_job *job, const struct plan *plan, int64_t steps,
                            double by_steps, struct plan_part *part)
{
    const double period = 60 * job->config->train.checkpoint_minutes;
    const double writing = plan->beside ? plan->checkpoint_bytes / job->disk : 0;
    const double work =
        (double)steps * part->step_seconds + part->evaluations * part->evaluation_seconds;
    part->checkpoints = by_steps;
    if (period > 0)
        part->checkpoints +=
            by_steps > 0 ? by_steps * floor(work / by_steps / period) : floor(work / period);
    if (part->checkpoints > 0) /* who takes the next one waits until the one before is written */
        part->pause_seconds = plan->pause + fmax(0, writing - work / part->checkpoints);
    part->seconds = work + part->checkpoints * part->pause_seconds;
}

/* What follows the steps of a stretch; `from` steps of the run come before it. */
static struct run_due due_after(const struct plan_job *job, const struct plan_stretch *stretch,
                                int64_t from)
{
    const struct config_train *train = &job->config->train;
    const int64_t end =
        from - stretch->steps_before + job->config->phases[stretch->phase].steps; /* of the phase */
    const int64_t to = from + stretch->steps;
    struct run_due due = run_due_between(train, from, end);
    if (to < end) {
        const struct run_due later = run_due_between(train, to, end);
        due.evaluations -= later.evaluations;
        due.checkpoints -= later.checkpoints;
    }
    return due;
}

static double mean_imbalance(const struct plan_work *work, int ranks)
{
    double sum = 0;
    for (int d = 0; d < work->deal_count; d++)
        sum += deal_imbalance(&work->deals[d], ranks, NULL);
    return sum / work->deal_count;
}

static void plan_part_of(const struct plan_job *job, int i, int64_t from, struct plan *plan)
{
    const struct config_train *train = &job->config->train;
    const struct plan_stretch *stretch = &job->stretches[i];
    const struct step_shape shape = step_shape_of(&job->trainer->model);
    const struct run_due due = due_after(job, stretch, from);
    const struct step_schedule schedule = {
        .nodes = plan->nodes,
        .micro_batch = job->trainer->bert.capacity.tokens,
        .gradient_wire = job->trainer->gradient_wire == TYPE_BFLOAT16 ? 2 : 4,
        .weight_wire = job->trainer->weight_type == TYPE_BFLOAT16 ? 2 : 4};
    struct plan_part *part = &plan->parts[i];
    struct step_work work = job->works[i].batch;
    struct step_node node = job->node;
    work.imbalance = mean_imbalance(&job->works[i], plan->ranks);
    node.useful = job->speeds[i].useful;
    node.sums = job->speeds[i].sums;
    *part = (struct plan_part){.imbalance = work.imbalance,
                               .rank_sequences = work.sequences / plan->ranks,
                               .micro_batches =
                                   step_micro_batches(&work, plan->ranks, schedule.micro_batch),
                               .tokens = work.tokens};
    step_time_of(&shape, &work, &node, &job->network, &schedule, &part->step);
    part->step_seconds = step_time_seconds(&part->step) + replays_cost(train, part);
    if (job->works[i].evaluated > 0) { /* the first one comes before the first step */
        part->evaluations = (double)due.evaluations + (from == 0);
        part->evaluation_seconds = evaluation_of(job, i, plan->ranks);
    }
    add_checkpoints(job, plan, stretch->steps, (double)due.checkpoints, part);
}

static void plan_disk(const struct plan_job *job, int64_t steps, struct plan *plan)
{
    const struct config_train *train = &job->config->train;
    const double for_good = (double)run_due_kept(train, 0, steps);
    plan->kept = fmin(plan->checkpoints, train->checkpoint_keep + for_good);
    /* One more lies there while the newest is written. */
    plan->kept_bytes = fmin(plan->checkpoints, plan->kept + 1) * plan->checkpoint_bytes;
}

int plan_stretches(const struct config *config, struct plan_stretch stretches[PLAN_STRETCHES])
{
    int count = 0;
    for (int p = 0; p < config->phase_count; p++) {
        const struct batch_sizes sizes = batch_sizes_of(&config->phases[p]);
        const int64_t steps = config->phases[p].steps;
        for (int c = 0; c <= sizes.change_count; c++) {
            const int64_t begin = c > 0 ? sizes.changes[c - 1].after : 0;
            const int64_t end = c < sizes.change_count ? sizes.changes[c].after : steps;
            if (begin >= steps)
                break;
            stretches[count++] =
                (struct plan_stretch){.phase = p,
                                      .steps_before = begin,
                                      .steps = (end < steps ? end : steps) - begin,
                                      .sequences = batch_sizes_at(&sizes, (uint64_t)begin),
                                      .first_sample = batch_sizes_before(&sizes, (uint64_t)begin)};
        }
    }
    return count;
}

void plan_make(const struct plan_job *job, int nodes, struct plan *plan)
{
    int64_t steps = 0;
    double moments;
    *plan = (struct plan){.nodes = nodes,
                          .ranks = nodes * job->node.ranks,
                          .part_count = job->stretch_count,
                          .start = job->start};
    plan_memory(job, plan, &moments);
    plan->pause = pause_of(job, plan, moments);
    plan->seconds = plan->start;
    for (int i = 0; i < plan->part_count; i++) {
        plan_part_of(job, i, steps, plan);
        steps += job->stretches[i].steps;
        plan->checkpoints += plan->parts[i].checkpoints;
        plan->seconds += plan->parts[i].seconds;
    }
    plan->last_write = plan->beside ? plan->checkpoint_bytes / job->disk : 0;
    plan->seconds += plan->last_write;
    plan->node_hours = nodes * plan->seconds / 3600;
    plan_disk(job, steps, plan);
}

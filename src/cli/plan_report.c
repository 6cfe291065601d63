#include "plan_report.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>

#include "lambert/base/buffer.h"
#include "lambert/base/clock.h"
#include "lambert/command/command.h"

/* --- what is assumed ---------------------------------------------------------------------------- */

static void describe_node(const struct plan_sources *sources, const struct plan_job *job,
                          struct buffer *text)
{
    const int ranks = job->node.ranks;
    buffer_print(text, "a node: %d rank%s of %d thread%s, %s; ", ranks, ranks == 1 ? "" : "s",
                 job->threads, job->threads == 1 ? "" : "s", sources->cpu);
    if (sources->bench)
        buffer_print(text, "as fast as %s says", sources->bench);
    else
        buffer_print(text, "steps timed here in %.0f s", sources->measured_seconds);
    if (sources->measured_ranks < ranks)
        buffer_print(
            text,
            ", by %d rank%s: what more ranks of a node take from each other is not in it (mpirun -n %d)",
            sources->measured_ranks, sources->measured_ranks == 1 ? "" : "s", ranks);
    buffer_print(text, "\n");
}

static void describe_corpora(const struct plan_sources *sources, struct buffer *text)
{
    const int others = sources->corpora->count - 1;
    buffer_print(text, "the corpus: %s", corpus_folder(sources->corpora->opened[0]));
    if (others > 0)
        buffer_print(text, " and %d other%s", others, others == 1 ? "" : "s");
    buffer_print(text, ", %.1f MB\n", sources->corpus_bytes / 1e6);
}

void plan_describe(const struct plan_sources *sources, const struct plan_job *job,
                   struct buffer *text)
{
    const char *assumed = " (assumed)";
    describe_node(sources, job, text);
    buffer_print(
        text, "the network: %.4g Gbit/s each way and node%s, %.4g us%s",
        job->network.bandwidth * 8 / 1e9, sources->net || sources->stated_bandwidth ? "" : assumed,
        1e6 * job->network.latency, sources->net || sources->stated_latency ? "" : assumed);
    if (sources->net)
        buffer_print(text, ", measured: %s", sources->net);
    buffer_print(text, "\nthe disk of the run folder: %.4g MB/s (%s)\n", job->disk / 1e6,
                 sources->stated_disk ? "stated" : "measured here");
    if (sources->corpora)
        describe_corpora(sources, text);
    else
        buffer_print(
            text,
            "no corpus: sequences of full length from a vocabulary of %d are taken, which is the most "
            "that there can be (--full-length)\n",
            job->trainer->model.vocab);
}

/* --- tables ------------------------------------------------------------------------------------- */

/* "12.3 s", "1:05:07". */
static const char *lasting(double seconds, char text[32])
{
    if (seconds >= 100)
        return clock_text(seconds, text);
    snprintf(text, 32, "%.1f s", seconds);
    return text;
}

static void print_phases(const struct plan_job *job, const struct plan *plans, int count)
{
    char time[32];
    printf("\n%6s %-10s %8s %9s %10s %9s %9s %9s %12s %11s\n", "nodes", "phase", "batch", "a rank",
           "a step, s", "network", "waiting", "tokens/s", "time", "node-hours");
    for (int i = 0; i < count; i++) {
        const struct plan *plan = &plans[i];
        for (int p = 0; p < plan->part_count; p++) {
            const struct plan_part *part = &plan->parts[p];
            const struct plan_stretch *stretch = &job->stretches[p];
            printf("%6d %-10s %8d %9.4g %10.4g %8.1f%% %8.1f%% %9.4g %12s %11.4g\n", plan->nodes,
                   job->config->phases[stretch->phase].name, stretch->sequences,
                   part->rank_sequences, part->step_seconds,
                   100 * part->step.network / part->step_seconds,
                   100 * part->step.waiting / part->step_seconds, part->tokens / part->step_seconds,
                   lasting(part->seconds, time), plan->nodes * part->seconds / 3600);
        }
        printf("%6d %-10s %8s %9s %10s %9s %9s %9s %12s %11.4g\n", plan->nodes, "the run", "", "",
               "", "", "", "", lasting(plan->seconds, time), plan->node_hours);
    }
    printf(
        "batch: sequences of a global batch, and of them a rank's. network: the part of a step that one node alone would not have; it "
        "sends\n%.4g MB a step on %d nodes. waiting: for the rank with the most to compute.\n",
        plans[count - 1].parts[0].step.bytes / 1e6, plans[count - 1].nodes);
}

static double evaluations_of(const struct plan *plan)
{
    double seconds = 0;
    for (int p = 0; p < plan->part_count; p++)
        seconds += plan->parts[p].evaluations * plan->parts[p].evaluation_seconds;
    return seconds;
}

static double pauses_of(const struct plan *plan)
{
    double seconds = 0;
    for (int p = 0; p < plan->part_count; p++)
        seconds += plan->parts[p].checkpoints * plan->parts[p].pause_seconds;
    return seconds;
}

static void print_between(const struct plan *plans, int count)
{
    char start[32], evaluations[32], pauses[32], write[32];
    printf("\n%6s %10s %12s %13s %10s %12s %12s\n", "nodes", "start", "evaluations", "checkpoints",
           "pause, s", "all pauses", "last write");
    for (int i = 0; i < count; i++) {
        const struct plan *plan = &plans[i];
        printf("%6d %10s %12s %13.0f %10.3g %12s %12s\n", plan->nodes, lasting(plan->start, start),
               lasting(evaluations_of(plan), evaluations), plan->checkpoints, plan->pause,
               lasting(pauses_of(plan), pauses), lasting(plan->last_write, write));
    }
}

static void print_room(const struct plan_sources *sources, const struct plan_job *job,
                       const struct plan *plans, int count)
{
    printf("\n%6s %14s %14s %14s %15s %12s\n", "nodes", "memory a rank", "a node", "rank 0's node",
           "a checkpoint", "all kept");
    for (int i = 0; i < count; i++) {
        const struct plan *plan = &plans[i];
        printf("%6d %11.1f MB %11.1f MB %11.1f MB %12.1f MB %9.1f MB\n", plan->nodes,
               plan->rank_bytes / 1e6, plan->node_bytes / 1e6,
               (plan->node_bytes + plan->snapshot_bytes) / 1e6, plan->checkpoint_bytes / 1e6,
               plan->kept_bytes / 1e6);
    }
    if (!plans[0].beside)
        printf("training stands still while a checkpoint is written%s\n",
               job->config->train.checkpoint_beside ? ": there is no memory for a copy" : "");
    if (sources->staged_bytes > 0)
        printf("on each host's own disk (data.stage_folder): %.1f MB of corpora\n",
               sources->staged_bytes / 1e6);
}

void plan_print(const struct plan_sources *sources, const struct plan_job *job,
                const struct plan *plans, int count)
{
    const struct config_model *model = &job->config->model;
    struct buffer text = {0};
    plan_describe(sources, job, &text);
    printf("%s: %d layers, hidden %d, %.2f million weights, %s, %s\n%s", sources->config,
           model->num_hidden_layers, model->hidden_size, sources->weights / 1e6,
           config_word("train.compute_type", job->config->train.compute_type),
           config_word("optimizer.name", job->config->optimizer.rule), buffer_text(&text));
    buffer_release(&text);
    print_phases(job, plans, count);
    print_between(plans, count);
    print_room(sources, job, plans, count);
}

/* --- JSON --------------------------------------------------------------------------------------- */

static cJSON *part_json(const struct plan_job *job, int i, const struct plan_part *part)
{
    const struct plan_stretch *stretch = &job->stretches[i];
    const struct config_phase *settings = &job->config->phases[stretch->phase];
    const struct step_time *step = &part->step;
    cJSON *object = cJSON_CreateObject(), *parts;
    cJSON_AddStringToObject(object, "phase", settings->name);
    cJSON_AddNumberToObject(object, "sequence_length", settings->sequence_length);
    cJSON_AddNumberToObject(object, "global_batch", stretch->sequences);
    cJSON_AddNumberToObject(object, "steps", (double)stretch->steps);
    cJSON_AddNumberToObject(object, "rank_sequences", part->rank_sequences);
    cJSON_AddNumberToObject(object, "micro_batches", part->micro_batches);
    cJSON_AddNumberToObject(object, "imbalance", part->imbalance);
    cJSON_AddNumberToObject(object, "step_seconds", part->step_seconds);
    cJSON_AddNumberToObject(object, "network_share", step->network / part->step_seconds);
    cJSON_AddNumberToObject(object, "bytes_sent", step->bytes);
    cJSON_AddNumberToObject(object, "tokens_per_second", part->tokens / part->step_seconds);
    cJSON_AddNumberToObject(object, "evaluations", part->evaluations);
    cJSON_AddNumberToObject(object, "evaluation_seconds", part->evaluation_seconds);
    cJSON_AddNumberToObject(object, "checkpoints", part->checkpoints);
    cJSON_AddNumberToObject(object, "pause_seconds", part->pause_seconds);
    cJSON_AddNumberToObject(object, "seconds", part->seconds);
    parts = cJSON_AddObjectToObject(object, "step");
    cJSON_AddNumberToObject(parts, "compute", step->compute);
    cJSON_AddNumberToObject(parts, "waiting", step->waiting);
    cJSON_AddNumberToObject(parts, "clear", step->clear);
    cJSON_AddNumberToObject(parts, "stall", step->stall);
    cJSON_AddNumberToObject(parts, "sums", step->sums);
    cJSON_AddNumberToObject(parts, "messages", step->messages);
    cJSON_AddNumberToObject(parts, "exposed", step->exposed);
    cJSON_AddNumberToObject(parts, "update", step->update);
    return object;
}

static cJSON *row_json(const struct plan_job *job, const struct plan *plan)
{
    cJSON *object = cJSON_CreateObject(), *phases;
    cJSON_AddNumberToObject(object, "nodes", plan->nodes);
    cJSON_AddNumberToObject(object, "ranks", plan->ranks);
    cJSON_AddNumberToObject(object, "threads", job->threads);
    cJSON_AddNumberToObject(object, "seconds", plan->seconds);
    cJSON_AddNumberToObject(object, "node_hours", plan->node_hours);
    cJSON_AddNumberToObject(object, "start_seconds", plan->start);
    cJSON_AddNumberToObject(object, "checkpoints", plan->checkpoints);
    cJSON_AddNumberToObject(object, "pause_seconds", plan->pause);
    cJSON_AddNumberToObject(object, "last_write_seconds", plan->last_write);
    cJSON_AddBoolToObject(object, "checkpoint_beside", plan->beside);
    cJSON_AddNumberToObject(object, "rank_bytes", plan->rank_bytes);
    cJSON_AddNumberToObject(object, "node_bytes", plan->node_bytes);
    cJSON_AddNumberToObject(object, "snapshot_bytes", plan->snapshot_bytes);
    cJSON_AddNumberToObject(object, "checkpoint_bytes", plan->checkpoint_bytes);
    cJSON_AddNumberToObject(object, "kept_bytes", plan->kept_bytes);
    phases = cJSON_AddArrayToObject(object, "phases");
    for (int p = 0; p < plan->part_count; p++)
        cJSON_AddItemToArray(phases, part_json(job, p, &plan->parts[p]));
    return object;
}

void plan_print_json(const struct plan_sources *sources, const struct plan_job *job,
                     const struct plan *plans, int count)
{
    struct buffer text = {0};
    cJSON *object = cJSON_CreateObject(), *rows;
    plan_describe(sources, job, &text);
    cJSON_AddStringToObject(object, "kind", "plan");
    cJSON_AddStringToObject(object, "config", sources->config);
    cJSON_AddStringToObject(object, "sources", buffer_text(&text));
    cJSON_AddStringToObject(object, "compute_type",
                            config_word("train.compute_type", job->config->train.compute_type));
    cJSON_AddNumberToObject(object, "weights", sources->weights);
    cJSON_AddNumberToObject(object, "bandwidth", job->network.bandwidth);
    cJSON_AddNumberToObject(object, "latency", job->network.latency);
    cJSON_AddNumberToObject(object, "message", job->node.message);
    cJSON_AddNumberToObject(object, "memory_bandwidth", job->node.memory);
    cJSON_AddNumberToObject(object, "disk_bandwidth", job->disk);
    cJSON_AddNumberToObject(object, "corpus_bytes", sources->corpus_bytes);
    cJSON_AddNumberToObject(object, "staged_bytes", sources->staged_bytes);
    rows = cJSON_AddArrayToObject(object, "rows");
    for (int i = 0; i < count; i++)
        cJSON_AddItemToArray(rows, row_json(job, &plans[i]));
    buffer_release(&text);
    print_json_line(object);
}

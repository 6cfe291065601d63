#include "lambert/plan/plan.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lambert.h"
#include "lambert/base/clock.h"
#include "lambert/base/file.h"
#include "lambert/base/log.h"
#include "lambert/base/machine_memory.h"
#include "lambert/base/memory.h"
#include "lambert/dist/threads.h"
#include "lambert/kernels/cpu.h"
#include "lambert/kernels/kernels.h"
#include "lambert/plan/bench_files.h"
#include "lambert/plan/trial.h"
#include "lambert/run/corpora.h"
#include "lambert/run/evaluate.h"
#include "lambert/run/options.h"
#include "lambert/run/shared_config.h"
#include "plan_report.h"

enum { MOST_ROWS = 64, MOST_NODES = 100000, MADE_UP_VOCABULARY = 30522 /* bert-base-uncased's */ };
enum { DEALT = 4096, MOST_BATCHES = 16 }; /* sequences that are looked at, and global batches */

/* The least that docs/scaling.md counts with. */
static const double ASSUMED_GIGABITS = 10, ASSUMED_LATENCY = 20e-6, ASSUMED_MESSAGE = 1e-6;
static const double ALIKE = 0.03; /* steps whose sequences differ by no more are timed once */
static const double ASSUMED_COPY = 4e9, ASSUMED_DISK = 100e6; /* bytes a second */

struct plan_arguments {
    const char *config;
    struct command_words words;
    const char *nodes, *bench, *net;
    int ranks_per_node, threads;
    double bandwidth, latency, disk_rate, seconds; /* the first three 0: not given */
    bool full_length, json;
};

static const struct command_option plan_options[] = {
    OPTION_CONFIG(struct plan_arguments, config, words),
    {.name = "nodes",
     .kind = OPTION_TEXT,
     OPTION_PLACE(struct plan_arguments, nodes),
     .metavar = "N,N,...",
     .standard = "1",
     .help = "how many nodes there would be; a row each"},
    {.name = "ranks-per-node",
     .kind = OPTION_INTEGER,
     OPTION_PLACE(struct plan_arguments, ranks_per_node),
     .min = 1,
     .max = 10000,
     .metavar = "R",
     .standard = "those that this is started on, or that FILE was measured with",
     .help = "ranks of a node"},
    {.name = "threads",
     .kind = OPTION_INTEGER,
     OPTION_PLACE(struct plan_arguments, threads),
     .min = 1,
     .max = 10000,
     .metavar = "N",
     .standard = "as train would take here, or as FILE was measured with",
     .help = "threads of a rank"},
    {.name = "bench",
     .kind = OPTION_TEXT,
     OPTION_PLACE(struct plan_arguments, bench),
     .metavar = "FILE",
     .completion = COMPLETE_FILES,
     .standard = "steps are timed here",
     .help = "how fast a node computes: what lambert bench model --steps --json printed there"},
    {.name = "net",
     .kind = OPTION_TEXT,
     OPTION_PLACE(struct plan_arguments, net),
     .metavar = "FILE",
     .completion = COMPLETE_FILES,
     .help =
         "what the network carries: what lambert bench net --json printed on some of the nodes, one rank on each"},
    {.name = "bandwidth",
     .kind = OPTION_REAL,
     OPTION_PLACE(struct plan_arguments, bandwidth),
     .real_min = 0.001,
     .real_max = 100000,
     .metavar = "GBIT/S",
     .standard = "10",
     .help = "what the network carries each way and node"},
    {.name = "latency",
     .kind = OPTION_REAL,
     OPTION_PLACE(struct plan_arguments, latency),
     .real_min = 0.001,
     .real_max = 1e6,
     .metavar = "MICROSECONDS",
     .standard = "20",
     .help = "of a message between nodes, one way"},
    {.name = "disk-rate",
     .kind = OPTION_REAL,
     OPTION_PLACE(struct plan_arguments, disk_rate),
     .real_min = 0.001,
     .real_max = 1e6,
     .metavar = "MB/S",
     .standard = "measured with 64 MB where run.folder is or will be",
     .help = "how fast checkpoints are written"},
    {.name = "full-length",
     .kind = OPTION_FLAG,
     OPTION_PLACE(struct plan_arguments, full_length),
     .help =
         "without a corpus: sequences are as long as they can be, which is the most that there can be to do"},
    {.name = "seconds",
     .kind = OPTION_REAL,
     OPTION_PLACE(struct plan_arguments, seconds),
     .real_min = 0.01,
     .real_max = 3600,
     .metavar = "X",
     .help = "that steps of a phase are timed for, at least"},
    {.name = "json",
     .kind = OPTION_FLAG,
     OPTION_PLACE(struct plan_arguments, json),
     .help =
         "one JSON object; as plan.json in the run folder, the run's page sets it against what came"},
    {0}};

static int check_plan(const void *context, struct error *err)
{
    const struct plan_arguments *arguments = context;
    if (arguments->net && (arguments->bandwidth > 0 || arguments->latency > 0))
        return error_set(err,
                         "--net measured what --bandwidth and --latency state: give one of them");
    return 0;
}

/* What the command works with. */
struct planner {
    const struct plan_arguments *arguments;
    struct dist *dist;
    struct config config;
    int nodes[MOST_ROWS], count;
    struct corpora corpora; /* none: sequences are made up */
    bool stages;            /* data.stage_folder */
    int vocab, threads;
    double start; /* seconds that opening took, as far as a run does so, too */
    struct plan_stretch stretches[PLAN_STRETCHES];
    int stretch_count;
    struct deal deals[PLAN_STRETCHES][MOST_BATCHES];
    struct plan_work works[PLAN_STRETCHES];
    struct plan_speed speeds[MOST_ROWS][PLAN_STRETCHES];
    struct trainer_options trainer;
    struct plan_job job;
    struct plan_sources sources;
    struct bench_file bench;
    char cpu[CPU_MODEL];
};

/* --- what is to be planned ------------------------------------------------------------------------ */

static int read_nodes(struct planner *planner, struct error *err)
{
    const char *text = planner->arguments->nodes;
    for (const char *at = text;; at++) {
        char *end;
        errno = 0;
        const long nodes = strtol(at, &end, 10);
        if (end == at || errno != 0 || nodes < 1 || nodes > MOST_NODES ||
            (*end != ',' && *end != '\0'))
            return error_set(
                err, "--nodes %s: numbers from 1 to %d are wanted, with commas between them", text,
                MOST_NODES);
        if (planner->count == MOST_ROWS)
            return error_set(err, "--nodes %s: more than %d numbers", text, MOST_ROWS);
        planner->nodes[planner->count++] = (int)nodes;
        at = end;
        if (*end == '\0')
            return 0;
    }
}

static int read_config(struct planner *planner, struct error *err)
{
    const struct plan_arguments *arguments = planner->arguments;
    struct config *config = &planner->config;
    if (config_load_shared(config, planner->dist, arguments->config, arguments->words.at,
                           arguments->words.count, err) < 0)
        return -1;
    log_set_level(config->run.log_level);
    if (config->task.kind != TASK_NONE)
        return error_set(
            err, "%s is for fine-tuning (task.kind = %s), and lambert plan is of pre-training",
            arguments->config, config_word("task.kind", config->task.kind));
    for (int p = 0; p < config->phase_count; p++)
        if (config->phases[p].steps == 0)
            return error_set(
                err,
                "phase %s does not say how many steps it has, which a plan is made of; give them: "
                "phase.%s.steps=..., and phase.%s.hours=0 where it has hours",
                config->phases[p].name, config->phases[p].name, config->phases[p].name);
    if (config->train.ranks_per_node > 0)
        return error_set(
            err,
            "train.ranks_per_node divides machines, and a plan is made of whole ones: leave it at 0");
    if (arguments->threads > 0)
        config->run.threads = arguments->threads;
    planner->stages = config->data.stage_folder[0];
    config->data.stage_folder[0] = '\0'; /* here corpora are read where they lie */
    return 0;
}

/* Bytes of all corpora, each once. */
static double corpora_bytes(const struct corpora *corpora)
{
    double bytes = 0;
    for (int c = 0; c < corpora->count; c++)
        for (int split = CORPUS_TRAIN; split <= CORPUS_HELDOUT; split++) {
            const struct document_store *store =
                corpus_store(corpora->opened[c], (enum corpus_split)split);
            for (int i = 0; store && i < document_store_shards(store); i++)
                bytes += (double)document_store_shard(store, i).bytes;
        }
    return bytes;
}

static int open_corpora(struct planner *planner, struct error *err)
{
    const double started = clock_seconds();
    planner->vocab = MADE_UP_VOCABULARY;
    if (planner->arguments->full_length)
        return 0;
    if (corpora_open(&planner->corpora, &planner->config, err) < 0) {
        const struct error fault = *err;
        return error_set(err, "%s (--full-length plans without a corpus)", fault.text);
    }
    planner->vocab = vocabulary_size(corpus_vocabulary(planner->corpora.opened[0]));
    planner->start = clock_seconds() - started;
    planner->sources.corpora = &planner->corpora;
    planner->sources.corpus_bytes = corpora_bytes(&planner->corpora);
    planner->sources.staged_bytes = planner->stages ? planner->sources.corpus_bytes : 0;
    return 0;
}

/* --- the work ------------------------------------------------------------------------------------- */

static void add_batch(struct step_work *work, const struct deal *deal)
{
    work->sequences += deal->global_batch;
    work->tokens += deal->tokens;
    work->masked += deal->masked;
    work->operations += deal->all_operations;
}

/* A global batch on average, of the first ones of the stretch. */
static int deal_stretch(struct planner *planner, int i, struct mixed_sampler *sampler,
                        struct error *err)
{
    const struct config *config = &planner->config;
    const struct plan_stretch *stretch = &planner->stretches[i];
    const struct config_phase *settings = &config->phases[stretch->phase];
    const struct bert_config model = bert_config_of(config, planner->vocab);
    struct plan_work *work = &planner->works[i];
    struct deal *deals = planner->deals[i];
    const int wanted = planner->corpora.count > 0 ? DEALT / stretch->sequences : 1;
    const int batches = wanted < 1 ? 1 : wanted > MOST_BATCHES ? MOST_BATCHES : wanted;
    work->deals = deals;
    for (int b = 0; b < batches; b++) {
        const uint64_t first = stretch->first_sample + (uint64_t)b * (uint64_t)stretch->sequences;
        deal_init(&deals[b], stretch->sequences);
        work->deal_count++;
        if (!sampler)
            deal_full(&deals[b], &model, stretch->sequences, settings->sequence_length,
                      made_up_masked_of(config, stretch->phase));
        else if (deal_read(&deals[b], sampler, &model, first, stretch->sequences, err) < 0)
            return -1;
        add_batch(&work->batch, &deals[b]);
    }
    work->batch.sequences /= batches;
    work->batch.tokens /= batches;
    work->batch.masked /= batches;
    work->batch.operations /= batches;
    return 0;
}

/* Of a phase: its samples, as a run would open them, and the sequences of an evaluation. */
static int open_phase_work(struct planner *planner, int phase, struct mixed_sampler **sampler,
                           double *evaluated, struct error *err)
{
    const struct config *config = &planner->config;
    const double started = clock_seconds();
    struct evaluator *evaluator;
    *sampler = NULL;
    *evaluated = config->train.evaluate_sequences;
    if (planner->corpora.count == 0)
        return 0;
    if (corpora_sampler(&planner->corpora, config, phase, CORPUS_TRAIN, sampler, err) < 0 ||
        evaluator_new(&evaluator, config, phase, &planner->corpora, err) < 0)
        return -1;
    *evaluated = (double)evaluator_sequences(evaluator);
    evaluator_free(evaluator);
    planner->start += clock_seconds() - started;
    return 0;
}

static int find_work(struct planner *planner, struct error *err)
{
    struct mixed_sampler *sampler = NULL;
    double evaluated = 0;
    int status = 0;
    planner->trainer = trainer_options_of(&planner->config, planner->vocab);
    corpora_widen(&planner->corpora, &planner->trainer.bert.capacity);
    planner->stretch_count = plan_stretches(&planner->config, planner->stretches);
    for (int i = 0; i < planner->stretch_count && status == 0; i++) {
        if (planner->stretches[i].steps_before == 0) {
            mixed_sampler_free(sampler);
            status =
                open_phase_work(planner, planner->stretches[i].phase, &sampler, &evaluated, err);
        }
        if (status == 0)
            status = deal_stretch(planner, i, sampler, err);
        planner->works[i].evaluated = evaluated;
    }
    mixed_sampler_free(sampler);
    return status;
}

/* --- how fast a node is --------------------------------------------------------------------------- */

static int open_bench(struct planner *planner, struct error *err)
{
    const struct plan_arguments *arguments = planner->arguments;
    struct bench_file *file = &planner->bench;
    struct plan_job *job = &planner->job;
    if (dist_size(planner->dist) > 1)
        return error_set(
            err, "with --bench nothing is measured here: start lambert plan without mpirun");
    if (bench_file_open(file, arguments->bench, err) < 0 ||
        bench_file_check(file, &planner->config, err) < 0)
        return -1;
    if (arguments->threads > 0 && arguments->threads != file->threads)
        return error_set(
            err,
            "%s was measured with %d threads a rank, and --threads says %d: measure with as many",
            arguments->bench, file->threads, arguments->threads);
    job->node.ranks = arguments->ranks_per_node > 0 ? arguments->ranks_per_node : file->ranks;
    planner->threads = file->threads;
    planner->sources.bench = arguments->bench;
    planner->sources.cpu = file->cpu;
    planner->sources.measured_ranks = file->ranks;
    job->copy = ASSUMED_COPY;
    job->node_bytes = INFINITY;
    return bench_file_memory(file, job->node.ranks, &job->node.memory, err);
}

static int read_speeds(struct planner *planner, struct error *err)
{
    if (open_bench(planner, err) < 0)
        return -1;
    for (int i = 0; i < planner->count; i++)
        for (int s = 0; s < planner->stretch_count; s++) {
            const int length = planner->config.phases[planner->stretches[s].phase].sequence_length;
            if (bench_file_speed(&planner->bench, length, planner->job.node.ranks,
                                 &planner->speeds[i][s], err) < 0)
                return -1;
        }
    return 0;
}

/* A stretch on so many nodes; `others`: how many times the ranks of this trial a node has. */
static int time_stretch(struct planner *planner, struct trial *trial, int s, int nodes,
                        double others, struct plan_speed *speed, struct error *err)
{
    const int phase = planner->stretches[s].phase;
    const struct step_work *batch = &planner->works[s].batch;
    struct trial_result result;
    if (trial_phase(trial, phase, batch, nodes * planner->job.node.ranks, &result, err) < 0)
        return -1;
    *speed = result.speed;
    speed->useful *= others;
    speed->forward *= others;
    speed->sums = others > 1 ? -1 : speed->sums;
    planner->job.node.memory = result.memory;
    log_info(
        "phase %s, %.0f sequences on %d node%s: %d steps of %.0f sequences a node timed, %.4g s each",
        planner->config.phases[phase].name, batch->sequences, nodes, nodes == 1 ? "" : "s",
        result.steps, result.sequences * others, result.step_seconds);
    return 0;
}

/* Whether stretch s on so many nodes is timed by steps like those of what was timed already: then *speed is that. */
static bool is_timed(const struct planner *planner, int timed[MOST_ROWS][PLAN_STRETCHES], int i,
                     int s, struct plan_speed *speed)
{
    for (int a = 0; a <= i; a++)
        for (int b = 0; b < (a < i ? planner->stretch_count : s); b++)
            if (planner->stretches[b].phase == planner->stretches[s].phase &&
                abs(timed[a][b] - timed[i][s]) <= ALIKE * timed[i][s]) {
                *speed = planner->speeds[a][b];
                return true;
            }
    return false;
}

static int time_stretches(struct planner *planner, struct trial *trial, double others,
                          struct error *err)
{
    int(*timed)[PLAN_STRETCHES] = memory_new(MOST_ROWS, sizeof *timed); /* sequences of the steps */
    int status = 0;
    for (int i = 0; i < planner->count && status == 0; i++)
        for (int s = 0; s < planner->stretch_count && status == 0; s++) {
            const int nodes = planner->nodes[i];
            timed[i][s] =
                trial_sequences(trial, &planner->works[s].batch, nodes * planner->job.node.ranks);
            if (!is_timed(planner, timed, i, s, &planner->speeds[i][s]))
                status =
                    time_stretch(planner, trial, s, nodes, others, &planner->speeds[i][s], err);
        }
    free(timed);
    return status;
}

static int time_trial(struct planner *planner, struct error *err)
{
    const struct plan_arguments *arguments = planner->arguments;
    const int ranks = dist_size(planner->dist);
    const double started = clock_seconds();
    struct plan_job *job = &planner->job;
    struct trial *trial;
    job->node.ranks = arguments->ranks_per_node > 0 ? arguments->ranks_per_node : ranks;
    job->node_bytes = machine_memory_available("") == UINT64_MAX
                          ? INFINITY
                          : (double)machine_memory_available("");
    if (dist_nodes(planner->dist) > 1)
        return error_set(err,
                         "lambert plan times steps on one node: start it on the ranks of one host");
    if (ranks > 1 && job->node.ranks != ranks)
        return error_set(err,
                         "started on %d ranks, and --ranks-per-node says %d: as many, or one alone",
                         ranks, job->node.ranks);
    if (trial_open(&trial, planner->dist, &planner->config, &planner->corpora, planner->vocab,
                   arguments->seconds, err) < 0)
        return -1;
    planner->start += trial_start(trial);
    int status = time_stretches(planner, trial, (double)job->node.ranks / ranks, err);
    if (status == 0)
        status = trial_checkpoint(trial, &job->copy, err);
    trial_close(trial);
    if (job->copy == 0) /* there was no memory to try it */
        job->copy = ASSUMED_COPY;
    cpu_model(planner->cpu);
    planner->sources.cpu = planner->cpu;
    planner->sources.measured_ranks = ranks;
    planner->sources.measured_seconds = clock_seconds() - started;
    return status;
}

/* --- network and disk ----------------------------------------------------------------------------- */

static int find_network(struct planner *planner, struct error *err)
{
    const struct plan_arguments *arguments = planner->arguments;
    struct plan_job *job = &planner->job;
    job->node.message = ASSUMED_MESSAGE;
    job->node.sums = -1;
    planner->sources.net = arguments->net;
    if (arguments->net)
        return bench_net_read(arguments->net, &job->network, &job->node.message, err);
    planner->sources.stated_bandwidth = arguments->bandwidth > 0;
    planner->sources.stated_latency = arguments->latency > 0;
    job->network = (struct step_network){
        .bandwidth = (arguments->bandwidth > 0 ? arguments->bandwidth : ASSUMED_GIGABITS) * 1e9 / 8,
        .latency = arguments->latency > 0 ? arguments->latency * 1e-6 : ASSUMED_LATENCY};
    return 0;
}

/* A folder that cannot be written to is the run's trouble, of which `lambert doctor` tells; a plan can do without. */
static void find_disk(struct planner *planner)
{
    const double stated = planner->arguments->disk_rate;
    struct plan_job *job = &planner->job;
    struct error err;
    job->disk = stated * 1e6;
    planner->sources.stated_disk = stated > 0;
    if (stated > 0 || dist_rank(planner->dist) != 0 ||
        trial_disk(planner->config.run.folder, &job->disk, &err) == 0)
        return;
    log_warning("%s; %.0f MB/s are taken (--disk-rate)", err.text, ASSUMED_DISK / 1e6);
    job->disk = ASSUMED_DISK;
    planner->sources.stated_disk = true;
}

/* --- the plan ------------------------------------------------------------------------------------- */

/* What a row alone does not show. */
static void warn(const struct planner *planner, const struct plan *plan)
{
    for (int p = 0; p < plan->part_count; p++) {
        const struct plan_stretch *stretch = &planner->stretches[p];
        const struct config_phase *settings = &planner->config.phases[stretch->phase];
        const int batch = stretch->sequences, ranks = plan->ranks;
        const double waits = 100 * plan->parts[p].imbalance;
        if (ranks > batch)
            log_warning(
                "phase %s on %d nodes: %d ranks for %d sequences of a global batch; %d of them would have nothing to do",
                settings->name, plan->nodes, ranks, batch, ranks - batch);
        else if (batch % ranks != 0 && waits > 1)
            log_warning(
                "phase %s on %d nodes: %d sequences do not divide among %d ranks, which get %d or %d; the "
                "busiest has %.1f%% more than the average to do, for which all others wait",
                settings->name, plan->nodes, batch, ranks, batch / ranks, batch / ranks + 1, waits);
    }
    if (plan->node_bytes > planner->job.node_bytes)
        log_warning("on %d nodes, a node would hold %.0f MB, and this one has %.0f MB available",
                    plan->nodes, plan->node_bytes / 1e6, planner->job.node_bytes / 1e6);
}

static void make_plans(struct planner *planner)
{
    struct plan_job *job = &planner->job;
    struct plan *plans = memory_new((size_t)planner->count, sizeof *plans);
    const struct step_shape shape = step_shape_of(&planner->trainer.model);
    job->config = &planner->config;
    job->trainer = &planner->trainer;
    job->stretches = planner->stretches;
    job->stretch_count = planner->stretch_count;
    job->works = planner->works;
    job->threads = planner->threads;
    job->start = planner->start;
    for (int i = 0; i < planner->count; i++) {
        job->speeds = planner->speeds[i];
        plan_make(job, planner->nodes[i], &plans[i]);
        warn(planner, &plans[i]);
    }
    planner->sources.config = planner->arguments->config;
    planner->sources.weights = step_shape_elements(&shape);
    (planner->arguments->json ? plan_print_json : plan_print)(&planner->sources, job, plans,
                                                              planner->count);
    free(plans);
}

/* What every rank does by itself. */
static int read_arguments(struct planner *planner, struct error *err)
{
    return read_nodes(planner, err) < 0 || read_config(planner, err) < 0 || kernels_select(err) < 0
               ? -1
               : 0;
}

static int find_rest(struct planner *planner, struct error *err)
{
    if (open_corpora(planner, err) < 0 || find_work(planner, err) < 0)
        return -1;
    return find_network(planner, err);
}

static int plan(struct dist *dist, const void *context, struct error *err)
{
    struct planner *planner = memory_new(1, sizeof *planner);
    struct threads threads;
    planner->arguments = context;
    planner->dist = dist;
    int status = dist_agree(dist, read_arguments(planner, err), err);
    if (status < 0 ||
        (status = threads_start(&threads, dist, planner->config.run.threads, err)) < 0)
        goto done;
    planner->threads = threads.count;
    status = dist_agree(dist, find_rest(planner, err), err);
    if (status == 0)
        status = planner->arguments->bench ? read_speeds(planner, err) : time_trial(planner, err);
    if (status == 0 && dist_rank(dist) == 0) {
        find_disk(planner);
        make_plans(planner);
    }
done:
    bench_file_close(&planner->bench);
    for (int s = 0; s < planner->stretch_count; s++)
        for (int d = 0; d < planner->works[s].deal_count; d++)
            deal_release(&planner->deals[s][d]);
    corpora_close(&planner->corpora);
    free(planner);
    return status;
}

const struct command command_plan = {
    .name = "plan",
    .summary = "what a run will cost on so many nodes: time, node-hours, memory, disk",
    .description =
        "Says before an allocation is spent what lambert train would make of it, with the same CONFIG and words: the "
        "time of a step and of the run, node-hours, the part of the network in it, memory, the pauses for checkpoints "
        "and the room that these take; a row a number of nodes and a phase.\n"
        "\n"
        "How fast a node computes it finds out here, with a few steps of the run that leave nothing behind: start it "
        "on a node like those that are meant, under mpirun with as many ranks as a node is to have. Or it was measured "
        "by lambert bench model there (--bench). What a network between nodes costs follows from what it carries, by "
        "the model of docs/scaling.md.\n"
        "\n"
        "docs/planning.md says how near plans come, and how the page of a run sets its plan against what came of it.\n",
    .examples =
        "mpirun -n 2 lambert plan configs/bert-base-4k.ini --nodes 8,16,32 --bandwidth 100 --latency 2\n"
        "lambert plan configs/bert-large.ini --full-length --nodes 512 --bench model.json --net net.json\n",
    .options = plan_options,
    COMMAND_ARGUMENTS(struct plan_arguments, .nodes = "1", .seconds = 3),
    .check = check_plan,
    .run_on_ranks = plan};

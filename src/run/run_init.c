#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/base/log.h"
#include "lambert/base/memory.h"
#include "lambert/kernels/cpu.h"
#include "lambert/run/options.h"
#include "memory_plan.h"
#include "run_folder.h"
#include "run_internal.h"

static int divide_nodes(struct dist *dist, int ranks, struct error *err)
{
    if (ranks == 0)
        return 0;
    if (dist_divide_nodes(dist, ranks)) {
        log_info("divided into %d nodes of %d rank(s)", dist_nodes(dist), ranks);
        return 0;
    }
    return error_set(
        err,
        "train.ranks_per_node (%d) does not divide the ranks of each machine (rank %d's "
        "has %d); choose a divisor, or 0",
        ranks, dist_rank(dist), dist_machine_size(dist));
}

/* Says what this rank and its machine will hold before it is taken. */
static int plan_memory(struct run *run, int threads, struct error *err)
{
    const struct bert_config *model = &run->work->options.model;
    const struct memory_plan plan = memory_plan_of(run->dist, run->work, threads);
    struct param_table table;
    param_table_init(&table, model);
    log_info("model: %d layers, hidden %d, %d heads, vocabulary %d: %zu tensors, %.2f million "
             "weights",
             model->layers, model->hidden, model->heads, model->vocab, (size_t)table.count,
             (double)table.weights / 1e6);
    param_table_release(&table);
    return memory_plan_check(&plan, run->dist, &run->memory_left, err);
}

void run_begin(struct run *run, struct dist *dist, const struct config *config)
{
    *run = (struct run){
        .dist = dist, .config = config, .lock = -1, .place = -1, .step_seconds = INFINITY};
    balance_init(&run->balance, dist_size(dist));
    run_clock_start(&run->clock, 0);
    time_spent_begin(&run->time_spent);
    run->machines = dist_nodes(dist);
    run->folder = memory_copy_text(config->run.folder);
    mlperf_log_init(&run->mlperf);
}

int run_init(struct run *run, bool resume, int threads, struct error *err)
{
    struct dist *dist = run->dist;
    struct config *config = memory_new(1, sizeof *config); /* what records of rates complete */
    *config = *run->config;
    int status = rate_records_read(run->rates, dist, config, err);
    if (status == 0)
        status = work_open(&run->work, dist, config, resume, err);
    free(config);
    if (status != 0)
        return status;
    const struct work *work = run->work;
    char what[64];
    snprintf(what, sizeof what, "the %s", work->what);
    run->config = &work->config;
    run->threads = threads;
    run->meta = work->meta;
    run->state = work->meta.state;
    run->state.rates_hash = rate_records_hash(run->rates, run->config);
    if (dist_same(dist, what, run->state.corpus_hash, err) < 0 ||
        divide_nodes(dist, run->config->train.ranks_per_node, err) < 0 ||
        plan_memory(run, threads, err) < 0 ||
        trainer_new(&run->trainer, dist, &work->options, err) < 0)
        return -1;
    run->peak = cpu_peak_flops(run->config->train.compute_type, threads);
    dist_sum_double(dist, &run->peak, 1);
    return 0;
}

void run_release(struct run *run)
{
    saving_release(run);
    metrics_close(&run->metrics);
    mlperf_log_close(&run->mlperf);
    free(run->folder);
    run_folder_release(run);
    trainer_free(run->trainer);
    balance_release(&run->balance);
    for (int p = 0; p < CONFIG_MAX_PHASES; p++)
        rate_record_release(&run->rates[p]);
    work_close(run->work);
}

struct phase_place run_place_in_phase(const struct run_state *state)
{
    return (struct phase_place){.steps = state->phase_step, .seconds = state->phase_seconds};
}

static bool is_over(const struct run *run)
{
    const struct phase_plan plan = phase_plan_of(&run->config->phases[run->state.phase]);
    return phase_plan_is_over(&plan, run_place_in_phase(&run->state));
}

void run_pass_finished_phases(struct run *run)
{
    struct run_state *state = &run->state;
    while (state->phase < run->config->phase_count && is_over(run)) {
        state->phase++;
        state->phase_step = 0;
        state->phase_seconds = 0;
    }
}

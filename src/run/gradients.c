#include "lambert/run/gradients.h"

#include <math.h>
#include <stdlib.h>

#include "lambert/base/memory.h"
#include "lambert/run/metrics.h"
#include "lambert/run/options.h"
#include "lambert/run/run.h"
#include "lambert/store/safetensors.h"
#include "run_internal.h"
#include "start.h"

static int open_batch(const struct run *run, const struct gradients_request *request,
                      struct batch_source **source, struct batch *batch, struct error *err)
{
    if (run->work->operations->open_phase(run->work, run->dist, request->phase, request->batch,
                                          request->batch + 1, source, err) < 0)
        return -1;
    return batch_source_next(*source, batch, err) < 0 ? -1 : 0;
}

static int write_file(const struct param_table *table, const real *gradient, const char *path,
                      struct error *err)
{
    struct safetensors_entry *entries = memory_new((size_t)table->count, sizeof *entries);
    for (int t = 0; t < table->count; t++) {
        const struct param_info *info = &table->infos[t];
        entries[t] = (struct safetensors_entry){.name = info->name,
                                                .dimensions = info->dimensions,
                                                .shape = {info->shape[0], info->shape[1]},
                                                .values = gradient + info->offset};
    }
    int status = safetensors_write(path, SAFETENSORS_F32, entries, table->count, err);
    free(entries);
    return status;
}

static void summarise(struct gradients_summary *summary, const struct step_report *report,
                      double gradient_norm)
{
    *summary = (struct gradients_summary){.loss_count = report->objectives.count,
                                          .gradient_norm = gradient_norm,
                                          .sequences = report->sequences,
                                          .tokens = report->tokens};
    for (int o = 0; o < report->objectives.count; o++) {
        const struct objective_sums *sums = &report->sums[o];
        summary->losses[o] = (struct gradients_loss){.name = report->objectives.rows[o]->name,
                                                     .mean = metrics_mean(sums->loss, sums->terms),
                                                     .terms = sums->terms};
    }
}

int gradients_write(struct dist *dist, const struct gradients_request *request, const char *path,
                    struct gradients_summary *summary, struct error *err)
{
    const struct config *config = request->config;
    struct run run;
    struct threads threads;
    struct batch_source *source = NULL;
    struct batch batch;
    struct step_report report;
    const real *gradient;
    if (start_threads(&threads, dist, config, err) < 0)
        return -1;
    run_begin(&run, dist, config);
    int status = run_init(&run, false, threads.count, err);
    if (status < 0)
        goto done;
    status = start_weights(&run, request->checkpoint ? request->checkpoint : config->run.start_from,
                           err);
    if (status < 0)
        goto done;
    status = open_batch(&run, request, &source, &batch, err);
    status = trainer_gradient(run.trainer, status < 0 ? NULL : &batch, &gradient, &report, err);
    if (status < 0)
        goto done;
    const struct param_table *table = trainer_params(run.trainer);
    summarise(summary, &report, sqrt(kernels->sum_squares(gradient, table->size)));
    status = dist_rank(dist) == 0 ? write_file(table, gradient, path, err) : 0;
    status = dist_agree(dist, status, err);
done:
    work_close_source(run.work, source);
    run_release(&run);
    return status;
}

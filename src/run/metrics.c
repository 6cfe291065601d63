#include "lambert/run/metrics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "event_lines.h"
#include "lambert/base/build.h"
#include "lambert/base/command_line.h"
#include "lambert/base/file.h"
#include "lambert/base/host_name.h"
#include "lambert/base/json.h"
#include "lambert/base/memory.h"
#include "lambert/base/version.h"
#include "lambert/kernels/gemm.h"
#include "lambert/kernels/kernels.h"

static bool is_of_kind(const cJSON *line, const char *kind)
{
    const char *is = json_get_text(line, "kind");
    return is && strcmp(is, kind) == 0;
}

/* What all processes of the run had come to at a line of kind "time", or nothing. */
static struct time_totals totals_of(const cJSON *line)
{
    const cJSON *total = json_get(line, "total"), *parts = json_get(total, "node_hours");
    const cJSON *processes = json_get(total, "processes");
    struct time_totals totals = {0};
    if (!cJSON_IsNumber(processes) || !cJSON_IsObject(parts))
        return totals;
    totals.processes = processes->valueint;
    for (int p = 0; p < TIME_PARTS; p++)
        totals.node_hours[p] = json_get_number(parts, time_part_name((enum time_part)p), 0);
    return totals;
}

/* The lines that the checkpoint at `keep_steps` has seen; a half-written last line is dropped. */
static void keep_lines(struct buffer *text, int64_t keep_steps, struct buffer *kept,
                       struct evaluation_lines *lines, struct time_totals *earlier)
{
    const char *cursor = buffer_text(text), *end = cursor + text->size;
    while (cursor < end) {
        const char *newline = memchr(cursor, '\n', (size_t)(end - cursor));
        if (!newline)
            return;
        size_t length = (size_t)(newline - cursor) + 1;
        cJSON *line = cJSON_ParseWithLength(cursor, length);
        const double step = json_get_number(line, "total_step", INFINITY);
        if (step <= (double)keep_steps) {
            buffer_put(kept, cursor, length);
            if (is_of_kind(line, "time"))
                *earlier = totals_of(line);
        }
        if (step == (double)keep_steps) {
            lines->evaluation |= is_of_kind(line, "evaluation");
            lines->pairs |= is_of_kind(line, "pairs");
        }
        cJSON_Delete(line);
        cursor += length;
    }
}

static int rewrite(const char *path, int64_t keep_steps, struct evaluation_lines *lines,
                   struct time_totals *earlier, struct error *err)
{
    struct buffer text = {0}, kept = {0};
    int status = 0;
    if (keep_steps > 0 && file_exists(path))
        status = file_read(path, &text, err);
    if (status == 0) {
        keep_lines(&text, keep_steps, &kept, lines, earlier);
        status = file_write(path, kept.data, kept.size, err);
    }
    buffer_release(&text);
    buffer_release(&kept);
    return status;
}

int metrics_open(struct metrics *metrics, const char *run_folder, int rank, int64_t keep_steps,
                 struct error *err)
{
    *metrics = (struct metrics){0};
    if (rank != 0)
        return 0;
    metrics->path = path_join(run_folder, "metrics.jsonl");
    if (rewrite(metrics->path, keep_steps, &metrics->kept, &metrics->earlier, err) < 0)
        return -1;
    metrics->stream = fopen(metrics->path, "a");
    if (!metrics->stream)
        return error_errno(err, "cannot write %s", metrics->path);
    return 0;
}

int metrics_open_events(struct metrics *metrics, const char *run_folder, int64_t keep_steps,
                        const char *config, struct error *err)
{
    /* Nothing is kept of a run that begins; of one that goes on, what its checkpoint has seen. */
    const int64_t first = keep_steps > 0 ? keep_steps + 1 : 0;
    char *folder = path_join(run_folder, "tensorboard");
    int status = event_file_open(&metrics->events, folder, first, err);
    if (status == 0)
        status = event_lines_write_config(&metrics->events, config, keep_steps, err);
    free(folder);
    return status;
}

void metrics_close(struct metrics *metrics)
{
    event_file_close(&metrics->events);
    if (metrics->stream)
        fclose(metrics->stream);
    free(metrics->path);
    *metrics = (struct metrics){0};
}

/* Metrics are the record; this is a view of them. */
static void write_events(struct metrics *metrics, const cJSON *line)
{
    struct error err;
    if (!metrics->events.stream || event_lines_write(&metrics->events, line, &err) == 0)
        return;
    log_warning("%s: TensorBoard sees no more of this run until it is resumed", err.text);
    event_file_close(&metrics->events);
}

static int write_line(struct metrics *metrics, cJSON *line, struct error *err)
{
    write_events(metrics, line);
    char *text = json_print(line);
    int status = 0;
    if (fprintf(metrics->stream, "%s\n", text) < 0 || fflush(metrics->stream) != 0)
        status = error_errno(err, "cannot write %s", metrics->path);
    free(text);
    return status;
}

static void add(cJSON *line, const char *name, double value)
{
    if (isfinite(value))
        cJSON_AddNumberToObject(line, name, value);
    else
        cJSON_AddNullToObject(line, name);
}

static cJSON *line_new(const char *kind, const char *phase, const struct run_state *state)
{
    cJSON *line = cJSON_CreateObject();
    cJSON_AddStringToObject(line, "kind", kind);
    cJSON_AddStringToObject(line, "phase", phase);
    add(line, "phase_step", (double)state->phase_step);
    add(line, "total_step", (double)state->total_steps);
    add(line, "total_sequences", (double)state->sequences);
    add(line, "total_tokens", (double)state->tokens);
    return line;
}

double metrics_mean(double sum, double count)
{
    return count > 0 ? sum / count : NAN;
}

double metrics_loss(const struct step_report *report)
{
    double loss = 0, terms = 0;
    for (int o = 0; o < report->objectives.count; o++)
        if (report->sums[o].terms > 0) {
            loss += metrics_mean(report->sums[o].loss, report->sums[o].terms);
            terms += report->sums[o].terms;
        }
    return terms > 0 ? loss : NAN;
}

int metrics_run(struct metrics *metrics, const char *phase, const struct run_state *state,
                const struct run_place *place, struct error *err)
{
    if (!metrics->stream)
        return 0;
    const struct build *build = build_get();
    cJSON *line = line_new("run", phase, state);
    char *words = command_line();
    char host[HOST_NAME_ROOM], date[64];
    struct tm calendar;
    const time_t now = time(NULL);
    host_name(host);
    cJSON_AddStringToObject(line, "program", LAMBERT_PROGRAM);
    if (build) {
        cJSON_AddStringToObject(line, "commit", build->commit);
        cJSON_AddStringToObject(line, "compiler", build->compiler);
        cJSON_AddStringToObject(line, "flags", build->flags);
        cJSON_AddStringToObject(line, "mpi", build->mpi);
        cJSON_AddStringToObject(line, "blas", build->blas);
    }
    cJSON_AddStringToObject(line, "kernels", kernels->name);
    cJSON_AddStringToObject(line, "products", gemm_maker(place->compute_type));
    cJSON_AddStringToObject(line, "command_line", words);
    if (gmtime_r(&now, &calendar) && strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%SZ", &calendar))
        cJSON_AddStringToObject(line, "date", date);
    cJSON_AddStringToObject(line, "host", host);
    add(line, "ranks", place->ranks);
    add(line, "nodes", place->nodes);
    add(line, "threads", place->threads);
    if (place->branched_from)
        cJSON_AddStringToObject(line, "branched_from", place->branched_from);
    free(words);
    return write_line(metrics, line, err);
}

/* A mean of an objective, as "mlm_loss". */
static void add_mean(cJSON *line, const struct objective *objective, const char *what, double sum,
                     double terms)
{
    char name[64];
    snprintf(name, sizeof name, "%s_%s", objective->name, what);
    add(line, name, metrics_mean(sum, terms));
}

/* How many masked tokens there were, where the model guesses them. */
static void add_masked(cJSON *line, const struct objective_list *objectives,
                       const struct objective_sums *sums)
{
    for (int o = 0; o < objectives->count; o++)
        if (objectives->rows[o] == &objective_mlm) {
            add(line, "masked", sums[o].terms);
            return;
        }
}

int metrics_step(struct metrics *metrics, const char *phase, const struct run_state *state,
                 const struct step_metrics *step, struct error *err)
{
    if (!metrics->stream)
        return 0;
    const struct step_report *report = step->report;
    const struct objective_list *objectives = &report->objectives;
    const struct objective_sums *sums = report->sums;
    cJSON *line = line_new("step", phase, state);
    add(line, "loss", metrics_loss(report));
    for (int o = 0; o < objectives->count; o++)
        add_mean(line, objectives->rows[o], "loss", sums[o].loss, sums[o].terms);
    for (int o = 0; o < objectives->count; o++)
        if (!objectives->rows[o]->is_distance)
            add_mean(line, objectives->rows[o], "accuracy", sums[o].correct, sums[o].terms);
    json_add_exact(line, "learning_rate", step->rate); /* what makes the same step again */
    add(line, "gradient_norm", report->gradient.gradient_norm);
    add(line, "clip", report->gradient.clip);
    cJSON_AddBoolToObject(line, "skipped", !report->updated);
    add(line, "skipped_steps", (double)step->skipped_steps);
    add(line, "sequences", (double)report->sequences);
    add(line, "tokens", (double)report->tokens);
    add_masked(line, objectives, sums);
    add(line, "seconds", step->seconds);
    add(line, "sequences_per_second", (double)report->sequences / step->seconds);
    add(line, "tokens_per_second", (double)report->tokens / step->seconds);
    add(line, "communication_wait_seconds", report->waited);
    add(line, "communication_seconds", report->exchanged);
    add(line, "communication_bytes", report->bytes_sent);
    add(line, "peak_fraction", report->operations / step->seconds / step->peak);
    add(line, "work_seconds", step->balance.work);
    add(line, "data_seconds", step->balance.data);
    add(line, "imbalance", step->balance.imbalance);
    add(line, "slowest_rank", step->balance.slowest);
    if (step->timed)
        json_add_exact(line, "phase_seconds", state->phase_seconds);
    add(line, "phase_seconds_left", step->left.phase);
    add(line, "seconds_left", step->left.run);
    if (report->replay.made > 0) {
        add(line, "replays", report->replay.made);
        add(line, "replays_different", report->replay.different);
    }
    return write_line(metrics, line, err);
}

int metrics_replay(struct metrics *metrics, const char *phase, const struct run_state *state,
                   const struct param_table *table, const struct replay_report *report,
                   struct error *err)
{
    if (!metrics->stream)
        return 0;
    cJSON *line = line_new("replay", phase, state);
    add(line, "replays", report->made);
    add(line, "replays_different", report->different);
    cJSON *array = cJSON_AddArrayToObject(line, "differences");
    for (int d = 0; d < report->different; d++) {
        const struct replay_difference *difference = &report->differences[d];
        const struct result_difference *result = &difference->result;
        cJSON *entry = cJSON_CreateObject();
        add(entry, "rank", difference->owner);
        cJSON_AddStringToObject(entry, "host", difference->owner_host);
        add(entry, "checked_by_rank", difference->checker);
        cJSON_AddStringToObject(entry, "checked_by_host", difference->checker_host);
        add(entry, "sample", (double)difference->sample);
        add(entry, "sequences", difference->sequences);
        cJSON_AddBoolToObject(entry, "losses_differ", result->losses);
        add(entry, "tensors_different", result->tensors);
        if (result->tensors > 0)
            cJSON_AddStringToObject(entry, "first_tensor", table->infos[result->first].name);
        cJSON_AddItemToArray(array, entry);
    }
    return write_line(metrics, line, err);
}

int metrics_tensors(struct metrics *metrics, const char *phase, const struct run_state *state,
                    const struct param_table *table, const struct tensor_report *tensors,
                    struct error *err)
{
    if (!metrics->stream)
        return 0;
    cJSON *line = line_new("tensors", phase, state);
    cJSON *array = cJSON_AddArrayToObject(line, "tensors");
    for (int t = 0; t < table->count; t++) {
        cJSON *tensor = cJSON_CreateObject();
        cJSON_AddStringToObject(tensor, "name", table->infos[t].name);
        add(tensor, "weight_norm", tensors[t].weight_norm);
        add(tensor, "gradient_norm", tensors[t].gradient_norm);
        add(tensor, "update_norm", tensors[t].update_norm);
        add(tensor, "trust_ratio", tensors[t].trust_ratio);
        cJSON_AddItemToArray(array, tensor);
    }
    return write_line(metrics, line, err);
}

int metrics_task(struct metrics *metrics, const char *phase, const struct run_state *state,
                 const struct task_evaluation *evaluation, struct error *err)
{
    cJSON *line = line_new("evaluation", phase, state);
    cJSON_AddStringToObject(line, "task", config_word("task.kind", evaluation->kind));
    cJSON_AddStringToObject(line, "file", evaluation->file);
    add(line, "examples", evaluation->examples);
    add(line, "loss", evaluation->loss);
    cJSON *values = cJSON_AddObjectToObject(line, "metrics");
    for (int m = 0; m < evaluation->values.count; m++)
        add(values, evaluation->values.at[m].name, evaluation->values.at[m].value);
    return write_line(metrics, line, err);
}

int metrics_pairs(struct metrics *metrics, const char *phase, const struct run_state *state,
                  double accuracy, int pairs, struct error *err)
{
    if (!metrics->stream)
        return 0;
    cJSON *line = line_new("pairs", phase, state);
    add(line, "accuracy", accuracy);
    add(line, "pairs", pairs);
    return write_line(metrics, line, err);
}

int metrics_corpora(struct metrics *metrics, const char *phase, const struct run_state *state,
                    const struct corpus_progress *corpora, int count, struct error *err)
{
    if (!metrics->stream)
        return 0;
    cJSON *line = line_new("corpora", phase, state);
    cJSON *array = cJSON_AddArrayToObject(line, "corpora");
    for (int c = 0; c < count; c++) {
        cJSON *object = cJSON_CreateObject();
        cJSON_AddStringToObject(object, "corpus", corpora[c].folder);
        add(object, "samples", (double)corpora[c].samples);
        add(object, "epochs", corpora[c].epochs);
        cJSON_AddItemToArray(array, object);
    }
    return write_line(metrics, line, err);
}

int metrics_checkpoint(struct metrics *metrics, const char *phase, const struct run_state *state,
                       double pause, double write, struct error *err)
{
    if (!metrics->stream)
        return 0;
    cJSON *line = line_new("checkpoint", phase, state);
    add(line, "pause_seconds", pause);
    add(line, "write_seconds", write);
    return write_line(metrics, line, err);
}

int metrics_log(struct metrics *metrics, const char *phase, const struct run_state *state,
                const struct log_losses *losses, struct error *err)
{
    if (!metrics->stream)
        return 0;
    cJSON *line = line_new("log", phase, state);
    add(line, "lost_lines", (double)losses->lines);
    if (losses->error != 0)
        cJSON_AddStringToObject(line, "error", strerror(losses->error));
    return write_line(metrics, line, err);
}

int metrics_products(struct metrics *metrics, const char *phase, const struct run_state *state,
                     const struct product_shares *shares, struct error *err)
{
    if (!metrics->stream)
        return 0;
    cJSON *line = line_new("products", phase, state);
    cJSON *array = cJSON_AddArrayToObject(line, "products");
    for (int i = 0; i < shares->count; i++) {
        const struct product_share *row = &shares->at[i];
        cJSON *object = cJSON_CreateObject();
        cJSON_AddStringToObject(object, "kernels", row->maker);
        cJSON_AddStringToObject(object, "operands", config_word("train.compute_type", row->type));
        add(object, "multiply_adds", row->operations);
        add(object, "share", row->share);
        cJSON_AddItemToArray(array, object);
    }
    return write_line(metrics, line, err);
}

int metrics_time(struct metrics *metrics, const char *phase, const struct run_state *state,
                 const struct time_table *table, struct error *err)
{
    if (!metrics->stream)
        return 0;
    struct time_totals totals = metrics->earlier;
    cJSON *line = line_new("time", phase, state);
    add(line, "ranks", table->ranks);
    add(line, "nodes", table->nodes);
    add(line, "seconds", table->seconds);
    add(line, "node_hours", time_table_node_hours(table));
    cJSON *parts = cJSON_AddObjectToObject(line, "parts");
    for (int p = 0; p < TIME_PARTS; p++) {
        cJSON *part = cJSON_AddObjectToObject(parts, time_part_name((enum time_part)p));
        add(part, "least", table->parts[p].least);
        add(part, "mean", table->parts[p].mean);
        add(part, "most", table->parts[p].most);
    }
    time_totals_add(&totals, table);
    cJSON *total = cJSON_AddObjectToObject(line, "total");
    add(total, "processes", totals.processes);
    cJSON *hours = cJSON_AddObjectToObject(total, "node_hours");
    for (int p = 0; p < TIME_PARTS; p++)
        add(hours, time_part_name((enum time_part)p), totals.node_hours[p]);
    return write_line(metrics, line, err);
}

/* The sums of one evaluation, of a corpus or of all. */
static void add_evaluation_means(cJSON *line, const struct evaluation *evaluation)
{
    const struct objective_list *objectives = &evaluation->objectives;
    const struct objective_sums *sums = evaluation->sums;
    add(line, "sequences", (double)evaluation->sequences);
    add_masked(line, objectives, sums);
    for (int o = 0; o < objectives->count; o++) {
        add_mean(line, objectives->rows[o], "loss", sums[o].loss, sums[o].terms);
        add_mean(line, objectives->rows[o], "accuracy", sums[o].correct, sums[o].terms);
    }
    add(line, "unigram_loss", evaluation->unigram_loss);
    add(line, "unigram_accuracy", evaluation->unigram_accuracy);
}

void metrics_add_evaluation(cJSON *line, int sequence_length, const struct evaluation *evaluation)
{
    add(line, "sequence_length", sequence_length);
    cJSON_AddStringToObject(line, "compute_type",
                            config_word("train.compute_type", evaluation->compute_type));
    if (evaluation->masking > 0)
        add(line, "masked_lm_probability", evaluation->masking);
    add_evaluation_means(line, evaluation);
    if (evaluation->corpus_count == 0)
        return;
    cJSON *array = cJSON_AddArrayToObject(line, "corpora");
    for (int c = 0; c < evaluation->corpus_count; c++) {
        const struct corpus_evaluation *corpus = &evaluation->corpora[c];
        cJSON *object = cJSON_CreateObject();
        cJSON_AddStringToObject(object, "corpus", corpus->folder);
        add(object, "share", corpus->share);
        add_evaluation_means(object, &corpus->own);
        cJSON_AddItemToArray(array, object);
    }
}

int metrics_evaluation(struct metrics *metrics, const char *phase, const struct run_state *state,
                       int sequence_length, const struct evaluation *evaluation, struct error *err)
{
    if (!metrics->stream)
        return 0;
    cJSON *line = line_new("evaluation", phase, state);
    metrics_add_evaluation(line, sequence_length, evaluation);
    return write_line(metrics, line, err);
}

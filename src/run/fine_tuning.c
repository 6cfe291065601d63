/* Fine-tuning as work: a task's training set, and the examples that its metrics are of. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "best.h"
#include "lambert/base/activity.h"
#include "lambert/base/file.h"
#include "lambert/base/log.h"
#include "lambert/base/memory.h"
#include "lambert/base/minmax.h"
#include "lambert/features/feature_batches.h"
#include "lambert/run/base_model.h"
#include "lambert/run/options.h"
#include "lambert/run/predict.h"
#include "lambert/run/run.h"
#include "lambert/run/task_set.h"
#include "phase_plan.h"
#include "run_internal.h"
#include "signals.h"
#include "work.h"

enum { MOST_LABELS_SAID = 20, MOST_STEPS = 1000000000 /* as of phase.NAME.steps */ };

struct fine_tuning {
    struct work work; /* the first member, as work.h wants it */
    struct base_model base;
    struct label_set labels; /* none: the task has none */
    struct task_set train;
    struct task_set heldout; /* to evaluate on; no features: there is nothing */
    struct objective objective;
    const struct objective *objectives[1];
    int phase; /* that is open */
};

/* --- a phase ---------------------------------------------------------------------------------- */

static int open_phase(struct work *work, const struct dist *dist, int phase, uint64_t first,
                      uint64_t end, struct batch_source **source, struct error *err)
{
    struct fine_tuning *tuning = (struct fine_tuning *)work;
    const struct config_phase *settings = &work->config.phases[phase];
    const struct phase_plan plan = phase_plan_of(settings);
    const int count = feature_set_count(tuning->train.features);
    struct feature_batches_options options = feature_batches_options_of(&work->config, phase, dist);
    options.first_batch = first;
    options.end_batch = end;
    (void)err;
    tuning->phase = phase;
    struct buffer text = {0};
    phase_plan_print(&plan, &text);
    if (phase_plan_is_counted(&plan))
        buffer_print(&text, "; %.2f epochs", (double)phase_plan_sequences_behind(&plan, 0) / count);
    log_info("phase %s: %d sequences of up to %d, %s", settings->name, count,
             settings->sequence_length, buffer_text(&text));
    buffer_release(&text);
    *source = feature_batches_open(tuning->train.features, &options);
    return 0;
}

static void close_phase(struct work *work)
{
    (void)work; /* features are of the whole run */
}

/* --- evaluation ------------------------------------------------------------------------------- */

/* [rank 0] "accuracy 0.9123, f1 0.8912" */
static void print_values(const struct metric_values *values, struct buffer *text)
{
    for (int m = 0; m < values->count; m++)
        buffer_print(text, "%s%s %.4f", m > 0 ? ", " : "", values->at[m].name, values->at[m].value);
}

/* [rank 0] */
static int score(const struct fine_tuning *tuning, const struct task_outputs *outputs,
                 struct metric_values *values, struct error *err)
{
    const struct config_task *task = &tuning->work.config.task;
    const struct label_set *labels = tuning->labels.count > 0 ? &tuning->labels : NULL;
    const int positive = labels && task->positive[0] ? label_set_find(labels, task->positive) : -1;
    struct predictions predictions;
    struct scoring *scoring = NULL;
    predictions_of(&predictions, task, 0, &tuning->heldout, labels, outputs);
    const int status =
        gold_score(&scoring, &tuning->heldout.examples, &predictions, labels, positive, err);
    if (status == 0)
        scoring_metrics(scoring, NULL, values);
    scoring_free(scoring);
    predictions_release(&predictions);
    return status;
}

/* The number by which evaluations are compared, and its name. */
static double chosen_value(const struct config_task *task, const struct metric_values *values,
                           double loss, const char **name)
{
    require(values->count > 0);
    *name = task->metric[0] ? task->metric : values->at[0].name;
    require(*name != NULL);
    return strcmp(*name, "loss") == 0 ? loss : metric_values_find(values, *name);
}

/* [rank 0] Says it in the log, and what it is chosen by. */
static int tell(struct fine_tuning *tuning, struct run *run, const struct task_outputs *outputs,
                struct task_evaluation *told, struct best_candidate *candidate, struct error *err)
{
    const struct config_task *task = &tuning->work.config.task;
    struct buffer text = {0};
    *told = (struct task_evaluation){.kind = task->kind,
                                     .file = task->evaluate,
                                     .examples = task_set_count(&tuning->heldout),
                                     .loss = outputs->loss};
    if (score(tuning, outputs, &told->values, err) < 0)
        return -1;
    print_values(&told->values, &text);
    if (isfinite(told->loss)) /* questions have none */
        buffer_print(&text, "; loss %.4f", told->loss);
    log_info("step %" PRId64 ", %s: %s; %d %s", run->state.total_steps, task->evaluate,
             buffer_text(&text), told->examples, task_units(task->kind));
    buffer_release(&text);
    candidate->value = chosen_value(task, &told->values, told->loss, &candidate->metric);
    if (run->state.total_steps == 0 && run->fresh_head)
        candidate->value = NAN; /* of a head that has learned nothing */
    return 0;
}

static bool owes_evaluation(const struct work *work, int phase,
                            const struct evaluation_lines *there)
{
    const struct fine_tuning *tuning = (const struct fine_tuning *)work;
    (void)phase;
    return tuning->heldout.features && !there->evaluation;
}

static int evaluate(struct work *work, struct run *run, struct error *err)
{
    struct fine_tuning *tuning = (struct fine_tuning *)work;
    const bool first = dist_rank(run->dist) == 0;
    struct task_outputs outputs;
    struct task_evaluation told;
    struct best_candidate candidate = {.value = NAN};
    int status = 0;
    if (!owes_evaluation(work, tuning->phase, &run->evaluated))
        return 0;
    activity_task("evaluation after step", run->state.total_steps);
    if (!predict_features(&outputs, run->dist, trainer_bert(run->trainer),
                          trainer_weights(run->trainer), tuning->heldout.features,
                          work->options.bert.capacity.tokens, signals_stop))
        return RUN_STOPPED;
    if (first)
        status = tell(tuning, run, &outputs, &told, &candidate, err);
    task_outputs_release(&outputs);
    if (dist_agree(run->dist, status, err) < 0 || best_offer(run, &candidate, err) < 0)
        return -1;
    /* The line comes last: where it is, a run that was killed need not evaluate again. */
    if (first)
        status = metrics_task(&run->metrics, work->config.phases[tuning->phase].name, &run->state,
                              &told, err);
    return dist_agree(run->dist, status, err);
}

/* --- the task --------------------------------------------------------------------------------- */

static void close_tuning(struct work *work)
{
    struct fine_tuning *tuning = (struct fine_tuning *)work;
    task_set_release(&tuning->train);
    task_set_release(&tuning->heldout);
    label_set_release(&tuning->labels);
    checkpoint_meta_release(&work->meta);
    base_model_close(&tuning->base);
    free(tuning);
}

/* Which labels there are: as the file says, as the model has them that was made for the same, or as
 * they are met. */
static int find_labels(struct fine_tuning *tuning, struct error *err)
{
    const struct config_task *task = &tuning->work.config.task;
    const struct base_model *base = &tuning->base;
    struct buffer text = {0};
    if (task->kind == TASK_REGRESSION || task->kind == TASK_QUESTIONS)
        return 0;
    if (task->label_file[0]) {
        int status = file_read(task->label_file, &text, err);
        if (status == 0)
            status = label_set_parse(&tuning->labels, buffer_text(&text), text.size,
                                     task->label_file, err);
        buffer_release(&text);
        return status;
    }
    gold_labels(&tuning->train.examples, NULL, 0, &tuning->labels);
    bool known = base->task.kind == task->kind && base->labels.count > 0;
    for (int l = 0; l < tuning->labels.count && known; l++)
        known = label_set_find(&base->labels, tuning->labels.names[l]) >= 0;
    if (known) {
        label_set_release(&tuning->labels);
        label_set_print(&base->labels, &text);
        const int status = label_set_parse(&tuning->labels, buffer_text(&text), text.size,
                                           tuning->work.config.run.start_from, err);
        buffer_release(&text);
        return status;
    }
    return 0;
}

/* Says them, too: where the names of columns were taken for an example, it shows here. */
static int check_labels(const struct fine_tuning *tuning, struct error *err)
{
    const struct config_task *task = &tuning->work.config.task;
    const struct label_set *labels = &tuning->labels;
    struct buffer text = {0};
    if (task->kind == TASK_REGRESSION || task->kind == TASK_QUESTIONS)
        return 0;
    if (labels->count == 0)
        return error_set(err, "%s has no label in any row; there is nothing to learn", task->train);
    if (labels->count == 1 && task->kind != TASK_MULTILABEL)
        return error_set(err, "%s has only the label '%s'; there is nothing to tell apart",
                         task->label_file[0] ? task->label_file : task->train, labels->names[0]);
    for (int l = 0; l < labels->count && l < MOST_LABELS_SAID; l++)
        buffer_print(&text, "%s%s", l > 0 ? ", " : "", labels->names[l]);
    log_info("%d labels: %s%s", labels->count, buffer_text(&text),
             labels->count > MOST_LABELS_SAID ? ", ..." : "");
    buffer_release(&text);
    return 0;
}

static int read_examples(struct fine_tuning *tuning, struct error *err)
{
    const struct config *config = &tuning->work.config;
    const struct config_task *task = &config->task;
    const struct config_phase *phase = &config->phases[0]; /* all have the same length */
    const int positions = tuning->base.shape.max_position_embeddings;
    struct task_reader reader = {.task = task,
                                 .vocabulary = tuning->base.vocabulary,
                                 .tokenizer = tuning->base.tokenizer,
                                 .sequence_length = phase->sequence_length};
    if (phase->sequence_length > positions)
        return error_set(err,
                         "phase.%s.sequence_length (%d) is more than the %d positions of the model "
                         "started from; shorten the sequences",
                         phase->name, phase->sequence_length, positions);
    if (task_set_read_examples(&tuning->train, task, task->train, TASK_TRAINS, err) < 0 ||
        find_labels(tuning, err) < 0 || check_labels(tuning, err) < 0)
        return -1;
    reader.labels = tuning->labels.count > 0 ? &tuning->labels : NULL;
    if (reader.labels && task->positive[0] && label_set_find(reader.labels, task->positive) < 0)
        return error_set(err, "task.positive (%s) is not among the labels of %s", task->positive,
                         task->train);
    if (task_set_make_features(&tuning->train, &reader, task->train, TASK_TRAINS, err) < 0)
        return -1;
    return task->evaluate[0]
               ? task_set_read(&tuning->heldout, &reader, task->evaluate, TASK_EVALUATES, err)
               : 0;
}

/* What the configuration leaves to the model and the examples. */
static int complete_config(struct fine_tuning *tuning, struct error *err)
{
    struct config *config = &tuning->work.config;
    const struct config_model own = config->model;
    config->model = tuning->base.shape;
    config->model.hidden_dropout_prob = own.hidden_dropout_prob;
    config->model.attention_probs_dropout_prob = own.attention_probs_dropout_prob;
    for (int p = 0; p < config->phase_count; p++) {
        struct config_phase *phase = &config->phases[p];
        const struct batch_sizes sizes = batch_sizes_of(phase);
        const double sequences = phase->epochs * feature_set_count(tuning->train.features);
        const uint64_t steps = batch_sizes_covering(&sizes, (uint64_t)ceil(sequences));
        if (phase->epochs == 0)
            continue;
        if (steps > MOST_STEPS)
            return error_set(
                err, "phase.%s.epochs (%g) are %" PRIu64 " steps, more than the %d there may be",
                phase->name, phase->epochs, steps, MOST_STEPS);
        phase->steps = (int)steps;
        phase->epochs = 0;
    }
    return 0;
}

static void make_options(struct fine_tuning *tuning, const struct dist *dist)
{
    struct work *work = &tuning->work;
    tuning->objective = task_objective(work->config.task.kind, tuning->labels.count);
    tuning->objectives[0] = &tuning->objective;
    work->options = trainer_options_of(&work->config, vocabulary_size(tuning->base.vocabulary));
    work->options.model.objectives = tuning->objectives;
    work->options.model.objective_count = 1;
    struct bert_capacity capacity = {.tokens = work->config.train.micro_batch_tokens};
    capacity_for(&capacity, tuning->train.features);
    if (tuning->heldout.features)
        capacity_for(&capacity, tuning->heldout.features);
    work->options.bert.capacity = capacity;
    for (int p = 0; p < work->config.phase_count; p++) {
        const struct batch_sizes sizes = batch_sizes_of(&work->config.phases[p]);
        work->batches = max_size(
            work->batches, feature_batches_memory(tuning->train.features, batch_sizes_most(&sizes),
                                                  dist_size(dist), capacity.longest));
    }
    work->what = "training set";
    work->key = "task.train";
    work->place = work->config.task.train;
}

static void make_meta(struct fine_tuning *tuning)
{
    struct checkpoint_meta *meta = &tuning->work.meta;
    struct buffer labels = {0};
    work_make_meta(&tuning->work, tuning->base.vocabulary, &tuning->base.tokenizer,
                   feature_set_hash(tuning->train.features));
    label_set_print(&tuning->labels, &labels);
    meta->labels_size = labels.size;
    meta->labels = memory_copy_text(buffer_text(&labels));
    buffer_release(&labels);
}

/* Collective. The model that this run is to begin, or goes on, with: *goes_on says which. */
static int open_base(struct fine_tuning *tuning, const struct dist *dist, bool resume,
                     bool *goes_on, struct error *err)
{
    const struct config_run *run = &tuning->work.config.run;
    *goes_on = false;
    if (resume && base_model_open_newest(&tuning->base, dist, run->folder, goes_on, err) < 0)
        return -1;
    if (*goes_on)
        return 0;
    if (!run->start_from[0])
        return error_set(err, "run.start_from is empty: fine-tuning starts from a model; name a "
                              "Hugging Face folder, a checkpoint or a run folder");
    return base_model_open(&tuning->base, dist, run->start_from, err) == 0
               ? 0
               : error_prefix(err, "cannot start from %s", run->start_from);
}

static int check_metric(const struct config_task *task, struct error *err)
{
    if (task->kind == TASK_QUESTIONS && strcmp(task->metric, "loss") == 0)
        return error_set(err,
                         "task.metric = loss is not for questions: of several right answers to "
                         "evaluate by none is the one to have a loss of; f1 or exact_match");
    if (!task->metric[0] || strcmp(task->metric, "loss") == 0 ||
        metric_exists(task->kind, task->metric))
        return 0;
    return error_set(
        err, "task.metric (%s) is not a metric of task.kind = %s; docs/scoring.md lists them",
        task->metric, config_word("task.kind", task->kind));
}

/* [local] All but the model. */
static int open_examples(struct fine_tuning *tuning, struct error *err)
{
    struct config *config = &tuning->work.config;
    return check_metric(&config->task, err) < 0 || read_examples(tuning, err) < 0 ||
                   complete_config(tuning, err) < 0
               ? -1
               : config_check(config, err);
}

int fine_tuning_open(struct work **work, const struct dist *dist, const struct config *config,
                     bool resume, struct error *err)
{
    static const struct work_operations operations = {.open_phase = open_phase,
                                                      .close_phase = close_phase,
                                                      .evaluate = evaluate,
                                                      .owes_evaluation = owes_evaluation,
                                                      .close = close_tuning};
    struct fine_tuning *tuning = memory_new(1, sizeof *tuning);
    bool goes_on;
    tuning->work = (struct work){.operations = &operations, .config = *config};
    if (open_base(tuning, dist, resume, &goes_on, err) < 0 ||
        dist_agree(dist, open_examples(tuning, err), err) < 0) {
        close_tuning(&tuning->work);
        return -1;
    }
    make_options(tuning, dist);
    make_meta(tuning);
    if (goes_on) /* its weights come with the moments (start.c) */
        base_model_close_files(&tuning->base);
    else
        tuning->work.base = &tuning->base;
    announce_config(&tuning->work.config);
    *work = &tuning->work;
    return 0;
}

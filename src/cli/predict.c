
#include "lambert/run/predict.h"
#include "asking_options.h"
#include "lambert.h"
#include "lambert/base/log.h"
#include "lambert/config/config.h"
#include "lambert/run/loaded_model.h"
#include "lambert/run/options.h"
#include "table_forms.h"

enum { SHORTEST_SEQUENCES = 8 }; /* as of phase.NAME.sequence_length */

struct predict_arguments {
    const char *input, *output;
    const char *text, *pair, *id;
    enum table_form form, output_form;
    bool headless;
    const char *n_best_output, *null_output;
    int n_best, answer_length;
    double null_threshold;
    int sequence_length;
    int micro_batch_tokens;
    struct asking_options asking;
};

#define PLACE(member) OPTION_PLACE(struct predict_arguments, member)

static const struct command_option predict_options[] = {
    {OPTION_ASKED_MODEL(struct predict_arguments, asking), .required = true,
     .help = "a run folder (its best checkpoint), a checkpoint or a Hugging Face folder"},
    {.name = "input",
     .kind = OPTION_TEXT,
     PLACE(input),
     .required = true,
     .metavar = "FILE",
     .completion = COMPLETE_FILES,
     .help = "examples, as the model was fine-tuned on; labels are not looked at"},
    {.name = "output",
     .kind = OPTION_TEXT,
     PLACE(output),
     .required = true,
     .metavar = "FILE",
     .completion = COMPLETE_FILES,
     .writes = true,
     .help = "predictions: TSV, JSON lines (*.jsonl), tagged words, or SQuAD's JSON"},
    {.name = "text-column",
     .kind = OPTION_TEXT,
     PLACE(text),
     .metavar = "COLUMN",
     .standard = "as in training",
     .help = "column of the text, by name or number"},
    {.name = "pair-column",
     .kind = OPTION_TEXT,
     PLACE(pair),
     .metavar = "COLUMN",
     .standard = "as in training",
     .help = "column of the second text"},
    {.name = "id-column",
     .kind = OPTION_TEXT,
     PLACE(id),
     .metavar = "COLUMN",
     .standard = "the number of the row, from 0",
     .help = "column that names an example in the predictions"},
    {.name = "form",
     .kind = OPTION_CHOICE,
     PLACE(form),
     OPTION_CHOICES(table_form_names),
     .metavar = "FORM",
     .help = "of the input"},
    {.name = "output-form",
     .kind = OPTION_CHOICE,
     PLACE(output_form),
     OPTION_CHOICES(table_form_names),
     .metavar = "FORM",
     .help = "of the output"},
    {.name = "no-header",
     .kind = OPTION_FLAG,
     PLACE(headless),
     .help =
         "the first line of TSV or CSV is an example (as in training, where this is not given)"},
    {.name = "n-best-output",
     .kind = OPTION_TEXT,
     PLACE(n_best_output),
     .metavar = "FILE",
     .completion = COMPLETE_FILES,
     .writes = true,
     .help = "questions: the n best answers to each, as SQuAD's programs write them"},
    {.name = "null-output",
     .kind = OPTION_TEXT,
     PLACE(null_output),
     .metavar = "FILE",
     .completion = COMPLETE_FILES,
     .writes = true,
     .help = "questions of SQuAD v2.0: by how much no answer is better than the best, for each"},
    {.name = "n-best",
     .kind = OPTION_INTEGER,
     PLACE(n_best),
     .min = 1,
     .max = 1000,
     .metavar = "N",
     .help = "questions: starts and ends of a window that are weighed"},
    {.name = "answer-length",
     .kind = OPTION_INTEGER,
     PLACE(answer_length),
     .min = 1,
     .max = 65536,
     .metavar = "N",
     .help = "questions: word pieces of an answer, at the most"},
    {.name = "null-threshold",
     .kind = OPTION_REAL,
     PLACE(null_threshold),
     .real_min = -1e6,
     .real_max = 1e6,
     .metavar = "X",
     .help = "questions of SQuAD v2.0: no answer where it is better than the best one by more"},
    {.name = "sequence-length",
     .kind = OPTION_INTEGER,
     PLACE(sequence_length),
     .max = 65536,
     .metavar = "N",
     .standard = "as in training",
     .help = "the longest sequence"},
    OPTION_MICRO_BATCH(struct predict_arguments, micro_batch_tokens),
    OPTION_ASKING(struct predict_arguments, asking),
    {0}};

static void set_column(char column[CONFIG_NAME_WIDE], const char *given)
{
    if (given)
        snprintf(column, CONFIG_NAME_WIDE, "%s", given);
}

/* The task of the model, with what the command line says. */
static int task_of(const struct predict_arguments *arguments, const struct base_model *base,
                   struct config_task *task, struct error *err)
{
    *task = base->task;
    if (task->kind == TASK_NONE)
        return error_set(
            err,
            "%s was not fine-tuned for a task (task.kind); lambert finetune does that, and "
            "lambert fill asks a model that was pre-trained",
            arguments->asking.model);
    if (task->kind != TASK_QUESTIONS && (arguments->n_best_output || arguments->null_output))
        return error_set(err, "%s answers no questions (task.kind = %s); %s is of those",
                         arguments->asking.model, config_word("task.kind", task->kind),
                         arguments->n_best_output ? "--n-best-output" : "--null-output");
    set_column(task->text, arguments->text);
    set_column(task->pair, arguments->pair);
    set_column(task->id, arguments->id);
    task->form = arguments->form;
    if (arguments->headless)
        task->header = false;
    task->n_best = arguments->n_best;
    task->answer_length = arguments->answer_length;
    if (task_is_of_texts(task->kind) && !task->text[0])
        return error_set(
            err,
            "which column of %s holds the text? --text-column NAME-OR-NUMBER (and --pair-column)",
            arguments->input);
    return 0;
}

/* What is asked, and with what. */
struct prediction {
    struct base_model base;
    struct config_task task;
    struct task_set set;
    struct objective objective;
    const struct objective *objectives[1]; /* the model's list, which outlives it */
    struct loaded_model model;
    int token_budget;
};

static int read_input(struct prediction *prediction, const struct predict_arguments *arguments,
                      struct error *err)
{
    const struct base_model *base = &prediction->base;
    struct task_reader reader = {.task = &prediction->task,
                                 .vocabulary = base->vocabulary,
                                 .tokenizer = base->tokenizer,
                                 .labels = base->labels.count > 0 ? &base->labels : NULL};
    if (asking_length(&arguments->asking, base, arguments->sequence_length, &reader.sequence_length,
                      err) < 0 ||
        task_of(arguments, base, &prediction->task, err) < 0)
        return -1;
    return task_set_read(&prediction->set, &reader, arguments->input, TASK_PREDICTS, err);
}

static int load_model(struct prediction *prediction, const struct predict_arguments *arguments,
                      const struct dist *dist, struct error *err)
{
    const struct base_model *base = &prediction->base;
    struct bert_options options = {.capacity = {.tokens = arguments->micro_batch_tokens},
                                   .compute_type =
                                       asking_type_of(&arguments->asking, base->compute_type)};
    prediction->objective = task_objective(base->task.kind, base->labels.count);
    prediction->objectives[0] = &prediction->objective;
    capacity_for(&options.capacity, prediction->set.features);
    prediction->token_budget = options.capacity.tokens;
    return loaded_model_init(&prediction->model, base, dist, prediction->objectives, 1, &options,
                             err);
}

/* [rank 0] */
static int write_output(const struct prediction *prediction, const struct task_outputs *outputs,
                        const struct predict_arguments *arguments, struct error *err)
{
    const struct label_set *labels = &prediction->base.labels;
    struct predictions predictions;
    predictions_of(&predictions, &prediction->task, arguments->null_threshold, &prediction->set,
                   labels->count > 0 ? labels : NULL, outputs);
    int status = predictions_write(&predictions, arguments->output, arguments->output_form, err);
    if (status == 0 && arguments->n_best_output)
        status = predictions_write_n_best(&predictions, arguments->n_best_output, err);
    if (status == 0 && arguments->null_output)
        status = predictions_write_null_differences(&predictions, arguments->null_output, err);
    predictions_release(&predictions);
    if (status == 0)
        log_info("%s: what %s says of %d %s", arguments->output, arguments->asking.model,
                 task_set_count(&prediction->set), task_units(prediction->task.kind));
    return status;
}

static int predict(struct dist *dist, const void *context, struct error *err)
{
    const struct predict_arguments *arguments = context;
    struct prediction prediction = {.token_budget = 0};
    struct task_outputs outputs = {0};
    if (start_asking(dist, &arguments->asking, err) < 0 ||
        base_model_open(&prediction.base, dist, arguments->asking.model, err) < 0)
        return -1;
    int status = dist_agree(dist, read_input(&prediction, arguments, err), err);
    if (status == 0)
        status = load_model(&prediction, arguments, dist, err);
    if (status == 0) {
        predict_features(&outputs, dist, prediction.model.bert, prediction.model.params,
                         prediction.set.features, prediction.token_budget, NULL);
        if (dist_rank(dist) == 0)
            status = write_output(&prediction, &outputs, arguments, err);
        status = dist_agree(dist, status, err);
    }
    task_outputs_release(&outputs);
    loaded_model_release(&prediction.model);
    task_set_release(&prediction.set);
    base_model_close(&prediction.base);
    return status;
}

static int check_predict(const void *context, struct error *err)
{
    const struct predict_arguments *arguments = context;
    if (arguments->sequence_length > 0 && arguments->sequence_length < SHORTEST_SEQUENCES)
        return error_set(err, "--sequence-length %d is too short to read anything; give %d or more",
                         arguments->sequence_length, SHORTEST_SEQUENCES);
    return 0;
}

const struct command command_predict = {
    .name = "predict",
    .summary = "what a fine-tuned model says of examples",
    .description =
        "Writes what a fine-tuned model says of each example of a file: labels, numbers or tags with "
        "their probabilities, or answers to questions. Files are as lambert finetune reads them, and "
        "lambert score says how good the predictions are. Under mpirun ranks share the work.",
    .examples = "lambert predict --model runs/sst2 --input dev.tsv --output predictions.tsv\n",
    .options = predict_options,
    COMMAND_ARGUMENTS(struct predict_arguments, .n_best = 20, .answer_length = 30,
                      .micro_batch_tokens = 4096),
    .check = check_predict,
    .run_on_ranks = predict};

#include <stdio.h>
#include <stdlib.h>

#include "lambert.h"
#include "lambert/base/file.h"
#include "lambert/base/log.h"
#include "lambert/base/memory.h"
#include "lambert/config/config.h"
#include "lambert/run/options.h"
#include "lambert/run/task_set.h"
#include "lambert/store/checkpoint.h"
#include "lambert/store/hugging_face.h"

struct import_arguments {
    const char *from;
    const char *output;
    long long seed;
};

static const struct command_option import_options[] = {
    {.name = "from",
     .kind = OPTION_TEXT,
     OPTION_PLACE(struct import_arguments, from),
     .required = true,
     .metavar = "FOLDER",
     .completion = COMPLETE_FOLDERS,
     .help = "the model"},
    {.name = "output",
     .kind = OPTION_TEXT,
     OPTION_PLACE(struct import_arguments, output),
     .required = true,
     .metavar = "PATH",
     .completion = COMPLETE_FILES,
     .help = "the checkpoint to write; what is there is not overwritten"},
    {.name = "seed",
     .kind = OPTION_INTEGER,
     OPTION_PLACE(struct import_arguments, seed),
     .max = 1LL << 53,
     .metavar = "N",
     .help = "of heads that the folder lacks"},
    {0}};

/* The configuration that the checkpoint carries: what the model is for, its shape, defaults for the
 * rest. */
static char *config_of(const struct hf_model *model)
{
    struct config config;
    struct buffer text = {0};
    config_defaults(&config);
    config.task.kind = model->kind;
    config.model = config_model_of(&model->shape);
    config_print(&config, true, &text);
    char *copy = memory_copy_text(buffer_text(&text));
    buffer_release(&text);
    return copy;
}

static int import(const void *context, struct error *err)
{
    const struct import_arguments *arguments = context;
    struct hf_model model;
    struct objective objective;
    const struct objective *const objectives[] = {&objective};
    struct param_table table;
    struct buffer labels = {0};
    real *params = NULL;
    if (file_exists(arguments->output))
        return error_set(err, "%s is there already; name another file", arguments->output);
    if (hf_model_open(&model, arguments->from, err) < 0)
        return -1;
    if (model.kind != TASK_NONE) {
        objective = task_objective(model.kind, model.labels.count);
        model.shape.objectives = objectives;
        model.shape.objective_count = 1;
    }
    param_table_init(&table, &model.shape);
    label_set_print(&model.labels, &labels);
    const size_t bytes = table.size * sizeof *params;
    const struct checkpoint_meta meta = {
        .state = {.vocabulary_hash = model.vocabulary_hash, .lower_case = model.lower_case},
        .config = config_of(&model),
        .vocabulary = model.vocabulary,
        .vocabulary_size = model.vocabulary_size,
        .labels = (char *)labels.data,
        .labels_size = labels.size};
    int status = -1;
    if (memory_big((void **)&params, bytes, "weights", err) < 0 ||
        hf_model_weights(&model, &table, (uint64_t)arguments->seed, params, err) < 0 ||
        checkpoint_write_weights(arguments->output, &table, &meta, params, err) < 0)
        goto done;
    log_info("%s: %d layers, width %d, vocabulary %d, %.2f million weights, %s", arguments->output,
             model.shape.layers, model.shape.hidden, model.shape.vocab, (double)table.weights / 1e6,
             model.lower_case ? "uncased" : "cased");
    if (model.kind != TASK_NONE)
        log_info("it is for %s (%s), %d named labels", config_word("task.kind", model.kind),
                 hf_architecture(model.kind), model.labels.count);
    status = 0;
done:
    buffer_release(&labels);
    free(meta.config);
    memory_big_free(params, bytes);
    param_table_release(&table);
    hf_model_close(&model);
    return status;
}

const struct command command_import = {
    .name = "import",
    .summary = "read a Hugging Face model folder into a checkpoint",
    .description =
        "Reads a Hugging Face BERT (config.json, model.safetensors, and vocab.txt or "
        "tokenizer.json) and writes a checkpoint of its weights, to evaluate, export or start from "
        "(run.start_from, which takes the folder as well). float32, float16 and bfloat16; heads "
        "that are missing are initialised afresh. Of BertForSequenceClassification, "
        "BertForTokenClassification and BertForQuestionAnswering it becomes the checkpoint of a "
        "fine-tuned model, with the names of the labels; of other classes one for pre-training.",
    .examples = "lambert import --from bert-base-uncased --output bert-base.checkpoint\n",
    .options = import_options,
    COMMAND_ARGUMENTS(struct import_arguments, .seed = 1),
    .run = import};

#include <stdio.h>
#include <stdlib.h>

#include "lambert.h"
#include "lambert/base/log.h"
#include "lambert/base/memory.h"
#include "lambert/config/config.h"
#include "lambert/run/base_model.h"
#include "lambert/run/options.h"
#include "lambert/run/task_set.h"
#include "lambert/store/checkpoint.h"
#include "lambert/store/hugging_face.h"
#include "new_file.h"

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
     .metavar = "PATH",
     .completion = COMPLETE_FILES,
     .help = "the model: a Hugging Face folder; a folder of TensorFlow, or its weights in there"},
    {.name = "output",
     .kind = OPTION_TEXT,
     OPTION_PLACE(struct import_arguments, output),
     .required = true,
     .metavar = "PATH",
     .completion = COMPLETE_FILES,
     .writes = true,
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
static char *config_of(const struct base_model *model)
{
    struct config config;
    struct buffer text = {0};
    config_defaults(&config);
    config.task.kind = model->task.kind;
    config.model = model->shape;
    config_print(&config, true, &text);
    char *copy = memory_copy_text(buffer_text(&text));
    buffer_release(&text);
    return copy;
}

static void say(const char *path, const struct base_model *model, const struct param_table *table)
{
    char tokenizer[TOKENIZER_OPTIONS_TEXT];
    log_info("%s: %d layers, width %d, vocabulary %d, %.2f million weights, %s", path,
             model->shape.num_hidden_layers, model->shape.hidden_size,
             vocabulary_size(model->vocabulary), (double)table->weights / 1e6,
             tokenizer_options_text(&model->tokenizer, tokenizer));
    if (model->task.kind != TASK_NONE)
        log_info("it is for %s (%s), %d named labels", config_word("task.kind", model->task.kind),
                 hf_architecture(model->task.kind), model->labels.count);
}

/* [rank 0] */
static int write_checkpoint(const struct base_model *model,
                            const struct import_arguments *arguments, struct error *err)
{
    const struct config shaped = {.model = model->shape};
    struct bert_config shape = bert_config_of(&shaped, vocabulary_size(model->vocabulary));
    struct objective objective;
    const struct objective *const objectives[] = {&objective};
    struct param_table table;
    struct buffer labels = {0};
    real *params = NULL;
    if (model->task.kind != TASK_NONE) {
        objective = task_objective(model->task.kind, model->labels.count);
        shape.objectives = objectives;
        shape.objective_count = 1;
    }
    param_table_init(&table, &shape);
    label_set_print(&model->labels, &labels);
    const size_t bytes = table.size * sizeof *params;
    struct checkpoint_meta meta = {.state = {.vocabulary_hash = vocabulary_hash(model->vocabulary),
                                             .tokenizer = model->tokenizer},
                                   .config = config_of(model),
                                   .added_tokens = (char *)base_model_added_tokens(model),
                                   .labels = (char *)labels.data,
                                   .labels_size = labels.size};
    meta.vocabulary = (char *)vocabulary_text(model->vocabulary, &meta.vocabulary_size);
    int status = -1;
    if (memory_big((void **)&params, bytes, "weights", err) < 0 ||
        base_model_weights(model, &table, (uint64_t)arguments->seed, params, err) < 0 ||
        checkpoint_write_weights(arguments->output, &table, &meta, params, err) < 0)
        goto done;
    say(arguments->output, model, &table);
    status = 0;
done:
    buffer_release(&labels);
    free(meta.config);
    memory_big_free(params, bytes);
    param_table_release(&table);
    return status;
}

static int import_model(struct dist *dist, const struct import_arguments *arguments,
                        struct error *err)
{
    struct base_model model;
    int status = 0;
    if (base_model_open(&model, dist, arguments->from, err) < 0)
        return error_prefix(err, "%s", arguments->from);
    if (model.source == BASE_CHECKPOINT)
        status = error_set(err,
                           "%s is Lambert's own already, and can be used as it is; lambert export "
                           "--strip makes a checkpoint of its weights alone",
                           arguments->from);
    else if (dist_rank(dist) == 0)
        status = write_checkpoint(&model, arguments, err);
    status = dist_agree(dist, status, err);
    base_model_close(&model);
    return status;
}

static int import(struct dist *dist, const void *context, struct error *err)
{
    const struct import_arguments *arguments = context;
    const bool writes = dist_rank(dist) == 0;
    int lock;
    int status = writes ? new_file_begin(&lock, arguments->output, err) : 0;
    const bool locked = writes && status == 0;
    status = dist_agree(dist, status, err);
    if (status == 0)
        status = import_model(dist, arguments, err);
    if (locked)
        new_file_end(lock, arguments->output);
    return status;
}

const struct command command_import = {
    .name = "import",
    .summary = "read a model of Hugging Face or TensorFlow into a checkpoint",
    .description =
        "Reads a Hugging Face BERT (config.json, model.safetensors, and vocab.txt or "
        "tokenizer.json), or one of google-research/bert for TensorFlow (bert_config.json, vocab.txt, "
        "NAME.index, NAME.data-*), and writes a checkpoint of its weights, to evaluate, export or start "
        "from (run.start_from, which takes the model as well). Of the first also shards with their index, "
        "in float32, float16, bfloat16 or double; what would be computed or read in another way than "
        "by transformers is refused by its name (docs/hugging-face.md). Heads "
        "that are missing are initialised afresh. Of BertForSequenceClassification, "
        "BertForTokenClassification and BertForQuestionAnswering it becomes the checkpoint of a "
        "fine-tuned model, with the names of the labels, as of TensorFlow's run_squad.py; of others "
        "one for pre-training.\n"
        "\n"
        "PATH is the folder, or of TensorFlow's also bert_model.ckpt in it. Its case is what a "
        "tokenizer_config.json beside it says, or what the vocabulary looks like. Its `gelu` is the "
        "exact form, as in transformers; write gelu_new into the bert_config.json of a model that was "
        "trained with the tanh form, as MLPerf's.",
    .examples = "lambert import --from bert-base-uncased --output bert-base.checkpoint\n"
                "lambert import --from uncased_L-12_H-768_A-12 --output bert-base.checkpoint\n",
    .options = import_options,
    COMMAND_ARGUMENTS(struct import_arguments, .seed = 1),
    .run_on_ranks = import};

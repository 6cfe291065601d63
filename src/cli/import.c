#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "lambert/base/file.h"
#include "lambert/base/log.h"
#include "lambert/base/memory.h"
#include "lambert/command/command.h"
#include "lambert/config/config.h"
#include "lambert/store/checkpoint.h"
#include "lambert/store/hugging_face.h"

static const char usage[] =
    "usage: lambert import --from FOLDER --output CHECKPOINT\n"
    "\n"
    "Reads a Hugging Face BERT (config.json, model.safetensors, and vocab.txt or tokenizer.json) "
    "and\n"
    "writes a checkpoint of its weights, to evaluate, export or start from (run.start_from, which "
    "takes\n"
    "the folder as well). "
    "float32, float16 and bfloat16; heads that are missing are initialised\n"
    "afresh.\n"
    "\n"
    "  --from FOLDER      the model\n"
    "  --output PATH      the checkpoint to write; what is there is not overwritten\n"
    "  --seed N           of the fresh heads (1)\n"
    "  --help             this text\n"
    "\n"
    "example: lambert import --from bert-base-uncased --output bert-base.checkpoint\n";

struct arguments {
    const char *from;
    const char *output;
    long long seed;
    bool help;
};

static int parse(int argc, char **argv, struct arguments *arguments)
{
    static const struct option options[] = {{"from", required_argument, NULL, 'f'},
                                            {"output", required_argument, NULL, 'o'},
                                            {"seed", required_argument, NULL, 's'},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    struct error err;
    int option;
    *arguments = (struct arguments){.seed = 1};
    optind = 1;
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'f')
            arguments->from = optarg;
        else if (option == 'o')
            arguments->output = optarg;
        else if (option == 'h')
            arguments->help = true;
        else if (option != 's')
            return command_misused("import", "see lambert import --help");
        else if (option_integer("--seed", optarg, 0, 1LL << 53, &arguments->seed, &err) < 0)
            return command_misused("import", "%s", err.text);
    }
    if (arguments->help)
        return 0;
    if (optind < argc || !arguments->from || !arguments->output)
        return command_misused("import", "--from and --output are wanted, and nothing else; see "
                                         "lambert import --help");
    return 0;
}

/* The configuration that the checkpoint carries: the model's shape, defaults for the rest. */
static char *config_of(const struct bert_config *shape)
{
    struct config config;
    struct buffer text = {0};
    config_defaults(&config);
    config.model.hidden_size = shape->hidden;
    config.model.num_hidden_layers = shape->layers;
    config.model.num_attention_heads = shape->heads;
    config.model.intermediate_size = shape->intermediate;
    config.model.hidden_act = shape->gelu;
    config.model.hidden_dropout_prob = shape->hidden_dropout;
    config.model.attention_probs_dropout_prob = shape->attention_dropout;
    config.model.max_position_embeddings = shape->positions;
    config.model.type_vocab_size = shape->types;
    config.model.initializer_range = shape->initializer_range;
    config.model.layer_norm_eps = shape->layer_norm_eps;
    config_print(&config, true, &text);
    char *copy = memory_copy_text(buffer_text(&text));
    buffer_release(&text);
    return copy;
}

static int write_checkpoint(const struct hf_model *model, const struct param_table *table,
                            const real *params, const char *path, struct error *err)
{
    const real **values = memory_new((size_t)table->count, sizeof *values);
    for (int i = 0; i < table->count; i++)
        values[i] = params + table->infos[i].offset;
    struct checkpoint_meta meta = {
        .state = {.vocabulary_hash = model->vocabulary_hash, .lower_case = model->lower_case},
        .config = config_of(&model->shape),
        .vocabulary = model->vocabulary,
        .vocabulary_size = model->vocabulary_size};
    int status = checkpoint_write_weights(path, table, &meta, values, err);
    free(meta.config);
    free(values);
    return status;
}

static int import_model(const struct hf_model *model, const struct arguments *arguments,
                        struct error *err)
{
    struct param_table table;
    real *params = NULL;
    param_table_init(&table, &model->shape);
    size_t bytes = table.size * sizeof *params;
    int status = memory_big((void **)&params, bytes, "weights", err);
    if (status == 0)
        status = hf_model_weights(model, &table, (uint64_t)arguments->seed, params, err);
    if (status == 0)
        status = write_checkpoint(model, &table, params, arguments->output, err);
    if (status == 0)
        log_info("%s: %d layers, width %d, vocabulary %d, %.2f million weights, %s",
                 arguments->output, model->shape.layers, model->shape.hidden, model->shape.vocab,
                 (double)table.weights / 1e6, model->lower_case ? "uncased" : "cased");
    memory_big_free(params, bytes);
    param_table_release(&table);
    return status;
}

static int import(const struct arguments *arguments, struct error *err)
{
    struct hf_model model;
    if (file_exists(arguments->output))
        return error_set(err, "%s is there already; name another file", arguments->output);
    if (hf_model_open(&model, arguments->from, err) < 0)
        return -1;
    int status = import_model(&model, arguments, err);
    hf_model_close(&model);
    return status;
}

static int run(int argc, char **argv)
{
    struct arguments arguments;
    struct error err;
    int code = parse(argc, argv, &arguments);
    if (code != 0)
        return code;
    if (arguments.help) {
        fputs(usage, stdout);
        return EXIT_DONE;
    }
    return import(&arguments, &err) < 0 ? command_failed("import", &err) : EXIT_DONE;
}

const struct command command_import = {
    .name = "import", .summary = "read a Hugging Face model folder into a checkpoint", .run = run};

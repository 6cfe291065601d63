#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/base/file.h"
#include "lambert/base/log.h"
#include "lambert/base/memory.h"
#include "lambert/command/command.h"
#include "lambert/store/checkpoint.h"
#include "lambert/store/hugging_face.h"
#include "model_card.h"
#include "open_checkpoint.h"

static const char usage[] =
    "usage: lambert export --checkpoint PATH --output FOLDER [--dtype f32|f16|bf16]\n"
    "       lambert export --strip --checkpoint PATH --output FILE\n"
    "\n"
    "Writes a checkpoint as a Hugging Face model folder, which from_pretrained() of transformers'\n"
    "BertForPreTraining, BertForMaskedLM, BertModel and AutoTokenizer read: config.json,\n"
    "model.safetensors, vocab.txt, tokenizer_config.json, tokenizer.json and a model card.\n"
    "\n"
    "With --strip: a checkpoint of the weights alone. A checkpoint is three times the model, as "
    "it\n"
    "holds two moments of each weight; without them it can be evaluated, exported and started "
    "from,\n"
    "not resumed.\n"
    "\n"
    "  --checkpoint PATH  a checkpoint, or a run folder: its newest whole one\n"
    "  --output PATH      folder (or file) to write; what is there is not overwritten\n"
    "  --dtype TYPE       of the weights: f32 (the default), f16 or bf16, rounded to nearest even\n"
    "  --strip            a checkpoint without moments instead of a folder\n"
    "  --help             this text\n"
    "\n"
    "example: lambert export --checkpoint runs/demo --output demo-bert\n";

struct arguments {
    const char *checkpoint;
    const char *output;
    enum safetensors_dtype dtype;
    bool strip;
    bool help;
};

static int parse_option(int option, struct arguments *arguments)
{
    switch (option) {
    case 'c':
        arguments->checkpoint = optarg;
        return 0;
    case 'o':
        arguments->output = optarg;
        return 0;
    case 'd':
        if (safetensors_dtype_parse(optarg, &arguments->dtype) == 0)
            return 0;
        return command_misused("export", "--dtype is f32, f16 or bf16, not '%s'", optarg);
    case 's':
        arguments->strip = true;
        return 0;
    case 'h':
        arguments->help = true;
        return 0;
    default:
        return command_misused("export", "see lambert export --help");
    }
}

static int parse(int argc, char **argv, struct arguments *arguments)
{
    static const struct option options[] = {{"checkpoint", required_argument, NULL, 'c'},
                                            {"output", required_argument, NULL, 'o'},
                                            {"dtype", required_argument, NULL, 'd'},
                                            {"strip", no_argument, NULL, 's'},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    int option, code;
    *arguments = (struct arguments){.dtype = SAFETENSORS_F32};
    optind = 1;
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1)
        if ((code = parse_option(option, arguments)) != 0 || arguments->help)
            return code;
    if (optind < argc)
        return command_misused("export", "'%s' is one word too many; see lambert export --help",
                               argv[optind]);
    if (!arguments->checkpoint || !arguments->output)
        return command_misused("export", "--checkpoint and --output are wanted; see lambert export "
                                         "--help");
    if (arguments->strip && arguments->dtype != SAFETENSORS_F32)
        return command_misused("export", "--dtype is for Hugging Face folders, not for --strip");
    return 0;
}

static int write_folder(const struct checkpoint_file *file, const struct bert_config *shape,
                        const struct arguments *arguments, struct error *err)
{
    struct buffer card = {0};
    model_card_print(file, shape, &card);
    struct hf_export request = {
        .checkpoint = file, .shape = *shape, .dtype = arguments->dtype, .card = buffer_text(&card)};
    int status = hf_export(&request, arguments->output, err);
    buffer_release(&card);
    return status;
}

static int write_stripped(const struct checkpoint_file *file, const struct bert_config *shape,
                          const char *path, struct error *err)
{
    struct param_table table;
    if (file_exists(path))
        return error_set(err, "%s is there already; name another file", path);
    param_table_init(&table, shape);
    const real **values = memory_new((size_t)table.count, sizeof *values);
    int status = 0;
    for (int i = 0; i < table.count && status == 0; i++) {
        const struct checkpoint_tensor *tensor = checkpoint_file_tensor(file, table.infos[i].name);
        if (!tensor || tensor->count != table.infos[i].count)
            status = error_set(err, "%s has no %s of the configured shape", file->container.path,
                               table.infos[i].name);
        else
            values[i] = file->weights + tensor->offset;
    }
    if (status == 0)
        status = checkpoint_write_weights(path, &table, &file->meta, values, err);
    free(values);
    param_table_release(&table);
    return status;
}

static int export(const struct arguments *arguments, struct error *err)
{
    struct checkpoint_file file;
    struct bert_config shape;
    if (open_checkpoint(&file, arguments->checkpoint, err) < 0)
        return -1;
    int status = checkpoint_shape(&file, &shape, err);
    if (status == 0 && arguments->strip)
        status = write_stripped(&file, &shape, arguments->output, err);
    else if (status == 0)
        status = write_folder(&file, &shape, arguments, err);
    if (status == 0)
        log_info("%s: step %lld of %s, %.2f million weights", arguments->output,
                 (long long)file.meta.state.total_steps, file.container.path,
                 (double)file.elements / 1e6);
    checkpoint_file_close(&file);
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
    return export(&arguments, &err) < 0 ? command_failed("export", &err) : EXIT_DONE;
}

const struct command command_export = {
    .name = "export", .summary = "write a checkpoint as a Hugging Face model folder", .run = run};

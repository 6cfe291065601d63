#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lambert.h"
#include "lambert/base/log.h"
#include "lambert/base/memory.h"
#include "lambert/store/checkpoint.h"
#include "lambert/store/hugging_face.h"
#include "model_card.h"
#include "new_file.h"
#include "open_checkpoint.h"

struct export_arguments {
    const char *checkpoint;
    const char *output;
    enum safetensors_dtype dtype;
    bool strip;
};

static const char *const dtype_names[] = {
    [SAFETENSORS_F32] = "f32", [SAFETENSORS_F16] = "f16", [SAFETENSORS_BF16] = "bf16"};

static const struct command_option export_options[] = {
    {.name = "checkpoint",
     .kind = OPTION_TEXT,
     OPTION_PLACE(struct export_arguments, checkpoint),
     .required = true,
     .metavar = "PATH",
     .completion = COMPLETE_FILES,
     .help = "a checkpoint, or a run folder: its best one where it keeps one, else its newest"},
    {.name = "output",
     .kind = OPTION_TEXT,
     OPTION_PLACE(struct export_arguments, output),
     .required = true,
     .metavar = "PATH",
     .completion = COMPLETE_FILES,
     .writes = true,
     .help = "folder (or file) to write, whole or not at all; what is there is not overwritten"},
    {.name = "dtype",
     .kind = OPTION_CHOICE,
     OPTION_PLACE(struct export_arguments, dtype),
     OPTION_CHOICES(dtype_names),
     .metavar = "TYPE",
     .help = "of the weights, rounded to nearest even"},
    {.name = "strip",
     .kind = OPTION_FLAG,
     OPTION_PLACE(struct export_arguments, strip),
     .help = "a checkpoint without moments instead of a folder"},
    {0}};

static int check_export(const void *context, struct error *err)
{
    const struct export_arguments *arguments = context;
    if (arguments->strip && arguments->dtype != SAFETENSORS_F32)
        return error_set(err, "--dtype is for Hugging Face folders, not for --strip");
    return 0;
}

/* The same tensors in the same order, whatever the model is for. */
static int write_stripped(const struct checkpoint_file *file, const char *path, struct error *err)
{
    const size_t count = (size_t)file->tensor_count;
    int lock;
    if (new_file_begin(&lock, path, err) < 0)
        return -1;
    struct param_table table = {.infos = memory_new(count, sizeof *table.infos),
                                .count = file->tensor_count};
    int status = 0;
    for (int i = 0; i < table.count && status == 0; i++) {
        const struct checkpoint_tensor *tensor = &file->tensors[i];
        struct param_info *info = &table.infos[i];
        *info = (struct param_info){.dimensions = tensor->dimensions,
                                    .shape = {tensor->shape[0], tensor->shape[1]},
                                    .offset = tensor->offset,
                                    .count = tensor->count};
        if (snprintf(info->name, sizeof info->name, "%s", tensor->name) >= (int)sizeof info->name)
            status = error_set(err, "%s is not of this program: it has a tensor %s",
                               file->container.path, tensor->name);
    }
    if (status == 0)
        status = checkpoint_write_weights(path, &table, &file->meta, file->weights, err);
    param_table_release(&table);
    new_file_end(lock, path);
    return status;
}

static int export(const void *context, struct error *err)
{
    const struct export_arguments *arguments = context;
    struct checkpoint_file file;
    struct config config;
    struct bert_config shape;
    struct buffer card = {0};
    if (open_checkpoint(&file, arguments->checkpoint, err) < 0)
        return -1;
    int status = checkpoint_model(&file, &config, &shape, err);
    if (status < 0)
        goto done;
    if (arguments->strip) {
        status = write_stripped(&file, arguments->output, err);
    } else {
        model_card_print(&file, config.task.kind, &shape, &card);
        const struct hf_export request = {.checkpoint = &file,
                                          .shape = shape,
                                          .kind = config.task.kind,
                                          .dtype = arguments->dtype,
                                          .card = buffer_text(&card)};
        status = hf_export(&request, arguments->output, err);
    }
    if (status == 0)
        log_info("%s: step %lld of %s, %.2f million weights", arguments->output,
                 (long long)file.meta.state.total_steps, file.container.path,
                 (double)file.elements / 1e6);
done:
    buffer_release(&card);
    checkpoint_file_close(&file);
    return status;
}

const struct command command_export = {
    .name = "export",
    .summary = "write a checkpoint as a Hugging Face model folder",
    .description =
        "Writes a checkpoint as a Hugging Face model folder, which from_pretrained() of "
        "transformers' BertForPreTraining, BertForMaskedLM, BertModel and AutoTokenizer read: "
        "config.json, model.safetensors, vocab.txt, tokenizer_config.json, tokenizer.json and a "
        "model card. A fine-tuned model is written for BertForSequenceClassification, "
        "BertForTokenClassification or BertForQuestionAnswering, with the names of its labels.\n"
        "\n"
        "With --strip: a checkpoint of the weights alone, in one file. A checkpoint is three times "
        "the model, as it holds two moments of each weight; without them it can be evaluated, "
        "exported and started from, not resumed.\n",
    .examples = "lambert export --checkpoint runs/demo --output demo-bert\n"
                "lambert export --strip --checkpoint runs/demo --output demo.checkpoint\n",
    .options = export_options,
    COMMAND_ARGUMENTS(struct export_arguments, .dtype = SAFETENSORS_F32),
    .check = check_export,
    .run = export};

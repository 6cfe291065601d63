#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "compare_checkpoints.h"
#include "lambert.h"
#include "lambert/base/json.h"
#include "lambert/base/log.h"
#include "lambert/base/memory.h"
#include "lambert/base/strings.h"
#include "lambert/config/config.h"
#include "open_checkpoint.h"

struct checkpoint_arguments {
    const char *path;
    const char *other; /* NULL: only the first is shown */
    bool json;
};

static const struct command_option checkpoint_options[] = {
    {.kind = OPTION_WORD,
     OPTION_PLACE(struct checkpoint_arguments, path),
     .required = true,
     .metavar = "PATH",
     .completion = COMPLETE_FILES},
    {.kind = OPTION_WORD,
     OPTION_PLACE(struct checkpoint_arguments, other),
     .metavar = "OTHER",
     .completion = COMPLETE_FILES},
    {.name = "json",
     .kind = OPTION_FLAG,
     OPTION_PLACE(struct checkpoint_arguments, json),
     .help = "one JSON object instead of text"},
    {0}};

/* --- what is printed of one ------------------------------------------------------------------- */

static void print_indented(const char *text)
{
    for (const char *line = text; *line != '\0';) {
        size_t length = strcspn(line, "\n");
        printf("  %.*s\n", (int)length, line);
        line += length + (line[length] == '\n');
    }
}

/* What the model was fine-tuned for. A configuration that this program cannot read is one more thing
 * to be said about the file, not a reason to say nothing. */
static enum task_kind task_of(const struct checkpoint_file *file)
{
    struct config config;
    struct error err;
    if (config_read(&config, file->meta.config, file->container.path, &err) == 0)
        return config.task.kind;
    log_warning("its configuration cannot be read: %s", err.text);
    return TASK_NONE;
}

static void print_task(const struct checkpoint_meta *meta, enum task_kind kind)
{
    const struct run_state *state = &meta->state;
    if (kind != TASK_NONE)
        printf("task: %s\n", config_word("task.kind", kind));
    if (meta->labels_size > 0)
        printf("%d labels:\n", (int)count_newlines(meta->labels, meta->labels_size));
    print_indented(meta->labels);
    if (state->has_best)
        printf("best evaluation so far: %.6g, after step %" PRId64 "\n", state->best_value,
               state->best_step);
}

static void print_text(const struct checkpoint_file *file)
{
    const struct run_state *state = &file->meta.state;
    printf("%s: whole, %.1f MB\n", file->container.path, (double)file->container.map.size / 1e6);
    if (file->program[0])
        printf("written by:\n");
    print_indented(file->program);
    const struct update_counts *updates = &file->updates;
    printf("step %" PRId64 ": phase %d (from 0), %" PRId64 " steps into it; %" PRId64
           " updates, %" PRIu64 " sequences, %" PRIu64 " tokens\n",
           state->total_steps, state->phase, state->phase_step,
           updates->earlier + updates->of_moments, state->sequences, state->tokens);
    if (state->phase_seconds > 0)
        printf("the phase, given in hours, was worked in for %.2f h\n",
               state->phase_seconds / 3600);
    if (updates->earlier > 0)
        printf("the moments were reset after %" PRId64 " updates\n", updates->earlier);
    printf("corpus %016" PRIx64 ", vocabulary %016" PRIx64 " (%d tokens)\n", state->corpus_hash,
           state->vocabulary_hash,
           (int)count_newlines(file->meta.vocabulary, file->meta.vocabulary_size));
    print_task(&file->meta, task_of(file));
    printf("configuration:\n");
    print_indented(file->meta.config);
    printf("%d tensors, %zu weights; norms:\n", file->tensor_count, file->elements);
    printf("  %-56s %14s %12s", "", "", "weights");
    for (int k = 0; k < file->moment_count; k++)
        printf(" %12s", file->moments[k].name);
    printf("\n");
    for (int t = 0; t < file->tensor_count; t++) {
        const struct checkpoint_tensor *tensor = &file->tensors[t];
        char shape[48]; /* "30522 x 768" */
        int length = snprintf(shape, sizeof shape, "%" PRId64, tensor->shape[0]);
        if (tensor->dimensions == 2)
            snprintf(shape + length, sizeof shape - (size_t)length, " x %" PRId64,
                     tensor->shape[1]);
        printf("  %-56s %14s %12.6g", tensor->name, shape,
               array_norm(file->weights + tensor->offset, tensor->count));
        for (int k = 0; k < file->moment_count; k++)
            printf(" %12.6g", array_norm(file->moments[k].values + tensor->offset, tensor->count));
        printf("\n");
    }
}

/* --- the same as JSON ------------------------------------------------------------------------- */

static void add_task(cJSON *object, const struct checkpoint_meta *meta, enum task_kind kind)
{
    const struct run_state *state = &meta->state;
    if (kind != TASK_NONE)
        cJSON_AddStringToObject(object, "task", config_word("task.kind", kind));
    if (meta->labels_size > 0) {
        cJSON *labels = cJSON_AddArrayToObject(object, "labels");
        for (const char *line = meta->labels; *line != '\0';) {
            size_t length = strcspn(line, "\n");
            char *label = memory_text("%.*s", (int)length, line);
            cJSON_AddItemToArray(labels, cJSON_CreateString(label));
            free(label);
            line += length + (line[length] == '\n');
        }
    }
    if (state->has_best) {
        cJSON *best = cJSON_AddObjectToObject(object, "best");
        cJSON_AddNumberToObject(best, "value", state->best_value);
        cJSON_AddNumberToObject(best, "step", (double)state->best_step);
    }
}

static void print_json(const struct checkpoint_file *file)
{
    const struct run_state *state = &file->meta.state;
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "checkpoint", file->container.path);
    cJSON_AddNumberToObject(object, "bytes", (double)file->container.map.size);
    if (file->program[0])
        cJSON_AddStringToObject(object, "program", file->program);
    cJSON_AddNumberToObject(object, "phase", state->phase);
    cJSON_AddNumberToObject(object, "phase_step", (double)state->phase_step);
    if (state->phase_seconds > 0)
        json_add_exact(object, "phase_seconds", state->phase_seconds);
    cJSON_AddNumberToObject(object, "total_steps", (double)state->total_steps);
    cJSON_AddNumberToObject(object, "updates", (double)file->updates.of_moments);
    if (file->updates.earlier > 0)
        cJSON_AddNumberToObject(object, "earlier_updates", (double)file->updates.earlier);
    cJSON_AddNumberToObject(object, "sequences", (double)state->sequences);
    cJSON_AddNumberToObject(object, "tokens", (double)state->tokens);
    json_add_hash(object, "corpus_hash", state->corpus_hash);
    json_add_hash(object, "vocabulary_hash", state->vocabulary_hash);
    cJSON_AddNumberToObject(object, "vocabulary_tokens",
                            (int)count_newlines(file->meta.vocabulary, file->meta.vocabulary_size));
    add_task(object, &file->meta, task_of(file));
    cJSON_AddStringToObject(object, "config", file->meta.config);
    cJSON_AddNumberToObject(object, "weights", (double)file->elements);
    cJSON *tensors = cJSON_AddArrayToObject(object, "tensors");
    for (int t = 0; t < file->tensor_count; t++) {
        const struct checkpoint_tensor *tensor = &file->tensors[t];
        cJSON *item = cJSON_CreateObject();
        cJSON_AddItemToArray(tensors, item);
        cJSON_AddStringToObject(item, "name", tensor->name);
        cJSON *shape = cJSON_AddArrayToObject(item, "shape");
        for (int d = 0; d < tensor->dimensions; d++)
            cJSON_AddItemToArray(shape, cJSON_CreateNumber((double)tensor->shape[d]));
        cJSON *norms = cJSON_AddObjectToObject(item, "norms");
        cJSON_AddNumberToObject(norms, "weights",
                                array_norm(file->weights + tensor->offset, tensor->count));
        for (int k = 0; k < file->moment_count; k++)
            cJSON_AddNumberToObject(
                norms, file->moments[k].name,
                array_norm(file->moments[k].values + tensor->offset, tensor->count));
    }
    print_json_line(object);
}

/* --- the command ------------------------------------------------------------------------------ */

static int show_checkpoint(const void *context, struct error *err)
{
    const struct checkpoint_arguments *arguments = context;
    struct checkpoint_file file, other;
    if (open_checkpoint(&file, arguments->path, err) < 0)
        return -1;
    int status = 0;
    if (!arguments->other) {
        (arguments->json ? print_json : print_text)(&file);
    } else if ((status = open_checkpoint(&other, arguments->other, err)) == 0) {
        compare_checkpoints(&file, &other, arguments->json);
        checkpoint_file_close(&other);
    }
    checkpoint_file_close(&file);
    return status;
}

const struct command command_show_checkpoint = {
    .name = "checkpoint",
    .summary = "where a checkpoint stands and what is in it",
    .description =
        "Checks every checksum of a checkpoint and prints where the run stands, the configuration, "
        "what the model was fine-tuned for, if it was, and each tensor's shape and norms (of the "
        "weights and of the optimizer's moments). A run folder stands for its best checkpoint, where "
        "it keeps one, or its newest whole one.\n"
        "\n"
        "With OTHER: which tensors differ, and by how much: the norm of the difference over the "
        "larger of the two norms.\n",
    .examples = "lambert show checkpoint runs/demo\n",
    .options = checkpoint_options,
    COMMAND_ARGUMENTS(struct checkpoint_arguments, .path = NULL),
    .run = show_checkpoint};

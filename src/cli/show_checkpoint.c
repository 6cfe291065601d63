#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "compare_checkpoints.h"
#include "lambert/base/hash.h"
#include "lambert/base/memory.h"
#include "lambert/command/command.h"
#include "open_checkpoint.h"
#include "show.h"

static const char usage[] =
    "usage: lambert show checkpoint PATH [OTHER] [--json]\n"
    "\n"
    "Checks every checksum of a checkpoint and prints where the run stands, the configuration, "
    "and\n"
    "each tensor's shape and norms (of the weights and of the optimizer's moments). A run folder\n"
    "stands for its newest whole checkpoint.\n"
    "\n"
    "With OTHER: which tensors differ, and by how much: the norm of the difference over the larger "
    "of\n"
    "the two norms.\n"
    "\n"
    "  --json   one JSON object instead of text\n"
    "  --help   this text\n"
    "\n"
    "example: lambert show checkpoint runs/demo\n";

struct arguments {
    const char *paths[2];
    int count;
    bool json;
    bool help;
};

static int parse(int argc, char **argv, struct arguments *arguments)
{
    static const struct option options[] = {
        {"json", no_argument, NULL, 'j'}, {"help", no_argument, NULL, 'h'}, {0}};
    int option;
    *arguments = (struct arguments){0};
    optind = 1;
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'j')
            arguments->json = true;
        else if (option == 'h')
            arguments->help = true;
        else
            return command_misused("show checkpoint", "see lambert show checkpoint --help");
    }
    if (arguments->help)
        return 0;
    arguments->count = argc - optind;
    if (arguments->count < 1 || arguments->count > 2)
        return command_misused("show checkpoint", "one checkpoint or run folder is wanted, or two "
                                                  "to compare; see lambert show checkpoint --help");
    memcpy(arguments->paths, argv + optind, (size_t)arguments->count * sizeof *argv);
    return 0;
}

/* --- what is printed of one ------------------------------------------------------------------- */

static int vocabulary_lines(const struct checkpoint_meta *meta)
{
    int lines = 0;
    for (size_t i = 0; i < meta->vocabulary_size; i++)
        lines += meta->vocabulary[i] == '\n';
    return lines;
}

/* "30522 x 768" */
static const char *shape_text(const struct checkpoint_tensor *tensor, char text[48])
{
    int length = snprintf(text, 48, "%" PRId64, tensor->shape[0]);
    if (tensor->dimensions == 2)
        snprintf(text + length, (size_t)(48 - length), " x %" PRId64, tensor->shape[1]);
    return text;
}

static void print_config(const char *config)
{
    printf("configuration:\n");
    while (*config != '\0') {
        size_t length = strcspn(config, "\n");
        printf("  %.*s\n", (int)length, config);
        config += length + (config[length] == '\n');
    }
}

static void print_tensors(const struct checkpoint_file *file)
{
    printf("%d tensors, %zu weights; norms:\n", file->tensor_count, file->elements);
    printf("  %-56s %14s %12s", "", "", "weights");
    for (int k = 0; k < file->moment_count; k++)
        printf(" %12s", file->moments[k].name);
    printf("\n");
    for (int t = 0; t < file->tensor_count; t++) {
        const struct checkpoint_tensor *tensor = &file->tensors[t];
        char shape[48];
        printf("  %-56s %14s %12.6g", tensor->name, shape_text(tensor, shape),
               array_norm(file->weights + tensor->offset, tensor->count));
        for (int k = 0; k < file->moment_count; k++)
            printf(" %12.6g", array_norm(file->moments[k].values + tensor->offset, tensor->count));
        printf("\n");
    }
}

static void print_text(const struct checkpoint_file *file)
{
    const struct run_state *state = &file->meta.state;
    printf("%s: whole, %.1f MB\n", file->container.path, (double)file->container.map.size / 1e6);
    printf("step %" PRId64 ": phase %d (from 0), %" PRId64 " steps into it; %" PRId64
           " updates, %" PRIu64 " sequences, %" PRIu64 " tokens\n",
           state->total_steps, state->phase, state->phase_step, file->updates, state->sequences,
           state->tokens);
    printf("corpus %016" PRIx64 ", vocabulary %016" PRIx64 " (%d tokens)\n", state->corpus_hash,
           state->vocabulary_hash, vocabulary_lines(&file->meta));
    print_config(file->meta.config);
    print_tensors(file);
}

/* --- the same as JSON ------------------------------------------------------------------------- */

static void add_hash(cJSON *object, const char *name, uint64_t hash)
{
    char text[HASH_TEXT];
    cJSON_AddStringToObject(object, name, hash_print(hash, text));
}

static cJSON *tensor_object(const struct checkpoint_file *file,
                            const struct checkpoint_tensor *tensor)
{
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "name", tensor->name);
    cJSON *shape = cJSON_AddArrayToObject(object, "shape");
    for (int d = 0; d < tensor->dimensions; d++)
        cJSON_AddItemToArray(shape, cJSON_CreateNumber((double)tensor->shape[d]));
    cJSON *norms = cJSON_AddObjectToObject(object, "norms");
    cJSON_AddNumberToObject(norms, "weights",
                            array_norm(file->weights + tensor->offset, tensor->count));
    for (int k = 0; k < file->moment_count; k++)
        cJSON_AddNumberToObject(
            norms, file->moments[k].name,
            array_norm(file->moments[k].values + tensor->offset, tensor->count));
    return object;
}

static void print_json(const struct checkpoint_file *file)
{
    const struct run_state *state = &file->meta.state;
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "checkpoint", file->container.path);
    cJSON_AddNumberToObject(object, "bytes", (double)file->container.map.size);
    cJSON_AddNumberToObject(object, "phase", state->phase);
    cJSON_AddNumberToObject(object, "phase_step", (double)state->phase_step);
    cJSON_AddNumberToObject(object, "total_steps", (double)state->total_steps);
    cJSON_AddNumberToObject(object, "updates", (double)file->updates);
    cJSON_AddNumberToObject(object, "sequences", (double)state->sequences);
    cJSON_AddNumberToObject(object, "tokens", (double)state->tokens);
    add_hash(object, "corpus_hash", state->corpus_hash);
    add_hash(object, "vocabulary_hash", state->vocabulary_hash);
    cJSON_AddNumberToObject(object, "vocabulary_tokens", vocabulary_lines(&file->meta));
    cJSON_AddStringToObject(object, "config", file->meta.config);
    cJSON_AddNumberToObject(object, "weights", (double)file->elements);
    cJSON *tensors = cJSON_AddArrayToObject(object, "tensors");
    for (int t = 0; t < file->tensor_count; t++)
        cJSON_AddItemToArray(tensors, tensor_object(file, &file->tensors[t]));
    print_json_line(object);
}

/* --- the command ------------------------------------------------------------------------------ */

static int show(const struct arguments *arguments, struct error *err)
{
    struct checkpoint_file files[2] = {{.tensor_count = 0}, {.tensor_count = 0}};
    int result = 0;
    for (int i = 0; i < arguments->count && result == 0; i++)
        result = open_checkpoint(&files[i], arguments->paths[i], err);
    if (result == 0 && arguments->count == 2)
        compare_checkpoints(&files[0], &files[1], arguments->json);
    else if (result == 0)
        (arguments->json ? print_json : print_text)(&files[0]);
    for (int i = 0; i < 2; i++)
        checkpoint_file_close(&files[i]);
    return result;
}

int show_checkpoint(int argc, char **argv)
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
    return show(&arguments, &err) < 0 ? command_failed("show checkpoint", &err) : EXIT_DONE;
}

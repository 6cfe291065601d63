#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "asking_options.h"
#include "embed_file.h"
#include "lambert.h"
#include "lambert/base/array.h"
#include "lambert/base/log.h"
#include "lambert/base/memory.h"
#include "lambert/config/config.h"
#include "lambert/examples/plain_texts.h"
#include "lambert/run/embed.h"
#include "lambert/run/loaded_model.h"
#include "lambert/run/task_set.h"

struct embed_arguments {
    struct asking_options asking;
    const char *output;
    const char *layers; /* NULL: the last */
    enum embed_pool pool;
    bool normalize;
    int sequence_length;
    int micro_batch_tokens;
    struct command_words inputs;
};

static const char *const pool_names[] = {[EMBED_TOKENS] = "tokens",
                                         [EMBED_MEAN] = "mean",
                                         [EMBED_CLS] = "cls",
                                         [EMBED_POOLER] = "pooler"};

#define PLACE(member) OPTION_PLACE(struct embed_arguments, member)

static const struct command_option embed_command_options[] = {
    {OPTION_ASKED_MODEL(struct embed_arguments, asking), .required = true,
     .help = "a run folder (its best checkpoint), a checkpoint or a Hugging Face folder"},
    {.name = "output",
     .kind = OPTION_TEXT,
     PLACE(output),
     .required = true,
     .metavar = "FILE",
     .completion = COMPLETE_FILES,
     .writes = true,
     .help = "vectors: an array (*.npy), or JSON lines (*.jsonl)"},
    {.name = "pool",
     .kind = OPTION_CHOICE,
     PLACE(pool),
     OPTION_CHOICES(pool_names),
     .metavar = "WHAT",
     .help = "vectors of all tokens; or one of the text: the mean of those, that of [CLS], or the "
             "pooler's"},
    {.name = "layers",
     .kind = OPTION_TEXT,
     PLACE(layers),
     .metavar = "LIST",
     .standard = "-1, the last",
     .help = "which layers' vectors, as in -1,-2: 0 is the embedding, 1 the first layer; negative "
             "ones count from the end"},
    {.name = "normalize",
     .kind = OPTION_FLAG,
     PLACE(normalize),
     .help = "vectors of length 1, whose products are cosines"},
    {.name = "sequence-length",
     .kind = OPTION_INTEGER,
     PLACE(sequence_length),
     .min = 4,
     .max = 65536,
     .metavar = "N",
     .standard = "as in training",
     .help = "the longest sequence; longer texts are cut"},
    OPTION_MICRO_BATCH(struct embed_arguments, micro_batch_tokens),
    OPTION_ASKING(struct embed_arguments, asking),
    {.kind = OPTION_WORDS, PLACE(inputs), .metavar = "INPUT", .completion = COMPLETE_FILES},
    {0}};

/* --- layers ----------------------------------------------------------------------------------- */

struct layer_list {
    int *names;   /* [count] as they were given */
    int *numbers; /* [count] 0 to L */
    int count;
};

static void layer_list_release(struct layer_list *list)
{
    free(list->names);
    free(list->numbers);
    *list = (struct layer_list){0};
}

/* The names of the list "-1,-2". */
static int read_layers(struct layer_list *list, const char *text, struct error *err)
{
    size_t capacity = 0;
    *list = (struct layer_list){0};
    for (const char *at = text; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL) {
        char *end;
        errno = 0;
        const long name = strtol(at, &end, 10);
        if (end == at || (*end != ',' && *end != '\0') || errno || name < INT_MIN ||
            name > INT_MAX) {
            layer_list_release(list);
            return error_set(err, "--layers %s is not a list of numbers, as in -1,-2,-3,-4", text);
        }
        ARRAY_RESERVE(list->names, (size_t)list->count + 1, capacity);
        list->names[list->count++] = (int)name;
    }
    return 0;
}

/* What they are in a model of so many layers. */
static int number_layers(struct layer_list *list, int layers, const char *model, struct error *err)
{
    list->numbers = memory_new((size_t)list->count, sizeof *list->numbers);
    for (int k = 0; k < list->count; k++) {
        const int name = list->names[k];
        if (name > layers || name < -layers - 1)
            return error_set(
                err,
                "%s has no layer %d: there are 0 (the embedding) to %d, which are also "
                "%d to -1",
                model, name, layers, -layers - 1);
        list->numbers[k] = name < 0 ? layers + 1 + name : name;
    }
    return 0;
}

/* --- what is asked, and with what ------------------------------------------------------------- */

struct embedding {
    struct base_model base;
    struct layer_list layers;
    struct text_examples texts;
    struct feature_set *features;
    struct loaded_model model;
    struct embed_options options;
};

static int read_texts(struct embedding *embedding, const struct embed_arguments *arguments,
                      int ranks, struct error *err)
{
    static char standard_input[] = "-";
    static char *const standard[] = {standard_input};
    const struct input_use uses[] = {{arguments->output, "where the result is to go"}, {0}};
    const bool given = arguments->inputs.count > 0;
    struct input_list files;
    struct buffer passed_over = {0};
    if (embed_file_check_replaced(arguments->output, err) < 0 ||
        input_list_open(&files, given ? arguments->inputs.at : standard,
                        given ? arguments->inputs.count : 1, uses, err) < 0)
        return -1;
    input_list_print_passed_over(&files, &passed_over);
    if (passed_over.size > 0)
        log_info("texts of %d file%s%s", files.count, files.count == 1 ? "" : "s",
                 buffer_text(&passed_over));
    buffer_release(&passed_over);
    int status = input_list_check_ranks(&files, ranks, err);
    if (status == 0)
        status = plain_texts_read(&embedding->texts, &files, err);
    input_list_close(&files);
    return status;
}

static int make_features(struct embedding *embedding, const struct embed_arguments *arguments,
                         struct error *err)
{
    const struct base_model *base = &embedding->base;
    const struct task_format format = {.kind = TASK_REGRESSION}; /* texts without labels */
    struct feature_options options = {.vocabulary = base->vocabulary, .tokenizer = base->tokenizer};
    struct feature_report report;
    if (asking_length(&arguments->asking, base, arguments->sequence_length,
                      &options.sequence_length, err) < 0)
        return -1;
    if (feature_set_of_texts(&embedding->features, &embedding->texts, &format, NULL, &options,
                             &report, err) < 0)
        return -1;
    if (report.truncated > 0)
        log_info("%d of %d texts are longer than %d tokens and were cut", report.truncated,
                 embedding->texts.count, options.sequence_length);
    return 0;
}

/* [local] */
static int read_inputs(struct embedding *embedding, const struct embed_arguments *arguments,
                       int ranks, struct error *err)
{
    const struct config_model *shape = &embedding->base.shape;
    struct layer_list *layers = &embedding->layers;
    if (read_layers(layers, arguments->layers ? arguments->layers : "-1", err) < 0 ||
        number_layers(layers, shape->num_hidden_layers, arguments->asking.model, err) < 0 ||
        read_texts(embedding, arguments, ranks, err) < 0)
        return -1;
    embedding->options = (struct embed_options){.pool = arguments->pool,
                                                .layers = layers->numbers,
                                                .layer_count = layers->count,
                                                .hidden = shape->hidden_size,
                                                .normalize = arguments->normalize};
    return make_features(embedding, arguments, err);
}

static int load_model(struct embedding *embedding, const struct embed_arguments *arguments,
                      const struct dist *dist, struct error *err)
{
    const struct base_model *base = &embedding->base;
    struct bert_options options = {.capacity = {.tokens = arguments->micro_batch_tokens},
                                   .compute_type =
                                       asking_type_of(&arguments->asking, base->compute_type)};
    capacity_for(&options.capacity, embedding->features);
    embedding->options.token_budget = options.capacity.tokens;
    return loaded_model_init(&embedding->model, base, dist, embed_objective(arguments->pool), 1,
                             &options, err);
}

static int write_vectors(const struct embedding *embedding, const struct embed_arguments *arguments,
                         const struct dist *dist, struct error *err)
{
    const bool writes = dist_rank(dist) == 0;
    const struct embed_contents contents = {.features = embedding->features,
                                            .vocabulary = embedding->base.vocabulary,
                                            .options = &embedding->options,
                                            .names = embedding->layers.names};
    struct embed_file file = {.json = false};
    const struct embed_sink sink = {.add = embed_file_add, .who = &file};
    int status = writes ? embed_file_open(&file, arguments->output, &contents, err) : 0;
    status = dist_agree(dist, status, err);
    if (status == 0)
        status = embed_features(dist, embedding->model.bert, embedding->model.params,
                                embedding->features, &embedding->options, &sink, err);
    if (status == 0)
        status = dist_agree(dist, writes ? embed_file_commit(&file, err) : 0, err);
    embed_file_discard(&file);
    if (status == 0)
        log_info("%s: vectors of %d texts", arguments->output, embedding->texts.count);
    return status;
}

static int embed(struct dist *dist, const void *context, struct error *err)
{
    const struct embed_arguments *arguments = context;
    struct embedding embedding = {.features = NULL};
    if (start_asking(dist, &arguments->asking, err) < 0 ||
        base_model_open(&embedding.base, dist, arguments->asking.model, err) < 0)
        return -1;
    int status = dist_agree(dist, read_inputs(&embedding, arguments, dist_size(dist), err), err);
    if (status == 0)
        status = load_model(&embedding, arguments, dist, err);
    if (status == 0)
        status = write_vectors(&embedding, arguments, dist, err);
    loaded_model_release(&embedding.model);
    feature_set_free(embedding.features);
    text_examples_release(&embedding.texts);
    layer_list_release(&embedding.layers);
    base_model_close(&embedding.base);
    return status;
}

static int check_embed(const void *context, struct error *err)
{
    const struct embed_arguments *arguments = context;
    struct layer_list layers;
    if (!embed_file_is_named(arguments->output))
        return error_set(err,
                         "--output %s: vectors are written to *.npy, or as JSON lines to *.jsonl",
                         arguments->output);
    if (!arguments->layers)
        return 0;
    if (arguments->pool == EMBED_POOLER)
        return error_set(err, "--pool pooler reads the last layer; --layers does not go with it");
    if (read_layers(&layers, arguments->layers, err) < 0)
        return -1;
    layer_list_release(&layers);
    return 0;
}

const struct command command_embed = {
    .name = "embed",
    .summary = "vectors of texts, of their tokens or as a whole",
    .description =
        "Writes what a model makes of texts before any head: a vector of each text, or of each of its "
        "tokens, behind chosen layers. INPUT are text files, plain or .gz; folders of them; patterns; "
        "or - for standard input, which is read where none is given (FILE is passed over; what is there already is "
        "replaced if it holds vectors). A line is a text, and two texts "
        "with a tab between them are a pair; the vectors come in the order of the lines, of empty ones "
        "as well. Under mpirun ranks share the work.\n"
        "\n"
        "*.npy is an array for numpy.load(): [texts, hidden], or [texts, layers, hidden] where "
        "--layers has several. With --pool tokens it has a row a token of all texts, [CLS] and [SEP] "
        "included; beside NAME.npy, NAME.offsets.npy says at which row each text begins (one number "
        "more than texts), and NAME.ids.npy has the ids. *.jsonl has a JSON object a text, as "
        "extract_features.py writes it.\n",
    .examples =
        "lambert embed --model runs/base --output vectors.npy --normalize sentences.txt\n"
        "lambert embed --model bert --output tokens.jsonl --pool tokens --layers -1,-2 texts/\n",
    .options = embed_command_options,
    COMMAND_ARGUMENTS(struct embed_arguments, .pool = EMBED_MEAN, .micro_batch_tokens = 4096),
    .check = check_embed,
    .run_on_ranks = embed};

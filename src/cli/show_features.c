#include <math.h>

#include <cjson/cJSON.h>

#include "lambert.h"
#include "lambert/base/json.h"
#include "lambert/features/feature_set.h"
#include "question_options.h"

/* The kinds of tasks behind TASK_NONE, in their order. */
static const char *const kind_names[] = {
    [TASK_CLASSIFICATION - 1] = "classification", [TASK_REGRESSION - 1] = "regression",
    [TASK_MULTILABEL - 1] = "multilabel",         [TASK_TAGGING - 1] = "tagging",
    [TASK_QUESTIONS - 1] = "questions",
};

struct features_arguments {
    int kind;
    struct question_options questions;
    struct task_columns columns;
    const char *separator;
    bool header;
    bool unlabelled;
    const char *path;
};

static const struct command_option features_options[] = {
    {.name = "task",
     .kind = OPTION_CHOICE,
     OPTION_PLACE(struct features_arguments, kind),
     OPTION_CHOICES(kind_names),
     .required = true,
     .metavar = "KIND",
     .help = "what the examples are for"},
    OPTION_QUESTIONS(struct features_arguments, questions),
    {.name = "text-column",
     .kind = OPTION_TEXT,
     OPTION_PLACE(struct features_arguments, columns.text),
     .metavar = "COLUMN",
     .help = "texts: name or number of the column with the text"},
    {.name = "pair-column",
     .kind = OPTION_TEXT,
     OPTION_PLACE(struct features_arguments, columns.pair),
     .metavar = "COLUMN",
     .help = "of the second text"},
    {.name = "label-column",
     .kind = OPTION_TEXT,
     OPTION_PLACE(struct features_arguments, columns.label),
     .metavar = "COLUMN",
     .help = "of what is right"},
    {.name = "separator",
     .kind = OPTION_TEXT,
     OPTION_PLACE(struct features_arguments, separator),
     .metavar = "TEXT",
     .help = "multilabel: what stands between labels"},
    {.name = "no-header",
     .kind = OPTION_FLAG_OFF,
     OPTION_PLACE(struct features_arguments, header),
     .help = "the first line of a TSV or CSV file is an example"},
    {.name = "unlabelled",
     .kind = OPTION_FLAG,
     OPTION_PLACE(struct features_arguments, unlabelled),
     .help = "as for predicting, without what is right"},
    {.kind = OPTION_WORD,
     OPTION_PLACE(struct features_arguments, path),
     .required = true,
     .metavar = "FILE",
     .completion = COMPLETE_FILES},
    {0}};

/* --- printing --------------------------------------------------------------------------------- */

static void add_numbers(cJSON *line, const char *name, const int32_t *numbers, int count)
{
    /* cJSON makes no array of a count of 0 at NULL. */
    cJSON_AddItemToObject(line, name,
                          count > 0 ? cJSON_CreateIntArray(numbers, count) : cJSON_CreateArray());
}

static cJSON *line_of(const struct feature *feature)
{
    cJSON *line = cJSON_CreateObject();
    json_add_count(line, "example", (uint64_t)feature->example);
    add_numbers(line, "input_ids", feature->input_ids, feature->tokens);
    json_add_count(line, "segment_b", (uint64_t)feature->first_b);
    return line;
}

static void print_text(const struct feature_set *set, const struct feature *feature,
                       const struct text_example *example)
{
    cJSON *line = line_of(feature);
    cJSON_AddStringToObject(line, "id", example->id);
    add_numbers(line, "labels", feature->labels, feature_set_label_width(set));
    if (!isnan(feature->value))
        cJSON_AddNumberToObject(line, "value", feature->value);
    print_json_line(line);
}

static void print_sentence(const struct feature *feature)
{
    cJSON *line = line_of(feature);
    json_add_count(line, "first_word", (uint64_t)feature->first_word);
    add_numbers(line, "rows", feature->rows, feature->row_count);
    add_numbers(line, "row_labels", feature->row_labels, feature->row_count);
    print_json_line(line);
}

static void print_window(const struct feature_set *set, int number,
                         const struct question_set *questions)
{
    const struct feature *feature = feature_set_at(set, number);
    cJSON *line = line_of(feature);
    cJSON_AddStringToObject(line, "id", questions->at[feature->example].id);
    add_numbers(line, "labels", feature->labels, 2);
    json_add_count(line, "first_piece", (uint64_t)feature->first_piece);
    cJSON *words = cJSON_AddArrayToObject(line, "words");
    cJSON *most = cJSON_AddArrayToObject(line, "most_context");
    for (int row = feature->first_b; row < feature->tokens - 1; row++) {
        const struct word_place place = feature_set_word(set, questions, number, row);
        const int ends[] = {(int)place.start, (int)(place.start + place.size)};
        cJSON_AddItemToArray(words, cJSON_CreateIntArray(ends, 2));
        cJSON_AddItemToArray(most, cJSON_CreateNumber(feature_set_most_context(set, number, row)));
    }
    print_json_line(line);
}

static void print_report(const struct feature_set *set, const struct feature_report *report)
{
    cJSON *line = cJSON_CreateObject();
    json_add_count(line, "sequences", (uint64_t)feature_set_count(set));
    json_add_count(line, "truncated", (uint64_t)report->truncated);
    json_add_count(line, "left_out", (uint64_t)report->left_out);
    print_json_line(line);
}

/* --- all of them ------------------------------------------------------------------------------- */

static void print_features(const struct feature_set *set, const struct gold *gold)
{
    for (int f = 0; f < feature_set_count(set); f++) {
        const struct feature *feature = feature_set_at(set, f);
        if (gold->kind == TASK_QUESTIONS)
            print_window(set, f, &gold->questions);
        else if (gold->kind == TASK_TAGGING)
            print_sentence(feature);
        else
            print_text(set, feature, &gold->texts.at[feature->example]);
    }
}

static int show_examples(const struct features_arguments *arguments,
                         const struct task_format *format, const struct feature_options *options,
                         struct error *err)
{
    struct gold gold;
    struct label_set labels = {0};
    struct feature_set *set = NULL;
    struct feature_report report;
    if (gold_read(&gold, format, arguments->path, !arguments->unlabelled, err) < 0)
        return -1;
    gold_labels(&gold, NULL, 0, &labels);
    const int status = feature_set_of_gold(&set, &gold, format, &labels, !arguments->unlabelled,
                                           options, &report, err);
    if (status == 0) {
        print_features(set, &gold);
        print_report(set, &report);
    }
    feature_set_free(set);
    label_set_release(&labels);
    gold_release(&gold);
    return status;
}

/* Columns of tagged words have names only where they are asked for by them. */
static bool has_header(const struct features_arguments *arguments)
{
    const struct task_columns *columns = &arguments->columns;
    return arguments->header &&
           (arguments->kind + 1 != TASK_TAGGING || columns->text || columns->label);
}

static int check_arguments(const void *context, struct error *err)
{
    const struct features_arguments *arguments = context;
    if (!task_is_of_texts((enum task_kind)(arguments->kind + 1)) || arguments->columns.text)
        return 0;
    return error_set(err, "--text-column is wanted: the column with the text");
}

static int show_features(const void *context, struct error *err)
{
    const struct features_arguments *arguments = context;
    const struct task_format format = {.kind = (enum task_kind)(arguments->kind + 1),
                                       .columns = arguments->columns,
                                       .header = has_header(arguments),
                                       .separator = arguments->separator};
    struct vocabulary *vocabulary;
    if (vocabulary_load(&vocabulary, arguments->questions.vocabulary, err) < 0)
        return -1;
    const struct feature_options options = feature_options_of(&arguments->questions, vocabulary);
    const int status = show_examples(arguments, &format, &options, err);
    vocabulary_free(vocabulary);
    return status;
}

const struct command command_show_features = {
    .name = "features",
    .summary = "examples of a fine-tuning task as the model will see them",
    .description =
        "Prints the sequences that the examples of a task become, one JSON object a line: the "
        "number of the example, input_ids, where segment B begins (or how many tokens there are), "
        "and labels, -1 for none. Tagging: the rows of first pieces, their labels, the number of "
        "the first word. Questions: of each window its first piece in the paragraph, of each of its "
        "pieces the word (in bytes of the paragraph, to behind its end) and whether this window is "
        "the one that counts for it. The last line says how many sequences there are, how many "
        "examples were cut, and how many questions left out because their answers are not there.\n\n"
        "Labels are numbered as those of the file are, sorted.",
    .examples = "lambert show features --task questions --vocabulary vocab.txt dev-v1.1.json.gz\n"
                "lambert show features --task tagging --vocabulary vocab.txt train.conll\n",
    .options = features_options,
    COMMAND_ARGUMENTS(struct features_arguments, .questions = QUESTION_OPTIONS_STANDARD,
                      .separator = ",", .header = true, .columns = {.text = NULL}),
    .check = check_arguments,
    .run = show_features};

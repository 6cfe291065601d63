#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lambert.h"
#include "lambert/base/memory.h"
#include "lambert/examples/example_file.h"
#include "lambert/score/confusion.h"
#include "score_pairs.h"
#include "score_report.h"
#include "table_forms.h"

/* enum task_kind */
static const char *const kinds[] = {"none",       "classification", "regression",
                                    "multilabel", "tagging",        "questions"};

/* How one of the files is laid out. */
struct layout {
    int form;
    bool header;
    const char *label, *id;
};

struct score_arguments {
    const char *gold, *first, *second;
    int kind;
    struct layout gold_layout, said_layout;
    const char *word, *separator;
    const char *labels, *positive;
    const char *null_odds, *second_null_odds;
    const char *pairs, *sentence_scores;
    struct asking_options asking;
    int micro_batch_tokens;
    int samples;
    uint64_t seed;
    double confidence;
    bool confusion, tables, json;
};

static const struct command_option score_options[] = {
    {.kind = OPTION_WORD,
     OPTION_PLACE(struct score_arguments, gold),
     .metavar = "GOLD",
     .completion = COMPLETE_FILES},
    {.kind = OPTION_WORD,
     OPTION_PLACE(struct score_arguments, first),
     .metavar = "PREDICTIONS",
     .completion = COMPLETE_FILES},
    {.kind = OPTION_WORD,
     OPTION_PLACE(struct score_arguments, second),
     .metavar = "PREDICTIONS-2",
     .completion = COMPLETE_FILES},
    {.name = "task",
     .kind = OPTION_CHOICE,
     OPTION_PLACE(struct score_arguments, kind),
     OPTION_CHOICES(kinds),
     .metavar = "KIND",
     .help = "what was to be said of each example; none: --pairs"},
    {.name = "form",
     .kind = OPTION_CHOICE,
     OPTION_PLACE(struct score_arguments, gold_layout.form),
     OPTION_CHOICES(table_form_names),
     .metavar = "FORM",
     .help = "how rows lie in GOLD; by_name: *.csv, *.jsonl and *.json are these, others TSV"},
    {.name = "no-header",
     .kind = OPTION_FLAG_OFF,
     OPTION_PLACE(struct score_arguments, gold_layout.header),
     .help = "the first line of GOLD is a row, and columns have numbers from 1"},
    {.name = "label-column",
     .kind = OPTION_TEXT,
     OPTION_PLACE(struct score_arguments, gold_layout.label),
     .metavar = "COLUMN",
     .standard = "label; tagging: the last",
     .help = "of what is right in GOLD, by name or number"},
    {.name = "id-column",
     .kind = OPTION_TEXT,
     OPTION_PLACE(struct score_arguments, gold_layout.id),
     .metavar = "COLUMN",
     .standard = "the number of the row, from 0",
     .help = "of the ids in GOLD"},
    {.name = "word-column",
     .kind = OPTION_TEXT,
     OPTION_PLACE(struct score_arguments, word),
     .metavar = "COLUMN",
     .standard = "the first",
     .help = "of the words of both files, in tagging"},
    {.name = "separator",
     .kind = OPTION_TEXT,
     OPTION_PLACE(struct score_arguments, separator),
     .metavar = "TEXT",
     .help = "between the labels in a column of either file, in multilabel"},
    {.name = "predictions-form",
     .kind = OPTION_CHOICE,
     OPTION_PLACE(struct score_arguments, said_layout.form),
     OPTION_CHOICES(table_form_names),
     .metavar = "FORM",
     .help = "how rows lie in PREDICTIONS"},
    {.name = "predictions-no-header",
     .kind = OPTION_FLAG_OFF,
     OPTION_PLACE(struct score_arguments, said_layout.header),
     .help = "the first line of PREDICTIONS is a row"},
    {.name = "prediction-column",
     .kind = OPTION_TEXT,
     OPTION_PLACE(struct score_arguments, said_layout.label),
     .metavar = "COLUMN",
     .standard = "prediction; tagging: the last",
     .help = "of what was said in PREDICTIONS"},
    {.name = "prediction-id-column",
     .kind = OPTION_TEXT,
     OPTION_PLACE(struct score_arguments, said_layout.id),
     .metavar = "COLUMN",
     .standard = "id, or the number of the row",
     .help = "of the ids in PREDICTIONS"},
    {.name = "labels",
     .kind = OPTION_TEXT,
     OPTION_PLACE(struct score_arguments, labels),
     .metavar = "FILE",
     .completion = COMPLETE_FILES,
     .standard = "those of the files",
     .help = "all labels, one a line, in the order of tables"},
    {.name = "positive",
     .kind = OPTION_TEXT,
     OPTION_PLACE(struct score_arguments, positive),
     .metavar = "LABEL",
     .standard = "the second of two",
     .help = "the class that f1 is of"},
    {.name = "null-odds",
     .kind = OPTION_TEXT,
     OPTION_PLACE(struct score_arguments, null_odds),
     .metavar = "FILE",
     .completion = COMPLETE_FILES,
     .help = "null differences of PREDICTIONS, for the best threshold (SQuAD v2.0)"},
    {.name = "null-odds-2",
     .kind = OPTION_TEXT,
     OPTION_PLACE(struct score_arguments, second_null_odds),
     .metavar = "FILE",
     .completion = COMPLETE_FILES,
     .help = "those of PREDICTIONS-2"},
    {.name = "pairs",
     .kind = OPTION_TEXT,
     OPTION_PLACE(struct score_arguments, pairs),
     .metavar = "FILE",
     .completion = COMPLETE_FILES,
     .help = "minimal pairs, as BLiMP's, in the place of --task, GOLD and PREDICTIONS"},
    {OPTION_ASKED_MODEL(struct score_arguments, asking),
     .help =
         "what --pairs asks: a run folder (its best checkpoint, or its newest), a checkpoint or "
         "a Hugging Face folder"},
    {.name = "sentence-scores",
     .kind = OPTION_TEXT,
     OPTION_PLACE(struct score_arguments, sentence_scores),
     .metavar = "FILE",
     .completion = COMPLETE_FILES,
     .writes = true,
     .help = "where --pairs writes the score of each sentence, as JSON lines"},
    {.name = "micro-batch-tokens",
     .kind = OPTION_INTEGER,
     OPTION_PLACE(struct score_arguments, micro_batch_tokens),
     .min = 1,
     .max = 16777216,
     .metavar = "N",
     .help = "tokens of --pairs computed at once"},
    OPTION_ASKING(struct score_arguments, asking),
    {.name = "samples",
     .kind = OPTION_INTEGER,
     OPTION_PLACE(struct score_arguments, samples),
     .max = 1000000,
     .metavar = "N",
     .help = "drawn for intervals; 0: no intervals"},
    {.name = "seed",
     .kind = OPTION_INTEGER,
     OPTION_PLACE(struct score_arguments, seed),
     .max = 1000000000,
     .metavar = "N",
     .help = "of the samples"},
    {.name = "confidence",
     .kind = OPTION_REAL,
     OPTION_PLACE(struct score_arguments, confidence),
     .real_min = 0.5,
     .real_max = 0.9999,
     .metavar = "SHARE",
     .help = "how much of the samples an interval holds"},
    {.name = "confusion",
     .kind = OPTION_FLAG,
     OPTION_PLACE(struct score_arguments, confusion),
     .help = "print which classes are taken for which (classification)"},
    {.name = "tables",
     .kind = OPTION_FLAG,
     OPTION_PLACE(struct score_arguments, tables),
     .help =
         "print tables: of questions by question word and length of the answer, of tagging by type"},
    {.name = "json",
     .kind = OPTION_FLAG,
     OPTION_PLACE(struct score_arguments, json),
     .help = "one JSON object instead of text"},
    {0}};

static enum task_kind kind_of(const struct score_arguments *arguments)
{
    return (enum task_kind)arguments->kind;
}

static int check_pairs(const struct score_arguments *arguments, struct error *err)
{
    if (arguments->gold || arguments->kind != TASK_NONE)
        return error_set(err, "--pairs asks a model, and takes no --task and no predictions");
    if (!arguments->asking.model)
        return error_set(err, "--pairs is asked of a model: --model PATH");
    return 0;
}

static int check_score(const void *context, struct error *err)
{
    const struct score_arguments *arguments = context;
    const enum task_kind kind = kind_of(arguments);
    if (arguments->pairs && check_pairs(arguments, err) < 0)
        return -1;
    if (!arguments->pairs && (arguments->asking.model || arguments->sentence_scores))
        return error_set(err, "--model and --sentence-scores are of --pairs");
    if (!arguments->pairs && (kind == TASK_NONE || !arguments->first))
        return error_set(err, "--task KIND, GOLD and PREDICTIONS are wanted, or --pairs FILE and "
                              "--model PATH");
    if (arguments->second_null_odds && !arguments->second)
        return error_set(err, "--null-odds-2 is of a second file of predictions");
    if (arguments->null_odds && kind != TASK_QUESTIONS)
        return error_set(err, "--null-odds is of --task questions");
    if (arguments->tables && kind != TASK_QUESTIONS && kind != TASK_TAGGING)
        return error_set(err, "--tables is of --task questions and tagging");
    if ((arguments->positive || arguments->confusion) && kind != TASK_CLASSIFICATION)
        return error_set(err, "--positive and --confusion are of --task classification");
    if (arguments->labels && kind != TASK_CLASSIFICATION && kind != TASK_MULTILABEL)
        return error_set(err, "--labels is of --task classification and multilabel");
    return 0;
}

static struct task_format format_of(const struct score_arguments *arguments,
                                    const struct layout *layout, const char *standard)
{
    const bool texts = task_is_of_texts(kind_of(arguments));
    return (struct task_format){
        .kind = kind_of(arguments),
        .form = (enum table_form)layout->form,
        .header = layout->header && texts,
        .columns = {.text = texts ? NULL : arguments->word,
                    .label = layout->label || !texts ? layout->label : standard,
                    .id = layout->id},
        .separator = arguments->separator};
}

/* --- reading ---------------------------------------------------------------------------------- */

static int read_predictions(struct score_report *report, const struct score_arguments *arguments,
                            struct error *err)
{
    const struct task_format format = format_of(arguments, &arguments->said_layout, "prediction");
    const char *const paths[] = {arguments->first, arguments->second};
    const char *const null_odds[] = {arguments->null_odds, arguments->second_null_odds};
    for (int f = 0; f < 2 && paths[f]; f++) {
        struct scored *file = &report->files[f];
        if (predictions_read(&file->said, &format, paths[f], err) < 0)
            return -1;
        file->path = paths[f];
        report->count++;
        if (null_odds[f] && predictions_read_null_differences(&file->said, null_odds[f], err) < 0)
            return -1;
    }
    return 0;
}

static int find_labels(struct label_set *labels, const struct gold *gold,
                       const struct score_report *report, const char *path, struct error *err)
{
    struct buffer text = {0};
    if (!path) {
        struct predictions said[2] = {report->files[0].said, report->files[1].said};
        gold_labels(gold, said, report->count, labels);
        return 0;
    }
    int status = example_file_read(&text, path, err);
    if (status == 0)
        status = label_set_parse(labels, (const char *)text.data, text.size, path, err);
    buffer_release(&text);
    return status;
}

static int find_positive(const struct label_set *labels, const char *name, int *number,
                         struct error *err)
{
    *number = name ? label_set_find(labels, name) : -1;
    return name && *number < 0
               ? error_set(err, "--positive %s: there is no such label in the files", name)
               : 0;
}

/* --- scoring ---------------------------------------------------------------------------------- */

static int count_confusion(const struct score_report *report, struct scored *file,
                           struct error *err)
{
    const int classes = report->labels->count;
    int32_t *right, *said;
    if (gold_classes(report->gold, &file->said, report->labels, &right, &said, err) < 0)
        return -1;
    file->confusion = memory_new((size_t)classes * (size_t)classes, sizeof *file->confusion);
    confusion_count(right, said, report->gold->texts.count, classes, file->confusion);
    free(right);
    free(said);
    return 0;
}

static int score_file(const struct score_report *report, struct scored *file, int positive,
                      bool confusion, struct error *err)
{
    if (gold_score(&file->scoring, report->gold, &file->said, report->labels, positive, err) < 0)
        return -1;
    scoring_metrics(file->scoring, NULL, &file->values);
    if (report->resampling.samples > 0)
        resampling_intervals(file->scoring, &report->resampling, file->intervals);
    return confusion ? count_confusion(report, file, err) : 0;
}

static int compare_files(struct score_report *report, struct error *err)
{
    const struct scored *first = &report->files[0], *second = &report->files[1];
    if (first->values.count != second->values.count)
        return error_set(err, "null differences are wanted of both files, or of none: --null-odds "
                              "and --null-odds-2");
    if (report->resampling.samples > 0)
        resampling_compare(first->scoring, second->scoring, &report->resampling,
                           report->differences);
    return 0;
}

static void release_report(struct score_report *report)
{
    for (int f = 0; f < 2; f++) {
        scoring_free(report->files[f].scoring);
        predictions_release(&report->files[f].said);
        free(report->files[f].confusion);
    }
}

static struct resampling_options resampling_of(const struct score_arguments *arguments)
{
    return (struct resampling_options){.samples = arguments->samples,
                                       .seed = arguments->seed,
                                       .confidence = arguments->confidence};
}

/* [rank 0] */
static int score_predictions(const struct score_arguments *arguments, struct error *err)
{
    const struct task_format format = format_of(arguments, &arguments->gold_layout, "label");
    struct gold gold;
    struct label_set labels = {0};
    struct score_report report = {.path = arguments->gold,
                                  .gold = &gold,
                                  .labels = &labels,
                                  .resampling = resampling_of(arguments),
                                  .tables = arguments->tables};
    int status = -1, positive;
    if (gold_read(&gold, &format, arguments->gold, true, err) < 0)
        return -1;
    if (read_predictions(&report, arguments, err) < 0 ||
        find_labels(&labels, &gold, &report, arguments->labels, err) < 0 ||
        find_positive(&labels, arguments->positive, &positive, err) < 0)
        goto done;
    for (int f = 0; f < report.count; f++)
        if (score_file(&report, &report.files[f], positive, arguments->confusion, err) < 0)
            goto done;
    if (report.count == 2 && compare_files(&report, err) < 0)
        goto done;
    (arguments->json ? score_report_print_json : score_report_print)(&report);
    status = 0;

done:
    release_report(&report);
    label_set_release(&labels);
    gold_release(&gold);
    return status;
}

static int score(struct dist *dist, const void *context, struct error *err)
{
    const struct score_arguments *arguments = context;
    if (arguments->pairs) {
        const struct score_pairs_request request = {.path = arguments->pairs,
                                                    .sentences = arguments->sentence_scores,
                                                    .asking = arguments->asking,
                                                    .micro_batch_tokens =
                                                        arguments->micro_batch_tokens,
                                                    .resampling = resampling_of(arguments),
                                                    .json = arguments->json};
        return score_pairs(dist, &request, err);
    }
    const int status = dist_rank(dist) == 0 ? score_predictions(arguments, err) : 0;
    return dist_agree(dist, status, err);
}

const struct command command_score = {
    .name = "score",
    .summary = "how good predictions are, or a pre-trained model",
    .description =
        "Holds a file of predictions against a file of what is right, and prints the metrics of the "
        "task with the interval that resampling the examples gives. Of two files of predictions, which "
        "must be of the same examples, it prints the difference as well, and in what share of the "
        "samples the second is not better. docs/scoring.md says what the metrics are and what files "
        "may look like.\n\n"
        "With --pairs it asks a pre-trained model how likely it finds the two sentences of minimal "
        "pairs, and prints how often that is the acceptable one; under mpirun ranks share the work "
        "(docs/asking.md).",
    .examples = "lambert score --task classification SST-2/dev.tsv predictions.tsv --confusion\n"
                "lambert score --task questions dev-v1.1.json predictions.json --tables\n"
                "lambert score --task tagging test.txt first.txt second.txt --json\n"
                "lambert score --pairs blimp.jsonl --model runs/demo\n",
    .options = score_options,
    COMMAND_ARGUMENTS(struct score_arguments, .gold_layout.header = true,
                      .said_layout.header = true, .separator = ",", .samples = 1000,
                      .confidence = 0.95, .micro_batch_tokens = 4096),
    .check = check_score,
    .run_on_ranks = score};

#include "score_report.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>

#include "lambert/command/command.h"
#include "lambert/score/answer_tables.h"
#include "lambert/score/confusion.h"
#include "lambert/score/entity_table.h"

static const struct {
    const char *task, *unit;
} kinds[] = {[TASK_CLASSIFICATION] = {"classification", "examples"},
             [TASK_REGRESSION] = {"regression", "examples"},
             [TASK_MULTILABEL] = {"multilabel", "examples"},
             [TASK_TAGGING] = {"tagging", "sentences"},
             [TASK_QUESTIONS] = {"questions", "questions"}};

typedef void table_maker(struct answer_table *table, const struct question_set *questions,
                         const struct scoring *scoring);

static const struct {
    const char *name, *title;
    table_maker *make;
} tables[] = {{"question_word", "question word", answer_table_by_question_word},
              {"answer_length", "answer length", answer_table_by_length}};

enum { TABLES = sizeof tables / sizeof tables[0] };

/* --- for people ------------------------------------------------------------------------------- */

static void print_metrics(const struct score_report *report, const struct scored *file)
{
    printf("%s\n", file->path);
    for (int m = 0; m < file->values.count; m++) {
        const struct metric_value *value = &file->values.at[m];
        const struct metric_interval *interval = &file->intervals[m];
        printf("  %-22s %9.4f", value->name, value->value);
        if (report->resampling.samples > 0)
            printf("   %9.4f to %9.4f", interval->low, interval->high);
        printf("\n");
    }
}

static void print_differences(const struct score_report *report)
{
    printf("second less first\n");
    for (int m = 0; m < report->files[0].values.count; m++) {
        const struct metric_value *first = &report->files[0].values.at[m];
        const struct metric_interval *interval = &report->differences[m];
        printf("  %-22s %+9.4f", first->name, report->files[1].values.at[m].value - first->value);
        if (report->resampling.samples > 0)
            printf("   %+9.4f to %+9.4f   not better in %.1f%% of the samples", interval->low,
                   interval->high, 100 * interval->not_better);
        printf("\n");
    }
}

static void print_confusion(const struct score_report *report, const struct scored *file)
{
    struct buffer text = {0};
    confusion_print(file->confusion, report->labels, &text);
    printf("%s\n%s", file->path, buffer_text(&text));
    buffer_release(&text);
}

static void print_answer_tables(const struct score_report *report, const struct scored *file)
{
    printf("%s\n", file->path);
    for (int t = 0; t < TABLES; t++) {
        struct answer_table table;
        tables[t].make(&table, &report->gold->questions, file->scoring);
        printf("  %-15s %9s %9s %12s\n", tables[t].title, "questions", "f1", "exact_match");
        for (int r = 0; r < table.count; r++) {
            const struct answer_table_row *row = &table.rows[r];
            if (row->questions > 0)
                printf("  %-15s %9d %9.2f %12.2f\n", row->name, row->questions, row->f1,
                       row->exact_match);
        }
    }
}

static void make_entity_table(struct entity_table *table, const struct score_report *report,
                              const struct scored *file)
{
    const char **tags = predictions_tags(&file->said);
    entity_table_make(table, &report->gold->sentences, tags);
    free(tags);
}

static void print_entity_table(const struct score_report *report, const struct scored *file)
{
    struct entity_table table;
    make_entity_table(&table, report, file);
    printf("%s\n  %-15s %9s %9s %9s %9s %9s %9s\n", file->path, "entities", "right", "said", "both",
           "f1", "precision", "recall");
    for (int t = 0; t < table.types.count; t++) {
        const struct entity_row *row = &table.rows[t];
        printf("  %-15s %9d %9d %9d %9.4f %9.4f %9.4f\n", table.types.names[t], row->gold,
               row->said, row->correct, row->f1, row->precision, row->recall);
    }
    entity_table_release(&table);
}

static void print_tables(const struct score_report *report, const struct scored *file)
{
    if (report->gold->kind == TASK_QUESTIONS)
        print_answer_tables(report, file);
    else
        print_entity_table(report, file);
}

void score_report_print(const struct score_report *report)
{
    const struct resampling_options *resampling = &report->resampling;
    printf("%s: %d %s of %s\n", kinds[report->gold->kind].task,
           scoring_units(report->files[0].scoring), kinds[report->gold->kind].unit, report->path);
    if (resampling->samples > 0)
        printf("intervals: %g%%, of %d samples drawn with replacement\n",
               100 * resampling->confidence, resampling->samples);
    for (int f = 0; f < report->count; f++)
        print_metrics(report, &report->files[f]);
    if (report->count == 2)
        print_differences(report);
    for (int f = 0; f < report->count; f++) {
        if (report->files[f].confusion)
            print_confusion(report, &report->files[f]);
        if (report->tables)
            print_tables(report, &report->files[f]);
    }
}

/* --- JSON ------------------------------------------------------------------------------------- */

static void add_interval(cJSON *object, const struct score_report *report,
                         const struct metric_interval *interval)
{
    if (report->resampling.samples == 0)
        return;
    cJSON_AddNumberToObject(object, "low", interval->low);
    cJSON_AddNumberToObject(object, "high", interval->high);
}

static void add_confusion(cJSON *object, const struct score_report *report,
                          const struct scored *file)
{
    const size_t classes = (size_t)report->labels->count;
    cJSON *confusion = cJSON_AddObjectToObject(object, "confusion");
    cJSON *names = cJSON_AddArrayToObject(confusion, "labels");
    cJSON *rows = cJSON_AddArrayToObject(confusion, "counts");
    for (size_t gold = 0; gold < classes; gold++) {
        cJSON *row = cJSON_CreateArray();
        cJSON_AddItemToArray(names, cJSON_CreateString(report->labels->names[gold]));
        for (size_t said = 0; said < classes; said++)
            cJSON_AddItemToArray(
                row, cJSON_CreateNumber((double)file->confusion[gold * classes + said]));
        cJSON_AddItemToArray(rows, row);
    }
}

static void add_answer_tables(cJSON *object, const struct score_report *report,
                              const struct scored *file)
{
    for (int t = 0; t < TABLES; t++) {
        struct answer_table table;
        tables[t].make(&table, &report->gold->questions, file->scoring);
        cJSON *rows = cJSON_AddObjectToObject(object, tables[t].name);
        for (int r = 0; r < table.count; r++) {
            cJSON *row = cJSON_AddObjectToObject(rows, table.rows[r].name);
            cJSON_AddNumberToObject(row, "questions", table.rows[r].questions);
            cJSON_AddNumberToObject(row, "f1", table.rows[r].f1);
            cJSON_AddNumberToObject(row, "exact_match", table.rows[r].exact_match);
        }
    }
}

static void add_entity_table(cJSON *object, const struct score_report *report,
                             const struct scored *file)
{
    struct entity_table table;
    make_entity_table(&table, report, file);
    cJSON *rows = cJSON_AddObjectToObject(object, "entities");
    for (int t = 0; t < table.types.count; t++) {
        cJSON *row = cJSON_AddObjectToObject(rows, table.types.names[t]);
        cJSON_AddNumberToObject(row, "gold", table.rows[t].gold);
        cJSON_AddNumberToObject(row, "said", table.rows[t].said);
        cJSON_AddNumberToObject(row, "correct", table.rows[t].correct);
        cJSON_AddNumberToObject(row, "f1", table.rows[t].f1);
        cJSON_AddNumberToObject(row, "precision", table.rows[t].precision);
        cJSON_AddNumberToObject(row, "recall", table.rows[t].recall);
    }
    entity_table_release(&table);
}

static void add_tables(cJSON *object, const struct score_report *report, const struct scored *file)
{
    if (report->gold->kind == TASK_QUESTIONS)
        add_answer_tables(object, report, file);
    else
        add_entity_table(object, report, file);
}

static void add_file(cJSON *object, const struct score_report *report, const struct scored *file)
{
    cJSON_AddStringToObject(object, "predictions", file->path);
    cJSON *metrics = cJSON_AddObjectToObject(object, "metrics");
    for (int m = 0; m < file->values.count; m++) {
        cJSON *metric = cJSON_AddObjectToObject(metrics, file->values.at[m].name);
        cJSON_AddNumberToObject(metric, "value", file->values.at[m].value);
        add_interval(metric, report, &file->intervals[m]);
    }
    if (file->confusion)
        add_confusion(object, report, file);
    if (report->tables)
        add_tables(object, report, file);
}

static void add_differences(cJSON *root, const struct score_report *report)
{
    cJSON *differences = cJSON_AddObjectToObject(root, "differences");
    for (int m = 0; m < report->files[0].values.count; m++) {
        const struct metric_value *first = &report->files[0].values.at[m];
        const double second = report->files[1].values.at[m].value;
        cJSON *metric = cJSON_AddObjectToObject(differences, first->name);
        cJSON_AddNumberToObject(metric, "value", second - first->value);
        add_interval(metric, report, &report->differences[m]);
        if (report->resampling.samples > 0)
            cJSON_AddNumberToObject(metric, "not_better", report->differences[m].not_better);
    }
}

void score_report_print_json(const struct score_report *report)
{
    cJSON *root = cJSON_CreateObject();
    cJSON_AddStringToObject(root, "task", kinds[report->gold->kind].task);
    cJSON_AddStringToObject(root, "gold", report->path);
    cJSON_AddNumberToObject(root, kinds[report->gold->kind].unit,
                            scoring_units(report->files[0].scoring));
    if (report->resampling.samples > 0) {
        cJSON_AddNumberToObject(root, "samples", report->resampling.samples);
        cJSON_AddNumberToObject(root, "confidence", report->resampling.confidence);
    }
    add_file(root, report, &report->files[0]);
    if (report->count == 2) {
        add_file(cJSON_AddObjectToObject(root, "second"), report, &report->files[1]);
        add_differences(root, report);
    }
    print_json_line(root);
}

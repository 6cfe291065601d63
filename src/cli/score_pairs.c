#include "score_pairs.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/base/file.h"
#include "lambert/base/json.h"
#include "lambert/base/memory.h"
#include "lambert/command/command.h"
#include "lambert/run/loaded_model.h"
#include "lambert/run/pair_scorer.h"
#include "lambert/score/scoring.h"

/* --- accuracy --------------------------------------------------------------------------------- */

struct accuracy {
    int pairs, right;
};

/* Of each group of a grouping, by the order of their names. */
struct group_table {
    struct label_set names;
    struct accuracy *rows; /* [names.count] */
};

static double share_of(const struct accuracy *accuracy)
{
    return (double)accuracy->right / accuracy->pairs;
}

static void group_table_init(struct group_table *table, enum pair_grouping grouping,
                             const struct minimal_pairs *pairs, const struct pair_score *scores)
{
    const char **names = memory_new((size_t)pairs->count, sizeof *names);
    for (int p = 0; p < pairs->count; p++)
        names[p] = pairs->at[p].groups[grouping];
    label_set_collect(&table->names, names, (size_t)pairs->count);
    table->rows = memory_new((size_t)table->names.count, sizeof *table->rows);
    for (int p = 0; p < pairs->count; p++) {
        struct accuracy *row = &table->rows[label_set_find(&table->names, names[p])];
        row->pairs++;
        row->right += pair_is_right(&scores[p]);
    }
    free(names);
}

static void group_table_release(struct group_table *table)
{
    label_set_release(&table->names);
    free(table->rows);
}

/* What all pairs came to. */
struct pair_report {
    const struct score_pairs_request *request;
    const struct minimal_pairs *pairs;
    const struct pair_score *scores;
    struct accuracy all;
    int ties;
    struct metric_interval interval;
};

/* Pairs as examples of two classes, all of the second of which should be said. */
static void make_report(struct pair_report *report)
{
    static char *names[] = {"wrong", "right"};
    static int by_name[] = {1, 0};
    const struct label_set labels = {.names = names, .count = 2, .by_name = by_name};
    struct metric_interval intervals[METRIC_MOST];
    const int count = report->pairs->count;
    int32_t *gold = memory_new((size_t)count, sizeof *gold);
    int32_t *said = memory_new((size_t)count, sizeof *said);
    report->all.pairs = count;
    for (int p = 0; p < count; p++) {
        gold[p] = 1;
        said[p] = pair_is_right(&report->scores[p]);
        report->all.right += said[p];
        report->ties += pair_is_tied(&report->scores[p]);
    }
    struct scoring *scoring = scoring_of_classes(gold, said, count, &labels, -1);
    if (report->request->resampling.samples > 0) {
        resampling_intervals(scoring, &report->request->resampling, intervals);
        report->interval = intervals[0]; /* the first metric of classes is their accuracy */
    }
    scoring_free(scoring);
    free(gold);
    free(said);
}

/* --- what is printed -------------------------------------------------------------------------- */

static void print_groups(const struct pair_report *report, enum pair_grouping grouping)
{
    struct group_table table;
    group_table_init(&table, grouping, report->pairs, report->scores);
    printf("%-52s %9s %9s\n", pair_grouping_names[grouping], "pairs", "accuracy");
    for (int g = 0; g < table.names.count; g++)
        printf("  %-50s %9d %9.4f\n", table.names.names[g], table.rows[g].pairs,
               share_of(&table.rows[g]));
    group_table_release(&table);
}

static void print_report(const struct pair_report *report)
{
    const struct resampling_options *resampling = &report->request->resampling;
    printf("pairs: %d pairs of %s\n", report->all.pairs, report->request->path);
    if (resampling->samples > 0)
        printf("intervals: %g%%, of %d samples drawn with replacement\n",
               100 * resampling->confidence, resampling->samples);
    printf("%s\n  %-22s %9.4f", report->request->asking.model, "accuracy", share_of(&report->all));
    if (resampling->samples > 0)
        printf("   %9.4f to %9.4f", report->interval.low, report->interval.high);
    printf("\n");
    if (report->ties > 0)
        printf("  %-22s %9d   counted as wrong\n", "ties", report->ties);
    for (int g = 0; g < PAIR_GROUPINGS; g++)
        if (report->pairs->at[0].groups[g])
            print_groups(report, (enum pair_grouping)g);
}

static void add_groups(cJSON *root, const struct pair_report *report, enum pair_grouping grouping)
{
    struct group_table table;
    group_table_init(&table, grouping, report->pairs, report->scores);
    cJSON *rows = cJSON_AddObjectToObject(root, pair_grouping_names[grouping]);
    for (int g = 0; g < table.names.count; g++) {
        cJSON *row = cJSON_AddObjectToObject(rows, table.names.names[g]);
        cJSON_AddNumberToObject(row, "pairs", table.rows[g].pairs);
        cJSON_AddNumberToObject(row, "accuracy", share_of(&table.rows[g]));
    }
    group_table_release(&table);
}

static void print_json(const struct pair_report *report)
{
    const struct resampling_options *resampling = &report->request->resampling;
    cJSON *root = cJSON_CreateObject();
    cJSON_AddStringToObject(root, "task", "pairs");
    cJSON_AddStringToObject(root, "gold", report->request->path);
    cJSON_AddStringToObject(root, "model", report->request->asking.model);
    cJSON_AddNumberToObject(root, "pairs", report->all.pairs);
    cJSON_AddNumberToObject(root, "ties", report->ties);
    if (resampling->samples > 0) {
        cJSON_AddNumberToObject(root, "samples", resampling->samples);
        cJSON_AddNumberToObject(root, "confidence", resampling->confidence);
    }
    cJSON *metric = cJSON_AddObjectToObject(cJSON_AddObjectToObject(root, "metrics"), "accuracy");
    cJSON_AddNumberToObject(metric, "value", share_of(&report->all));
    if (resampling->samples > 0) {
        cJSON_AddNumberToObject(metric, "low", report->interval.low);
        cJSON_AddNumberToObject(metric, "high", report->interval.high);
    }
    for (int g = 0; g < PAIR_GROUPINGS; g++)
        if (report->pairs->at[0].groups[g])
            add_groups(root, report, (enum pair_grouping)g);
    print_json_line(root);
}

/* A line a pair, in their order. */
static int write_sentences(const struct pair_report *report, struct error *err)
{
    struct buffer text = {0};
    for (int p = 0; p < report->pairs->count; p++) {
        const struct pair_score *score = &report->scores[p];
        cJSON *line = cJSON_CreateObject();
        cJSON_AddNumberToObject(line, "line", report->pairs->at[p].line);
        cJSON_AddNumberToObject(line, "score_good", score->sentences[SENTENCE_GOOD]);
        cJSON_AddNumberToObject(line, "score_bad", score->sentences[SENTENCE_BAD]);
        char *printed = json_print(line);
        buffer_print(&text, "%s\n", printed);
        free(printed);
    }
    const int status = file_write(report->request->sentences, text.data, text.size, err);
    buffer_release(&text);
    return status;
}

/* [rank 0] */
static int tell(const struct score_pairs_request *request, const struct minimal_pairs *pairs,
                const struct pair_score *scores, struct error *err)
{
    struct pair_report report = {.request = request, .pairs = pairs, .scores = scores};
    if (request->sentences && write_sentences(&report, err) < 0)
        return -1;
    make_report(&report);
    (request->json ? print_json : print_report)(&report);
    return 0;
}

/* --- asking ----------------------------------------------------------------------------------- */

static int ask(struct dist *dist, const struct score_pairs_request *request,
               const struct base_model *base, const struct minimal_pairs *pairs,
               const struct pair_scorer *scorer, struct error *err)
{
    static const struct objective *const objectives[] = {&objective_mlm};
    struct loaded_model model;
    const struct bert_options options = {
        .capacity = pair_scorer_capacity(scorer, request->micro_batch_tokens),
        .compute_type = asking_type_of(&request->asking, base->compute_type)};
    if (loaded_model_init(&model, base, dist, objectives, 1, &options, err) < 0)
        return -1;
    struct pair_score *scores = memory_new((size_t)pairs->count, sizeof *scores);
    pair_scorer_run(scorer, dist, model.bert, model.params, &options.capacity, NULL, scores);
    loaded_model_release(&model);
    const int status = dist_rank(dist) == 0 ? tell(request, pairs, scores, err) : 0;
    free(scores);
    return dist_agree(dist, status, err);
}

static int read_pairs(struct minimal_pairs *pairs, struct pair_scorer **scorer,
                      const struct base_model *base, const char *path, struct error *err)
{
    if (minimal_pairs_read(pairs, path, err) < 0)
        return -1;
    return pair_scorer_new(scorer, pairs, base->vocabulary, &base->tokenizer,
                           base->shape.max_position_embeddings, err);
}

int score_pairs(struct dist *dist, const struct score_pairs_request *request, struct error *err)
{
    struct base_model base;
    struct minimal_pairs pairs = {0};
    struct pair_scorer *scorer = NULL;
    if (start_asking(dist, &request->asking, err) < 0)
        return -1;
    if (base_model_open(&base, dist, request->asking.model, err) < 0)
        return error_prefix(err, "%s", request->asking.model);
    int status = dist_agree(dist, read_pairs(&pairs, &scorer, &base, request->path, err), err);
    if (status == 0)
        status = ask(dist, request, &base, &pairs, scorer, err);
    pair_scorer_free(scorer);
    minimal_pairs_release(&pairs);
    base_model_close(&base);
    return status;
}

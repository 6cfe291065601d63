#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "answer_text.h"
#include "lambert/base/memory.h"
#include "metrics.h"

/* --- a question ------------------------------------------------------------------------------- */

struct scorer {
    bool has_impossible;
    struct answer_words said, gold;
};

/* Of one of the answers that are right. v2.0 compares with nothing as well: both empty is right. */
static void take_better(const struct scorer *scorer, struct answer_score *score)
{
    const struct answer_words *said = &scorer->said, *gold = &scorer->gold;
    const bool same = answers_are_same(said, gold);
    const bool one_empty = said->count == 0 || gold->count == 0;
    const double f1 = scorer->has_impossible && one_empty ? (double)same : answers_f1(said, gold);
    score->exact = fmax(score->exact, same);
    score->f1 = fmax(score->f1, f1);
}

/* The best over all answers that are right; in v2.0 those count of which something is left, and the empty one
 * where that is none. */
static void score_question(struct scorer *scorer, const struct question *question, const char *said,
                           struct answer_score *score)
{
    int compared = 0;
    *score = (struct answer_score){.has_answer = question->answer_count > 0,
                                   .said_none = said && *said == '\0'};
    if (!said)
        return;
    answer_words_set(&scorer->said, said);
    for (int a = 0; a < question->answer_count; a++) {
        answer_words_set(&scorer->gold, question->answers[a].text);
        if (scorer->has_impossible && scorer->gold.count == 0)
            continue;
        take_better(scorer, score);
        compared++;
    }
    if (scorer->has_impossible && compared == 0) {
        answer_words_set(&scorer->gold, "");
        take_better(scorer, score);
    }
}

/* --- metrics ---------------------------------------------------------------------------------- */

enum which { ALL, WITH_ANSWER, WITHOUT_ANSWER };

/* In percent: of f1, or of exact. */
static double mean_score(const struct scoring *scoring, const uint32_t *weights, enum which which,
                         bool exact)
{
    double sum = 0, all = 0;
    for (int q = 0; q < scoring->units; q++) {
        const struct answer_score *score = &scoring->answers.scores[q];
        if (which != ALL && score->has_answer != (which == WITH_ANSWER))
            continue;
        sum += weight_of(weights, q) * (exact ? score->exact : score->f1);
        all += weight_of(weights, q);
    }
    return 100 * sum / all;
}

/* The official script's find_best_thresh(): beginning with "" for every question, questions are answered in the
 * order of their null differences, and the sum is looked at after each. What was said counts as it was
 * scored; an answer where there is none loses what "" had won. */
static void find_best_threshold(const struct scoring *scoring, const uint32_t *weights, bool exact,
                                double *best, double *threshold)
{
    double now = 0, all = 0;
    for (int q = 0; q < scoring->units; q++) {
        now += scoring->answers.scores[q].has_answer ? 0 : weight_of(weights, q);
        all += weight_of(weights, q);
    }
    double most = now;
    *threshold = 0;
    for (int i = 0; i < scoring->units; i++) {
        const int q = scoring->answers.null_order[i];
        const struct answer_score *score = &scoring->answers.scores[q];
        const double won = exact ? score->exact : score->f1;
        const double lost = score->said_none ? 0 : -1;
        now += weight_of(weights, q) * (score->has_answer ? won : lost);
        if (now > most) {
            most = now;
            *threshold = scoring->answers.null_differences[q];
        }
    }
    *best = 100 * most / all;
}

static void add_best(const struct scoring *scoring, const uint32_t *weights,
                     struct metric_values *values)
{
    double best, threshold;
    find_best_threshold(scoring, weights, false, &best, &threshold);
    metric_add(values, "best_f1", best);
    metric_add(values, "best_f1_threshold", threshold);
    find_best_threshold(scoring, weights, true, &best, &threshold);
    metric_add(values, "best_exact", best);
    metric_add(values, "best_exact_threshold", threshold);
}

static void answer_metrics(const struct scoring *scoring, const uint32_t *weights,
                           struct metric_values *values)
{
    metric_add(values, "f1", mean_score(scoring, weights, ALL, false));
    metric_add(values, "exact_match", mean_score(scoring, weights, ALL, true));
    if (!scoring->answers.has_impossible)
        return;
    metric_add(values, "has_answer_f1", mean_score(scoring, weights, WITH_ANSWER, false));
    metric_add(values, "has_answer_exact", mean_score(scoring, weights, WITH_ANSWER, true));
    metric_add(values, "no_answer_f1", mean_score(scoring, weights, WITHOUT_ANSWER, false));
    metric_add(values, "no_answer_exact", mean_score(scoring, weights, WITHOUT_ANSWER, true));
    if (scoring->answers.null_differences)
        add_best(scoring, weights, values);
}

static void release_answers(struct scoring *scoring)
{
    free(scoring->answers.scores);
    free(scoring->answers.null_differences);
    free(scoring->answers.null_order);
}

static const struct scoring_rules answer_rules = {TASK_QUESTIONS, answer_metrics, release_answers};

struct scoring *scoring_of_answers(const struct question_set *gold, const char *const *said,
                                   const double *null_differences)
{
    const size_t count = (size_t)gold->count;
    struct scorer scorer = {.has_impossible = gold->has_impossible};
    struct scoring *scoring = memory_new(1, sizeof *scoring);
    scoring->rules = &answer_rules;
    scoring->units = gold->count;
    scoring->answers.has_impossible = gold->has_impossible;
    scoring->answers.scores = memory_new(count, sizeof *scoring->answers.scores);
    for (int q = 0; q < gold->count; q++)
        score_question(&scorer, &gold->at[q], said[q], &scoring->answers.scores[q]);
    answer_words_release(&scorer.said);
    answer_words_release(&scorer.gold);
    if (null_differences && gold->has_impossible) {
        double *copy = memory_new(count, sizeof *copy);
        scoring->answers.null_differences = memcpy(copy, null_differences, count * sizeof *copy);
        scoring->answers.null_order = ascending_order(null_differences, gold->count);
    }
    return scoring;
}

void scoring_answer(const struct scoring *scoring, int question, double *f1, double *exact)
{
    require(scoring->rules == &answer_rules);
    *f1 = scoring->answers.scores[question].f1;
    *exact = scoring->answers.scores[question].exact;
}

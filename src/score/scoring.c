#include "lambert/score/scoring.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/base/memory.h"
#include "metrics.h"

static const char of_questions[] =
    "f1, exact_match, has_answer_f1, has_answer_exact, no_answer_f1, no_answer_exact, best_f1, "
    "best_f1_threshold, best_exact, best_exact_threshold";

/* All that a kind may have; the first is the one that a model is chosen by. */
static const char *const names_of[] = {
    [TASK_NONE] = "",
    [TASK_CLASSIFICATION] = "accuracy, f1, macro_f1, matthews",
    [TASK_REGRESSION] = "pearson, spearman, mse",
    [TASK_MULTILABEL] = "micro_f1, macro_f1, accuracy",
    [TASK_TAGGING] = "entity_f1, entity_precision, entity_recall, accuracy",
    [TASK_QUESTIONS] = of_questions,
};

void scoring_free(struct scoring *scoring)
{
    if (!scoring)
        return;
    scoring->rules->release(scoring);
    free(scoring);
}

enum task_kind scoring_kind(const struct scoring *scoring)
{
    return scoring->rules->kind;
}

int scoring_units(const struct scoring *scoring)
{
    return scoring->units;
}

void scoring_metrics(const struct scoring *scoring, const uint32_t *weights,
                     struct metric_values *values)
{
    values->count = 0;
    scoring->rules->metrics(scoring, weights, values);
}

/* --- metrics by name -------------------------------------------------------------------------- */

double metric_values_find(const struct metric_values *values, const char *name)
{
    for (int i = 0; i < values->count; i++)
        if (strcmp(values->at[i].name, name) == 0)
            return values->at[i].value;
    return NAN;
}

const char *metric_names(enum task_kind kind)
{
    return names_of[kind];
}

bool metric_exists(enum task_kind kind, const char *name)
{
    const size_t size = strlen(name);
    const char *list = names_of[kind];
    while (*list != '\0') {
        const size_t length = strcspn(list, ",");
        if (length == size && memcmp(list, name, size) == 0)
            return true;
        list += length;
        list += strspn(list, ", ");
    }
    return false;
}

bool metric_is_better(const char *name, double value, double than)
{
    if (isnan(value) || isnan(than))
        return !isnan(value);
    const bool less = strcmp(name, "mse") == 0 || strcmp(name, "loss") == 0;
    return less ? value < than : value > than;
}

/* --- what the kinds share --------------------------------------------------------------------- */

void metric_add(struct metric_values *values, const char *name, double value)
{
    require(values->count < METRIC_MOST);
    values->at[values->count++] = (struct metric_value){name, value};
}

double f1_of_counts(double correct, double gold, double said)
{
    return gold + said > 0 ? 2 * correct / (gold + said) : 0;
}

struct place {
    double value;
    int number;
};

static int compare_places(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    const int order = (x->value > y->value) - (x->value < y->value);
    return order != 0 ? order : (x->number > y->number) - (x->number < y->number);
}

int *ascending_order(const double *x, int count)
{
    struct place *places = memory_new((size_t)count, sizeof *places);
    int *order = memory_new((size_t)count, sizeof *order);
    for (int i = 0; i < count; i++)
        places[i] = (struct place){x[i], i};
    qsort(places, (size_t)count, sizeof *places, compare_places);
    for (int i = 0; i < count; i++)
        order[i] = places[i].number;
    free(places);
    return order;
}

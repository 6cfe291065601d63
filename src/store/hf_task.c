#include "hf_task.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/base/buffer.h"
#include "lambert/base/json.h"
#include "lambert/base/memory.h"

static const struct {
    const char *architecture;
    const char *problem; /* problem_type; NULL: the class has one alone */
    bool named;          /* whether its labels have names */
    int labels;          /* at least so many where they have, else exactly so many */
} kinds[] = {
    [TASK_NONE] = {"BertForPreTraining", NULL, false, 0},
    [TASK_CLASSIFICATION] = {"BertForSequenceClassification", "single_label_classification", true,
                             2},
    [TASK_REGRESSION] = {"BertForSequenceClassification", "regression", false, 1},
    [TASK_MULTILABEL] = {"BertForSequenceClassification", "multi_label_classification", true, 1},
    [TASK_TAGGING] = {"BertForTokenClassification", NULL, true, 2},
    [TASK_QUESTIONS] = {"BertForQuestionAnswering", NULL, false, 2},
};
enum { KINDS = sizeof kinds / sizeof *kinds, MOST_LABELS = 1 << 20 };

const char *hf_task_architecture(enum task_kind kind)
{
    return kinds[kind].architecture;
}

bool hf_task_names_labels(enum task_kind kind)
{
    return kinds[kind].named;
}

/* --- writing ---------------------------------------------------------------------------------- */

static void add_label(cJSON *id2label, cJSON *label2id, int id, const char *name)
{
    char number[16];
    snprintf(number, sizeof number, "%d", id);
    cJSON_AddStringToObject(id2label, number, name);
    cJSON_AddNumberToObject(label2id, name, id);
}

void hf_task_add(cJSON *config, enum task_kind kind, const struct label_set *labels)
{
    if (kinds[kind].named || kind == TASK_REGRESSION) {
        cJSON *id2label = cJSON_AddObjectToObject(config, "id2label");
        cJSON *label2id = cJSON_AddObjectToObject(config, "label2id");
        if (kind == TASK_REGRESSION)
            add_label(id2label, label2id, 0, "LABEL_0");
        for (int i = 0; kinds[kind].named && i < labels->count; i++)
            add_label(id2label, label2id, i, labels->names[i]);
    }
    if (kinds[kind].problem)
        cJSON_AddStringToObject(config, "problem_type", kinds[kind].problem);
}

/* --- reading: labels -------------------------------------------------------------------------- */

static const cJSON *get(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsNull(item) ? NULL : item;
}

static int count_labels(const cJSON *config, const char *path, int *count, struct error *err)
{
    const cJSON *id2label = get(config, "id2label"), *stated = get(config, "num_labels");
    uint64_t number = 2;
    if (id2label && (!cJSON_IsObject(id2label) || !id2label->child))
        return error_set(err, "%s: id2label is not an object of labels", path);
    if (stated && (!json_count(stated, &number) || number < 1 || number > MOST_LABELS))
        return error_set(err, "%s: num_labels is not a whole number from 1 to %d", path,
                         MOST_LABELS);
    if (id2label && stated && (uint64_t)cJSON_GetArraySize(id2label) != number)
        return error_set(err, "%s: num_labels is %d, but id2label has %d", path, (int)number,
                         cJSON_GetArraySize(id2label));
    *count = id2label ? cJSON_GetArraySize(id2label) : (int)number;
    return 0;
}

/* The members of id2label by their numbers: names [count]. */
static int sort_labels(const cJSON *id2label, const char *path, const char **names, int count,
                       struct error *err)
{
    for (const cJSON *item = id2label->child; item; item = item->next) {
        const char *name = cJSON_GetStringValue(item);
        char *end;
        long id = strtol(item->string, &end, 10);
        if (end == item->string || *end != '\0' || id < 0 || id >= count || names[id])
            return error_set(err,
                             "%s: the number '%.40s' of a label in id2label is not one of 0 to %d, "
                             "each given once",
                             path, item->string, count - 1);
        if (!name || strchr(name, '\n') != NULL)
            return error_set(err, "%s: label %ld in id2label is not a text of one line", path, id);
        names[id] = name;
    }
    return 0;
}

static int get_labels(const cJSON *config, const char *path, int count, struct label_set *labels,
                      struct error *err)
{
    const cJSON *id2label = get(config, "id2label");
    const char **names = memory_new((size_t)count, sizeof *names);
    struct buffer text = {0};
    int status = id2label ? sort_labels(id2label, path, names, count, err) : 0;
    if (status == 0) {
        for (int i = 0; i < count; i++)
            if (id2label)
                buffer_print(&text, "%s\n", names[i]);
            else
                buffer_print(&text, "LABEL_%d\n", i);
        status = label_set_parse(labels, buffer_text(&text), text.size, path, err);
    }
    buffer_release(&text);
    free(names);
    return status;
}

/* --- reading: the kind ------------------------------------------------------------------------ */

/* The first kind of a class, with this problem_type unless it is NULL; KINDS: there is none. */
static int find_kind(const char *architecture, const char *problem)
{
    int kind = 0;
    while (kind < KINDS && (strcmp(kinds[kind].architecture, architecture) != 0 ||
                            (problem && strcmp(kinds[kind].problem, problem) != 0)))
        kind++;
    return kind;
}

/* Which of the kinds of its class it is. */
static int get_problem(const cJSON *config, const char *path, int labels, enum task_kind *kind,
                       struct error *err)
{
    const cJSON *item = get(config, "problem_type");
    const char *problem = cJSON_GetStringValue(item), *architecture = kinds[*kind].architecture;
    if (!item)
        problem = kinds[labels == 1 ? TASK_REGRESSION : TASK_CLASSIFICATION].problem;
    int found = problem ? find_kind(architecture, problem) : KINDS;
    if (found == KINDS)
        return error_set(err, "%s: problem_type is %s, which %s does not know", path,
                         problem ? problem : "not a name", architecture);
    *kind = (enum task_kind)found;
    return 0;
}

static int check_count(const char *path, enum task_kind kind, int count, struct error *err)
{
    const int least = kinds[kind].labels;
    if (kinds[kind].named ? count >= least : count == least)
        return 0;
    return error_set(err, "%s: %s of %d label(s); this program computes it of %s%d", path,
                     kinds[kind].problem ? kinds[kind].problem : kinds[kind].architecture, count,
                     kinds[kind].named ? "at least " : "", least);
}

int hf_task_get(const cJSON *config, const char *path, enum task_kind *kind,
                struct label_set *labels, struct error *err)
{
    const char *architecture =
        cJSON_GetStringValue(cJSON_GetArrayItem(get(config, "architectures"), 0));
    int found = architecture ? find_kind(architecture, NULL) : KINDS, count = 0;
    *kind = found < KINDS ? (enum task_kind)found : TASK_NONE;
    *labels = (struct label_set){0};
    if (!kinds[*kind].problem && !kinds[*kind].named)
        return 0;
    if (count_labels(config, path, &count, err) < 0 ||
        (kinds[*kind].problem && get_problem(config, path, count, kind, err) < 0) ||
        check_count(path, *kind, count, err) < 0)
        return -1;
    return kinds[*kind].named ? get_labels(config, path, count, labels, err) : 0;
}

#include "lambert/score/gold.h"

#include <stdlib.h>
#include <string.h>

#include "lambert/base/array.h"
#include "lambert/base/memory.h"
#include "lambert/examples/name_index.h"

int gold_read(struct gold *gold, const struct task_format *format, const char *path,
              bool labels_wanted, struct error *err)
{
    *gold = (struct gold){.kind = format->kind};
    if (format->kind == TASK_QUESTIONS)
        return question_set_read(&gold->questions, path, err);
    if (format->kind == TASK_TAGGING)
        return tagged_sentences_read(&gold->sentences, format, path, labels_wanted, err);
    return text_examples_read(&gold->texts, format, path, labels_wanted, err);
}

void gold_release(struct gold *gold)
{
    text_examples_release(&gold->texts);
    tagged_sentences_release(&gold->sentences);
    question_set_release(&gold->questions);
    *gold = (struct gold){0};
}

static const char *path_of(const struct gold *gold)
{
    if (gold->kind == TASK_QUESTIONS)
        return gold->questions.path;
    return gold->kind == TASK_TAGGING ? gold->sentences.path : gold->texts.path;
}

/* --- labels ----------------------------------------------------------------------------------- */

struct name_list {
    const char **at;
    size_t count, capacity;
};

static void add_name(struct name_list *list, const char *name)
{
    ARRAY_RESERVE(list->at, list->count + 1, list->capacity);
    list->at[list->count++] = name;
}

void gold_labels(const struct gold *gold, const struct predictions *said, int count,
                 struct label_set *labels)
{
    struct name_list names = {0};
    for (int i = 0; i < gold->texts.count; i++)
        for (int l = 0; l < gold->texts.at[i].label_count; l++)
            add_name(&names, gold->texts.at[i].labels[l]);
    for (size_t w = 0; w < gold->sentences.words && gold->sentences.labelled; w++)
        add_name(&names, gold->sentences.all[w].tag);
    for (int p = 0; p < count; p++)
        for (int l = 0; said[p].labels && l < said[p].labels->count; l++)
            add_name(&names, said[p].labels->names[l]);
    label_set_collect(labels, names.at, names.count);
    free(names.at);
}

static int find_label(const struct label_set *labels, const char *name, const char *path, int line,
                      int *number, struct error *err)
{
    *number = label_set_find(labels, name);
    if (*number >= 0)
        return 0;
    return error_set(err, "%s:%d: the label '%s' is not in the list of labels", path, line, name);
}

/* 0: they were not read from a file. */
static int line_of(const struct predictions *said, int number)
{
    return said->lines ? said->lines[number] : 0;
}

/* --- matching --------------------------------------------------------------------------------- */

static int example_count(const struct gold *gold)
{
    return gold->kind == TASK_QUESTIONS ? gold->questions.count : gold->texts.count;
}

static const char *id_of(const struct gold *gold, int example)
{
    return gold->kind == TASK_QUESTIONS ? gold->questions.at[example].id
                                        : gold->texts.at[example].id;
}

static int complain_of_unknown(const struct gold *gold, const struct predictions *said, int number,
                               struct error *err)
{
    error_set(err, "the id %s is not in %s", said->ids[number], path_of(gold));
    return said->lines ? error_prefix(err, "%s:%d", said->path, said->lines[number])
                       : error_prefix(err, "%s", said->path);
}

static int check_missing(const struct gold *gold, const struct predictions *said, const int *places,
                         struct error *err)
{
    int missing = 0, first = 0;
    for (int i = example_count(gold) - 1; i >= 0; i--) {
        if (places[i] < 0) {
            missing++;
            first = i;
        }
    }
    if (missing == 0)
        return 0;
    return error_set(err,
                     "%s says nothing of %d of the %d examples of %s; the id of the first is %s",
                     said->path, missing, example_count(gold), path_of(gold), id_of(gold, first));
}

/* Ids of examples are different ones, as their readers see to it; so are those of predictions. */
static int match_ids(const struct gold *gold, const struct predictions *said,
                     const struct name_index *index, int *places, struct error *err)
{
    for (int i = 0; i < said->count; i++) {
        const int example = name_index_find(index, said->ids[i]);
        if (example < 0)
            return complain_of_unknown(gold, said, i, err);
        places[example] = i;
    }
    return check_missing(gold, said, places, err);
}

/* Of each example, which prediction is its: [examples], free(); NULL with an error. */
static int *find_places(const struct gold *gold, const struct predictions *said, struct error *err)
{
    const int count = example_count(gold);
    const char **ids = memory_new((size_t)count, sizeof *ids);
    int *places = memory_new((size_t)count, sizeof *places);
    struct name_index index;
    for (int i = 0; i < count; i++) {
        ids[i] = id_of(gold, i);
        places[i] = -1;
    }
    name_index_init(&index, ids, count);
    if (match_ids(gold, said, &index, places, err) < 0) {
        free(places);
        places = NULL;
    }
    name_index_release(&index);
    free(ids);
    return places;
}

/* --- kinds ------------------------------------------------------------------------------------ */

int gold_classes(const struct gold *gold, const struct predictions *said,
                 const struct label_set *labels, int32_t **right, int32_t **other,
                 struct error *err)
{
    const int count = gold->texts.count;
    int *places = find_places(gold, said, err), status = 0, number;
    *right = *other = NULL;
    if (!places)
        return -1;
    *right = memory_new((size_t)count, sizeof **right);
    *other = memory_new((size_t)count, sizeof **other);
    for (int i = 0; i < count && status == 0; i++) {
        const struct text_example *example = &gold->texts.at[i];
        const char *name = said->labels->names[said->classes[places[i]]];
        status =
            find_label(labels, example->labels[0], gold->texts.path, example->line, &number, err);
        (*right)[i] = number;
        if (status == 0)
            status = find_label(labels, name, said->path, line_of(said, places[i]), &number, err);
        (*other)[i] = number;
    }
    free(places);
    if (status < 0) {
        free(*right);
        free(*other);
        *right = *other = NULL;
    }
    return status;
}

static int score_classes(struct scoring **scoring, const struct gold *gold,
                         const struct predictions *said, const struct label_set *labels,
                         int positive, struct error *err)
{
    int32_t *right, *other;
    if (gold_classes(gold, said, labels, &right, &other, err) < 0)
        return -1;
    *scoring = scoring_of_classes(right, other, gold->texts.count, labels, positive);
    free(right);
    free(other);
    return 0;
}

static void score_values(struct scoring **scoring, const struct gold *gold,
                         const struct predictions *said, const int *places)
{
    const int count = gold->texts.count;
    double *right = memory_new((size_t)count, sizeof *right);
    double *other = memory_new((size_t)count, sizeof *other);
    for (int i = 0; i < count; i++) {
        right[i] = gold->texts.at[i].value;
        other[i] = said->values[places[i]];
    }
    *scoring = scoring_of_values(right, other, count);
    free(right);
    free(other);
}

static int mark_right(const struct gold *gold, const struct label_set *labels, int example,
                      uint8_t *marks, struct error *err)
{
    const struct text_example *at = &gold->texts.at[example];
    for (int l = 0; l < at->label_count; l++) {
        int number;
        if (find_label(labels, at->labels[l], gold->texts.path, at->line, &number, err) < 0)
            return -1;
        marks[number] = 1;
    }
    return 0;
}

static int mark_said(const struct predictions *said, const struct label_set *labels, int place,
                     uint8_t *marks, struct error *err)
{
    for (int l = 0; l < said->labels->count; l++) {
        int number;
        if (!said->marks[(size_t)place * (size_t)said->labels->count + (size_t)l])
            continue;
        if (find_label(labels, said->labels->names[l], said->path, line_of(said, place), &number,
                       err) < 0)
            return -1;
        marks[number] = 1;
    }
    return 0;
}

static int score_labels(struct scoring **scoring, const struct gold *gold,
                        const struct predictions *said, const int *places,
                        const struct label_set *labels, struct error *err)
{
    const int count = gold->texts.count;
    const size_t width = (size_t)labels->count;
    uint8_t *right = memory_new((size_t)count * width, 1);
    uint8_t *other = memory_new((size_t)count * width, 1);
    int status = 0;
    for (int i = 0; i < count && status == 0; i++) {
        status = mark_right(gold, labels, i, right + (size_t)i * width, err);
        if (status == 0)
            status = mark_said(said, labels, places[i], other + (size_t)i * width, err);
    }
    if (status == 0)
        *scoring = scoring_of_labels(right, other, count, labels);
    free(right);
    free(other);
    return status;
}

static void score_answers(struct scoring **scoring, const struct gold *gold,
                          const struct predictions *said, const int *places)
{
    const int count = gold->questions.count;
    const char **texts = memory_new((size_t)count, sizeof *texts);
    double *differences = memory_new((size_t)count, sizeof *differences);
    bool known = true;
    for (int q = 0; q < count; q++) {
        texts[q] = said->answers[places[q]].chosen;
        differences[q] = said->answers[places[q]].null_difference;
        known = known && differences[q] == differences[q]; /* a number */
    }
    *scoring = scoring_of_answers(&gold->questions, texts, known ? differences : NULL);
    free(texts);
    free(differences);
}

/* The words must be the same, one by one: else the tags are of other words. */
static int check_words(const struct tagged_sentences *gold, const struct predictions *said,
                       struct error *err)
{
    const struct tagged_sentences *other = said->sentences;
    for (int s = 0; s < gold->count && s < other->count; s++) {
        const struct tagged_word *x = gold->at[s].words, *y = other->at[s].words;
        const int count = gold->at[s].count;
        for (int w = 0; w < count && w < other->at[s].count; w++)
            if (strcmp(x[w].word, y[w].word) != 0)
                return error_set(err, "%s:%d: the word '%s' stands where %s:%d has '%s'",
                                 said->path, y[w].line, y[w].word, gold->path, x[w].line,
                                 x[w].word);
        if (count != other->at[s].count)
            return error_set(err, "%s:%d: a sentence of %d words, which at %s:%d has %d",
                             said->path, y->line, other->at[s].count, gold->path, x->line, count);
    }
    if (gold->count != other->count)
        return error_set(err, "%s has %d sentences, and %s has %d", said->path, other->count,
                         gold->path, gold->count);
    return 0;
}

static int score_tags(struct scoring **scoring, const struct gold *gold,
                      const struct predictions *said, struct error *err)
{
    if (check_words(&gold->sentences, said, err) < 0)
        return -1;
    const char **tags = predictions_tags(said);
    *scoring = scoring_of_tags(&gold->sentences, tags);
    free(tags);
    return 0;
}

int gold_score(struct scoring **scoring, const struct gold *gold, const struct predictions *said,
               const struct label_set *labels, int positive, struct error *err)
{
    *scoring = NULL;
    require(gold->kind == said->kind);
    if (gold->kind == TASK_CLASSIFICATION)
        return score_classes(scoring, gold, said, labels, positive, err);
    if (gold->kind == TASK_TAGGING)
        return score_tags(scoring, gold, said, err);
    int *places = find_places(gold, said, err), status = 0;
    if (!places)
        return -1;
    if (gold->kind == TASK_QUESTIONS)
        score_answers(scoring, gold, said, places);
    else if (gold->kind == TASK_REGRESSION)
        score_values(scoring, gold, said, places);
    else
        status = score_labels(scoring, gold, said, places, labels, err);
    free(places);
    return status;
}

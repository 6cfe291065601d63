#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/base/array.h"
#include "lambert/base/json.h"
#include "lambert/base/memory.h"
#include "lambert/examples/example_file.h"
#include "lambert/examples/name_index.h"
#include "lambert/examples/table.h"
#include "lambert/examples/text_examples.h"
#include "lambert/score/predictions.h"

static bool is_named(const char *column)
{
    return column && *column != '\0';
}

/* --- texts ------------------------------------------------------------------------------------ */

/* Predictions are rows with an id and a label, as examples are; "id" is taken where there is such. */
static int read_rows(struct text_examples *rows, const struct task_format *format, const char *path,
                     struct error *err)
{
    struct task_format own = *format;
    own.columns.text = own.columns.pair = NULL;
    if (!is_named(own.columns.label))
        own.columns.label = "prediction";
    if (!is_named(own.columns.id)) {
        struct table table;
        if (table_open(&table, path, own.form, own.header, err) < 0)
            return -1;
        own.columns.id = table_has(&table, "id") ? "id" : NULL;
        table_close(&table);
    }
    return text_examples_read(rows, &own, path, true, err);
}

/* The set of all labels of the rows. */
static void collect_labels(struct predictions *p, const struct text_examples *rows)
{
    const char **names = NULL;
    size_t count = 0, capacity = 0;
    for (int i = 0; i < rows->count; i++) {
        for (int l = 0; l < rows->at[i].label_count; l++) {
            ARRAY_RESERVE(names, count + 1, capacity);
            names[count++] = rows->at[i].labels[l];
        }
    }
    p->own_labels = memory_new(1, sizeof *p->own_labels);
    label_set_collect(p->own_labels, names, count);
    p->labels = p->own_labels;
    free(names);
}

static void take_labels(struct predictions *p, const struct text_examples *rows)
{
    const size_t count = (size_t)rows->count;
    collect_labels(p, rows);
    const size_t labels = (size_t)p->labels->count;
    if (p->kind == TASK_CLASSIFICATION)
        p->classes = memory_new(count, sizeof *p->classes);
    else
        p->marks = memory_new(count * labels, sizeof *p->marks);
    for (size_t i = 0; i < count; i++) {
        for (int l = 0; l < rows->at[i].label_count; l++) {
            const int number = label_set_find(p->labels, rows->at[i].labels[l]);
            if (p->classes)
                p->classes[i] = number;
            else
                p->marks[i * labels + (size_t)number] = 1;
        }
    }
}

static int read_texts(struct predictions *p, const struct task_format *format, struct error *err)
{
    struct text_examples rows;
    if (read_rows(&rows, format, p->path, err) < 0)
        return -1;
    const size_t count = (size_t)rows.count;
    p->count = rows.count;
    p->ids = memory_new(count, sizeof *p->ids);
    p->lines = memory_new(count, sizeof *p->lines);
    for (size_t i = 0; i < count; i++) {
        p->ids[i] = rows.at[i].id;
        p->lines[i] = rows.at[i].line;
    }
    if (p->kind == TASK_REGRESSION) {
        p->values = memory_new(count, sizeof *p->values);
        for (size_t i = 0; i < count; i++)
            p->values[i] = rows.at[i].value;
    } else {
        take_labels(p, &rows);
    }
    p->memory = rows.memory; /* the ids live there */
    rows.memory = (struct pool){0};
    text_examples_release(&rows);
    return 0;
}

/* --- tags ------------------------------------------------------------------------------------- */

static int read_tags(struct predictions *p, const struct task_format *format, struct error *err)
{
    p->own_sentences = memory_new(1, sizeof *p->own_sentences);
    if (tagged_sentences_read(p->own_sentences, format, p->path, true, err) < 0)
        return -1;
    const size_t words = p->own_sentences->words;
    const char **tags = memory_new(words, sizeof *tags);
    p->sentences = p->own_sentences;
    p->count = (int)words;
    p->classes = memory_new(words, sizeof *p->classes);
    p->lines = memory_new(words, sizeof *p->lines);
    for (size_t w = 0; w < words; w++) {
        tags[w] = p->sentences->all[w].tag;
        p->lines[w] = p->sentences->all[w].line;
    }
    p->own_labels = memory_new(1, sizeof *p->own_labels);
    label_set_collect(p->own_labels, tags, words);
    p->labels = p->own_labels;
    for (size_t w = 0; w < words; w++)
        p->classes[w] = label_set_find(p->labels, tags[w]);
    free(tags);
    return 0;
}

/* --- questions -------------------------------------------------------------------------------- */

static int parse_file(cJSON **root, const char *path, struct error *err)
{
    struct buffer text = {0};
    *root = NULL;
    int status = example_file_read(&text, path, err);
    if (status == 0)
        status = example_json_parse(root, (const char *)text.data, text.size, path, 1, err);
    buffer_release(&text);
    return status;
}

/* The text, the first of an n-best list, or what an object of a list has. */
static const char *said_in(const cJSON *item)
{
    if (cJSON_IsArray(item))
        return item->child ? json_get_text(item->child, "text") : NULL;
    if (cJSON_IsObject(item))
        return json_get_text(item, "prediction_text");
    return cJSON_GetStringValue(item);
}

static int take_answer(struct predictions *p, const cJSON *item, bool listed, struct error *err)
{
    const char *id = listed ? json_get_text(item, "id") : item->string, *text = said_in(item);
    if (!id || !text)
        return error_set(err,
                         "%s: prediction %d%s%s is no text; wanted is {\"id\": \"text\", ...}, an "
                         "n-best file, or [{\"id\": ..., \"prediction_text\": ...}, ...]",
                         p->path, p->count + 1, id ? ", of " : "", id ? id : "");
    struct question_answers *answers = &p->answers[p->count];
    p->ids[p->count++] = pool_copy_text(&p->memory, id, strlen(id));
    *answers = (struct question_answers){.chosen = pool_copy_text(&p->memory, text, strlen(text)),
                                         .null_difference = NAN};
    return 0;
}

static int check_ids(const struct predictions *p, struct error *err)
{
    const int repeated = names_repeated(p->ids, p->count, NULL);
    return repeated < 0 ? 0
                        : error_set(err, "%s: the id %s stands twice", p->path, p->ids[repeated]);
}

static int read_answers(struct predictions *p, struct error *err)
{
    cJSON *root;
    int status = parse_file(&root, p->path, err);
    const size_t count = (size_t)cJSON_GetArraySize(root); /* of an object: its members */
    if (status == 0 && count == 0)
        status = error_set(err, "%s has no predictions, {\"id\": \"text\", ...}", p->path);
    p->ids = memory_new(count, sizeof *p->ids);
    p->answers = memory_new(count, sizeof *p->answers);
    for (const cJSON *item = root ? root->child : NULL; item && status == 0; item = item->next)
        status = take_answer(p, item, cJSON_IsArray(root), err);
    cJSON_Delete(root);
    return status < 0 ? status : check_ids(p, err);
}

static int take_null_difference(struct predictions *p, const struct name_index *index,
                                const cJSON *item, const char *path, struct error *err)
{
    const int number = item->string ? name_index_find(index, item->string) : -1;
    if (number < 0)
        return error_set(err, "%s has the id %s, which %s has not", path,
                         item->string ? item->string : "(none)", p->path);
    if (!cJSON_IsNumber(item))
        return error_set(err, "%s: the null difference of %s is not a number", path, item->string);
    if (!isnan(p->answers[number].null_difference))
        return error_set(err, "%s: the id %s stands twice", path, item->string);
    p->answers[number].null_difference = item->valuedouble;
    return 0;
}

int predictions_read_null_differences(struct predictions *predictions, const char *path,
                                      struct error *err)
{
    struct predictions *p = predictions;
    struct name_index index;
    cJSON *root;
    require(p->kind == TASK_QUESTIONS);
    int status = parse_file(&root, path, err);
    name_index_init(&index, p->ids, p->count);
    for (const cJSON *item = root ? root->child : NULL; item && status == 0; item = item->next)
        status = take_null_difference(p, &index, item, path, err);
    for (int q = 0; q < p->count && status == 0; q++)
        if (isnan(p->answers[q].null_difference))
            status = error_set(err, "%s has no null difference of %s, which %s has", path,
                               p->ids[q], p->path);
    name_index_release(&index);
    cJSON_Delete(root);
    return status;
}

/* ---------------------------------------------------------------------------------------------- */

int predictions_read(struct predictions *predictions, const struct task_format *format,
                     const char *path, struct error *err)
{
    int status;
    *predictions = (struct predictions){.kind = format->kind, .path = memory_copy_text(path)};
    if (format->kind == TASK_QUESTIONS)
        status = read_answers(predictions, err);
    else if (format->kind == TASK_TAGGING)
        status = read_tags(predictions, format, err);
    else
        status = read_texts(predictions, format, err);
    if (status < 0)
        predictions_release(predictions);
    return status;
}

const char **predictions_tags(const struct predictions *predictions)
{
    const char **tags = memory_new((size_t)predictions->count, sizeof *tags);
    require(predictions->kind == TASK_TAGGING);
    for (int w = 0; w < predictions->count; w++)
        tags[w] = predictions->labels->names[predictions->classes[w]];
    return tags;
}

void predictions_release(struct predictions *predictions)
{
    struct predictions *p = predictions;
    for (int q = 0; p->answers && q < p->count; q++) {
        for (int a = 0; a < p->answers[q].count; a++)
            free(p->answers[q].at[a].text);
        free(p->answers[q].at);
    }
    if (p->own_labels)
        label_set_release(p->own_labels);
    if (p->own_sentences)
        tagged_sentences_release(p->own_sentences);
    free(p->own_labels);
    free(p->own_sentences);
    free(p->ids);
    free(p->classes);
    free(p->probabilities);
    free(p->marks);
    free(p->values);
    free(p->answers);
    free(p->path);
    free(p->lines);
    pool_release(&p->memory);
    *p = (struct predictions){0};
}

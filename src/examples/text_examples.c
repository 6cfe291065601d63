#include "lambert/examples/text_examples.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/base/array.h"
#include "lambert/base/memory.h"
#include "lambert/examples/name_index.h"
#include "lambert/examples/table.h"

/* Numbers of columns; -1: there is none. */
struct columns {
    int text, pair, label, id;
};

struct reader {
    struct text_examples *set;
    const struct task_format *format;
    struct table table;
    struct columns columns;
    size_t capacity;     /* of set->at */
    const char **labels; /* [label_capacity] of the row at hand */
    size_t label_capacity;
};

static bool is_named(const char *column)
{
    return column && *column != '\0';
}

static int find_column(const struct table *table, const char *column, int *number,
                       struct error *err)
{
    *number = -1;
    return is_named(column) ? table_column(table, column, number, err) : 0;
}

static int find_columns(struct reader *reader, bool labels_wanted, struct error *err)
{
    const struct task_columns *names = &reader->format->columns;
    const struct table *table = &reader->table;
    struct columns *columns = &reader->columns;
    const bool label = is_named(names->label) && (labels_wanted || table_has(table, names->label));
    if (labels_wanted && !label)
        return error_set(err, "%s: which column has the labels is not said", table->path);
    if (find_column(table, names->text, &columns->text, err) < 0 ||
        find_column(table, names->pair, &columns->pair, err) < 0 ||
        find_column(table, names->id, &columns->id, err) < 0 ||
        find_column(table, label ? names->label : NULL, &columns->label, err) < 0)
        return -1;
    reader->set->labelled = label;
    return 0;
}

/* A copy of a cell that lasts; column -1: NULL. */
static int copy_cell(struct reader *reader, int column, const char **copy, struct error *err)
{
    *copy = NULL;
    if (column < 0)
        return 0;
    const char *text = table_text(&reader->table, column, err);
    if (!text)
        return -1;
    *copy = pool_copy_text(&reader->set->memory, text, strlen(text));
    return 0;
}

/* --- labels ----------------------------------------------------------------------------------- */

/* A label without blanks around it, which in columns are seldom meant. */
static int add_label(struct reader *reader, struct text_example *example, const char *text,
                     size_t size, struct error *err)
{
    while (size > 0 && *text == ' ') {
        text++;
        size--;
    }
    while (size > 0 && text[size - 1] == ' ')
        size--;
    if (size == 0)
        return error_set(err, "%s:%d: an empty label", reader->set->path, example->line);
    if (memchr(text, '\n', size) || memchr(text, '\r', size))
        return error_set(err, "%s:%d: a label with a line end in it", reader->set->path,
                         example->line);
    ARRAY_RESERVE(reader->labels, (size_t)example->label_count + 1, reader->label_capacity);
    reader->labels[example->label_count++] = pool_copy_text(&reader->set->memory, text, size);
    return 0;
}

static int add_listed(struct reader *reader, struct text_example *example, const cJSON *list,
                      struct error *err)
{
    for (const cJSON *item = list->child; item; item = item->next) {
        char *printed = cJSON_IsNumber(item) ? cJSON_PrintUnformatted(item) : NULL;
        const char *text = printed ? printed : cJSON_GetStringValue(item);
        int status = text ? add_label(reader, example, text, strlen(text), err)
                          : error_set(err, "%s:%d: the list has a label that is no text",
                                      reader->set->path, example->line);
        free(printed);
        if (status < 0)
            return -1;
    }
    return 0;
}

/* Labels apart by the separator; an empty cell has none. */
static int add_separated(struct reader *reader, struct text_example *example, const char *text,
                         struct error *err)
{
    const char *separator = is_named(reader->format->separator) ? reader->format->separator : ",";
    if (text[strspn(text, " ")] == '\0')
        return 0;
    for (const char *end; text; text = end ? end + strlen(separator) : NULL) {
        end = strstr(text, separator);
        if (add_label(reader, example, text, end ? (size_t)(end - text) : strlen(text), err) < 0)
            return -1;
    }
    return 0;
}

static int read_labels(struct reader *reader, struct text_example *example, struct error *err)
{
    const int column = reader->columns.label;
    const cJSON *member = table_member(&reader->table, column);
    const bool several = reader->format->kind == TASK_MULTILABEL;
    int status;
    if (several && cJSON_IsArray(member)) {
        status = add_listed(reader, example, member, err);
    } else {
        const char *text = table_text(&reader->table, column, err);
        if (!text)
            return -1;
        status = several ? add_separated(reader, example, text, err)
                         : add_label(reader, example, text, strlen(text), err);
    }
    const size_t count = (size_t)example->label_count;
    const char **labels = pool_take(&reader->set->memory, count, sizeof *labels);
    if (count > 0)
        memcpy(labels, reader->labels, count * sizeof *labels);
    example->labels = labels;
    return status;
}

/* --- examples --------------------------------------------------------------------------------- */

static int read_example(struct reader *reader, struct error *err)
{
    struct text_examples *set = reader->set;
    const struct columns *columns = &reader->columns;
    struct text_example example = {.line = reader->table.line};
    if (copy_cell(reader, columns->text, &example.text, err) < 0 ||
        copy_cell(reader, columns->pair, &example.pair, err) < 0 ||
        copy_cell(reader, columns->id, &example.id, err) < 0)
        return -1;
    if (!example.id) {
        char number[16];
        const int size = snprintf(number, sizeof number, "%d", set->count);
        example.id = pool_copy_text(&set->memory, number, (size_t)size);
    }
    if (columns->label >= 0) {
        const bool regression = reader->format->kind == TASK_REGRESSION;
        if ((regression ? table_number(&reader->table, columns->label, &example.value, err)
                        : read_labels(reader, &example, err)) < 0)
            return -1;
    }
    ARRAY_RESERVE(set->at, (size_t)set->count + 1, reader->capacity);
    set->at[set->count++] = example;
    return 0;
}

/* Predictions are matched by ids; rows that have none of their own are counted. */
static int check_ids(const struct text_examples *set, const char *column, struct error *err)
{
    int first;
    const char **ids = memory_new((size_t)set->count, sizeof *ids);
    for (int e = 0; e < set->count; e++)
        ids[e] = set->at[e].id;
    const int repeated = names_repeated(ids, set->count, &first);
    if (repeated >= 0)
        error_set(err, "%s:%d: the id %s (column %s) stands in line %d already", set->path,
                  set->at[repeated].line, ids[repeated], column, set->at[first].line);
    free(ids);
    return repeated >= 0 ? -1 : 0;
}

int text_examples_read(struct text_examples *set, const struct task_format *format,
                       const char *path, bool labels_wanted, struct error *err)
{
    require(task_is_of_texts(format->kind));
    struct reader reader = {.set = set, .format = format};
    *set = (struct text_examples){0};
    if (table_open(&reader.table, path, format->form, format->header, err) < 0)
        return -1;
    set->path = memory_copy_text(path);
    int more = find_columns(&reader, labels_wanted, err) < 0 ? -1 : 1;
    while (more > 0 && (more = table_next(&reader.table, err)) > 0)
        if (read_example(&reader, err) < 0)
            more = -1;
    if (more == 0 && reader.columns.id >= 0)
        more = check_ids(set, format->columns.id, err);
    table_close(&reader.table);
    free(reader.labels);
    if (more < 0)
        text_examples_release(set);
    return more;
}

void text_examples_release(struct text_examples *set)
{
    free(set->at);
    free(set->path);
    pool_release(&set->memory);
    *set = (struct text_examples){0};
}

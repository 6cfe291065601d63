#include "lambert/examples/table.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/base/json.h"
#include "lambert/base/memory.h"
#include "lambert/examples/example_file.h"
#include "rows.h"

enum table_form table_form_of(const char *path)
{
    static const struct {
        const char *ending;
        enum table_form form;
    } endings[] = {{".csv", TABLE_CSV}, {".jsonl", TABLE_JSON}, {".json", TABLE_JSON}};
    size_t size = strlen(path);
    if (size > 3 && strcmp(path + size - 3, ".gz") == 0)
        size -= 3;
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        const size_t length = strlen(endings[i].ending);
        if (size >= length && memcmp(path + size - length, endings[i].ending, length) == 0)
            return endings[i].form;
    }
    return TABLE_TSV;
}

/* --- rows ------------------------------------------------------------------------------------- */

/* The cells of the next row into table->cells and table->starts, whatever their number: `found`. */
static int read_cells(struct table *table, int *found, struct error *err)
{
    struct row row = {.path = table->path,
                      .text = (const char *)table->text.data,
                      .size = table->text.size,
                      .position = table->position,
                      .line = table->next_line,
                      .cells = &table->cells};
    table->line = table->next_line;
    int status = table->form == TABLE_CSV ? row_read_csv(&row, err) : row_read_tsv(&row, err);
    table->position = row.position;
    table->next_line = row.line;
    free(table->starts);
    table->starts = row.starts;
    *found = row.count;
    return status;
}

/* Numbers, true and false have the text that JSON writes of them; but of an integer that is too long for a
 * double another would be written than was read. */
static bool has_other_text(const cJSON *item)
{
    return cJSON_IsBool(item) || (cJSON_IsNumber(item) && fabs(item->valuedouble) < 1e15);
}

static void put_members(struct table *table)
{
    buffer_reset(&table->cells);
    for (int c = 0; c < table->columns; c++) {
        const cJSON *item = cJSON_GetObjectItemCaseSensitive(table->object, table->names[c]);
        const char *text = cJSON_GetStringValue(item);
        char *printed = has_other_text(item) ? cJSON_PrintUnformatted(item) : NULL;
        table->starts[c] = NO_TEXT;
        if (text || printed) {
            table->starts[c] = table->cells.size;
            buffer_print(&table->cells, "%s", text ? text : printed);
            buffer_put_u8(&table->cells, 0);
        }
        free(printed);
    }
}

static int read_object(struct table *table, struct error *err)
{
    const char *begin = (const char *)table->text.data + table->position;
    const size_t left = table->text.size - table->position;
    const char *end = memchr(begin, '\n', left);
    const size_t size = end ? (size_t)(end - begin) : left;
    table->line = table->next_line;
    table->position += end ? size + 1 : size;
    table->next_line++;
    cJSON_Delete(table->object);
    if (example_json_parse(&table->object, begin, size, table->path, table->line, err) < 0)
        return -1;
    if (!cJSON_IsObject(table->object))
        return error_set(err, "%s:%d: a line of JSON is one object, {\"name\": ...}; this is none",
                         table->path, table->line);
    const char *repeated = json_repeated_name(table->object);
    if (repeated)
        return error_set(err, "%s:%d: \"%s\" stands twice in the object", table->path, table->line,
                         repeated);
    return 0;
}

static bool at_end(const struct table *table)
{
    for (size_t i = table->position; i < table->text.size; i++)
        if (table->text.data[i] != '\n' && table->text.data[i] != '\r')
            return false;
    return true;
}

static const char *separator_of(const struct table *table)
{
    return table->form == TABLE_CSV ? "comma or a quote" : "tab";
}

int table_next(struct table *table, struct error *err)
{
    if (at_end(table))
        return 0;
    if (table->form == TABLE_JSON) {
        if (read_object(table, err) < 0)
            return -1;
        put_members(table);
        return 1;
    }
    int found;
    if (read_cells(table, &found, err) < 0)
        return -1;
    if (found != table->columns)
        return error_set(err,
                         "%s:%d: a row of %d columns, where the first line has %d: a %s is "
                         "missing or too many",
                         table->path, table->line, found, table->columns, separator_of(table));
    return 1;
}

/* --- columns ---------------------------------------------------------------------------------- */

static void add_name(struct table *table, const char *name)
{
    table->names = memory_resize(table->names, (size_t)table->columns + 1, sizeof *table->names);
    table->names[table->columns++] = pool_copy_text(&table->memory, name, strlen(name));
}

/* The first row says what columns there are; it is read again as a row, unless it has their names. */
static int read_columns(struct table *table, bool header, struct error *err)
{
    int found = 0;
    if (at_end(table))
        return error_set(err, "%s has no rows", table->path);
    if (table->form == TABLE_JSON) {
        if (read_object(table, err) < 0)
            return -1;
        for (const cJSON *item = table->object->child; item; item = item->next)
            add_name(table, item->string);
        table->starts = memory_new((size_t)table->columns, sizeof *table->starts);
    } else if (read_cells(table, &found, err) < 0) {
        return -1;
    } else if (header) {
        for (int c = 0; c < found; c++)
            add_name(table, (const char *)table->cells.data + table->starts[c]);
        return at_end(table)
                   ? error_set(err, "%s has the names of its columns, and no rows", table->path)
                   : 0;
    } else {
        table->columns = found;
    }
    table->position = 0;
    table->next_line = 1;
    return 0;
}

int table_open(struct table *table, const char *path, enum table_form form, bool header,
               struct error *err)
{
    *table = (struct table){
        .path = path, .form = form == TABLE_BY_NAME ? table_form_of(path) : form, .next_line = 1};
    if (example_file_read(&table->text, path, err) == 0 && read_columns(table, header, err) == 0)
        return 0;
    table_close(table);
    return -1;
}

void table_close(struct table *table)
{
    buffer_release(&table->text);
    buffer_release(&table->cells);
    free(table->names);
    free(table->starts);
    pool_release(&table->memory);
    cJSON_Delete(table->object);
    *table = (struct table){0};
}

/* How many columns have the name; the number of the first. */
static int count_named(const struct table *table, const char *name, int *number)
{
    int count = 0;
    for (int c = table->columns - 1; table->names && c >= 0; c--) {
        if (strcmp(table->names[c], name) == 0) {
            *number = c;
            count++;
        }
    }
    return count;
}

/* "3" is the third column of TSV and CSV; -1: no number of a column. */
static int numbered(const struct table *table, const char *column)
{
    char *end;
    const long number = strtol(column, &end, 10);
    if (table->form == TABLE_JSON || *end != '\0' || *column < '0' || *column > '9')
        return -1;
    return number >= 1 && number <= table->columns ? (int)number - 1 : -1;
}

bool table_has(const struct table *table, const char *column)
{
    int number;
    return count_named(table, column, &number) > 0 || numbered(table, column) >= 0;
}

static int no_column(const struct table *table, const char *column, struct error *err)
{
    struct buffer names = {0};
    for (int c = 0; table->names && c < table->columns; c++)
        buffer_print(&names, "%s%s", c > 0 ? ", " : "", table->names[c]);
    if (!table->names)
        error_set(err, "%s:1: there is no column %s; without a line of names, columns are 1 to %d",
                  table->path, column, table->columns);
    else
        error_set(err, "%s:1: there is no column %s; there are: %s", table->path, column,
                  buffer_text(&names));
    buffer_release(&names);
    return -1;
}

int table_column(const struct table *table, const char *column, int *number, struct error *err)
{
    const int named = count_named(table, column, number);
    if (named > 1)
        return error_set(err, "%s:1: %d columns are called %s; name the one by its number",
                         table->path, named, column);
    if (named == 0)
        *number = numbered(table, column);
    return *number >= 0 ? 0 : no_column(table, column, err);
}

/* --- cells ------------------------------------------------------------------------------------ */

const char *table_text(const struct table *table, int column, struct error *err)
{
    if (table->starts[column] != NO_TEXT)
        return (const char *)table->cells.data + table->starts[column];
    error_set(err, "%s:%d: the object has no \"%s\" that is a text, or a number of up to 15 digits",
              table->path, table->line, table->names[column]);
    return NULL;
}

int table_number(const struct table *table, int column, double *number, struct error *err)
{
    const char *text = table_text(table, column, err);
    char *end;
    if (!text)
        return -1;
    *number = strtod(text, &end);
    end += strspn(end, " ");
    if (end == text || *end != '\0' || !isfinite(*number))
        return error_set(err, "%s:%d: '%s' is not a number", table->path, table->line, text);
    return 0;
}

const cJSON *table_member(const struct table *table, int column)
{
    return table->form == TABLE_JSON
               ? cJSON_GetObjectItemCaseSensitive(table->object, table->names[column])
               : NULL;
}

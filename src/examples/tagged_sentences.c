#include "lambert/examples/tagged_sentences.h"

#include <stdlib.h>
#include <string.h>

#include "lambert/base/array.h"
#include "lambert/base/memory.h"
#include "lambert/examples/example_file.h"
#include "lambert/examples/table.h"

/* A part of a line. */
struct span {
    const char *text;
    size_t size;
};

struct reader {
    struct tagged_sentences *set;
    const struct task_format *format;
    bool tags_wanted;
    size_t capacity, word_capacity; /* of set->at, of set->all */
    int begun;                      /* words of the sentence that is being read */

    /* Files of columns: */
    int line;           /* from 1 */
    int first_line;     /* of words */
    struct span *cells; /* [cell_count] of the line */
    size_t cell_count, cell_capacity;
    size_t columns;   /* of the first line; 0: none has been read */
    size_t word, tag; /* columns, from 0 */
    bool names_due;   /* the line of names is still to come */
};

/* --- sentences -------------------------------------------------------------------------------- */

static const char *keep(struct reader *reader, struct span span)
{
    return pool_copy_text(&reader->set->memory, span.text, span.size);
}

static void add_word(struct reader *reader, const char *word, const char *tag, int line)
{
    struct tagged_sentences *set = reader->set;
    ARRAY_RESERVE(set->all, set->words + 1, reader->word_capacity);
    set->all[set->words++] = (struct tagged_word){word, tag, line};
    reader->begun++;
}

static void end_sentence(struct reader *reader)
{
    struct tagged_sentences *set = reader->set;
    if (reader->begun == 0)
        return;
    ARRAY_RESERVE(set->at, (size_t)set->count + 1, reader->capacity);
    set->at[set->count++].count = reader->begun;
    reader->begun = 0;
}

/* Once all words are there, and stay where they are. */
static void point_at_words(struct tagged_sentences *set)
{
    const struct tagged_word *words = set->all;
    for (int s = 0; s < set->count; s++) {
        set->at[s].words = words;
        words += set->at[s].count;
    }
}

static bool is_named(const char *column)
{
    return column && *column != '\0';
}

/* A column that is called something else than a number: then the first line is that of the names. */
static bool has_name(const char *column)
{
    return is_named(column) && column[strspn(column, "0123456789")] != '\0';
}

/* --- columns ---------------------------------------------------------------------------------- */

static void cut_line(struct reader *reader, const char *line, size_t size)
{
    const char *const end = line + size;
    reader->cell_count = 0;
    for (;;) {
        while (line < end && (*line == ' ' || *line == '\t' || *line == '\r'))
            line++;
        if (line == end)
            return;
        const char *begin = line;
        while (line < end && *line != ' ' && *line != '\t' && *line != '\r')
            line++;
        ARRAY_RESERVE(reader->cells, reader->cell_count + 1, reader->cell_capacity);
        reader->cells[reader->cell_count++] = (struct span){begin, (size_t)(line - begin)};
    }
}

/* The column of that name, where there are names, or of that number from 1. */
static int find_column(const struct reader *reader, const char *name, size_t *column,
                       struct error *err)
{
    char *end;
    for (size_t c = 0; reader->names_due && c < reader->cell_count; c++) {
        if (reader->cells[c].size == strlen(name) &&
            memcmp(reader->cells[c].text, name, reader->cells[c].size) == 0) {
            *column = c;
            return 0;
        }
    }
    const long number = strtol(name, &end, 10);
    if (*end != '\0' || number < 1 || (size_t)number > reader->cell_count)
        return error_set(err, "%s:%d: there is no column %s; there are %zu, and 1 is the first",
                         reader->set->path, reader->line, name, reader->cell_count);
    *column = (size_t)number - 1;
    return 0;
}

/* The first line says which columns there are. */
static int find_columns(struct reader *reader, struct error *err)
{
    const struct task_columns *names = &reader->format->columns;
    reader->columns = reader->cell_count;
    reader->first_line = reader->line;
    reader->word = 0;
    reader->tag = reader->columns - 1;
    if (is_named(names->text) && find_column(reader, names->text, &reader->word, err) < 0)
        return -1;
    if (!reader->tags_wanted && reader->columns == 1)
        return 0;
    if (is_named(names->label) && find_column(reader, names->label, &reader->tag, err) < 0)
        return -1;
    if (reader->tag == reader->word)
        return error_set(err,
                         "%s:%d: the tag would be read from the column of the word, %zu of %zu",
                         reader->set->path, reader->line, reader->word + 1, reader->columns);
    reader->set->labelled = true;
    return 0;
}

static int read_word(struct reader *reader, struct error *err)
{
    if (reader->columns == 0) {
        if (find_columns(reader, err) < 0)
            return -1;
        if (reader->names_due) {
            reader->names_due = false;
            return 0;
        }
    }
    if (reader->cell_count != reader->columns)
        return error_set(err,
                         "%s:%d: %zu columns, where line %d has %zu: something is missing or too "
                         "much",
                         reader->set->path, reader->line, reader->cell_count, reader->first_line,
                         reader->columns);
    const char *tag = reader->set->labelled ? keep(reader, reader->cells[reader->tag]) : NULL;
    add_word(reader, keep(reader, reader->cells[reader->word]), tag, reader->line);
    return 0;
}

static int read_line(struct reader *reader, const char *line, size_t size, struct error *err)
{
    static const char document[] = "-DOCSTART-";
    cut_line(reader, line, size);
    if (reader->cell_count == 0 ||
        (size >= sizeof document - 1 && memcmp(line, document, sizeof document - 1) == 0)) {
        end_sentence(reader);
        return 0;
    }
    return read_word(reader, err);
}

static int read_columns(struct reader *reader, const char *path, struct error *err)
{
    struct buffer text = {0};
    int status = example_file_read(&text, path, err);
    const struct task_columns *names = &reader->format->columns;
    reader->names_due = reader->format->header && (has_name(names->text) || has_name(names->label));
    for (size_t position = 0; status == 0 && position < text.size;) {
        const char *line = (const char *)text.data + position;
        const char *end = memchr(line, '\n', text.size - position);
        const size_t size = end ? (size_t)(end - line) : text.size - position;
        reader->line++;
        status = read_line(reader, line, size, err);
        position += size + 1;
    }
    end_sentence(reader);
    buffer_release(&text);
    free(reader->cells);
    return status;
}

/* --- JSON lines ------------------------------------------------------------------------------- */

static int read_lists(struct reader *reader, const cJSON *words, const cJSON *tags, int line,
                      struct error *err)
{
    const char *path = reader->set->path;
    if (!cJSON_IsArray(words) || (tags && !cJSON_IsArray(tags)))
        return error_set(err, "%s:%d: words and tags are to be lists", path, line);
    if (tags && cJSON_GetArraySize(words) != cJSON_GetArraySize(tags))
        return error_set(err, "%s:%d: %d words have %d tags", path, line, cJSON_GetArraySize(words),
                         cJSON_GetArraySize(tags));
    const cJSON *tag = tags ? tags->child : NULL;
    for (const cJSON *word = words->child; word; word = word->next) {
        const char *text = cJSON_GetStringValue(word), *name = cJSON_GetStringValue(tag);
        if (!text || (tag && !name))
            return error_set(err, "%s:%d: a word or a tag that is no text", path, line);
        add_word(reader, keep(reader, (struct span){text, strlen(text)}),
                 tag ? keep(reader, (struct span){name, strlen(name)}) : NULL, line);
        tag = tag ? tag->next : NULL;
    }
    end_sentence(reader);
    return 0;
}

static int read_objects(struct reader *reader, const char *path, struct error *err)
{
    const struct task_columns *names = &reader->format->columns;
    const char *const words = is_named(names->text) ? names->text : "words";
    const char *const tags = is_named(names->label) ? names->label : "tags";
    struct table table;
    int word, tag = -1;
    if (table_open(&table, path, TABLE_JSON, false, err) < 0)
        return -1;
    int more = table_column(&table, words, &word, err) < 0 ? -1 : 1;
    reader->set->labelled = reader->tags_wanted || table_has(&table, tags);
    if (more > 0 && reader->set->labelled && table_column(&table, tags, &tag, err) < 0)
        more = -1;
    while (more > 0 && (more = table_next(&table, err)) > 0) {
        const cJSON *list = tag >= 0 ? table_member(&table, tag) : NULL;
        if (tag >= 0 && !list)
            more = error_set(err, "%s:%d: the object has no \"%s\"", path, table.line, tags);
        else if (read_lists(reader, table_member(&table, word), list, table.line, err) < 0)
            more = -1;
    }
    table_close(&table);
    return more;
}

/* ---------------------------------------------------------------------------------------------- */

int tagged_sentences_read(struct tagged_sentences *set, const struct task_format *format,
                          const char *path, bool tags_wanted, struct error *err)
{
    struct reader reader = {.set = set, .format = format, .tags_wanted = tags_wanted};
    const bool json = format->form == TABLE_JSON ||
                      (format->form == TABLE_BY_NAME && table_form_of(path) == TABLE_JSON);
    *set = (struct tagged_sentences){.path = memory_copy_text(path)};
    int status = (json ? read_objects : read_columns)(&reader, path, err);
    if (status == 0 && set->count == 0)
        status = error_set(err, "%s has no words", path);
    point_at_words(set);
    if (status < 0)
        tagged_sentences_release(set);
    return status;
}

void tagged_sentences_release(struct tagged_sentences *set)
{
    free(set->at);
    free(set->all);
    free(set->path);
    pool_release(&set->memory);
    *set = (struct tagged_sentences){0};
}

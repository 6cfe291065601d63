#include "exclusion_texts.h"

#include <stdbool.h>
#include <string.h>

#include "lambert/base/buffer.h"
#include "lambert/base/json.h"
#include "lambert/base/strings.h"
#include "lambert/text/input_stream.h"
#include "lambert/text/text_layout.h"
#include "lambert/text/text_lines.h"
#include "lambert/text/unicode.h"

struct taker {
    void (*take)(void *context, const char *text, size_t size);
    void *context;
};

/* --- JSON ------------------------------------------------------------------------------------- */

static void take_strings(const struct taker *taker, const cJSON *item)
{
    if (cJSON_IsString(item))
        taker->take(taker->context, item->valuestring, strlen(item->valuestring));
    for (const cJSON *child = item->child; child; child = child->next)
        take_strings(taker, child);
}

static void skip_white_space(const char *text, size_t size, size_t *position)
{
    while (*position < size && strchr(" \t\r\n", text[*position]) && text[*position])
        ++*position;
}

/* The value at *position, which moves behind it; NULL where there is none, and it stays. */
static cJSON *next_value(const char *text, size_t size, size_t *position)
{
    const char *end = NULL;
    cJSON *value = cJSON_ParseWithLengthOpts(text + *position, size - *position, &end, false);
    if (value)
        *position = (size_t)(end - text);
    return value;
}

static bool holds_texts(const cJSON *value)
{
    return cJSON_IsObject(value) ||
           (cJSON_IsArray(value) && (!value->child || cJSON_IsObject(value->child) ||
                                     cJSON_IsArray(value->child) || cJSON_IsString(value->child)));
}

/* 1: it was JSON; 0: it is none; -1: only its beginning is. */
static int take_json(const struct taker *taker, const char *path, const char *text, size_t size,
                     struct error *err)
{
    size_t position = 0;
    skip_white_space(text, size, &position);
    if (position == size || (text[position] != '{' && text[position] != '['))
        return 0;
    cJSON *value = next_value(text, size, &position);
    if (!value || !holds_texts(value)) {
        cJSON_Delete(value);
        return 0;
    }
    while (value) {
        take_strings(taker, value);
        cJSON_Delete(value);
        skip_white_space(text, size, &position);
        value = position < size ? next_value(text, size, &position) : NULL;
    }
    if (position == size)
        return 1;
    return error_set(err, "%s begins as JSON, but line %zu begins with none", path,
                     count_newlines(text, position) + 1);
}

/* --- lines ------------------------------------------------------------------------------------ */

struct text_run {
    const char *text;
    size_t size;
};

/* The next line of a text, trimmed; false at its end. */
static bool next_line(struct text_run *rest, struct text_run *line)
{
    size_t taken = 0;
    if (!text_newline_next(rest->text, rest->size, &taken, &line->text, &line->size))
        return false;
    unicode_trim(&line->text, &line->size);
    rest->text += taken;
    rest->size -= taken;
    return true;
}

/* The next cell of a line, up to one of the bytes `between`; false at its end. */
static bool next_cell(struct text_run *rest, const char *between, struct text_run *cell)
{
    while (rest->size > 0 && strchr(between, *rest->text) && *rest->text) {
        rest->text++;
        rest->size--;
    }
    cell->text = rest->text;
    while (rest->size > 0 && (!strchr(between, *rest->text) || !*rest->text)) {
        rest->text++;
        rest->size--;
    }
    cell->size = (size_t)(rest->text - cell->text);
    return cell->size > 0;
}

static bool has(const struct text_run *run, char byte)
{
    return run->size > 0 && memchr(run->text, byte, run->size);
}

static void take_buffer(const struct taker *taker, struct buffer *text)
{
    if (text->size > 0)
        taker->take(taker->context, (const char *)text->data, text->size);
    buffer_reset(text);
}

/* Paragraphs, and the cells of lines with tabs. */
static void take_rows(const struct taker *taker, struct text_run rest)
{
    struct buffer paragraph = {0};
    struct text_run line, cell;
    while (next_line(&rest, &line)) {
        const bool is_row = has(&line, '\t');
        if (is_row) {
            take_buffer(taker, &paragraph);
            while (next_cell(&line, "\t", &cell))
                taker->take(taker->context, cell.text, cell.size);
        } else {
            buffer_put(&paragraph, line.text, line.size);
            buffer_put_u8(&paragraph, '\n');
        }
    }
    take_buffer(taker, &paragraph);
    buffer_release(&paragraph);
}

enum { MOST_COLUMNS = 64 };

/* How many columns of single words the lines have, but for comments; 0 where they are not such. */
static int count_columns(struct text_run rest)
{
    struct text_run line, cell;
    int columns = 0, lines = 0;
    while (next_line(&rest, &line)) {
        if (line.text[0] == '#')
            continue;
        const bool tabs = has(&line, '\t');
        int count = 0;
        for (struct text_run cells = line; next_cell(&cells, tabs ? "\t" : " ", &cell); count++)
            if (has(&cell, ' '))
                return 0;
        if ((lines++ > 0 && count != columns) || count < 2 || count > MOST_COLUMNS)
            return 0;
        columns = count;
    }
    return lines > 1 ? columns : 0;
}

/* Columns of words, as CoNLL has them: each, read downwards, may be a sentence. */
static void take_columns(const struct taker *taker, struct text_run lines)
{
    const int columns = count_columns(lines);
    struct buffer sentences[MOST_COLUMNS] = {{0}};
    struct text_run rest = lines, line, cell;
    while (columns > 0 && next_line(&rest, &line)) {
        const char *between = has(&line, '\t') ? "\t" : " ";
        for (int c = 0; line.text[0] != '#' && c < columns && next_cell(&line, between, &cell);
             c++) {
            buffer_put(&sentences[c], cell.text, cell.size);
            buffer_put_u8(&sentences[c], ' ');
        }
    }
    for (int c = 0; c < columns; c++) {
        take_buffer(taker, &sentences[c]);
        buffer_release(&sentences[c]);
    }
}

static void take_lines(const struct taker *taker, const char *text, size_t size)
{
    struct text_run rest = {.text = text, .size = size}, line, run = {.text = text};
    bool more;
    do {
        more = next_line(&rest, &line);
        if (more && line.size > 0) {
            run.size = (size_t)(rest.text - run.text);
        } else {
            take_rows(taker, run);
            take_columns(taker, run);
            run = (struct text_run){.text = rest.text};
        }
    } while (more);
}

int exclusion_texts_read(const char *path,
                         void (*take)(void *context, const char *text, size_t size), void *context,
                         struct error *err)
{
    const struct taker taker = {.take = take, .context = context};
    struct buffer bytes = {0};
    int status = input_stream_read_all(path, NULL, &bytes, err);
    if (status == 0 && bytes.size > 0) {
        const char *text = (const char *)bytes.data;
        const size_t mark = text_mark_size(text, bytes.size);
        status = take_json(&taker, path, text + mark, bytes.size - mark, err);
        if (status == 0)
            take_lines(&taker, text + mark, bytes.size - mark);
    }
    buffer_release(&bytes);
    return status < 0 ? -1 : 0;
}

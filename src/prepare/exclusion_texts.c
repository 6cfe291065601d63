#include "exclusion_texts.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/base/buffer.h"
#include "lambert/base/minmax.h"
#include "lambert/base/strings.h"
#include "lambert/text/document_reader.h"
#include "lambert/text/input_look.h"
#include "lambert/text/json_scanner.h"
#include "lambert/text/text_encoding.h"
#include "lambert/text/text_lines.h"
#include "lambert/text/unicode.h"

struct taker {
    void (*take)(void *context, const char *text, size_t size);
    void *context;
};

static void take_buffer(const struct taker *taker, struct buffer *text)
{
    if (text->size > 0)
        taker->take(taker->context, (const char *)text->data, text->size);
    buffer_reset(text);
}

/* --- JSON ------------------------------------------------------------------------------------- */

static void take_strings(const struct taker *taker, const struct json_value *value,
                         struct buffer *decoded)
{
    struct json_value name, inner;
    if (value->kind == JSON_TEXT) {
        buffer_reset(decoded);
        json_decode(value, decoded);
        take_buffer(taker, decoded);
    } else if (value->kind == JSON_OBJECT) {
        for (size_t cursor = 0; json_next_member(value, &cursor, &name, &inner);)
            take_strings(taker, &inner, decoded);
    } else if (value->kind == JSON_ARRAY) { /* arrays in it are passed into */
        for (size_t position = 0; json_next_whole(value->text + 1, value->size - 2, &position, NULL,
                                                  &inner) == JSON_VALUE;)
            take_strings(taker, &inner, decoded);
    }
}

/* Values one after another, of a file or of one of its lines, with the newline that ends it, for a number ends with
 * what follows it; false where one is damaged, and *position is there. */
static bool take_values(const struct taker *taker, const char *text, size_t size, size_t *position,
                        struct buffer *decoded)
{
    struct json_value value;
    enum json_found found;
    size_t start;
    while ((found = json_next_whole(text, size, position, &start, &value)) == JSON_VALUE)
        take_strings(taker, &value, decoded);
    if (found != JSON_END)
        *position = start;
    return found == JSON_END;
}

static int take_json(const struct taker *taker, const struct input_file *file, const char *text,
                     size_t size, struct error *err)
{
    struct buffer decoded = {0};
    const char *line = text;
    size_t position = 0, length, damage = 0;
    bool whole = true;
    if (text_layout_sequential(file->layout))
        whole = take_values(taker, text, size, &damage, &decoded);
    else
        while (whole && text_newline_next(text, size, &position, &line, &length)) {
            damage = 0;
            whole = take_values(taker, line, (size_t)(text + position - line), &damage, &decoded);
        }
    buffer_release(&decoded);
    if (whole)
        return 0;
    return error_set(
        err,
        "%s is a test set of JSON, but what begins in line %zu is none, and would not be excluded; mend "
        "it, or take it out",
        file->path, count_newlines(text, (size_t)(line - text) + damage) + 1);
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

/* --- files ------------------------------------------------------------------------------------ */

static void take_documents(const struct taker *taker, const struct input_file *file,
                           const struct text_options *options, const char *text, size_t size)
{
    struct document_reader reader;
    struct document document;
    document_init(&document);
    document_reader_init(&reader, file->layout, options, text, size);
    while (document_reader_next(&reader, &document))
        take_buffer(taker, &document.text);
    document_reader_release(&reader);
    document_release(&document);
}

/* Appends the text of the file. That much of it is none may be seen behind what was looked at. */
static int read_text(struct input_file *file, const struct text_options *options,
                     struct buffer *text, struct error *err)
{
    struct input_stream stream;
    if (file->opened) {
        stream = *file->opened;
        free(file->opened);
        file->opened = NULL;
    } else if (input_stream_open(&stream, file->path, options->encoding, err) < 0) {
        return -1;
    }
    int status = file->looked_at ? 0 : input_look_at(file, &stream, options, err);
    if (status == 0)
        status = input_stream_read(&stream, SIZE_MAX - text->size, text, err);
    const uint64_t undecoded = stream.undecoded, encoded = stream.encoded;
    input_stream_close(&stream);
    if (status < 0)
        return -1;
    const char *bytes = (const char *)text->data;
    const uint64_t read = file->encoding ? encoded : text->size;
    const uint64_t invalid =
        file->encoding ? undecoded : text_invalid_bytes(bytes, text->size, true);
    if ((double)invalid <= TEXT_MOST_INVALID * (double)read)
        return 0;
    const size_t valid = file->encoding ? text->size : text_valid_size(bytes, text->size);
    return input_look_refuse_encoding(file, invalid, read, bytes + valid,
                                      min_size(text->size - valid, INPUT_HEAD), err);
}

int exclusion_texts_read(struct input_file *file, const struct text_options *options,
                         void (*take)(void *context, const char *text, size_t size), void *context,
                         struct error *err)
{
    const struct taker taker = {.take = take, .context = context};
    struct buffer bytes = {0};
    int status = read_text(file, options, &bytes, err);
    if (status == 0 && bytes.size > file->mark) {
        buffer_put_u8(&bytes, '\n'); /* as the last line may have none */
        const char *text = (const char *)bytes.data + file->mark;
        const size_t size = bytes.size - file->mark;
        if (text_layout_is_json(file->layout))
            status = take_json(&taker, file, text, size, err);
        else if (file->layout == LAYOUT_WIKI)
            take_documents(&taker, file, options, text, size);
        else
            take_lines(&taker, text, size);
    }
    buffer_release(&bytes);
    return status;
}

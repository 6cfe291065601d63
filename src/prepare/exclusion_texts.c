#include "exclusion_texts.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "lambert/base/buffer.h"
#include "lambert/base/json.h"
#include "lambert/text/input_stream.h"
#include "lambert/text/text_layout.h"
#include "lambert/text/unicode.h"

enum { READ_AT_ONCE = 1 << 20 };

struct taker {
    void (*take)(void *context, const char *text, size_t size);
    void *context;
};

static int read_whole(const char *path, struct buffer *text, struct error *err)
{
    struct input_stream stream;
    int status;
    size_t before;
    if (input_stream_open(&stream, path, err) < 0)
        return -1;
    do {
        before = text->size;
        status = input_stream_read(&stream, READ_AT_ONCE, text, err);
    } while (status == 0 && text->size - before == READ_AT_ONCE);
    input_stream_close(&stream);
    return status;
}

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
    uint64_t line = 1;
    for (size_t i = 0; i < position; i++)
        line += text[i] == '\n';
    return error_set(err, "%s begins as JSON, but line %" PRIu64 " begins with none", path, line);
}

/* --- lines ------------------------------------------------------------------------------------ */

static void take_paragraph(const struct taker *taker, struct buffer *paragraph)
{
    if (paragraph->size > 0)
        taker->take(taker->context, (const char *)paragraph->data, paragraph->size);
    buffer_reset(paragraph);
}

static void take_fields(const struct taker *taker, const char *line, size_t length)
{
    const char *end = line + length;
    while (line < end) {
        const char *tab = memchr(line, '\t', (size_t)(end - line));
        const char *stop = tab ? tab : end;
        if (stop > line)
            taker->take(taker->context, line, (size_t)(stop - line));
        line = stop + 1;
    }
}

static void take_lines(const struct taker *taker, const char *text, size_t size)
{
    struct buffer paragraph = {0};
    size_t position = 0;
    while (position < size) {
        const char *line = text + position;
        const char *newline = memchr(line, '\n', size - position);
        size_t length = newline ? (size_t)(newline - line) : size - position;
        position += length + (newline != NULL);
        unicode_trim(&line, &length);
        const bool has_tabs = length > 0 && memchr(line, '\t', length);
        if (length == 0 || has_tabs)
            take_paragraph(taker, &paragraph);
        if (has_tabs)
            take_fields(taker, line, length);
        else if (length > 0) {
            buffer_put(&paragraph, line, length);
            buffer_put_u8(&paragraph, '\n');
        }
    }
    take_paragraph(taker, &paragraph);
    buffer_release(&paragraph);
}

int exclusion_texts_read(const char *path,
                         void (*take)(void *context, const char *text, size_t size), void *context,
                         struct error *err)
{
    const struct taker taker = {.take = take, .context = context};
    struct buffer bytes = {0};
    int status = read_whole(path, &bytes, err);
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

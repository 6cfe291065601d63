#include "lambert/examples/example_file.h"

#include <stdint.h>
#include <string.h>

#include "lambert/base/json.h"
#include "lambert/text/input_stream.h"
#include "lambert/text/unicode.h"

static void drop_byte_order_mark(struct buffer *text)
{
    static const char mark[] = "\xEF\xBB\xBF";
    const size_t size = sizeof mark - 1;
    if (text->size < size || memcmp(text->data, mark, size) != 0)
        return;
    text->size -= size;
    memmove(text->data, text->data + size, text->size);
}

static int check_characters(const struct buffer *text, const char *path, struct error *err)
{
    int line = 1;
    for (size_t i = 0, taken; i < text->size; i += taken) {
        const uint8_t byte = text->data[i];
        int32_t code;
        taken = 1;
        if (byte >= 0x80)
            taken = unicode_decode((const char *)text->data + i, text->size - i, &code);
        if (taken == 0)
            return error_set(err,
                             "%s:%d: byte 0x%02X there is not UTF-8; convert the file first, as in "
                             "iconv -f latin1 -t utf-8",
                             path, line, byte);
        if (byte == 0)
            return error_set(err, "%s:%d: a byte 0, which text does not have; is this a text file?",
                             path, line);
        line += byte == '\n';
    }
    return 0;
}

int example_file_read(struct buffer *text, const char *path, struct error *err)
{
    if (input_stream_read_all(path, NULL, text, err) < 0)
        return -1;
    drop_byte_order_mark(text);
    if (text->size == 0)
        return error_set(err, "%s is empty", path);
    return check_characters(text, path, err);
}

/* --- JSON ------------------------------------------------------------------------------------- */

static int complain_at(const char *text, const char *place, const char *path, int line,
                       struct error *err)
{
    const char *begin = text;
    for (const char *c = text; c < place; c++) {
        if (*c == '\n') {
            line++;
            begin = c + 1;
        }
    }
    return error_set(err, "%s:%d: this is not JSON from byte %zu of the line on", path, line,
                     (size_t)(place - begin) + 1);
}

int example_json_parse(cJSON **root, const char *text, size_t size, const char *path, int line,
                       struct error *err)
{
    const char *end = text;
    *root = NULL;
    if (json_has_nul(text, size))
        return error_set(err, "%s:%d: a \\u0000 in it, which text does not have; take it out", path,
                         line);
    cJSON *parsed = cJSON_ParseWithLengthOpts(text, size, &end, false);
    if (!parsed)
        return complain_at(text, end, path, line, err);
    while (end < text + size && (*end == ' ' || (*end >= '\t' && *end <= '\r')))
        end++;
    if (end < text + size) {
        cJSON_Delete(parsed);
        return complain_at(text, end, path, line, err);
    }
    *root = parsed;
    return 0;
}

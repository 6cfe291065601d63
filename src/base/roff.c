#include "lambert/base/roff.h"

#include <stdbool.h>
#include <stdint.h>

#include "lambert/base/utf8.h"

static const char *sign(char c)
{
    switch (c) {
    case '\\':
        return "\\e";
    case '-':
        return "\\-";
    case '\'':
        return "\\(aq";
    case '"':
        return "\\(dq";
    case '^':
        return "\\(ha";
    case '~':
        return "\\(ti";
    default:
        return NULL;
    }
}

/* One of 2 to 4 bytes. */
static void put_character(struct buffer *out, const char *text, size_t bytes)
{
    uint32_t number = (uint8_t)text[0] & (0xffu >> (bytes + 1));
    for (size_t i = 1; i < bytes; i++)
        number = number << 6 | ((uint8_t)text[i] & 0x3f);
    buffer_print(out, "\\[u%04X]", (unsigned)number);
}

void roff_put(struct buffer *out, const char *text, size_t size)
{
    bool line_begins = out->size == 0 || out->data[out->size - 1] == '\n';
    for (size_t i = 0, bytes; i < size; i += bytes) {
        const char c = text[i];
        bytes = utf8_character(text + i, size - i);
        if (line_begins && (c == '.' || c == '\''))
            buffer_print(out, "\\&");
        line_begins = c == '\n';
        if (bytes > 1) {
            put_character(out, text + i, bytes);
            continue;
        }
        bytes = 1;
        if (sign(c))
            buffer_print(out, "%s", sign(c));
        else
            buffer_put_u8(out, (uint8_t)c);
    }
}

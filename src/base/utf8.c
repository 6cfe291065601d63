#include "lambert/base/utf8.h"

#include <stdint.h>
#include <string.h>

#include "lambert/base/buffer.h"

static const char REPLACEMENT[] = "\xEF\xBF\xBD"; /* U+FFFD */

size_t utf8_character(const char *text, size_t size)
{
    const uint8_t *c = (const uint8_t *)text;
    const size_t bytes = c[0] < 0x80 ? 1 : c[0] < 0xC2 ? 0 : c[0] < 0xE0 ? 2 : c[0] < 0xF0 ? 3 : 4;
    if (bytes == 0 || c[0] > 0xF4 || bytes > size)
        return 0;
    for (size_t i = 1; i < bytes; i++)
        if ((c[i] & 0xC0) != 0x80)
            return 0;
    if ((c[0] == 0xE0 && c[1] < 0xA0) || (c[0] == 0xED && c[1] > 0x9F) ||
        (c[0] == 0xF0 && c[1] < 0x90) || (c[0] == 0xF4 && c[1] > 0x8F))
        return 0;
    return bytes;
}

char *utf8_copy(const char *text)
{
    struct buffer valid = {0};
    for (size_t left = strlen(text), taken; left > 0; text += taken, left -= taken) {
        taken = utf8_character(text, left);
        buffer_put(&valid, taken > 0 ? text : REPLACEMENT,
                   taken > 0 ? taken : sizeof REPLACEMENT - 1);
        taken = taken > 0 ? taken : 1;
    }
    buffer_text(&valid);
    return (char *)valid.data;
}

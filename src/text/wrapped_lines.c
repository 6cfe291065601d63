#include "wrapped_lines.h"

#include <stdbool.h>
#include <stdint.h>
#include <utf8proc.h>

#include "lambert/text/unicode.h"

enum { HYPHEN_MINUS = '-', SOFT_HYPHEN = 0xAD, HYPHEN = 0x2010 };

static bool is_hangul(int32_t code)
{
    return (code >= 0x1100 && code < 0x1200) || (code >= 0x3130 && code < 0x3190) ||
           (code >= 0xA960 && code < 0xA980) || (code >= 0xAC00 && code < 0xD800);
}

static bool sets_no_spaces(int32_t code)
{
    return code >= 0x1100 && utf8proc_charwidth(code) == 2 && !is_hangul(code);
}

/* The code point that ends at text[end), or -1. */
static int32_t code_before(const char *text, size_t *end)
{
    int32_t code = -1;
    if (*end > 0)
        *end = unicode_previous(text, *end, &code);
    return code;
}

void wrapped_lines_join(struct buffer *text, const char *line, size_t length)
{
    const char *bytes = (const char *)text->data;
    size_t end = text->size - 1, behind = end; /* without '\n' */
    int32_t next = -1;
    const int32_t last = code_before(bytes, &end);
    const size_t before_last = end;
    const int32_t other = code_before(bytes, &end);
    if (unicode_decode(line, length, &next) == 0)
        next = -1;
    const bool letters =
        other >= 0 && next >= 0 && unicode_is_letter(other) && unicode_is_letter(next);
    const bool soft = last == SOFT_HYPHEN;
    const bool hyphen = letters && (last == HYPHEN_MINUS || last == HYPHEN);
    const bool wide = last >= 0 && next >= 0 && sets_no_spaces(last) && sets_no_spaces(next);
    text->size = soft ? before_last : behind;
    if (!soft && !hyphen && !wide)
        buffer_put_u8(text, ' ');
    buffer_put(text, line, length);
    buffer_put_u8(text, '\n');
}

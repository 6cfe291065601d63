#include "html_entities.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/text/unicode.h"

enum { LONGEST = 32 }; /* bytes between & and ; ("CounterClockwiseContourIntegral" has 31) */

static int compare_names(const void *key, const void *entity)
{
    return strcmp(key, ((const struct html_entity *)entity)->name);
}

static void put_text(struct buffer *out, const char *text)
{
    for (; *text; text++)
        buffer_put_u8(out, (uint8_t)(*text == '\n' || *text == '\t' ? ' ' : *text));
}

static bool put_named(const char *name, size_t size, struct buffer *out)
{
    char key[LONGEST + 1];
    memcpy(key, name, size);
    key[size] = '\0';
    const struct html_entity *entity = bsearch(key, html_entities, (size_t)html_entity_count,
                                               sizeof *html_entities, compare_names);
    if (entity)
        put_text(out, entity->text);
    return entity != NULL;
}

/* https://html.spec.whatwg.org/multipage/parsing.html#numeric-character-reference-end-state */
static void put_code(uint32_t code, struct buffer *out)
{
    static const uint16_t windows_1252[] = {
        0x20AC, 0x81,   0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
        0x2039, 0x0152, 0x8D,   0x017D, 0x8F,   0x90,   0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
        0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x9D,   0x017E, 0x0178};
    char bytes[UNICODE_UTF8_LONGEST];
    if (code >= 0x80 && code < 0xA0)
        code = windows_1252[code - 0x80];
    if (code == 0 || (code >= 0xD800 && code < 0xE000) || code > 0x10FFFF)
        code = 0xFFFD;
    if (code >= '\t' && code <= '\r' && code != '\v')
        code = ' ';
    const bool nothing = code < 0x20 || (code >= 0x7F && code < 0xA0) ||
                         (code >= 0xFDD0 && code < 0xFDF0) || (code & 0xFFFE) == 0xFFFE;
    if (!nothing)
        buffer_put(out, bytes, unicode_encode((int32_t)code, bytes));
}

/* text[0, size) stands between & and ; and begins with #. */
static bool put_number(const char *text, size_t size, struct buffer *out)
{
    const bool hexadecimal = size > 1 && (text[1] == 'x' || text[1] == 'X');
    const uint32_t base = hexadecimal ? 16 : 10;
    size_t i = 1 + hexadecimal;
    uint32_t code = 0;
    if (i == size)
        return false;
    for (; i < size; i++) {
        const char c = text[i];
        const uint32_t digit = c >= '0' && c <= '9'   ? (uint32_t)(c - '0')
                               : c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a') + 10
                               : c >= 'A' && c <= 'F' ? (uint32_t)(c - 'A') + 10
                                                      : base;
        if (digit >= base)
            return false;
        code = code > 0x10FFFF ? code : code * base + digit; /* what is too large stays so */
    }
    put_code(code, out);
    return true;
}

/* Appends what the entity at text[0] = '&' stands for and returns its bytes, or 0 where it is none. */
static size_t put_entity(const char *text, size_t size, struct buffer *out)
{
    const size_t seen = size - 1 < LONGEST + 1 ? size - 1 : LONGEST + 1;
    const char *name = text + 1, *end = memchr(name, ';', seen);
    if (!end || end == name)
        return 0;
    const size_t length = (size_t)(end - name);
    return (name[0] == '#' ? put_number : put_named)(name, length, out) ? length + 2 : 0;
}

void html_unescape(const char *text, size_t size, struct buffer *out)
{
    const char *at = text, *end = text + size;
    while (at < end) {
        const char *mark = memchr(at, '&', (size_t)(end - at));
        const char *plain = mark ? mark : end;
        buffer_put(out, at, (size_t)(plain - at));
        at = plain;
        if (!mark)
            break;
        const size_t taken = put_entity(at, (size_t)(end - at), out);
        if (taken == 0)
            buffer_put_u8(out, '&');
        at += taken > 0 ? taken : 1;
    }
}

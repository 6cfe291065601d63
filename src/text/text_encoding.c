#include "lambert/text/text_encoding.h"

#include <string.h>
#include <strings.h>

#include "decoder.h"
#include "lambert/text/unicode.h"

/* The longer mark first: UTF-32's begins with UTF-16's. */
static const struct {
    const char *encoding, *mark;
    size_t size;
} marks[] = {{"UTF-8", "\xEF\xBB\xBF", 3},
             {"UTF-32LE", "\xFF\xFE\0\0", 4},
             {"UTF-32BE", "\0\0\xFE\xFF", 4},
             {"UTF-16LE", "\xFF\xFE", 2},
             {"UTF-16BE", "\xFE\xFF", 2}};

const char *text_encoding_of_mark(const void *bytes, size_t size, size_t *mark)
{
    *mark = 0;
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        if (size < marks[i].size || memcmp(bytes, marks[i].mark, marks[i].size) != 0)
            continue;
        *mark = marks[i].size;
        return marks[i].encoding;
    }
    return NULL;
}

bool text_encoding_is_utf8(const char *encoding)
{
    return !encoding || strcasecmp(encoding, "UTF-8") == 0 || strcasecmp(encoding, "UTF8") == 0;
}

size_t text_encoding_unit(const char *encoding)
{
    static const struct {
        const char *prefix;
        size_t unit;
    } wide[] = {{"UTF-16", 2}, {"UTF16", 2}, {"UCS-2", 2}, {"UCS2", 2},
                {"UTF-32", 4}, {"UTF32", 4}, {"UCS-4", 4}, {"UCS4", 4}};
    for (size_t i = 0; i < sizeof wide / sizeof wide[0]; i++)
        if (strncasecmp(encoding, wide[i].prefix, strlen(wide[i].prefix)) == 0)
            return wide[i].unit;
    return 1;
}

int text_encoding_check(const char *encoding, struct error *err)
{
    struct decoder decoder;
    if (text_encoding_is_utf8(encoding))
        return 0;
    if (decoder_open(&decoder, encoding, err) < 0)
        return -1;
    decoder_close(&decoder);
    return 0;
}

/* The first byte from `position` on that is not ASCII, or `size`: many at once where there are many. */
static size_t skip_ascii(const char *text, size_t size, size_t position)
{
    uint64_t words[4];
    if (position < size && (unsigned char)text[position] >= 0x80)
        return position;
    while (position + sizeof words <= size) {
        memcpy(words, text + position, sizeof words);
        if ((words[0] | words[1] | words[2] | words[3]) & UINT64_C(0x8080808080808080))
            break;
        position += sizeof words;
    }
    while (position < size && (unsigned char)text[position] < 0x80)
        position++;
    return position;
}

/* Whether the text ends inside a character whose beginning is right. */
static bool is_cut_off(const char *text, size_t left)
{
    static const char *const endings[] = {"\x80",     "\xBF",         "\x80\x80",
                                          "\xBF\xBF", "\x80\x80\x80", "\xBF\xBF\xBF"};
    char whole[8];
    int32_t code;
    if (left >= UNICODE_UTF8_LONGEST)
        return false;
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        const size_t more = strlen(endings[i]);
        memcpy(whole, text, left);
        memcpy(whole + left, endings[i], more);
        if (unicode_decode(whole, left + more, &code) == left + more)
            return true;
    }
    return false;
}

static bool continues(unsigned char byte)
{
    return (byte & 0xC0) == 0x80;
}

/* Characters of two and three bytes, which are most of what is not ASCII, are seen here, and all others left
 * to unicode_decode(). */
size_t text_valid_size(const char *text, size_t size)
{
    size_t at = 0;
    while ((at = skip_ascii(text, size, at)) < size) {
        const unsigned char *c = (const unsigned char *)text + at;
        const size_t left = size - at;
        int32_t code;
        size_t taken;
        if (left >= 2 && c[0] >= 0xC2 && c[0] <= 0xDF && continues(c[1]))
            taken = 2;
        else if (left >= 3 && c[0] >= 0xE1 && c[0] <= 0xEC && continues(c[1]) && continues(c[2]))
            taken = 3;
        else
            taken = unicode_decode(text + at, left, &code);
        if (taken == 0)
            break;
        at += taken;
    }
    return at;
}

size_t text_whole_size(const char *text, size_t size)
{
    const size_t least = size > UNICODE_UTF8_LONGEST ? size - UNICODE_UTF8_LONGEST : 0;
    for (size_t at = size; at > least; at--)
        if (!continues((unsigned char)text[at - 1]))
            return is_cut_off(text + at - 1, size - (at - 1)) ? at - 1 : size;
    return size;
}

uint64_t text_invalid_bytes(const char *text, size_t size, bool last)
{
    uint64_t invalid = 0;
    for (size_t at = 0; (at += text_valid_size(text + at, size - at)) < size; at++) {
        if (!last && is_cut_off(text + at, size - at))
            break;
        invalid++;
    }
    return invalid;
}

uint64_t text_decode(const char *encoding, const void *bytes, size_t size, bool last,
                     struct buffer *text)
{
    struct decoder decoder;
    struct error err;
    if (text_encoding_is_utf8(encoding)) {
        buffer_put(text, bytes, size);
        return text_invalid_bytes(bytes, size, last);
    }
    if (decoder_open(&decoder, encoding, &err) < 0)
        return size;
    decoder_put(&decoder, bytes, size, last, text);
    const uint64_t undecoded = decoder.undecoded;
    decoder_close(&decoder);
    return undecoded;
}

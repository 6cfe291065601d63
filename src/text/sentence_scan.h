/* The characters of a text that is split into sentences, one by one. What is asked of them is
 * answered here for ASCII, as the Unicode tables would. */
#ifndef LAMBERT_TEXT_SENTENCE_SCAN_H
#define LAMBERT_TEXT_SENTENCE_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lambert/text/sentence_splitter.h"
#include "lambert/text/unicode.h"

/* The code point at a place and the bytes it takes; a byte that is not valid UTF-8 is code -1. At
 * the end of the text: code 0, no bytes. */
static inline size_t scan_code(const struct sentence_splitter *splitter, size_t place,
                               int32_t *code)
{
    *code = 0;
    if (place >= splitter->size)
        return 0;
    *code = (unsigned char)splitter->text[place];
    if (*code < 0x80)
        return 1;
    size_t taken = unicode_decode(splitter->text + place, splitter->size - place, code);
    if (taken > 0)
        return taken;
    *code = -1;
    return 1;
}

/* The code point that ends at `end`, not before `first`: where it begins. At `first`: code 0. */
static inline size_t scan_previous(const struct sentence_splitter *splitter, size_t first,
                                   size_t end, int32_t *code)
{
    *code = 0;
    if (end == first)
        return first;
    *code = (unsigned char)splitter->text[end - 1];
    if (*code < 0x80)
        return end - 1;
    return first + unicode_previous(splitter->text + first, end - first, code);
}

static inline bool scan_is_space(int32_t code)
{
    if (code < 0x80)
        return code == ' ' || (code >= 0x09 && code <= 0x0D) || (code >= 0x1C && code <= 0x1F);
    return unicode_is_white_space(code);
}

static inline bool scan_is_digit(int32_t code)
{
    return code >= '0' && code <= '9';
}

static inline bool scan_is_letter(int32_t code)
{
    if (code < 0x80)
        return (code >= 'A' && code <= 'Z') || (code >= 'a' && code <= 'z');
    return unicode_is_letter(code);
}

/* Georgian's letters are lower case since Unicode 11 gave them capitals, which headlines have and
 * sentences do not begin with. */
static inline bool scan_is_lower(int32_t code)
{
    if (code < 0x80)
        return code >= 'a' && code <= 'z';
    return unicode_is_lower(code) && !(code >= 0x10D0 && code <= 0x10FF);
}

static inline bool scan_is_upper(int32_t code)
{
    return code < 0x80 ? code >= 'A' && code <= 'Z' : unicode_is_upper(code);
}

/* Han and kana, which are written without spaces. */
static inline bool scan_is_unspaced(int32_t code)
{
    return (code >= 0x3041 && code <= 0x30FF) || unicode_is_cjk(code);
}

static inline size_t scan_skip_space(const struct sentence_splitter *splitter, size_t place)
{
    int32_t code;
    for (size_t taken; (taken = scan_code(splitter, place, &code)) > 0 && scan_is_space(code);)
        place += taken;
    return place;
}

#endif

#include "lambert/text/unicode.h"

#include <utf8proc.h>

#include "lambert/base/error.h"

#define LENGTH_OF(array) (sizeof(array) / sizeof((array)[0]))

struct range {
    int32_t first, last;
};

static bool in_ranges(int32_t code, const struct range *ranges, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (code >= ranges[i].first && code <= ranges[i].last)
            return true;
    return false;
}

static utf8proc_category_t category(int32_t code)
{
    return (utf8proc_category_t)utf8proc_get_property(code)->category;
}

size_t unicode_decode_any(const char *text, size_t size, int32_t *code)
{
    utf8proc_ssize_t limit = size < UNICODE_UTF8_LONGEST ? (utf8proc_ssize_t)size : 4;
    utf8proc_ssize_t taken = utf8proc_iterate((const utf8proc_uint8_t *)text, limit, code);
    return taken > 0 ? (size_t)taken : 0;
}

size_t unicode_encode(int32_t code, char text[UNICODE_UTF8_LONGEST])
{
    return (size_t)utf8proc_encode_char(code, (utf8proc_uint8_t *)text);
}

size_t unicode_size(const char *text)
{
    unsigned char lead = (unsigned char)*text;
    return lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
}

size_t unicode_count(const char *text, size_t size)
{
    size_t count = 0;
    for (size_t i = 0; i < size; i++)
        count += ((unsigned char)text[i] & 0xC0) != 0x80;
    return count;
}

size_t unicode_previous(const char *text, size_t end, int32_t *code)
{
    size_t start = end - 1;
    size_t farthest = end > UNICODE_UTF8_LONGEST ? end - UNICODE_UTF8_LONGEST : 0;
    while (start > farthest && ((unsigned char)text[start] & 0xC0) == 0x80)
        start--;
    if (unicode_decode(text + start, end - start, code) == end - start)
        return start;
    *code = -1;
    return end - 1;
}

bool unicode_is_white_space(int32_t code)
{
    if (code < 0x80)
        return code == ' ' || (code >= 0x09 && code <= 0x0D) || (code >= 0x1C && code <= 0x1F);
    return code == 0x85 || code == 0x2028 || code == 0x2029 || unicode_is_separator(code);
}

bool unicode_is_separator(int32_t code)
{
    return category(code) == UTF8PROC_CATEGORY_ZS;
}

bool unicode_is_format(int32_t code)
{
    utf8proc_category_t c = category(code);
    return c == UTF8PROC_CATEGORY_CC || c == UTF8PROC_CATEGORY_CF;
}

bool unicode_is_private(int32_t code)
{
    return category(code) == UTF8PROC_CATEGORY_CO;
}

bool unicode_is_punctuation(int32_t code)
{
    utf8proc_category_t c = category(code);
    return c >= UTF8PROC_CATEGORY_PC && c <= UTF8PROC_CATEGORY_PO;
}

bool unicode_is_opening(int32_t code)
{
    utf8proc_category_t c = category(code);
    return c == UTF8PROC_CATEGORY_PS || c == UTF8PROC_CATEGORY_PI;
}

bool unicode_is_closing(int32_t code)
{
    utf8proc_category_t c = category(code);
    return c == UTF8PROC_CATEGORY_PE || c == UTF8PROC_CATEGORY_PF;
}

bool unicode_is_dash(int32_t code)
{
    return category(code) == UTF8PROC_CATEGORY_PD;
}

bool unicode_is_accent(int32_t code)
{
    return category(code) == UTF8PROC_CATEGORY_MN;
}

bool unicode_is_mark(int32_t code)
{
    utf8proc_category_t c = category(code);
    return c >= UTF8PROC_CATEGORY_MN && c <= UTF8PROC_CATEGORY_ME;
}

bool unicode_is_letter(int32_t code)
{
    utf8proc_category_t c = category(code);
    return c >= UTF8PROC_CATEGORY_LU && c <= UTF8PROC_CATEGORY_LO;
}

bool unicode_is_lower(int32_t code)
{
    return category(code) == UTF8PROC_CATEGORY_LL;
}

bool unicode_is_upper(int32_t code)
{
    utf8proc_category_t c = category(code);
    return c == UTF8PROC_CATEGORY_LU || c == UTF8PROC_CATEGORY_LT;
}

bool unicode_is_number(int32_t code)
{
    utf8proc_category_t c = category(code);
    return c >= UTF8PROC_CATEGORY_ND && c <= UTF8PROC_CATEGORY_NO;
}

bool unicode_is_cjk(int32_t code)
{
    static const struct range cjk[] = {
        {0x4E00, 0x9FFF},   {0x3400, 0x4DBF},   {0x20000, 0x2A6DF}, {0x2A700, 0x2B73F},
        {0x2B740, 0x2B81F}, {0x2B820, 0x2CEAF}, {0xF900, 0xFAFF},   {0x2F800, 0x2FA1F},
    };
    return code >= 0x3400 && in_ranges(code, cjk, LENGTH_OF(cjk));
}

int unicode_combining_class(int32_t code)
{
    return utf8proc_get_property(code)->combining_class;
}

/* Word_Break = MidLetter, MidNumLet or Single_Quote (UAX #29), which utf8proc does not carry. */
static bool is_mid_letter(int32_t code)
{
    static const int32_t marks[] = {0x27,   0x2E,   0x3A,   0xB7,   0x387,  0x55F,
                                    0x5F4,  0x2018, 0x2019, 0x2024, 0x2027, 0xFE13,
                                    0xFE52, 0xFE55, 0xFF07, 0xFF0E, 0xFF1A};
    for (size_t i = 0; i < LENGTH_OF(marks); i++)
        if (code == marks[i])
            return true;
    return false;
}

bool unicode_is_case_ignorable(int32_t code)
{
    switch (category(code)) {
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_SK:
        return true;
    default:
        return is_mid_letter(code);
    }
}

bool unicode_is_cased(int32_t code)
{
    /* Other_Lowercase and Other_Uppercase, without what is case-ignorable: ordinal indicators,
     * Roman numerals, circled, squared and parenthesised letters. */
    static const struct range other[] = {
        {0xAA, 0xAA},       {0xBA, 0xBA},       {0x2160, 0x217F},   {0x24B6, 0x24E9},
        {0x1F130, 0x1F149}, {0x1F150, 0x1F169}, {0x1F170, 0x1F189},
    };
    return unicode_is_upper(code) || unicode_is_lower(code) ||
           in_ranges(code, other, LENGTH_OF(other));
}

int unicode_lower(int32_t code, int32_t out[UNICODE_LOWER_LONGEST])
{
    if (code == 0x130) { /* İ: the one code point whose full lower case is longer than itself */
        out[0] = 'i';
        out[1] = 0x307;
        return 2;
    }
    out[0] = utf8proc_tolower(code);
    return 1;
}

/* Whether the capital sigma at `at` ends a word: a cased letter before it, none after it, whatever
 * is case-ignorable in between (Unicode 3.13, Final_Sigma, as CPython reads it). */
static bool is_final_sigma(const int32_t *codes, size_t count, size_t at)
{
    size_t before = at, after = at + 1;
    while (before > 0 && unicode_is_case_ignorable(codes[before - 1]))
        before--;
    if (before == 0 || !unicode_is_cased(codes[before - 1]))
        return false;
    while (after < count && unicode_is_case_ignorable(codes[after]))
        after++;
    return after == count || !unicode_is_cased(codes[after]);
}

int unicode_lower_at(const int32_t *codes, size_t count, size_t at,
                     int32_t out[UNICODE_LOWER_LONGEST])
{
    if (codes[at] != UNICODE_CAPITAL_SIGMA)
        return unicode_lower(codes[at], out);
    out[0] = is_final_sigma(codes, count, at) ? 0x3C2 : 0x3C3;
    return 1;
}

int unicode_decompose(int32_t code, int32_t out[UNICODE_NFD_LONGEST])
{
    int boundary_class = UTF8PROC_BOUNDCLASS_START;
    utf8proc_ssize_t count = utf8proc_decompose_char(code, out, UNICODE_NFD_LONGEST,
                                                     UTF8PROC_DECOMPOSE, &boundary_class);
    require(count >= 1 && count <= UNICODE_NFD_LONGEST);
    return (int)count;
}

void unicode_trim(const char **text, size_t *size)
{
    int32_t code;
    size_t taken;
    while (*size > 0 && (taken = unicode_decode(*text, *size, &code)) > 0 &&
           unicode_is_white_space(code)) {
        *text += taken;
        *size -= taken;
    }
    while (*size > 0) {
        size_t start = unicode_previous(*text, *size, &code);
        if (code < 0 || !unicode_is_white_space(code))
            break;
        *size = start;
    }
}

/* What is asked about code points. The tables are utf8proc's. */
#ifndef LAMBERT_TEXT_UNICODE_H
#define LAMBERT_TEXT_UNICODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    UNICODE_UTF8_LONGEST = 4,  /* bytes of a code point */
    UNICODE_LOWER_LONGEST = 2, /* code points of a lower-cased one */
    UNICODE_NFD_LONGEST = 4,   /* code points of a canonically decomposed one */
    UNICODE_CAPITAL_SIGMA = 0x3A3
};

/* The code point at text: returns its bytes, or 0 when they are not valid UTF-8 (a surrogate, an
 * overlong form, beyond U+10FFFF, cut short). To skip one byte then and to try again leaves the
 * same code points as Python's errors="ignore". size > 0. */
static inline size_t unicode_decode(const char *text, size_t size, int32_t *code);
size_t unicode_encode(int32_t code, char text[UNICODE_UTF8_LONGEST]); /* returns its bytes */

/* Bytes of the code point that valid UTF-8 begins with. */
size_t unicode_size(const char *text);

/* Code points of valid UTF-8; of any bytes those that look like the beginning of one. */
size_t unicode_count(const char *text, size_t size);

/* Start of the code point that ends at text[end), end > 0: of one byte where that is not valid. */
size_t unicode_previous(const char *text, size_t end, int32_t *code); /* code -1: not valid */

bool unicode_is_white_space(int32_t code); /* Python's str.isspace() */
bool unicode_is_separator(int32_t code);   /* category Zs */
bool unicode_is_format(int32_t code);      /* categories Cc and Cf */
bool unicode_is_private(int32_t code);     /* category Co */
bool unicode_is_punctuation(int32_t code); /* categories P*; BERT's ASCII extras are not here */
bool unicode_is_opening(int32_t code);     /* categories Ps and Pi */
bool unicode_is_closing(int32_t code);     /* categories Pe and Pf */
bool unicode_is_dash(int32_t code);        /* category Pd */
bool unicode_is_accent(int32_t code);      /* category Mn */
bool unicode_is_mark(int32_t code);        /* categories M* */
bool unicode_is_letter(int32_t code);      /* categories L* */
bool unicode_is_lower(int32_t code);       /* category Ll */
bool unicode_is_upper(int32_t code);       /* categories Lu and Lt */
bool unicode_is_number(int32_t code);      /* categories N* */
bool unicode_is_cjk(int32_t code);         /* the ideographs that BERT sets apart */
int unicode_combining_class(int32_t code);

/* The derived properties that the final-sigma rule asks for (Unicode 3.13, D135 and D136). What is
 * case-ignorable counts as not cased here: the rule skips it before it asks. */
bool unicode_is_case_ignorable(int32_t code);
bool unicode_is_cased(int32_t code);

/* As Python's str.lower() for one code point out of context; returns how many it becomes. */
int unicode_lower(int32_t code, int32_t out[UNICODE_LOWER_LONGEST]);
/* The same of the one at `at` of a text: a capital sigma at the end of a word has a form of its own. */
int unicode_lower_at(const int32_t *codes /* [count] */, size_t count, size_t at,
                     int32_t out[UNICODE_LOWER_LONGEST]);
/* Canonical decomposition of one code point, Hangul included; not yet ordered across code points.
 */
int unicode_decompose(int32_t code, int32_t out[UNICODE_NFD_LONGEST]);

/* Drops white space at both ends. */
void unicode_trim(const char **text, size_t *size);

/* [internal] unicode_decode() of any bytes. */
size_t unicode_decode_any(const char *text, size_t size, int32_t *code);

/* Here and now for ASCII and for what most of the world's letters are: two bytes or three. */
static inline size_t unicode_decode(const char *text, size_t size, int32_t *code)
{
    const unsigned char *bytes = (const unsigned char *)text;
    if (bytes[0] < 0x80) {
        *code = bytes[0];
        return 1;
    }
    if (size >= 3 && (bytes[0] & 0xF0) == 0xE0 && (bytes[1] & 0xC0) == 0x80 &&
        (bytes[2] & 0xC0) == 0x80) {
        *code = (bytes[0] & 0xF) << 12 | (bytes[1] & 0x3F) << 6 | (bytes[2] & 0x3F);
        return *code >= 0x800 && (*code & 0xF800) != 0xD800 ? 3 : 0;
    }
    if (size >= 2 && bytes[0] >= 0xC2 && bytes[0] < 0xE0 && (bytes[1] & 0xC0) == 0x80) {
        *code = (bytes[0] & 0x1F) << 6 | (bytes[1] & 0x3F);
        return 2;
    }
    return unicode_decode_any(text, size, code);
}

#endif

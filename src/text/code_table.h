/* What a code point becomes in normalised text, looked up: most text that is not ASCII is made of characters
 * whose fate does not depend on their neighbours. There is a table for each pair of lower-casing and stripping
 * accents, of pages of 256 code points; a page is computed (text/unicode.h) when a thread first asks for it,
 * shared by all, and kept to the end of the program. */
#ifndef LAMBERT_TEXT_CODE_TABLE_H
#define LAMBERT_TEXT_CODE_TABLE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum code_kind {
    CODE_WORD,    /* part of a word, as the bytes say; none where it was nothing but an accent */
    CODE_ALONE,   /* punctuation: a word by itself, as the bytes say */
    CODE_HAN,     /* a Chinese character, as the bytes say: a word by itself, or part of one */
    CODE_SPACE,   /* white space */
    CODE_DROPPED, /* nothing */
    CODE_SLOW     /* depends on what stands around it: for token_normalizer.h */
};

enum { CODE_BYTES = 13 };

struct code_fate {
    char bytes[CODE_BYTES]; /* [size] of UTF-8; all may be copied */
    uint8_t size;
    uint8_t kind;    /* enum code_kind */
    uint8_t accents; /* 1: it loses some */
};

enum { CODE_PAGE = 256, CODE_PAGES = 0x110000 / CODE_PAGE };

struct code_table {
    bool lower_case, strip_accents;
    /* [CODE_PAGES] of [CODE_PAGE]; NULL: not made yet */
    _Atomic(const struct code_fate *) *pages;
};

const struct code_table *code_table_of(bool lower_case, bool strip_accents);

/* Makes the page of the code point. */
const struct code_fate *code_table_page(const struct code_table *table, int32_t code);

static inline const struct code_fate *code_table_at(const struct code_table *table, int32_t code)
{
    const struct code_fate *page =
        atomic_load_explicit(&table->pages[code / CODE_PAGE], memory_order_acquire);
    if (__builtin_expect(!page, 0))
        page = code_table_page(table, code);
    return &page[code % CODE_PAGE];
}

#endif

/* A set of byte strings, each numbered 0, 1, 2 ... in the order it was first added: words with
 * their counts, pieces with their ids. Holds the text itself. Up to 4 billion strings. */
#ifndef LAMBERT_TEXT_TEXT_TABLE_H
#define LAMBERT_TEXT_TEXT_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "lambert/base/buffer.h"

#define TEXT_TABLE_NONE UINT32_MAX

struct text_table {
    uint8_t *tags;     /* [mask + 1], open addressing: 0 empty, else bits of the string's hash; most
                          questions for a string that is not there are answered by these alone */
    uint32_t *numbers; /* [mask + 1] */
    size_t mask;
    struct buffer text; /* the strings, each with a NUL behind it */
    size_t *starts;     /* [count + 1] in text */
    size_t starts_capacity;
    uint32_t count;
};

void text_table_init(struct text_table *table);
void text_table_release(struct text_table *table);

/* The string's number, TEXT_TABLE_NONE where it is not in the table. */
uint32_t text_table_find(const struct text_table *table, const char *text, size_t size);
/* The string's number; it is new when that equals the count before. */
uint32_t text_table_add(struct text_table *table, const char *text, size_t size);

/* Valid until the next text_table_add(). A NUL follows. */
const char *text_table_text(const struct text_table *table, uint32_t number, size_t *size);

/* Order of two strings by their bytes, which for UTF-8 is the order by code points. */
int text_table_compare(const struct text_table *table, uint32_t a, uint32_t b);

#endif

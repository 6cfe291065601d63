/* First cut of a text for the tokenizer, by bytes alone. Text between ASCII white space ("a chunk")
 * can be tokenised without looking around it. A chunk of printable ASCII is handed out word by
 * word, each punctuation byte by itself; any other chunk is handed out whole, for the normalizer.
 */
#ifndef LAMBERT_SRC_TEXT_WORD_SCANNER_H
#define LAMBERT_SRC_TEXT_WORD_SCANNER_H

#include <stdbool.h>
#include <stddef.h>

struct word_scanner {
    const char *text;
    size_t size;
    size_t position;
    size_t chunk_end; /* of the ASCII chunk being handed out */
};

struct word_span {
    const char *text;
    size_t size;
    bool ascii; /* a word; else a chunk that needs the normalizer */
};

void word_scanner_init(struct word_scanner *scanner, const char *text, size_t size);
bool word_scanner_next(struct word_scanner *scanner, struct word_span *span);

/* Classes of ASCII bytes, as bits: ASCII_OTHER stands for control and for bytes beyond ASCII. */
enum { ASCII_WORD = 1, ASCII_PUNCTUATION = 2, ASCII_SPACE = 4, ASCII_OTHER = 8 };
extern const unsigned char ascii_class[256];

static inline char ascii_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

#endif

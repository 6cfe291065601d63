/* First cut of a text for the tokenizer, by bytes alone. Text between ASCII white space ("a run")
 * can be tokenised without looking around it. A run of printable ASCII is handed out word by
 * word, each punctuation byte by itself; any other run is handed out whole, for the normalizer.
 *
 *     word_scanner_init(&scanner, lower_case);
 *     word_scanner_begin(&scanner, text, size);
 *     while ((count = word_scanner_next(&scanner, spans, LIMIT)) > 0) ...
 *     word_scanner_release(&scanner);
 *
 * Spans point into the scanner's own copy of the text, in which ASCII letters are lower case where
 * that is asked for (to the normalizer it is the same), and from which WORD_SCANNER_MARGIN bytes
 * may be read beyond the end of any span. */
#ifndef LAMBERT_TEXT_WORD_SCANNER_H
#define LAMBERT_TEXT_WORD_SCANNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "lambert/base/buffer.h"

enum { WORD_SCANNER_MARGIN = 64 };

struct word_scanner {
    bool lower_case;
    struct buffer copy; /* of the text, with zeros behind it */
    const char *text;   /* in copy */
    size_t size;
    size_t ascii_end;    /* where the next run begins that is not plain ASCII */
    uint64_t characters; /* of the texts so far; bytes that are not UTF-8 count as they look */
    size_t block;        /* where the 64 bytes begin that are being looked at; a bit for each: */
    uint64_t words;      /* letters and digits */
    uint64_t starts;     /* where a span begins, of those not yet handed out */
};

struct word_span {
    const char *text;
    size_t size;
    bool ascii; /* a word; else a run that needs the normalizer */
};

void word_scanner_init(struct word_scanner *scanner, bool lower_case);
void word_scanner_release(struct word_scanner *scanner);

void word_scanner_begin(struct word_scanner *scanner, const char *text, size_t size);
/* The next spans, at most `limit`, which are valid until the next text is begun; 0: the end. */
int word_scanner_next(struct word_scanner *scanner, struct word_span *spans, int limit);

/* Classes of ASCII bytes, as bits: ASCII_OTHER stands for control and for bytes beyond ASCII. */
enum { ASCII_WORD = 1, ASCII_PUNCTUATION = 2, ASCII_SPACE = 4, ASCII_OTHER = 8 };
extern const unsigned char ascii_class[256];

static inline char ascii_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

#endif

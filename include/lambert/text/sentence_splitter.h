/* Cuts a paragraph into sentences by rule: at . ! ? … and their CJK forms, closing quotes and
 * brackets staying with the sentence they end, unless the dot belongs to an abbreviation ("Dr."),
 * an initial ("J. S. Bach"), a decimal ("3.14"), the number of an item ("1. Introduction"), a web
 * address, or the next word goes on in lower case. Built for English and languages punctuated like
 * it; CJK full stops need no space.
 *
 * An abbreviation that may well end a sentence ("U.S.", "Inc.", "p.m.", an initial) ends one when
 * the next word is one that sentences often begin with ("The", "He", "However"); "No." and "Jan."
 * go on when a number follows. The time taken is linear in the text, whatever it is.
 *
 *     struct sentence_splitter splitter;
 *     sentence_splitter_init(&splitter, text, size);
 *     while (sentence_splitter_next(&splitter, &sentence, &length)) ...
 *
 * Sentences point into the text, without white space at either end; none is empty. Together they
 * hold every byte of the text that is not white space. */
#ifndef LAMBERT_TEXT_SENTENCE_SPLITTER_H
#define LAMBERT_TEXT_SENTENCE_SPLITTER_H

#include <stdbool.h>
#include <stddef.h>

struct sentence_splitter {
    const char *text;
    size_t size;
    size_t position;
};

void sentence_splitter_init(struct sentence_splitter *splitter, const char *text, size_t size);
bool sentence_splitter_next(struct sentence_splitter *splitter, const char **sentence,
                            size_t *length);

#endif

/* Cuts a paragraph into sentences by rule, in any language, without being told which: at . ! ? …
 * and what the world's scripts have in their place (。 । ؟ ። ៕, Unicode's Sentence_Terminal), closing
 * quotes, brackets and reference marks ("[7]") staying with the sentence they end. A dot does not
 * end one that belongs to an abbreviation ("Dr.", "z. B.", "т. е."), an initial ("J. S. Bach"), a
 * decimal ("3.14"), an ordinal or date ("am 3. Oktober", "5. 3. 2010"), the number of an item ("1.
 * Introduction") or a web address, nor does . ! or ? where the next word goes on in lower case, unless the text has no
 * capital at all.
 *
 * An abbreviation that may well end a sentence ("U.S.", "Inc.", "p.m.", an initial) ends one when
 * the next word is one that sentences often begin with ("The", "He", "Der"); "No." and "Jan."
 * go on when a number follows. . ! and ? want a space behind them, the stops of scripts that have
 * their own do not. Thai and Lao, which have no stop at all, are not split.
 *
 * One set of rules serves all languages: their abbreviations and first words hardly meet, and what
 * a word of one is in another is left out of the lists (docs/languages.md has what it is worth, by
 * language). The time taken is linear in the text, whatever it is.
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

/* Goes up when the rules change: an interrupted preparation is not gone on with by others. */
enum { SENTENCE_RULES = 2 };

struct sentence_splitter {
    const char *text;
    size_t size;
    size_t position;
    size_t small; /* before this there is no capital */
};

void sentence_splitter_init(struct sentence_splitter *splitter, const char *text, size_t size);
bool sentence_splitter_next(struct sentence_splitter *splitter, const char **sentence,
                            size_t *length);

#endif

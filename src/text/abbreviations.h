/* Abbreviations that end in a dot: of English, and the commonest of the other languages that write
 * with them (German, French, Spanish, Italian, Portuguese, Dutch, Polish, Czech, Slovak, Hungarian,
 * the Scandinavian and Baltic languages, Finnish, Estonian, Romanian, Slovene, Croatian, Turkish,
 * Indonesian, Vietnamese, Russian, Ukrainian, Bulgarian, Greek, Hindi, Bengali, Arabic). One list
 * serves all: what is a word of one language that may well end a sentence ("port.", "red.") is not
 * listed for another. */
#ifndef LAMBERT_TEXT_ABBREVIATIONS_H
#define LAMBERT_TEXT_ABBREVIATIONS_H

#include <stddef.h>

enum abbreviation {
    ABBREVIATION_NONE,
    ABBREVIATION_TITLE,  /* "Dr.", "vs.", "z.B.": the sentence goes on */
    ABBREVIATION_NUMBER, /* "No.", "Jan.": it goes on when a number follows */
    ABBREVIATION_LAST,   /* "Inc.", "p.m.": it may end here, and does before a common first word */
    ABBREVIATION_ENDING  /* "т.д.": it may end here as behind any word */
};

/* Of a word without its last dot. Capitals matter: "No" and "no" are listed, "Mass" is, "mass" is
 * not. Parts that stand apart ("z. B.") are looked up together. */
enum abbreviation abbreviation_of(const char *word, size_t size);

#endif

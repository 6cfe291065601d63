/* English abbreviations that end in a dot, and the words that sentences often begin with. */
#ifndef LAMBERT_TEXT_ABBREVIATIONS_H
#define LAMBERT_TEXT_ABBREVIATIONS_H

#include <stdbool.h>
#include <stddef.h>

enum abbreviation {
    ABBREVIATION_NONE,
    ABBREVIATION_TITLE,  /* "Dr.", "vs.": the sentence goes on */
    ABBREVIATION_NUMBER, /* "No.", "Jan.": it goes on when a number follows */
    ABBREVIATION_LAST    /* "Inc.", "p.m.": it may end here, and does before a common first word */
};

/* Of a word without its last dot. Capitals matter: "No" and "no" are listed, "Mass" is, "mass" is
 * not. */
enum abbreviation abbreviation_of(const char *word, size_t size);

/* "The", "He", "However": a capital that says nothing but that a sentence begins. */
bool is_sentence_starter(const char *word, size_t size);

#endif

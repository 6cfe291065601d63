/* The characters that end sentences: Unicode's Sentence_Terminal, and a few more. */
#ifndef LAMBERT_TEXT_SENTENCE_STOPS_H
#define LAMBERT_TEXT_SENTENCE_STOPS_H

#include <stdint.h>

enum sentence_stop {
    STOP_NONE,
    STOP_DOT,  /* . and its forms, which abbreviations, ordinals and decimals have as well */
    STOP_MARK, /* ! ? … and their forms: the end, unless what follows goes on in lower case */
    STOP_FINAL /* 。 । ؟ ። ៕ ...: the end, be there a space behind it or not */
};

enum sentence_stop sentence_stop_of(int32_t code);

#endif

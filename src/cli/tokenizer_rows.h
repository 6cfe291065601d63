/* The rows of commands that are told how text becomes words (text/tokenizer_options.h). */
#ifndef LAMBERT_CLI_TOKENIZER_ROWS_H
#define LAMBERT_CLI_TOKENIZER_ROWS_H

#include "lambert/command/option.h"
#include "lambert/text/tokenizer_options.h"

/* clang-format off */
#define OPTION_NORMALIZER(type, member)                                                            \
    {.name = "cased", .kind = OPTION_FLAG_OFF, OPTION_PLACE(type, member.lower_case),              \
     .help = "keep case and accents; without it text is lower-cased"},                             \
    {.name = "accents", .kind = OPTION_CHOICE, OPTION_PLACE(type, member.accents),                 \
     .choices = accents_names, .choice_count = ACCENTS_CHOICES, .metavar = "WHICH",                \
     .help = "strip or keep them apart from case"},                                                \
    {.name = "join-han", .kind = OPTION_FLAG_OFF, OPTION_PLACE(type, member.split_han),            \
     .help = "Chinese characters are not words by themselves"}
#define OPTION_TOKENIZER(type, member)                                                             \
    OPTION_NORMALIZER(type, member),                                                               \
    {.name = "longest-word", .kind = OPTION_INTEGER,                                               \
     OPTION_PLACE(type, member.max_word_characters), .min = 1, .max = 1000000, .metavar = "N",     \
     .help = "words of more characters are [UNK]"}
/* clang-format on */

#endif

/* What `show features` and `show answers` have in common: the options by which questions become windows. */
#ifndef LAMBERT_CLI_QUESTION_OPTIONS_H
#define LAMBERT_CLI_QUESTION_OPTIONS_H

#include "lambert/command/option.h"
#include "lambert/features/feature_set.h"
#include "tokenizer_rows.h"

struct question_options {
    const char *vocabulary;
    struct tokenizer_options tokenizer;
    int sequence_length, stride, question_length;
};

/* clang-format off */
#define QUESTION_OPTIONS_STANDARD                                                                  \
    {.tokenizer = TOKENIZER_DEFAULTS, .sequence_length = 384, .stride = 128,                       \
     .question_length = 64}

#define OPTION_QUESTIONS(type, member)                                                             \
    {.name = "vocabulary", .kind = OPTION_TEXT, OPTION_PLACE(type, member.vocabulary),             \
     .required = true, .metavar = "FILE", .completion = COMPLETE_FILES, .help = "a vocab.txt"},    \
    OPTION_TOKENIZER(type, member.tokenizer),                                                      \
    {.name = "sequence-length", .kind = OPTION_INTEGER,                                            \
     OPTION_PLACE(type, member.sequence_length), .min = 5, .max = 1 << 20, .metavar = "TOKENS",    \
     .help = "longest sequence"},                                                                  \
    {.name = "stride", .kind = OPTION_INTEGER, OPTION_PLACE(type, member.stride), .min = 1,        \
     .max = 1 << 20, .metavar = "PIECES",                                                          \
     .help = "questions: from one window of the paragraph to the next"},                           \
    {.name = "question-length", .kind = OPTION_INTEGER,                                            \
     OPTION_PLACE(type, member.question_length), .max = 1 << 20, .metavar = "PIECES",              \
     .help = "questions: where the question is cut"}
/* clang-format on */

static inline struct feature_options feature_options_of(const struct question_options *options,
                                                        const struct vocabulary *vocabulary)
{
    return (struct feature_options){.vocabulary = vocabulary,
                                    .tokenizer = options->tokenizer,
                                    .sequence_length = options->sequence_length,
                                    .stride = options->stride,
                                    .question_length = options->question_length};
}

#endif

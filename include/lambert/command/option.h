/* The options and words of a command: one row each in a table that ends with an empty row. The
 * parser, `--help`, the man page and the completion of the shell are all made from the table, so
 * that an option is one row here and one member of the command's struct of arguments.
 *
 *     struct export_arguments {
 *         const char *checkpoint;
 *         long long seed;
 *         struct command_words inputs;
 *     };
 *
 *     static const struct command_option export_options[] = {
 *         {.name = "checkpoint", .kind = OPTION_TEXT,
 *          OPTION_PLACE(struct export_arguments, checkpoint), .required = true,
 *          .metavar = "PATH", .completion = COMPLETE_FILES,
 *          .help = "a checkpoint, or a run folder: its newest whole one"},
 *         {.name = "seed", .kind = OPTION_INTEGER, OPTION_PLACE(struct export_arguments, seed),
 *          .max = 1000, .metavar = "N", .help = "of the fresh heads"},
 *         {.kind = OPTION_WORDS, OPTION_PLACE(struct export_arguments, inputs), .required = true,
 *          .metavar = "INPUT", .completion = COMPLETE_FILES},
 *         {0}};
 *
 * A help sentence does not repeat what the row knows: range, choices and default are printed behind
 * it. Every command has --help besides. */
#ifndef LAMBERT_COMMAND_OPTION_H
#define LAMBERT_COMMAND_OPTION_H

#include <stdbool.h>
#include <stddef.h>

enum command_option_kind {
    OPTION_END,      /* the row behind the last */
    OPTION_FLAG,     /* bool: true when given */
    OPTION_FLAG_OFF, /* bool: false when given */
    OPTION_INTEGER,  /* int, long long, int64_t or uint64_t, min to max */
    OPTION_REAL,     /* double, real_min to real_max */
    OPTION_TEXT,     /* const char *, which points into argv */
    OPTION_CHOICE,   /* an enum (or int): the index of the choice */
    OPTION_WORD,     /* const char *: a word without a name; rows are filled in their order */
    OPTION_WORDS,    /* struct command_words: all words that are left */
};

/* What the shell offers for a value. */
enum command_completion {
    COMPLETE_NOTHING,
    COMPLETE_FILES,
    COMPLETE_FOLDERS,
    COMPLETE_KEYS, /* SECTION.KEY= of the configuration */
};

/* Words of the command line, in place. */
struct command_words {
    char *const *at; /* [count] */
    int count;
};

struct command_option {
    const char *name; /* "resume" for --resume; NULL for words */
    enum command_option_kind kind;
    size_t offset, size; /* of the member, OPTION_PLACE() */
    bool required;       /* an option that must be given; of words, at least one */
    long long min, max;
    long long unit; /* the member holds the number times this; 0 means 1 */
    double real_min, real_max;
    const char *const *choices; /* [choice_count] */
    int choice_count;
    enum command_completion completion;
    bool
        writes; /* the value names a file to write: naming that as another file, too, is wrong use. What
                    is found in folders and by patterns, input_list_open() holds against it. */
    const char *metavar;  /* "FILE"; how usage lines call the value */
    const char *standard; /* the default in words; NULL: the number or choice that is there */
    const char *help;
};

#define OPTION_PLACE(type, member)                                                                 \
    .offset = offsetof(type, member), .size = sizeof((type *)0)->member
#define OPTION_CHOICES(names) .choices = (names), .choice_count = sizeof(names) / sizeof(names)[0]

/* The rows of a command that reads a configuration: its file and the words behind it. */
#define OPTION_CONFIG(type, member_path, member_words)                                             \
    {.kind = OPTION_WORD,                                                                          \
     OPTION_PLACE(type, member_path),                                                              \
     .required = true,                                                                             \
     .metavar = "CONFIG",                                                                          \
     .completion = COMPLETE_FILES},                                                                \
    {                                                                                              \
        .kind = OPTION_WORDS, OPTION_PLACE(type, member_words), .metavar = "SECTION.KEY=VALUE",    \
        .completion = COMPLETE_KEYS                                                                \
    }

#endif

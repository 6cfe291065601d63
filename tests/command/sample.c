#include "sample.h"

#include <stdint.h>

struct sample_arguments {
    const char *output, *place;
    long long seed;
    int size;
    double share;
    int colour;
    struct command_words inputs;
};

static const char *const colours[] = {"red", "green", "blue"};

static const struct command_option sample_options[] = {
    {.name = "output",
     .kind = OPTION_TEXT,
     OPTION_PLACE(struct sample_arguments, output),
     .required = true,
     .metavar = "FILE",
     .help = "where to write"},
    {.name = "size",
     .kind = OPTION_INTEGER,
     OPTION_PLACE(struct sample_arguments, size),
     .min = 6,
     .max = 100,
     .metavar = "N",
     .help = "entries of which there is so much to say that the sentence goes on in another line, "
             "below its beginning"},
    {.name = "seed",
     .kind = OPTION_INTEGER,
     OPTION_PLACE(struct sample_arguments, seed),
     .max = INT64_MAX,
     .metavar = "N",
     .help = "of it all"},
    {.name = "share",
     .kind = OPTION_REAL,
     OPTION_PLACE(struct sample_arguments, share),
     .real_max = 0.9,
     .metavar = "F",
     .standard = "a half",
     .help = "how much"},
    {.name = "a-colour-of-a-very-long-name",
     .kind = OPTION_CHOICE,
     OPTION_PLACE(struct sample_arguments, colour),
     OPTION_CHOICES(colours),
     .metavar = "COLOUR",
     .help = "of the rest"},
    {.kind = OPTION_WORD, OPTION_PLACE(struct sample_arguments, place), .metavar = "PLACE"},
    {.kind = OPTION_WORDS,
     OPTION_PLACE(struct sample_arguments, inputs),
     .required = true,
     .metavar = "INPUT"},
    {0}};

static void print_more(struct buffer *out)
{
    buffer_print(out, "\nmore\n");
}

static int run_nothing(struct dist *dist, const void *arguments, struct error *err)
{
    (void)dist;
    (void)arguments;
    (void)err;
    return 0;
}

const struct command command_sample = {
    .name = "sample",
    .summary = "a command for a test",
    .description =
        "One\nparagraph that is filled into lines of one width, however its author broke "
        "them, and with   blanks as one.\n\n"
        "  as   it\n"
        "  is\n\n"
        ".The 'last' C:\\one, √𝄞 for é.\n",
    .examples = "lambert sample --output 'a b' c\n",
    .more_help = print_more,
    .options = sample_options,
    COMMAND_ARGUMENTS(struct sample_arguments, .size = 20, .seed = 1, .colour = 2),
    .run_on_ranks = run_nothing};

/* --- a local one, which fails when told to ---------------------------------------------------- */

static const struct command_option local_options[] = {
    {.name = "fail", .kind = OPTION_FLAG, .size = sizeof(bool), .help = "fail"}, {0}};

static int run_local(const void *arguments, struct error *err)
{
    return *(const bool *)arguments ? error_set(err, "as it was told") : 0;
}

static const struct command local = {.name = "local",
                                     .summary = "a command that may fail",
                                     .options = local_options,
                                     COMMAND_ARGUMENTS(bool, false),
                                     .run = run_local};

const struct command command_group = {
    .name = "lambert",
    .summary = "a group",
    .commands = (const struct command *const[]){&command_sample, &local, NULL}};

/* What `lambert train` and `lambert finetune` have in common: everything but what they are for. */
#ifndef LAMBERT_CLI_START_TRAINING_H
#define LAMBERT_CLI_START_TRAINING_H

#include <stdbool.h>

#include "lambert/command/command.h"

/* How a run is begun and ended, whatever it is of; `lambert doctor`, started in the place of a run, takes them as well. */
struct start_arguments {
    bool resume;
    const char *accept;
    double max_hours; /* 0: no limit */
    int stopped_code;
};

#define TRAINING_OPTIONS(type, member)                                                                    \
    {.name = "resume",                                                                                    \
     .kind = OPTION_FLAG,                                                                                 \
     OPTION_PLACE(type, member.resume),                                                                   \
     .help = "go on from the newest whole checkpoint in run.folder; without one, start"},                 \
        {.name = "accept",                                                                                \
         .kind = OPTION_TEXT,                                                                             \
         OPTION_PLACE(type, member.accept),                                                               \
         .metavar = "KEYS",                                                                               \
         .help = "with --resume: these keys (comma-separated) may differ from the checkpoint's"},         \
        {.name = "max-hours",                                                                             \
         .kind = OPTION_REAL,                                                                             \
         OPTION_PLACE(type, member.max_hours),                                                            \
         .real_max = 1e6,                                                                                 \
         .metavar = "HOURS",                                                                              \
         .standard = "no limit but that of the job, where the scheduler says it",                         \
         .help =                                                                                          \
             "the run ends by itself before so much time has passed since its start, with a checkpoint"}, \
    {                                                                                                     \
        .name = "stopped-code", .kind = OPTION_INTEGER, OPTION_PLACE(type, member.stopped_code),          \
        .max = 125, .metavar = "CODE",                                                                    \
        .help = "exit code of a run that a signal or its time ended before it was complete"               \
    }

struct training_arguments {
    const char *config;
    struct command_words words;
    struct start_arguments start;
};

extern const struct command_option training_options[];
int check_training(const void *context, struct error *err);
int check_start(const struct start_arguments *start, struct error *err);
void print_keys(struct buffer *out);

/* Collective. Reads the configuration, on every rank, and runs it; one of the other kind is refused. */
int start_training(struct dist *dist, const struct training_arguments *arguments, bool fine_tuning,
                   struct error *err);

#endif

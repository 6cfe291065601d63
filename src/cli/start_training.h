/* What `lambert train` and `lambert finetune` have in common: everything but what they are for. */
#ifndef LAMBERT_CLI_START_TRAINING_H
#define LAMBERT_CLI_START_TRAINING_H

#include <stdbool.h>

#include "lambert/command/command.h"

struct training_arguments {
    const char *config;
    struct command_words words;
    bool resume;
    const char *accept;
    double max_hours; /* 0: no limit */
    int stopped_code;
};

extern const struct command_option training_options[];
int check_training(const void *context, struct error *err);
void print_keys(struct buffer *out);

/* Collective. Reads the configuration, on every rank, and runs it; one of the other kind is refused. */
int start_training(struct dist *dist, const struct training_arguments *arguments, bool fine_tuning,
                   struct error *err);

#endif

/* What several commands look at: a configuration, one of its phases, and the phase's corpus. */
#ifndef LAMBERT_CLI_OPEN_PHASE_H
#define LAMBERT_CLI_OPEN_PHASE_H

#include "lambert/command/option.h"
#include "lambert/config/config.h"
#include "lambert/corpus/corpus.h"

struct opened_phase {
    struct config config;
    int phase;
    struct corpus *corpus; /* corpus_close() */
};

/* The phase of that name, NULL: the first. */
int open_phase(struct opened_phase *opened, const char *config, const struct command_words *words,
               const char *phase, struct error *err);

#endif

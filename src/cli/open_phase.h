/* What several commands begin with: a configuration and one of its phases; and, of those that look at
 * samples, the phase's corpora. */
#ifndef LAMBERT_CLI_OPEN_PHASE_H
#define LAMBERT_CLI_OPEN_PHASE_H

#include "lambert/command/option.h"
#include "lambert/config/config.h"
#include "lambert/dist/dist.h"
#include "lambert/run/corpora.h"

struct opened_phase {
    struct config config;
    int phase;
    struct corpora corpora; /* corpora_close() */
};

/* The phase of that name, NULL: the first. */
int open_phase(struct opened_phase *opened, const char *config, const struct command_words *words,
               const char *phase, struct error *err);

enum phase_choice { PHASE_FIRST, PHASE_LAST };

/* Collective, for commands that compute, and every rank has an answer of its own: the configuration, its level of the log, the
 * kernels of this CPU, and the number of the phase of that name; NULL: what `otherwise` says. */
int read_phase(struct config *config, const struct dist *dist, const char *path,
               const struct command_words *words, const char *name, enum phase_choice otherwise,
               int *phase, struct error *err);

#endif

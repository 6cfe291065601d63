#include "open_phase.h"

#include "lambert/run/options.h"

int open_phase(struct opened_phase *opened, const char *config, const struct command_words *words,
               const char *phase, struct error *err)
{
    if (config_load(&opened->config, config, words->at, words->count, err) < 0)
        return -1;
    opened->phase = phase ? config_find_phase(&opened->config, phase, err) : 0;
    return opened->phase < 0
               ? -1
               : phase_corpus_open(&opened->config, opened->phase, &opened->corpus, err);
}

#include "open_phase.h"

#include "lambert/base/log.h"
#include "lambert/kernels/kernels.h"
#include "lambert/run/shared_config.h"

int open_phase(struct opened_phase *opened, const char *config, const struct command_words *words,
               const char *phase, struct error *err)
{
    if (config_load(&opened->config, config, words->at, words->count, err) < 0)
        return -1;
    opened->phase = phase ? config_find_phase(&opened->config, phase, err) : 0;
    return opened->phase < 0
               ? -1
               : corpora_open_phase(&opened->corpora, &opened->config, opened->phase, err);
}

int read_phase(struct config *config, const struct dist *dist, const char *path,
               const struct command_words *words, const char *name, enum phase_choice otherwise,
               int *phase, struct error *err)
{
    if (config_load_shared(config, dist, path, words->at, words->count, err) < 0 ||
        kernels_select(err) < 0)
        return -1;
    log_set_level(config->run.log_level);
    if (name)
        *phase = config_find_phase(config, name, err);
    else
        *phase = otherwise == PHASE_LAST ? config->phase_count - 1 : 0;
    return *phase < 0 ? -1 : 0;
}

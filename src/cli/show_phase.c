#include "lambert/run/options.h"
#include "show.h"

int show_phase_open(struct show_phase *shown, const char *path, char *const *words, int word_count,
                    const char *phase, struct error *err)
{
    if (config_load(&shown->config, path, words, word_count, err) < 0)
        return -1;
    shown->phase = phase ? phase_of(&shown->config, phase, err) : 0;
    return shown->phase < 0 ? -1 : corpus_of(&shown->config, shown->phase, &shown->corpus, err);
}

#include "lambert/run/corpora.h"

#include <string.h>

#include "lambert/base/buffer.h"
#include "lambert/base/hash.h"
#include "lambert/run/options.h"

static int check_alike(const struct corpora *corpora, const struct corpus *corpus,
                       struct error *err)
{
    const struct corpus *first = corpora->opened[0];
    if (vocabulary_hash(corpus_vocabulary(first)) != vocabulary_hash(corpus_vocabulary(corpus)))
        return error_set(err,
                         "the corpora %s and %s were made with different vocabularies; one model "
                         "has one",
                         corpus_folder(first), corpus_folder(corpus));
    if (corpus_lower_case(first) != corpus_lower_case(corpus))
        return error_set(err, "of the corpora %s and %s, one is cased and the other is not",
                         corpus_folder(first), corpus_folder(corpus));
    return 0;
}

static int place_of(const struct corpora *corpora, const char *folder)
{
    int place = 0;
    while (place < corpora->count && strcmp(corpus_folder(corpora->opened[place]), folder) != 0)
        place++;
    return place;
}

static int open_phase(struct corpora *corpora, const struct config *config, int phase,
                      struct error *err)
{
    int place = place_of(corpora, phase_corpus_folder(config, phase));
    corpora->of_phase[phase] = place;
    if (place < corpora->count)
        return 0;
    if (phase_corpus_open(config, phase, &corpora->opened[place], err) < 0)
        return -1;
    corpora->count++;
    return check_alike(corpora, corpora->opened[place], err);
}

int corpora_open(struct corpora *corpora, const struct config *config, struct error *err)
{
    *corpora = (struct corpora){0};
    for (int p = 0; p < config->phase_count; p++)
        if (open_phase(corpora, config, p, err) < 0) {
            corpora_close(corpora);
            return -1;
        }
    return 0;
}

void corpora_close(struct corpora *corpora)
{
    for (int c = 0; c < corpora->count; c++)
        corpus_close(corpora->opened[c]);
    *corpora = (struct corpora){0};
}

const struct corpus *corpora_of(const struct corpora *corpora, int phase)
{
    return corpora->opened[corpora->of_phase[phase]];
}

uint64_t corpora_hash(const struct corpora *corpora)
{
    struct buffer hashes = {0};
    if (corpora->count == 1)
        return corpus_hash(corpora->opened[0]);
    for (int c = 0; c < corpora->count; c++)
        buffer_put_u64(&hashes, corpus_hash(corpora->opened[c]));
    uint64_t hash = hash_bytes(hashes.data, hashes.size);
    buffer_release(&hashes);
    return hash;
}

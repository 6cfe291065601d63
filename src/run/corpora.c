#include "lambert/run/corpora.h"

#include <stdlib.h>
#include <string.h>

#include "lambert/base/array.h"
#include "lambert/base/buffer.h"
#include "lambert/base/file.h"
#include "lambert/base/hash.h"
#include "lambert/base/memory.h"
#include "lambert/run/options.h"
#include "stage.h"

/* --- opening ------------------------------------------------------------------------------------ */

static int check_alike(const struct corpora *corpora, const struct corpus *corpus,
                       struct error *err)
{
    const struct corpus *first = corpora->opened[0];
    if (vocabulary_hash(corpus_vocabulary(first)) != vocabulary_hash(corpus_vocabulary(corpus)))
        return error_set(err,
                         "the corpora %s and %s were made with different vocabularies; one model "
                         "has one",
                         corpus_folder(first), corpus_folder(corpus));
    if (!tokenizer_options_equal(corpus_tokenizer(first), corpus_tokenizer(corpus))) {
        char texts[2][TOKENIZER_OPTIONS_TEXT];
        return error_set(
            err, "the corpus %s is %s, and %s is %s; one model reads text in one way",
            corpus_folder(first), tokenizer_options_text(corpus_tokenizer(first), texts[0]),
            corpus_folder(corpus), tokenizer_options_text(corpus_tokenizer(corpus), texts[1]));
    }
    return 0;
}

static int place_of(const struct corpora *corpora, const char *folder)
{
    int place = 0;
    while (place < corpora->count && !file_is_same(corpus_folder(corpora->opened[place]), folder))
        place++;
    return place;
}

/* Opens the corpus unless it is open, and gives its place in opened. */
static int open_folder(struct corpora *corpora, const struct stage *stage,
                       const struct config *config, const char *folder, int *place,
                       struct error *err)
{
    const char *vocabulary = config->data.vocabulary;
    struct corpus *corpus;
    *place = place_of(corpora, folder);
    if (*place < corpora->count)
        return 0;
    if (corpus_open_copy(&corpus, folder, stage_place(stage, folder), config->run.lock, err) < 0)
        return -1;
    ARRAY_RESERVE(corpora->opened, (size_t)corpora->count + 1, corpora->capacity);
    corpora->opened[corpora->count++] = corpus;
    if (vocabulary[0] && corpus_check_vocabulary(corpus, vocabulary, err) < 0)
        return -1;
    return check_alike(corpora, corpus, err);
}

static void mix(struct corpora *corpora, const struct config_mix *mix, int phase)
{
    struct phase_corpora *opened = &corpora->phases[phase];
    const int count = config_mix_count(mix);
    double weights[CONFIG_MAX_CORPORA];
    uint64_t tokens[CONFIG_MAX_CORPORA];
    for (int p = 0; p < count; p++)
        tokens[p] =
            document_store_tokens(corpus_store(corpora->opened[opened->parts[p]], CORPUS_TRAIN));
    mixture_weights(tokens, count, mix->temperature, weights);
    mixture_init(&opened->mixture, mix->weight_count > 0 ? mix->weights : weights, count);
}

/* Ready samples have the masks that they came with: a rate is for those of documents, and must have some to be for. */
static int check_masking(const struct corpora *corpora, const struct config *config, int phase,
                         struct error *err)
{
    const struct config_phase *settings = &config->phases[phase];
    const bool begins = settings->masked_lm_probability > 0;
    if (!begins && settings->masked_lm_probability_end == 0)
        return 0;
    for (int p = 0; p < corpora_parts(corpora, phase); p++)
        if (corpus_contents(corpora_of(corpora, phase, p)) != SHARD_READY_SAMPLES)
            return 0;
    return error_set(err,
                     "phase.%s.masked_lm_probability%s (%g) says how much is masked, and the "
                     "samples of %s are ready-made, with the masks that they have; leave it away",
                     settings->name, begins ? "" : "_end",
                     begins ? settings->masked_lm_probability : settings->masked_lm_probability_end,
                     corpus_folder(corpora_of(corpora, phase, 0)));
}

static int open_phase(struct corpora *corpora, const struct stage *stage,
                      const struct config *config, int phase, struct error *err)
{
    const struct config_mix wanted = config_phase_mix(config, phase);
    const int count = config_mix_count(&wanted);
    char folder[CONFIG_TEXT];
    if (config->task.kind != TASK_NONE)
        return error_set(
            err,
            "the configuration is for fine-tuning (task.kind = %s), which has no corpus: "
            "lambert show features prints what a model sees of a task, and lambert "
            "predict and score say how good it is",
            config_word("task.kind", config->task.kind));
    corpora->phases[phase].parts = memory_new((size_t)count, sizeof *corpora->phases[phase].parts);
    for (int p = 0; p < count; p++)
        if (open_folder(corpora, stage, config, config_mix_folder(&wanted, p, folder),
                        &corpora->phases[phase].parts[p], err) < 0)
            return -1;
    mix(corpora, &wanted, phase);
    return check_masking(corpora, config, phase, err);
}

int corpora_open_staged(struct corpora *corpora, const struct stage *stage,
                        const struct config *config, int first, int end, struct error *err)
{
    *corpora = (struct corpora){0};
    for (int p = first; p < end; p++)
        if (open_phase(corpora, stage, config, p, err) < 0) {
            corpora_close(corpora);
            return -1;
        }
    return 0;
}

int corpora_open(struct corpora *corpora, const struct config *config, struct error *err)
{
    return corpora_open_staged(corpora, NULL, config, 0, config->phase_count, err);
}

int corpora_open_phase(struct corpora *corpora, const struct config *config, int phase,
                       struct error *err)
{
    return corpora_open_staged(corpora, NULL, config, phase, phase + 1, err);
}

void corpora_close(struct corpora *corpora)
{
    for (int c = 0; c < corpora->count; c++)
        corpus_close(corpora->opened[c]);
    for (int p = 0; p < CONFIG_MAX_PHASES; p++)
        free(corpora->phases[p].parts);
    free(corpora->opened);
    *corpora = (struct corpora){0};
}

/* --- what is open ------------------------------------------------------------------------------- */

int corpora_parts(const struct corpora *corpora, int phase)
{
    return corpora->phases[phase].mixture.count;
}

const struct corpus *corpora_of(const struct corpora *corpora, int phase, int part)
{
    require(part >= 0 && part < corpora_parts(corpora, phase));
    return corpora->opened[corpora->phases[phase].parts[part]];
}

const struct mixture *corpora_mixture(const struct corpora *corpora, int phase)
{
    return &corpora->phases[phase].mixture;
}

/* --- what a checkpoint remembers ---------------------------------------------------------------- */

/* The different corpora of a run as numbers, in the order in which they are met. */
struct numbered {
    int phases[CONFIG_MAX_PHASES][CONFIG_MAX_CORPORA]; /* of each phase its parts' */
    uint64_t *hashes;                                  /* [count] */
    int count;
};

/* Whether a phase before this one has the same corpora in the same order. */
static bool is_repeated(const struct corpora *corpora, const struct numbered *numbered, int phase)
{
    const int count = corpora_parts(corpora, phase);
    const int *parts = numbered->phases[phase];
    for (int before = 0; before < phase; before++)
        if (corpora_parts(corpora, before) == count &&
            memcmp(numbered->phases[before], parts, (size_t)count * sizeof *parts) == 0)
            return true;
    return false;
}

static uint64_t hash_of(const struct corpora *corpora, const struct numbered *numbered)
{
    struct buffer hashes = {0};
    bool mixed = false;
    for (int phase = 0; phase < CONFIG_MAX_PHASES; phase++)
        mixed |= corpora_parts(corpora, phase) > 1;
    if (numbered->count == 1 && !mixed)
        return numbered->hashes[0];
    for (int c = 0; c < numbered->count && !mixed; c++)
        buffer_put_u64(&hashes, numbered->hashes[c]);
    for (int phase = 0; phase < CONFIG_MAX_PHASES && mixed; phase++) {
        const int count = corpora_parts(corpora, phase);
        if (count == 0 || is_repeated(corpora, numbered, phase))
            continue;
        buffer_put_u64(&hashes, (uint64_t)count);
        for (int p = 0; p < count; p++)
            buffer_put_u64(&hashes, numbered->hashes[numbered->phases[phase][p]]);
    }
    uint64_t hash = hash_bytes(hashes.data, hashes.size);
    buffer_release(&hashes);
    return hash;
}

uint64_t corpora_hash(const struct corpora *corpora)
{
    struct numbered numbered = {.count = corpora->count};
    numbered.hashes = memory_new((size_t)corpora->count, sizeof *numbered.hashes);
    for (int c = 0; c < corpora->count; c++)
        numbered.hashes[c] = corpus_hash(corpora->opened[c]);
    for (int phase = 0; phase < CONFIG_MAX_PHASES; phase++)
        for (int p = 0; p < corpora_parts(corpora, phase); p++)
            numbered.phases[phase][p] = corpora->phases[phase].parts[p];
    const uint64_t hash = hash_of(corpora, &numbered);
    free(numbered.hashes);
    return hash;
}

/* The number of a spelling, which is added where it is new. */
static int number_of(char (*names)[CONFIG_TEXT], int *count, const char *name)
{
    int number = 0;
    while (number < *count && strcmp(names[number], name) != 0)
        number++;
    if (number == *count)
        strcpy(names[(*count)++], name);
    return number;
}

uint64_t corpora_hash_by_spelling(const struct corpora *corpora, const struct config *config)
{
    struct numbered numbered = {0};
    int most = 0;
    for (int phase = 0; phase < config->phase_count; phase++)
        most += corpora_parts(corpora, phase);
    char(*names)[CONFIG_TEXT] = memory_new((size_t)most, sizeof *names);
    numbered.hashes = memory_new((size_t)most, sizeof *numbered.hashes);
    for (int phase = 0; phase < config->phase_count; phase++) {
        const struct config_mix mix = config_phase_mix(config, phase);
        for (int p = 0; p < corpora_parts(corpora, phase); p++) {
            char folder[CONFIG_TEXT];
            const int number =
                number_of(names, &numbered.count, config_mix_folder(&mix, p, folder));
            numbered.phases[phase][p] = number;
            numbered.hashes[number] = corpus_hash(corpora_of(corpora, phase, p));
        }
    }
    const uint64_t hash = hash_of(corpora, &numbered);
    free(numbered.hashes);
    free(names);
    return hash;
}

/* --- samples ------------------------------------------------------------------------------------ */

void corpora_widen(const struct corpora *corpora, struct bert_capacity *capacity)
{
    for (int c = 0; c < corpora->count; c++)
        bert_capacity_widen(capacity, corpora->opened[c]);
}

int corpora_sampler(const struct corpora *corpora, const struct config *config, int phase,
                    enum corpus_split split, struct mixed_sampler **sampler, struct error *err)
{
    struct sampler *parts[MIXTURE_MOST];
    const int count = corpora_parts(corpora, phase);
    const struct sampler_options whole = split == CORPUS_HELDOUT
                                             ? evaluation_sampler_options_of(config, phase)
                                             : sampler_options_of(config, phase);
    *sampler = NULL;
    for (int p = 0; p < count; p++) {
        const struct corpus *corpus = corpora_of(corpora, phase, p);
        const struct sampler_options options = part_sampler_options(&whole, p, count);
        if (sampler_new(&parts[p], corpus_store(corpus, split), corpus_vocabulary(corpus), &options,
                        err) == 0)
            continue;
        while (p > 0)
            sampler_free(parts[--p]);
        return error_prefix(err, "phase %s, %s%s", config->phases[phase].name,
                            split == CORPUS_HELDOUT ? "the held-out split of " : "",
                            corpus_folder(corpus));
    }
    *sampler = mixed_sampler_new(parts, corpora_mixture(corpora, phase));
    return 0;
}

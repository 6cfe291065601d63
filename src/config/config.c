#include "lambert/config/config.h"

#include <stdlib.h>
#include <string.h>

#include "lambert/base/array.h"
#include "lambert/base/memory.h"
#include "schema.h"
#include "value.h"

void config_defaults(struct config *config)
{
    memset(config, 0, sizeof *config);
    schema_defaults(&config_schema, config);
}

static int add_words(struct config *config, char *const *words, int word_count, struct error *err)
{
    if (schema_read_words(&config_schema, config, words, word_count, err) < 0)
        return -1;
    return config_check(config, err);
}

int config_load(struct config *config, const char *path, char *const *words, int word_count,
                struct error *err)
{
    return config_load_piped(config, NULL, path, words, word_count, err);
}

void config_pipes_add(struct config_pipes *pipes, const char *path, const struct buffer *text)
{
    ARRAY_RESERVE(pipes->at, pipes->count + 1, pipes->capacity);
    struct config_pipe *added = &pipes->at[pipes->count++];
    *added = (struct config_pipe){.path = memory_copy_text(path)};
    buffer_put(&added->text, text->data, text->size);
}

void config_pipes_release(struct config_pipes *pipes)
{
    for (size_t i = 0; i < pipes->count; i++) {
        free(pipes->at[i].path);
        buffer_release(&pipes->at[i].text);
    }
    free(pipes->at);
    *pipes = (struct config_pipes){0};
}

int config_load_piped(struct config *config, struct config_pipes *pipes, const char *path,
                      char *const *words, int word_count, struct error *err)
{
    config_defaults(config);
    if (path && schema_read_file(&config_schema, config, path, pipes, err) < 0)
        return -1;
    return add_words(config, words, word_count, err);
}

int config_read(struct config *config, const char *text, const char *name, struct error *err)
{
    config_defaults(config);
    return schema_read_text(&config_schema, config, text, name, err);
}

void config_print(const struct config *config, bool result_only, struct buffer *out)
{
    schema_print(&config_schema, config, result_only, out);
}

int config_compare(const char *stored, const char *wanted, const char *accepted, struct error *err)
{
    return schema_compare(&config_schema, stored, wanted, accepted, false, err);
}

int config_compare_branch(const char *stored, const char *wanted, const char *accepted,
                          struct error *err)
{
    return schema_compare(&config_schema, stored, wanted, accepted, true, err);
}

struct config_mix config_phase_mix(const struct config *config, int phase)
{
    const struct config_data *data = &config->data;
    const struct config_phase *own = &config->phases[phase];
    struct config_mix mix = {.corpora = own->corpus[0] ? own->corpus : data->corpus,
                             .weights = own->weights,
                             .weight_count = own->weight_count,
                             .temperature = own->temperature};
    /* Weights are those of a list: data.weights say nothing about a list of the phase's own. */
    if (mix.weight_count == 0 && mix.temperature == 0 && !own->corpus[0]) {
        mix.weights = data->weights;
        mix.weight_count = data->weight_count;
    }
    if (mix.temperature == 0)
        mix.temperature = data->temperature;
    return mix;
}

struct config_masking config_phase_masking(const struct config *config, int phase)
{
    const struct config_phase *own = &config->phases[phase];
    const double begin = own->masked_lm_probability > 0
                             ? own->masked_lm_probability
                             : config->data.sampling.masked_lm_probability;
    return (struct config_masking){
        .begin = begin,
        .end = own->masked_lm_probability_end > 0 ? own->masked_lm_probability_end : begin};
}

char *config_mix_folder(const struct config_mix *mix, int i, char folder[CONFIG_TEXT])
{
    const char *next = mix->corpora;
    for (; i > 0; i--) {
        next += strcspn(next, ",");
        if (*next == '\0')
            return NULL;
        next++;
    }
    next += strspn(next, " ");
    size_t length = strcspn(next, ",");
    while (length > 0 && next[length - 1] == ' ')
        length--;
    if (length >= CONFIG_TEXT) /* config_check() refuses it */
        length = CONFIG_TEXT - 1;
    memcpy(folder, next, length);
    folder[length] = '\0';
    return folder;
}

int config_mix_count(const struct config_mix *mix)
{
    int commas = 0;
    for (const char *c = strchr(mix->corpora, ','); c; c = strchr(c + 1, ','))
        commas++;
    return commas + 1;
}

int config_find_phase(const struct config *config, const char *name, struct error *err)
{
    for (int p = 0; p < config->phase_count; p++)
        if (strcmp(config->phases[p].name, name) == 0)
            return p;
    return error_set(err, "the configuration has no phase '%s'", name);
}

const char *config_word(const char *name, unsigned value)
{
    size_t length = strcspn(name, ".");
    const struct section *section = schema_section(&config_schema, name, length);
    const struct key *key = section ? section_key(section, name + length + 1) : NULL;
    require(key && key->type == KEY_CHOICE);
    return value_word(key, value);
}

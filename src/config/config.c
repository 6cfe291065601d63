#include "lambert/config/config.h"

#include <string.h>

#include "schema.h"
#include "value.h"

void config_defaults(struct config *config)
{
    memset(config, 0, sizeof *config);
    schema_defaults(&config_schema, config);
}

int config_load(struct config *config, const char *path, char *const *words, int word_count,
                struct error *err)
{
    config_defaults(config);
    if (path && schema_read_file(&config_schema, config, path, err) < 0)
        return -1;
    if (schema_read_words(&config_schema, config, words, word_count, err) < 0)
        return -1;
    return config_check(config, err);
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
    return schema_compare(&config_schema, stored, wanted, accepted, err);
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

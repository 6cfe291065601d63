#include "lambert/config/config.h"

#include <string.h>

#include "keys.h"
#include "lambert/base/file.h"
#include "parse.h"
#include "value.h"

void config_defaults(struct config *config)
{
    struct error err;
    memset(config, 0, sizeof *config);
    for (int i = 0; i < config_key_count; i++) {
        const struct key *key = &config_keys[i];
        if (!key_in_phase(key) && key->standard &&
            value_parse(key, key->name, key->standard, key_place(key, config, 0), &err) < 0)
            bug("default: %s", err.text);
    }
}

static int load_file(struct config *config, const char *path, struct error *err)
{
    struct buffer text = {0};
    int result = file_read(path, &text, err);
    if (result == 0 && strlen(buffer_text(&text)) != text.size)
        result = error_set(err, "%s is not a configuration file: it holds a NUL byte", path);
    if (result == 0)
        result = parse_ini(config, buffer_text(&text), path, err);
    buffer_release(&text);
    return result;
}

int config_read(struct config *config, const char *text, const char *name, struct error *err)
{
    config_defaults(config);
    return parse_ini(config, text, name, err);
}

const char *config_word(const char *key, unsigned value)
{
    const struct key *row = key_find(key);
    require(row && row->type == KEY_CHOICE);
    return value_word(row, value);
}

int config_load(struct config *config, const char *path, char *const *words, int word_count,
                struct error *err)
{
    config_defaults(config);
    if (path && load_file(config, path, err) < 0)
        return -1;
    bool new_phases = config->phase_count == 0;
    for (int i = 0; i < word_count; i++)
        if (parse_word(config, words[i], new_phases, err) < 0)
            return -1;
    return config_check(config, err);
}

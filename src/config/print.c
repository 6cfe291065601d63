#include <string.h>

#include "keys.h"
#include "value.h"

static bool wanted(const struct key *key, const struct section *section, bool result_only)
{
    return key_in_section(key, section->name) && (key->result || !result_only);
}

static void print_section(const struct config *config, const struct section *section, int phase,
                          bool result_only, struct buffer *out)
{
    bool begun = false;
    for (int i = 0; i < config_key_count; i++) {
        const struct key *key = &config_keys[i];
        if (!wanted(key, section, result_only))
            continue;
        if (!begun) {
            buffer_print(out, "%s[%s", out->size > 0 ? "\n" : "", section->name);
            if (key_in_phase(key))
                buffer_print(out, " %s", config->phases[phase].name);
            buffer_print(out, "]\n");
            begun = true;
        }
        buffer_print(out, "%s = ", key_bare_name(key));
        value_print(key, key_place_const(key, config, phase), out);
        if (out->data[out->size - 1] == ' ') /* an empty text: no space at the end of the line */
            out->size--;
        buffer_put_u8(out, '\n');
    }
}

void config_print(const struct config *config, bool result_only, struct buffer *out)
{
    for (int i = 0; i < config_section_count; i++) {
        bool of_phases = strcmp(config_sections[i].name, "phase") == 0;
        int times = of_phases ? config->phase_count : 1;
        for (int p = 0; p < times; p++)
            print_section(config, &config_sections[i], p, result_only, out);
    }
}

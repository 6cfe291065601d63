#include "parse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ini_text.h"
#include "keys.h"
#include "lambert/base/memory.h"
#include "lambert/base/nearest.h"
#include "value.h"

static const char list_of_keys[] = "lambert train --help lists the keys";

/* Offers every key, with the names of the phases that are there. */
static void offer_keys(struct nearest *nearest, const struct config *config)
{
    char name[KEY_NAME];
    for (int i = 0; i < config_key_count; i++) {
        const struct key *key = &config_keys[i];
        int times = key_in_phase(key) ? config->phase_count : 1;
        for (int p = 0; p < times; p++)
            nearest_offer(nearest, key_full_name(key, config->phases[p].name, name));
        if (times == 0)
            nearest_offer(nearest, key_full_name(key, "NAME", name));
    }
}

/* The key `bare` of a section ("phase" for all of them); name is what to call it in errors. */
static int find(const struct config *config, const char *section, const char *bare,
                const char *name, const struct key **key, struct error *err)
{
    char row[2 * KEY_NAME];
    snprintf(row, sizeof row, "%.*s.%.*s", KEY_NAME - 1, section, KEY_NAME - 1, bare);
    *key = key_find(row);
    if (*key)
        return 0;
    struct nearest nearest;
    nearest_init(&nearest, name);
    offer_keys(&nearest, config);
    return nearest_error(&nearest, "unknown key", list_of_keys, err);
}

static int find_phase(const struct config *config, const char *name)
{
    for (int p = 0; p < config->phase_count; p++)
        if (strcmp(config->phases[p].name, name) == 0)
            return p;
    return -1;
}

static bool is_phase_name(const char *name)
{
    size_t good = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");
    return good > 0 && good < CONFIG_NAME && name[good] == '\0';
}

/* Appends a phase with defaults; gives its number. */
static int add_phase(struct config *config, const char *name, struct error *err)
{
    if (!is_phase_name(name))
        return error_set(err,
                         "a phase's name is 1 to %d letters, digits, '-' or '_', not '%.100s': "
                         "[phase one]",
                         CONFIG_NAME - 1, name);
    if (config->phase_count == CONFIG_MAX_PHASES)
        return error_set(err, "phase '%s' is one too many: there can be %d", name,
                         CONFIG_MAX_PHASES);
    int phase = config->phase_count++;
    memset(&config->phases[phase], 0, sizeof config->phases[phase]);
    strcpy(config->phases[phase].name, name);
    for (int i = 0; i < config_key_count; i++) {
        const struct key *key = &config_keys[i];
        if (key_in_phase(key) && key->standard &&
            value_parse(key, key->name, key->standard, key_place(key, config, phase), err) < 0)
            bug("default: %s", err->text);
    }
    return phase;
}

/* --- files ------------------------------------------------------------------------------------ */

struct ini_target {
    struct config *config;
    int *lines; /* [1 + CONFIG_MAX_PHASES, keys], where each was given; [0] outside phases */
    int *section_lines; /* [sections], where each began */
};

/* "phase one" gives "one"; NULL for other sections. */
static const char *phase_of(const char *section)
{
    size_t word = strcspn(section, " \t");
    if (word != 5 || strncmp(section, "phase", word) != 0)
        return NULL;
    return section + word + strspn(section + word, " \t");
}

static int unknown_section(const char *section, struct error *err)
{
    struct nearest nearest;
    nearest_init(&nearest, section);
    for (int i = 0; i < config_section_count; i++)
        nearest_offer(&nearest, config_sections[i].name);
    return nearest_error(&nearest, "unknown section", list_of_keys, err);
}

static int visit_section(void *user, const char *section, int line, struct error *err)
{
    struct ini_target *target = user;
    const char *phase = phase_of(section);
    if (phase) {
        if (find_phase(target->config, phase) >= 0)
            return error_set(err, "there is a phase '%s' already", phase);
        return add_phase(target->config, phase, err) < 0 ? -1 : 0;
    }
    for (int i = 0; i < config_section_count; i++) {
        if (strcmp(config_sections[i].name, section) != 0)
            continue;
        if (target->section_lines[i] != 0)
            return error_set(err, "section [%s] has begun before, in line %d", section,
                             target->section_lines[i]);
        target->section_lines[i] = line;
        return 0;
    }
    return unknown_section(section, err);
}

static int visit_key(void *user, const char *section, const char *bare, const char *value, int line,
                     struct error *err)
{
    struct ini_target *target = user;
    char name[4 * KEY_NAME];
    const struct key *key;
    if (*section == '\0')
        return error_set(err, "'%s' stands before any [section]", bare);
    const char *phase_name = phase_of(section);
    int phase = phase_name != NULL ? find_phase(target->config, phase_name) : -1;
    snprintf(name, sizeof name, "%s%s.%s", phase_name != NULL ? "phase." : "",
             phase_name != NULL ? phase_name : section, bare);
    if (find(target->config, phase_name ? "phase" : section, bare, name, &key, err) < 0)
        return -1;
    int *seen = &target->lines[(phase + 1) * config_key_count + (key - config_keys)];
    if (*seen != 0)
        return error_set(err, "'%s' was given before, in line %d", name, *seen);
    *seen = line;
    return value_parse(key, name, value, key_place(key, target->config, phase), err);
}

int parse_ini(struct config *config, const char *text, const char *file, struct error *err)
{
    size_t keys = (size_t)config_key_count * (1 + CONFIG_MAX_PHASES);
    struct ini_target target = {.config = config,
                                .lines = memory_new(keys, sizeof(int)),
                                .section_lines =
                                    memory_new((size_t)config_section_count, sizeof(int))};
    const struct ini_visitor visitor = {visit_section, visit_key, &target};
    int result = ini_text_visit(text, file, &visitor, err);
    free(target.lines);
    free(target.section_lines);
    return result;
}

/* --- words ------------------------------------------------------------------------------------ */

static int phase_of_word(struct config *config, const char *name, bool new_phases,
                         struct error *err)
{
    int phase = find_phase(config, name);
    if (phase >= 0)
        return phase;
    if (new_phases)
        return add_phase(config, name, err);
    struct nearest nearest;
    nearest_init(&nearest, name);
    for (int p = 0; p < config->phase_count; p++)
        nearest_offer(&nearest, config->phases[p].name);
    return nearest_error(&nearest, "there is no phase",
                         "phases are begun in the file, with [phase NAME]", err);
}

/* name is "section.key" or "phase.NAME.key"; it is cut at its dots. */
static int set_by_name(struct config *config, char *name, const char *value, bool new_phases,
                       struct error *err)
{
    char *full = memory_copy_text(name);
    char *bare = strchr(name, '.');
    const struct key *key = NULL;
    int phase = -1, result = 0;
    if (bare)
        *bare++ = '\0';
    char *dot = bare != NULL ? strchr(bare, '.') : NULL;
    if (dot && strcmp(name, "phase") == 0) {
        *dot = '\0';
        phase = phase_of_word(config, bare, new_phases, err);
        result = phase < 0 ? -1 : 0;
        bare = dot + 1;
    } else if (strcmp(name, "phase") == 0) {
        bare = NULL; /* a phase's key without the phase */
    }
    if (result == 0)
        result = find(config, name, bare != NULL ? bare : "", full, &key, err);
    if (result == 0)
        result = value_parse(key, full, value, key_place(key, config, phase), err);
    free(full);
    return result;
}

int parse_word(struct config *config, const char *word, bool new_phases, struct error *err)
{
    const char *equals = strchr(word, '=');
    int result;
    if (!equals) {
        result = error_set(err, "'%.200s' is not of the form section.key=value", word);
    } else {
        char *name = memory_copy_text(word);
        name[equals - word] = '\0';
        result = set_by_name(config, name, equals + 1, new_phases, err);
        free(name);
    }
    return result == 0 ? 0 : error_prefix(err, "command line");
}

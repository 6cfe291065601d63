#include "schema.h"

#include <stdio.h>
#include <string.h>

#include "value.h"

const struct section *schema_section(const struct schema *schema, const char *name, size_t length)
{
    for (int i = 0; i < schema->count; i++) {
        const struct section *section = &schema->sections[i];
        if (strlen(section->name) == length && strncmp(section->name, name, length) == 0)
            return section;
    }
    return NULL;
}

const struct key *section_key(const struct section *section, const char *name)
{
    for (int k = 0; k < section->key_count; k++)
        if (strcmp(section->keys[k].name, name) == 0)
            return &section->keys[k];
    return NULL;
}

bool section_is_used(const struct section *section, const void *config)
{
    return !section->used || section->used(config);
}

int section_count(const struct section *section, const void *config)
{
    return section->plural ? *(const int *)((const char *)config + section->count_offset) : 1;
}

const void *section_entry_const(const struct section *section, const void *config, int i)
{
    return (const char *)config + section->offset + (size_t)i * section->size;
}

void *section_entry(const struct section *section, void *config, int i)
{
    return (void *)section_entry_const(section, config, i);
}

int section_find(const struct section *section, const void *config, const char *name)
{
    for (int i = 0; i < section_count(section, config); i++)
        if (strcmp(section_entry_const(section, config, i), name) == 0)
            return i;
    return -1;
}

static void put_defaults(const struct section *section, void *entry)
{
    struct error err;
    for (int k = 0; k < section->key_count; k++) {
        const struct key *key = &section->keys[k];
        if (key->standard && value_parse(key, key->name, key->standard, entry, &err) < 0)
            bug("default: %s", err.text);
    }
}

static bool is_name(const char *name)
{
    size_t good = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");
    return good > 0 && good < CONFIG_NAME && name[good] == '\0';
}

int section_add(const struct section *section, void *config, const char *name, struct error *err)
{
    int *count = (int *)((char *)config + section->count_offset);
    if (!is_name(name))
        return error_set(err,
                         "a %s's name is 1 to %d letters, digits, '-' or '_', not '%.100s': "
                         "[%s one]",
                         section->name, CONFIG_NAME - 1, name, section->name);
    if (*count == section->most)
        return error_set(err, "%s '%s' is one too many: there can be %d", section->name, name,
                         section->most);
    void *entry = section_entry(section, config, *count);
    memset(entry, 0, section->size);
    strcpy(entry, name);
    put_defaults(section, entry);
    return (*count)++;
}

const char *key_full_name(const struct section *section, const struct key *key, const char *entry,
                          char name[KEY_NAME])
{
    if (section->plural)
        snprintf(name, KEY_NAME, "%s.%s.%s", section->name, entry, key->name);
    else
        snprintf(name, KEY_NAME, "%s.%s", section->name, key->name);
    return name;
}

void schema_defaults(const struct schema *schema, void *config)
{
    for (int i = 0; i < schema->count; i++)
        if (!schema->sections[i].plural)
            put_defaults(&schema->sections[i], section_entry(&schema->sections[i], config, 0));
}

int schema_check_given(const struct schema *schema, const void *config, struct error *err)
{
    for (int i = 0; i < schema->count; i++) {
        const struct section *section = &schema->sections[i];
        for (int k = 0; k < section->key_count && section_is_used(section, config); k++) {
            for (int e = 0; e < section_count(section, config); e++) {
                const void *entry = section_entry_const(section, config, e);
                char name[KEY_NAME];
                if (!value_missing(&section->keys[k], entry))
                    continue;
                key_full_name(section, &section->keys[k], entry, name);
                return error_set(err,
                                 "'%s' is not given and has no default; write it in the file, or "
                                 "add %s=... to the command line",
                                 name, name);
            }
        }
    }
    return 0;
}

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ini_text.h"
#include "keys.h"
#include "lambert/base/memory.h"
#include "lambert/base/nearest.h"
#include "value.h"

/* A text as a list of full names and values. Comparing texts rather than structs, because a
 * checkpoint may be older or newer than the program and know other keys. */
struct entry {
    char *name, *value;
    const struct key *key; /* NULL: not of this program */
};

struct listing {
    struct entry *entries;
    int count;
    struct buffer phases; /* "one, two" */
};

static void add(struct listing *listing, const char *name, const char *value, const struct key *key)
{
    listing->entries =
        memory_resize(listing->entries, (size_t)listing->count + 1, sizeof *listing->entries);
    listing->entries[listing->count++] =
        (struct entry){memory_copy_text(name), memory_copy_text(value), key};
}

static const char *phase_of(const char *section)
{
    return strncmp(section, "phase ", 6) == 0 ? section + 6 : NULL;
}

static int visit_section(void *user, const char *section, int line, struct error *err)
{
    (void)line;
    (void)err;
    struct listing *listing = user;
    if (phase_of(section) != NULL)
        buffer_print(&listing->phases, "%s%s", listing->phases.size > 0 ? ", " : "",
                     phase_of(section));
    return 0;
}

static int visit_key(void *user, const char *section, const char *bare, const char *value, int line,
                     struct error *err)
{
    (void)line;
    (void)err;
    char row[2 * KEY_NAME], name[2 * KEY_NAME];
    const char *phase = phase_of(section);
    snprintf(row, sizeof row, "%s.%s", phase != NULL ? "phase" : section, bare);
    snprintf(name, sizeof name, "%s%s.%s", phase != NULL ? "phase." : "",
             phase != NULL ? phase : section, bare);
    add(user, name, value, key_find(row));
    return 0;
}

/* The order of phases counts as one more key, "phases". */
static int listing_open(struct listing *listing, const char *text, const char *what,
                        struct error *err)
{
    *listing = (struct listing){0};
    const struct ini_visitor visitor = {visit_section, visit_key, listing};
    int result = ini_text_visit(text, what, &visitor, err);
    add(listing, "phases", buffer_text(&listing->phases), NULL);
    return result;
}

static void listing_close(struct listing *listing)
{
    for (int i = 0; i < listing->count; i++) {
        free(listing->entries[i].name);
        free(listing->entries[i].value);
    }
    free(listing->entries);
    buffer_release(&listing->phases);
}

static const struct entry *find(const struct listing *listing, const char *name)
{
    for (int i = 0; i < listing->count; i++)
        if (strcmp(listing->entries[i].name, name) == 0)
            return &listing->entries[i];
    return NULL;
}

/* Whether the phase of "phase.one.steps" is in the listing; true for keys outside of phases. */
static bool has_phase_of(const struct listing *listing, const char *name)
{
    if (strncmp(name, "phase.", 6) != 0)
        return true;
    size_t prefix = (size_t)(strrchr(name, '.') - name + 1);
    for (int i = 0; i < listing->count; i++)
        if (strncmp(listing->entries[i].name, name, prefix) == 0)
            return true;
    return false;
}

/* Two texts of the same value, "0.10" and "0.1", are the same. */
static bool same_value(const struct key *key, const char *a, const char *b)
{
    if (strcmp(a, b) == 0 || !key)
        return strcmp(a, b) == 0;
    union {
        int64_t whole;
        double real;
        unsigned choice;
        char text[CONFIG_TEXT];
    } place;
    struct error ignored;
    struct buffer one = {0}, two = {0};
    bool same = false;
    if (value_parse(key, key->name, a, &place, &ignored) == 0) {
        value_print(key, &place, &one);
        if (value_parse(key, key->name, b, &place, &ignored) == 0) {
            value_print(key, &place, &two);
            same = strcmp(buffer_text(&one), buffer_text(&two)) == 0;
        }
    }
    buffer_release(&one);
    buffer_release(&two);
    return same;
}

static bool in_list(const char *list, const char *name)
{
    size_t length = strlen(name);
    while (list && *list != '\0') {
        size_t item = strcspn(list, ",");
        if (item == length && strncmp(list, name, length) == 0)
            return true;
        list += item + (list[item] == ',');
    }
    return false;
}

/* A name that is in neither text is a slip of the pen, and would accept nothing. */
static int check_accepted(const char *accepted, const struct listing *stored,
                          const struct listing *wanted, struct error *err)
{
    int result = 0;
    while (result == 0 && accepted && *accepted != '\0') {
        size_t length = strcspn(accepted, ",");
        char *name = memory_text("%.*s", (int)length, accepted);
        if (find(stored, name) == NULL && find(wanted, name) == NULL) {
            struct nearest nearest;
            nearest_init(&nearest, name);
            for (int i = 0; i < wanted->count; i++)
                nearest_offer(&nearest, wanted->entries[i].name);
            result = nearest_error(&nearest, "cannot accept unknown key",
                                   "only keys that change the result need to be accepted", err);
        }
        free(name);
        accepted += length + (accepted[length] == ',');
    }
    return result;
}

struct differences {
    const char *accepted;
    struct buffer lines, names;
    int count, told;
};

/* A key that one side does not have yet had its default there. */
static void compare_entry(struct differences *differences, const struct entry *entry,
                          const char *stored, const char *wanted)
{
    static const char absent[] = "(no such key)";
    const char *otherwise = entry->key && entry->key->standard ? entry->key->standard : absent;
    stored = stored != NULL ? stored : otherwise;
    wanted = wanted != NULL ? wanted : otherwise;
    if (same_value(entry->key, stored, wanted) || in_list(differences->accepted, entry->name))
        return;
    differences->count++;
    if (differences->lines.size + differences->names.size > 1200) /* it must fit struct error */
        return;
    differences->told++;
    buffer_print(&differences->lines, "\n  %s = %.150s, was %.150s", entry->name, wanted, stored);
    buffer_print(&differences->names, "%s%s", differences->names.size > 0 ? "," : "", entry->name);
}

static void compare(struct differences *differences, const struct listing *stored,
                    const struct listing *wanted)
{
    for (int i = 0; i < wanted->count; i++) {
        const struct entry *entry = &wanted->entries[i];
        const struct entry *other = find(stored, entry->name);
        if (has_phase_of(stored, entry->name))
            compare_entry(differences, entry, other != NULL ? other->value : NULL, entry->value);
    }
    for (int i = 0; i < stored->count; i++) {
        const struct entry *entry = &stored->entries[i];
        if (find(wanted, entry->name) == NULL && has_phase_of(wanted, entry->name))
            compare_entry(differences, entry, entry->value, NULL);
    }
}

static int tell(struct differences *differences, struct error *err)
{
    if (differences->count == 0)
        return 0;
    if (differences->told < differences->count)
        buffer_print(&differences->lines, "\n  and %d more",
                     differences->count - differences->told);
    return error_set(err,
                     "the configuration differs in what changes the result:%s\n"
                     "Put the old values back, or accept the new ones with --accept %s",
                     buffer_text(&differences->lines), buffer_text(&differences->names));
}

int config_compare(const char *stored, const char *wanted, const char *accepted, struct error *err)
{
    struct listing old, new;
    int result = listing_open(&old, stored, "the stored configuration", err);
    if (listing_open(&new, wanted, "the wanted configuration", err) < 0)
        result = -1;
    if (result == 0)
        result = check_accepted(accepted, &old, &new, err);
    if (result == 0) {
        struct differences differences = {.accepted = accepted};
        compare(&differences, &old, &new);
        result = tell(&differences, err);
        buffer_release(&differences.lines);
        buffer_release(&differences.names);
    }
    listing_close(&old);
    listing_close(&new);
    return result;
}

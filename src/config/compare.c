/* Compares texts rather than structs, because a checkpoint may be older or newer than the program
 * and know other keys. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ini_text.h"
#include "lambert/base/array.h"
#include "lambert/base/memory.h"
#include "lambert/base/nearest.h"
#include "schema.h"
#include "value.h"

/* A key as it stands in a text. Which entries a repeated section has, and their order, counts as
 * one more key, named by the section's plural: "phases" is "one, two". */
struct listed {
    char *name, *value; /* "phase.one.steps" */
    size_t entry;       /* letters of the name that are its entry's, "phase.one."; else 0 */
    const struct section *section; /* NULL: not of this program */
    const struct key *key;         /* NULL: not of this program, or the order of entries */
};

struct listing {
    const struct schema *schema;
    struct listed *keys;
    size_t count, capacity;
    struct buffer *orders; /* [sections of the schema] */
};

static void list(struct listing *listing, struct listed key)
{
    ARRAY_RESERVE(listing->keys, listing->count + 1, listing->capacity);
    listing->keys[listing->count++] = key;
}

/* The section that `heading`, "model" or "phase one", is of; *name is the entry's, or empty. */
static const struct section *section_of(const struct schema *schema, const char *heading,
                                        const char **name)
{
    size_t word = strcspn(heading, " ");
    *name = heading + word + strspn(heading + word, " ");
    return schema_section(schema, heading, word);
}

static int visit_section(void *user, const char *heading, int line, struct error *err)
{
    (void)line;
    (void)err;
    struct listing *listing = user;
    const char *name;
    const struct section *section = section_of(listing->schema, heading, &name);
    if (section && section->plural) {
        struct buffer *order = &listing->orders[section - listing->schema->sections];
        buffer_print(order, "%s%s", order->size > 0 ? ", " : "", name);
    }
    return 0;
}

static int visit_key(void *user, const char *heading, const char *bare, const char *value, int line,
                     struct error *err)
{
    (void)line;
    (void)err;
    struct listing *listing = user;
    const char *entry;
    const struct section *section = section_of(listing->schema, heading, &entry);
    char *name = *entry
                     ? memory_text("%.*s.%s.%s", (int)strcspn(heading, " "), heading, entry, bare)
                     : memory_text("%s.%s", heading, bare);
    list(listing, (struct listed){.name = name,
                                  .value = memory_copy_text(value),
                                  .entry = *entry ? strlen(name) - strlen(bare) : 0,
                                  .section = section,
                                  .key = section ? section_key(section, bare) : NULL});
    return 0;
}

static int listing_init(struct listing *listing, const struct schema *schema, const char *text,
                        const char *what, struct error *err)
{
    *listing = (struct listing){
        .schema = schema, .orders = memory_new((size_t)schema->count, sizeof *listing->orders)};
    const struct ini_visitor visitor = {
        .section = visit_section, .key = visit_key, .user = listing};
    int status = ini_text_visit(text, what, &visitor, err);
    for (int i = 0; i < schema->count; i++) {
        const struct section *section = &schema->sections[i];
        if (section->plural)
            list(listing,
                 (struct listed){.name = memory_copy_text(section->plural),
                                 .value = memory_copy_text(buffer_text(&listing->orders[i])),
                                 .section = section});
    }
    return status;
}

static void listing_release(struct listing *listing)
{
    for (size_t i = 0; i < listing->count; i++) {
        free(listing->keys[i].name);
        free(listing->keys[i].value);
    }
    for (int i = 0; i < listing->schema->count; i++)
        buffer_release(&listing->orders[i]);
    free(listing->keys);
    free(listing->orders);
}

static const struct listed *find_key(const struct listing *listing, const char *name)
{
    for (size_t i = 0; i < listing->count; i++)
        if (strcmp(listing->keys[i].name, name) == 0)
            return &listing->keys[i];
    return NULL;
}

/* Whether the key's entry is missing from the other text: the key of the order then says so. */
static bool lacks_entry(const struct listing *listing, const struct listed *key)
{
    if (key->entry == 0 || !key->section)
        return false;
    for (size_t i = 0; i < listing->count; i++)
        if (strncmp(listing->keys[i].name, key->name, key->entry) == 0)
            return false;
    return true;
}

/* The text as the program prints the value, so that "0.10" and "0.1" are the same; the text itself
 * where it is not a value of the key. */
static void canonical(const struct listed *key, const char *text, struct buffer *out)
{
    struct error ignored;
    void *entry = memory_new(1, key->section->size);
    if (value_parse(key->key, key->name, text, entry, &ignored) == 0)
        value_print(key->key, entry, out);
    else
        buffer_print(out, "%s", text);
    free(entry);
}

static bool same_value(const struct listed *key, const char *a, const char *b)
{
    if (strcmp(a, b) == 0 || !key->key)
        return strcmp(a, b) == 0;
    struct buffer one = {0}, two = {0};
    canonical(key, a, &one);
    canonical(key, b, &two);
    bool same = strcmp(buffer_text(&one), buffer_text(&two)) == 0;
    buffer_release(&one);
    buffer_release(&two);
    return same;
}

bool config_is_accepted(const char *accepted, const char *name)
{
    size_t length = strlen(name);
    while (accepted && *accepted != '\0') {
        size_t item = strcspn(accepted, ",");
        if (item == length && strncmp(accepted, name, length) == 0)
            return true;
        accepted += item + (accepted[item] == ',');
    }
    return false;
}

/* A name that is in neither text is a slip of the pen, and would accept nothing. */
static int check_accepted(const char *accepted, const struct listing *stored,
                          const struct listing *wanted, struct error *err)
{
    while (accepted && *accepted != '\0') {
        size_t length = strcspn(accepted, ",");
        char *name = memory_text("%.*s", (int)length, accepted);
        int status = 0;
        if (!find_key(stored, name) && !find_key(wanted, name)) {
            struct nearest nearest;
            nearest_init(&nearest, name);
            for (size_t i = 0; i < wanted->count; i++)
                nearest_offer(&nearest, wanted->keys[i].name);
            status = nearest_error(&nearest, "cannot accept unknown key",
                                   "only keys that change the result need to be accepted", err);
        }
        free(name);
        if (status < 0)
            return -1;
        accepted += length + (accepted[length] == ',');
    }
    return 0;
}

/* The order of entries, and keys that say so. */
static bool may_branch(const struct listed *key)
{
    return key->key ? key->key->branches : key->section && key->entry == 0;
}

struct differences {
    const char *accepted;
    bool branch; /* what may differ in a branch is none */
    struct buffer lines, names;
    int count, told;
};

/* A key that one side does not have yet (NULL) had its default there. */
static void compare_key(struct differences *differences, const struct listed *key,
                        const char *stored, const char *wanted)
{
    const char *otherwise = key->key && key->key->standard ? key->key->standard : "(no such key)";
    stored = stored ? stored : otherwise;
    wanted = wanted ? wanted : otherwise;
    if (same_value(key, stored, wanted) || config_is_accepted(differences->accepted, key->name) ||
        (differences->branch && may_branch(key)))
        return;
    differences->count++;
    if (differences->lines.size + differences->names.size > 1200) /* it must fit struct error */
        return;
    differences->told++;
    buffer_print(&differences->lines, "\n  %s = %.150s, was %.150s", key->name, wanted, stored);
    buffer_print(&differences->names, "%s%s", differences->names.size > 0 ? "," : "", key->name);
}

int schema_compare(const struct schema *schema, const char *stored, const char *wanted,
                   const char *accepted, bool branch, struct error *err)
{
    struct listing old, new;
    struct differences differences = {.accepted = accepted, .branch = branch};
    bool sound = listing_init(&old, schema, stored, "the stored configuration", err) == 0;
    int status = -1;
    if (listing_init(&new, schema, wanted, "the wanted configuration", err) < 0 || !sound ||
        check_accepted(accepted, &old, &new, err) < 0)
        goto done;

    for (size_t i = 0; i < new.count; i++) {
        const struct listed *key = &new.keys[i], *other = find_key(&old, key->name);
        if (!lacks_entry(&old, key))
            compare_key(&differences, key, other ? other->value : NULL, key->value);
    }
    for (size_t i = 0; i < old.count; i++) {
        const struct listed *key = &old.keys[i];
        if (!find_key(&new, key->name) && !lacks_entry(&new, key))
            compare_key(&differences, key, key->value, NULL);
    }
    if (differences.count > 0) {
        if (differences.told < differences.count)
            buffer_print(&differences.lines, "\n  and %d more",
                         differences.count - differences.told);
        error_set(err,
                  "the configuration differs in what changes the result:%s\n"
                  "  Put the old values back, or accept the new ones with --accept %s",
                  buffer_text(&differences.lines), buffer_text(&differences.names));
        goto done;
    }
    status = 0;
done:
    buffer_release(&differences.lines);
    buffer_release(&differences.names);
    listing_release(&old);
    listing_release(&new);
    return status;
}

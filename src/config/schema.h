/* What a configuration is made of, as a table: sections of keys, and where the value of each key
 * lies in a struct. The functions know the table alone, so that a test has one of its own;
 * config_schema (keys.c) is that of struct config, and config.h says what the functions promise.
 *
 *     struct schema
 *       sections [run], [data], ...      each a struct within the configuration,
 *       and repeated ones, [phase NAME]  an array of structs that begin with a name, and its count
 *         keys                           members of those structs: a value, or a list of values
 *
 * To add a key, add a member to a struct of config.h, or to a module's own that it holds, and a row
 * to keys.c. */
#ifndef LAMBERT_CONFIG_SCHEMA_H
#define LAMBERT_CONFIG_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>

#include "lambert/config/config.h"

enum key_type { KEY_INT, KEY_INT64, KEY_REAL, KEY_BOOL, KEY_CHOICE, KEY_TEXT, KEY_CHANGE };

/* One of the words that a choice is between, and the value of the enum that it stands for. */
struct choice {
    const char *word;
    unsigned value;
};

struct key {
    const char *name; /* in its section: "hidden_size" */
    enum key_type type;
    size_t offset;        /* in the section's struct; of a list, of its first value */
    size_t size;          /* of a value */
    const char *standard; /* the default, as in a file; NULL: the key must be given */
    const char *accepts;  /* of a number an interval, "[1, 8)"; of a change's second number */
    const struct choice *choices; /* of a choice; the last has no word */
    bool result;                  /* changes the numbers of a run */
    bool branches;                /* of those: may be another in a run that is branched off */
    bool sparse;                  /* left out of the copy in checkpoints where it has its default */
    const char *help;
    int list_most;       /* of a list `a, b, c`, how many values there is room for; else 0 */
    size_t count_offset; /* of a list, the int that counts its values */
};

/* The designated initialisers of a row that come from a member (`sampling.masking`, say) of a
 * struct: of a value, and of a list with the int that counts it. */
/* clang-format off */
#define KEY_TYPE(value)                                                                            \
    _Generic((value), int: KEY_INT, int64_t: KEY_INT64, double: KEY_REAL, bool: KEY_BOOL,          \
             unsigned: KEY_CHOICE, char *: KEY_TEXT, struct batch_change: KEY_CHANGE)
#define KEY_PLACE(structure, member) (((struct structure *)0)->member)
#define KEY_VALUE(structure, member)                                                               \
    .type = KEY_TYPE(KEY_PLACE(structure, member)), .offset = offsetof(struct structure, member),  \
    .size = sizeof KEY_PLACE(structure, member)
#define KEY_LIST(structure, member, count)                                                         \
    .type = KEY_TYPE(KEY_PLACE(structure, member)[0]),                                             \
    .offset = offsetof(struct structure, member), .size = sizeof KEY_PLACE(structure, member)[0],  \
    .list_most = sizeof KEY_PLACE(structure, member) / sizeof KEY_PLACE(structure, member)[0],     \
    .count_offset = offsetof(struct structure, count)
/* clang-format on */

struct section {
    const char *name;
    const char *help; /* paragraphs of Markdown for the reference page */
    const struct key *keys;
    int key_count;
    size_t offset; /* in the configuration; of a repeated section, of the first */
    size_t size;   /* of the struct */

    /* Whether a configuration uses the section: if not, its keys need no value and are not printed. NULL:
     * always. */
    bool (*used)(const void *config);

    /* Of a repeated section, whose struct begins with its name, char[CONFIG_NAME]: */
    const char *plural;  /* "phases"; NULL: the section stands once */
    int most;            /* how many there is room for */
    size_t count_offset; /* the int in the configuration that counts them */
};

struct schema {
    const struct section *sections; /* in the order in which they are printed */
    int count;
};

extern const struct schema config_schema;

/* NULL: there is none. A section is found by its first `length` letters. */
const struct section *schema_section(const struct schema *schema, const char *name, size_t length);
const struct key *section_key(const struct section *section, const char *name);

bool section_is_used(const struct section *section, const void *config);

/* How often the section stands in the configuration: 1 unless it is a repeated one. */
int section_count(const struct section *section, const void *config);

/* Where its struct lies, the i-th of a repeated section. */
void *section_entry(const struct section *section, void *config, int i);
const void *section_entry_const(const struct section *section, const void *config, int i);

/* The number of the entry of that name; -1: there is none. */
int section_find(const struct section *section, const void *config, const char *name);

/* Appends an entry with defaults; gives its number, or -1 with a sentence. */
int section_add(const struct section *section, void *config, const char *name, struct error *err);

/* "model.hidden_size", "phase.one.steps" into name, which is returned. `entry` is ignored outside
 * of repeated sections. */
enum { KEY_NAME = 96 };
const char *key_full_name(const struct section *section, const struct key *key, const char *entry,
                          char name[KEY_NAME]);

/* Fills in the defaults; there are no entries of repeated sections yet. The memory is zeroed. */
void schema_defaults(const struct schema *schema, void *config);

/* Puts the values of a file into the configuration, those of the files that it includes first, pipes as
 * config_load_piped() does (NULL: each is read wherever it is met). A text (`name` is for errors) includes none. Entries
 * of repeated sections are appended in the order in which they are met first. */
int schema_read_file(const struct schema *schema, void *config, const char *path,
                     struct config_pipes *pipes, struct error *err);
int schema_read_text(const struct schema *schema, void *config, const char *text, const char *name,
                     struct error *err);

/* "section.key=value" or "section.NAME.key=value". Where there is no entry of a repeated section
 * before the first word, words append them. */
int schema_read_words(const struct schema *schema, void *config, char *const *words, int count,
                      struct error *err);

/* Fails on the first key without a default that was not given. */
int schema_check_given(const struct schema *schema, const void *config, struct error *err);

/* config_print(), config_compare() and config_compare_branch(). */
void schema_print(const struct schema *schema, const void *config, bool result_only,
                  struct buffer *out);
int schema_compare(const struct schema *schema, const char *stored, const char *wanted,
                   const char *accepted, bool branch, struct error *err);

#endif

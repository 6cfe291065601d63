/* The table of keys: one row a key, and everything else is made from it. To add a key, add a member
 * to a struct of config.h and a row to keys.c; name, type and place come from the member. */
#ifndef LAMBERT_CONFIG_KEYS_H
#define LAMBERT_CONFIG_KEYS_H

#include <stdbool.h>
#include <stddef.h>

#include "lambert/config/config.h"

enum key_type { KEY_INT, KEY_INT64, KEY_REAL, KEY_BOOL, KEY_CHOICE, KEY_TEXT };

/* One of the words that a choice is between, and the value of the enum that it stands for. */
struct choice {
    const char *word;
    unsigned value;
};

struct key {
    const char *name; /* "model.hidden_size"; of a phase "phase.steps" */
    enum key_type type;
    size_t offset;                /* in struct config; of a phase, in struct config_phase */
    size_t size;                  /* of the member */
    const char *standard;         /* the default, as in a file; NULL: the key must be given */
    const char *accepts;          /* of a number an interval, "[1, 8)" */
    const struct choice *choices; /* of a choice; the last has no word */
    bool result;                  /* changes the numbers of a run */
    const char *help;
};

extern const struct key config_keys[];
extern const int config_key_count;

/* The sections of a file, in the order they are printed; "phase" stands for all [phase NAME]. */
struct section {
    const char *name;
    const char *help; /* paragraphs of Markdown for the reference page */
};

extern const struct section config_sections[];
extern const int config_section_count;

bool key_in_section(const struct key *key, const char *section);
bool key_in_phase(const struct key *key);
const char *key_bare_name(const struct key *key); /* behind the dot: "steps" */

/* The row named "model.hidden_size" or "phase.steps", or NULL. */
const struct key *key_find(const char *name);

/* Where the key's value lies; phase is its number, ignored for keys outside of phases. */
void *key_place(const struct key *key, struct config *config, int phase);
const void *key_place_const(const struct key *key, const struct config *config, int phase);

/* "model.hidden_size", "phase.one.steps" into name, which is returned. */
enum { KEY_NAME = 96 };
const char *key_full_name(const struct key *key, const char *phase_name, char name[KEY_NAME]);

#endif

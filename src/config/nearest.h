/* The best guess at what somebody meant: of the names offered, the one with the fewest edits
 * (letters left out, put in, changed, or two swapped). */
#ifndef LAMBERT_CONFIG_NEAREST_H
#define LAMBERT_CONFIG_NEAREST_H

#include "keys.h"

struct nearest {
    const char *wanted;
    char best[KEY_NAME];
    int edits; /* to the best */
};

void nearest_init(struct nearest *nearest, const char *wanted);
void nearest_offer(struct nearest *nearest, const char *name);

/* Offers every key, with the names of the phases that are there. */
void nearest_offer_keys(struct nearest *nearest, const struct config *config);

/* Sets "WHAT 'wanted'; did you mean 'best'?", or "WHAT 'wanted'; OTHERWISE" where nothing is near.
 */
int nearest_error(const struct nearest *nearest, const char *what, const char *otherwise,
                  struct error *err);

#endif

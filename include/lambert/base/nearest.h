/* The best guess at what somebody meant: of the names offered, the one with the fewest edits
 * (letters left out, put in, changed, or two swapped). Parts of a name stand behind dots: the right
 * last part behind a wrong one, or behind none, is near. */
#ifndef LAMBERT_BASE_NEAREST_H
#define LAMBERT_BASE_NEAREST_H

#include "lambert/base/error.h"

enum { NEAREST_NAME = 96 }; /* longer names are cut */

struct nearest {
    const char *wanted;
    char best[NEAREST_NAME];
    int edits; /* to the best */
};

void nearest_init(struct nearest *nearest, const char *wanted);
void nearest_offer(struct nearest *nearest, const char *name);

/* Sets "WHAT 'wanted'; did you mean 'best'?", or "WHAT 'wanted'; OTHERWISE" where nothing is near.
 */
int nearest_error(const struct nearest *nearest, const char *what, const char *otherwise,
                  struct error *err);

#endif

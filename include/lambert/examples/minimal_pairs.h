/* Minimal pairs: two sentences that differ in little, one of which is acceptable and the other not, as in
 * BLiMP (Warstadt et al., arXiv 1912.00582). Rows of JSON lines (or of TSV, CSV) with
 *
 *     sentence_good, sentence_bad
 *     field, linguistics_term, UID      where the first row has them: what accuracy is told apart by
 *
 * and whatever else, which is not looked at. Files of several paradigms may be put behind each other. */
#ifndef LAMBERT_EXAMPLES_MINIMAL_PAIRS_H
#define LAMBERT_EXAMPLES_MINIMAL_PAIRS_H

#include "lambert/base/error.h"
#include "lambert/base/pool.h"

enum pair_sentence { SENTENCE_GOOD, SENTENCE_BAD, PAIR_SENTENCES };
enum pair_grouping { GROUPED_BY_FIELD, GROUPED_BY_TERM, GROUPED_BY_UID, PAIR_GROUPINGS };

/* The names of these members. */
extern const char *const pair_sentence_names[PAIR_SENTENCES];
extern const char *const pair_grouping_names[PAIR_GROUPINGS];

struct minimal_pair {
    const char *sentences[PAIR_SENTENCES];
    const char *groups[PAIR_GROUPINGS]; /* NULL: the file does not have it */
    int line;                           /* in the file, from 1 */
};

struct minimal_pairs {
    struct minimal_pair *at; /* [count], at least one */
    int count;
    char *path; /* for sentences */
    struct pool memory;
};

int minimal_pairs_read(struct minimal_pairs *pairs, const char *path, struct error *err);
void minimal_pairs_release(struct minimal_pairs *pairs); /* fine on a zeroed one */

#endif

/* Entities type by type, as conlleval prints them. */
#ifndef LAMBERT_SCORE_ENTITY_TABLE_H
#define LAMBERT_SCORE_ENTITY_TABLE_H

#include "lambert/examples/label_set.h"
#include "lambert/examples/tagged_sentences.h"

struct entity_table {
    struct label_set types; /* those that are right or said somewhere, sorted as labels are */
    struct entity_row {
        int gold, said, correct;      /* entities */
        double f1, precision, recall; /* 0 where there is nothing to divide by */
    } * rows;                         /* [types] */
};

/* said [words] the tag of each word of the sentences. */
void entity_table_make(struct entity_table *table, const struct tagged_sentences *gold,
                       const char *const *said);
void entity_table_release(struct entity_table *table);

#endif

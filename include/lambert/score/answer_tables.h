/* Where answers to questions are good and where not: F1 and exact match by the question word and by the length
 * of the answer.
 *
 * The question word is the first of the question that is one of the table's; how with many or much behind it
 * is its own. The length of an answer is the number of words between white space of the first answer that is
 * right, as SQuAD lists them. */
#ifndef LAMBERT_SCORE_ANSWER_TABLES_H
#define LAMBERT_SCORE_ANSWER_TABLES_H

#include "lambert/examples/question_set.h"
#include "lambert/score/scoring.h"

enum { ANSWER_TABLE_MOST = 12 };

struct answer_table {
    struct answer_table_row {
        const char *name;
        int questions;
        double f1, exact_match; /* in percent; 0 where there are no questions */
    } rows[ANSWER_TABLE_MOST];
    int count; /* all rows, those without questions as well */
};

void answer_table_by_question_word(struct answer_table *table, const struct question_set *questions,
                                   const struct scoring *scoring);
void answer_table_by_length(struct answer_table *table, const struct question_set *questions,
                            const struct scoring *scoring);

#endif

/* Texts, or pairs of texts, with a class, a number or several labels: rows of a TSV or CSV file or JSON
 * lines (task.h). */
#ifndef LAMBERT_EXAMPLES_TEXT_EXAMPLES_H
#define LAMBERT_EXAMPLES_TEXT_EXAMPLES_H

#include <stdbool.h>
#include <stddef.h>

#include "lambert/base/error.h"
#include "lambert/base/pool.h"
#include "lambert/examples/task.h"

/* All texts are the set's, UTF-8, and end with a NUL. */
struct text_example {
    const char *id;
    const char *text; /* NULL: the format names no column of it, as for scoring */
    const char *pair; /* NULL: there is one text */
    int line;         /* in the file, from 1 */

    /* What is right, where the file has a column for it (`labelled`): */
    const char *const *labels; /* [label_count] classification: one; multilabel: any number */
    int label_count;
    double value; /* regression */
};

struct text_examples {
    struct text_example *at; /* [count] */
    int count;
    bool labelled;
    char *path; /* for sentences */
    struct pool memory;
};

/* labels_wanted: a file without the column of labels is an error, else its examples have none. A file
 * without examples is an error; so are a row of another number of columns than the first, a column that
 * is not there, an empty label, a number that is none, and an id that two rows have. */
int text_examples_read(struct text_examples *set, const struct task_format *format,
                       const char *path, bool labels_wanted, struct error *err);
void text_examples_release(struct text_examples *set); /* fine on a zeroed one */

#endif

/* What a pre-trained model is fine-tuned for, and how the examples of it lie in files. A task is of one
 * of five kinds:
 *
 *     kind             what the model says              read from
 *     classification   one label of a text or a pair    TSV, CSV, JSON lines  (text_examples.h)
 *     regression       a number of a text or a pair     the same
 *     multilabel       any of the labels                the same
 *     tagging          a label of each word             columns, CoNLL        (tagged_sentences.h)
 *     questions        a span of a paragraph            SQuAD's JSON          (question_set.h)
 *
 * Files may be compressed with gzip. What is wrong in one is said with file and line. */
#ifndef LAMBERT_EXAMPLES_TASK_H
#define LAMBERT_EXAMPLES_TASK_H

#include <stdbool.h>

enum task_kind {
    TASK_NONE, /* pre-training */
    TASK_CLASSIFICATION,
    TASK_REGRESSION,
    TASK_MULTILABEL,
    TASK_TAGGING,
    TASK_QUESTIONS
};

/* Whether an example is a text or a pair, with something said about the whole of it. */
static inline bool task_is_of_texts(enum task_kind kind)
{
    return kind == TASK_CLASSIFICATION || kind == TASK_REGRESSION || kind == TASK_MULTILABEL;
}

/* Which column holds what: its name, as the first line (or a member of the JSON objects) has it, or its
 * number from 1, where the rows have one. NULL or "": there is none. */
struct task_columns {
    const char *text; /* tagging: the word */
    const char *pair; /* the second text */
    const char *label;
    const char *id; /* of an example, in predictions; none: the number of its row, from 0 */
};

/* How rows lie in a file of texts. */
enum table_form {
    TABLE_BY_NAME, /* *.csv, *.jsonl and *.json as these, with .gz or without; all others as TSV */
    TABLE_TSV,     /* quotes are text, as in GLUE */
    TABLE_CSV,     /* RFC 4180 */
    TABLE_JSON     /* an object a line */
};

struct task_format {
    enum task_kind kind;
    enum table_form form;
    struct task_columns columns;
    bool header;           /* the first line of TSV and CSV holds the names of the columns */
    const char *separator; /* multilabel: between the labels of a column; NULL: "," */
};

#endif

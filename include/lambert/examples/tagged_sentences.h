/* Sentences of words with a tag each: a word a line in columns apart by blanks or tabs, a blank line
 * between sentences, as CoNLL's shared tasks have them. Lines that begin with -DOCSTART- are left out, with
 * the blank line behind. Without column names: the word is the first, the tag the last. The first line is one
 * of names only where a column is asked for by its name, as such files have none.
 *
 * Or JSON lines (the file's name, or the format, says so): an object a sentence, with a list of words and one
 * of tags; without column names these are "words" and "tags". */
#ifndef LAMBERT_EXAMPLES_TAGGED_SENTENCES_H
#define LAMBERT_EXAMPLES_TAGGED_SENTENCES_H

#include <stdbool.h>
#include <stddef.h>

#include "lambert/base/error.h"
#include "lambert/base/pool.h"
#include "lambert/examples/task.h"

struct tagged_word {
    const char *word; /* UTF-8 */
    const char *tag;  /* "B-PER"; NULL: the file has none */
    int line;         /* in the file, from 1 */
};

struct tagged_sentence {
    const struct tagged_word *words; /* [count] */
    int count;
};

struct tagged_sentences {
    struct tagged_sentence *at; /* [count] */
    int count;
    size_t words; /* of all */
    bool labelled;
    char *path;              /* for sentences */
    struct tagged_word *all; /* [words] of the sentences one behind the other */
    struct pool memory;
};

/* tags_wanted: a file of one column is an error, else its words have no tags. */
int tagged_sentences_read(struct tagged_sentences *set, const struct task_format *format,
                          const char *path, bool tags_wanted, struct error *err);
void tagged_sentences_release(struct tagged_sentences *set); /* fine on a zeroed one */

#endif

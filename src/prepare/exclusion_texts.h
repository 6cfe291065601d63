/* The texts of a test set, in whatever file it comes: what is not to be trained on (exclusion.h).
 *
 * A file is one of
 *
 *   - JSON: one value, as SQuAD has it, or several one behind the other, as JSON lines are. Every string
 *     that is a value, at any depth, is a text; names of members are not. A file is JSON when it begins
 *     with a whole object, or with a whole array that is empty or whose first element is an object, an
 *     array or a string.
 *   - lines, in runs that end at blank ones: a line with tabs (TSV) has a text between each two of them;
 *     runs of other lines are a text each. CSV needs no more than that: where it is quoted makes no
 *     difference to words. Where all lines of a run (but comments, which begin with #) have as many
 *     words, with tabs or blanks between, each of these columns is a text as well, read downwards: that
 *     is how CoNLL has sentences.
 *
 * Files may be compressed in every way that text/input_stream.h reads. One is in memory at a time,
 * whole, and as JSON a value of it besides. */
#ifndef LAMBERT_PREPARE_EXCLUSION_TEXTS_H
#define LAMBERT_PREPARE_EXCLUSION_TEXTS_H

#include <stddef.h>

#include "lambert/base/error.h"

/* Hands the texts of the file to `take`, in order, as UTF-8 or what the file has in its place. Fails
 * where it cannot be read, or is JSON up to a line that is none. */
int exclusion_texts_read(const char *path,
                         void (*take)(void *context, const char *text, size_t size), void *context,
                         struct error *err);

#endif

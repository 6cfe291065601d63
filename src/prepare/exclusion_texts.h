/* The texts of a test set, in whatever file it comes: what is not to be trained on (exclusion.h).
 *
 * A file is one of
 *
 *   - JSON, in any form that text/text_layout.h tells, found by the same scanner as the input's. Every string
 *     that is a value, at any depth, is a text, whatever --text-key says; names of members are not.
 *   - WikiExtractor's: each document is a text.
 *   - lines, in runs that end at blank ones: a line with tabs (TSV) has a text between each two of them;
 *     runs of other lines are a text each. CSV needs no more than that: where it is quoted makes no
 *     difference to words. Where all lines of a run (but comments, which begin with #) have as many
 *     words, with tabs or blanks between, each of these columns is a text as well, read downwards: that
 *     is how CoNLL has sentences.
 *
 * Files may be compressed and encoded in every way that the input may. One is in memory at a time, whole. */
#ifndef LAMBERT_PREPARE_EXCLUSION_TEXTS_H
#define LAMBERT_PREPARE_EXCLUSION_TEXTS_H

#include <stddef.h>

#include "lambert/base/error.h"
#include "lambert/text/input_list.h"

/* Hands the texts of the file, which was looked at (text/input_look.h), to `take`, in order, as UTF-8 or what the
 * file has in its place. Fails where it cannot be read, too much of it is no text, or something in its JSON is none:
 * what cannot be read would be trained on. */
int exclusion_texts_read(struct input_file *file, const struct text_options *options,
                         void (*take)(void *context, const char *text, size_t size), void *context,
                         struct error *err);

#endif

/* Texts as they come, to be looked at and not to be learnt from: one a line, and two with a tab between them
 * are a pair. An empty line is a text too, so that number i of the set is line i + 1 of the input. */
#ifndef LAMBERT_EXAMPLES_PLAIN_TEXTS_H
#define LAMBERT_EXAMPLES_PLAIN_TEXTS_H

#include "lambert/base/error.h"
#include "lambert/examples/text_examples.h"
#include "lambert/text/input_list.h"

/* The lines of all files (as example_file.h reads one), one file after the other. A line of more than two
 * columns is an error. text_examples_release(). */
int plain_texts_read(struct text_examples *set, const struct input_list *files, struct error *err);

#endif

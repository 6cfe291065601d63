/* The labels of a task, numbered from 0: as a list says, or those that a training set has, sorted (by
 * value where all are whole numbers, else byte by byte), so that the numbers depend neither on the order
 * of examples nor on the machine. */
#ifndef LAMBERT_EXAMPLES_LABEL_SET_H
#define LAMBERT_EXAMPLES_LABEL_SET_H

#include <stdbool.h>
#include <stddef.h>

#include "lambert/base/buffer.h"
#include "lambert/base/error.h"

struct label_set {
    char **names; /* [count] UTF-8, without line ends */
    int count;
    int *by_name; /* [count] numbers in the order of names, byte by byte: for label_set_find() */
};

/* A label a line, in the order of their numbers; fails on one that stands twice, and on none. `name` is
 * for sentences. */
int label_set_parse(struct label_set *set, const char *text, size_t size, const char *name,
                    struct error *err);

/* Of names in any order, each as often as it comes. */
void label_set_collect(struct label_set *set, const char *const *names, size_t count);

void label_set_release(struct label_set *set); /* fine on a zeroed one */

/* The number, or -1. */
int label_set_find(const struct label_set *set, const char *name);

/* A label a line, as label_set_parse() reads it. */
void label_set_print(const struct label_set *set, struct buffer *text);

#endif

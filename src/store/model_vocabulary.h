/* The vocabulary of a model of others beside the shape that its configuration says. */
#ifndef LAMBERT_STORE_MODEL_VOCABULARY_H
#define LAMBERT_STORE_MODEL_VOCABULARY_H

#include <stddef.h>

#include "lambert/base/error.h"
#include "lambert/text/vocabulary.h"

/* Gives a copy of the vocabulary's bytes, free(), whatever it returns, and makes *rows, which is the
 * configuration's vocab_size, the number of entries: fewer are padding, which the log tells, more an error. For
 * its sentences: `whose` is what the vocabulary is called, `config` the configuration. */
int model_vocabulary_take(const struct vocabulary *vocabulary, const char *whose,
                          const char *config, int *rows, char **bytes, size_t *size,
                          struct error *err);

#endif

/* The vocabulary of a model of others beside the shape that its configuration says, and the rows that
 * its weights have for it: of the word table, and of the bias of the MLM head.
 *
 *     entries of the vocabulary   <=   vocab_size of the configuration   <=   rows of the weights
 *
 * What is more is padding, which is left out, and the log says how much. vocab_size may be any number from
 * the entries on. Rows are as many as vocab_size, or so many rounded up to a multiple of 8, 64 or 128, as
 * trainers have them for their matrix products. Any other number says that the files are of several models. */
#ifndef LAMBERT_STORE_MODEL_VOCABULARY_H
#define LAMBERT_STORE_MODEL_VOCABULARY_H

#include <stddef.h>
#include <stdint.h>

#include "lambert/base/error.h"
#include "lambert/model/params.h"
#include "lambert/text/vocabulary.h"

/* Gives a copy of the vocabulary's bytes, free(), whatever it returns, and makes *rows, which is the
 * configuration's vocab_size, the number of entries. More entries than that are an error; where there are fewer
 * than padding accounts for, a warning asks whether the vocabulary is the model's. For its sentences: `whose` is
 * what the vocabulary is called, `config` the configuration. */
int model_vocabulary_take(const struct vocabulary *vocabulary, const char *whose,
                          const char *config, int *rows, char **bytes, size_t *size,
                          struct error *err);

/* What its rows are held against. */
struct model_rows {
    const char *path;   /* of the weights, for sentences */
    const char *config; /* and of the configuration */
    int vocab_size;     /* as it stands there */
};

/* That the tensor for a parameter, which is called `name` in the weights, has as many rows as it may, if it is one that
 * has them for the vocabulary: all others are fine. What is cut of the word table is told. shape [dimensions] */
int model_vocabulary_check_rows(const struct model_rows *rows, const struct param_info *info,
                                const char *name, int dimensions, const int64_t *shape,
                                struct error *err);

#endif

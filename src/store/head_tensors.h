/* Which tensors are a head's. Weights may come from a model with other heads than the one that takes
 * them: from pre-training to a task, from a task of two labels to one of three. Then some tensors of
 * the table find no values, which are made afresh (param_table_initialise()), and some of the source
 * find no place. Both are fine for heads, and said in one line each; the encoder is to fit. */
#ifndef LAMBERT_STORE_HEAD_TENSORS_H
#define LAMBERT_STORE_HEAD_TENSORS_H

#include <stdbool.h>
#include <stdint.h>

#include "lambert/model/params.h"

/* What its tensors' names begin with, "cls.predictions."; NULL where it is of the encoder. The
 * pooler is a head: BertModel has it, BertForTokenClassification has not. Names without "bert." are
 * known as well. */
const char *head_of(const char *tensor);

/* How a tensor of the table meets the one of the same name in a source. */
enum tensor_fit {
    TENSOR_FITS,
    TENSOR_MISSING,         /* the source has none */
    TENSOR_OF_OTHER_LABELS, /* it differs in the number of labels alone, which a task sets */
    TENSOR_MISFITS
};

/* By shape; never TENSOR_MISSING. */
enum tensor_fit tensor_fit(const struct param_info *info, int dimensions, const int64_t *shape);

/* Whether it has a row an entry of the vocabulary: the word table, the bias of the MLM head. */
bool tensor_has_a_row_an_entry(const struct param_info *info);

/* The same of a tensor of others, whose rows for the vocabulary may be padded (model_vocabulary_check_rows()
 * says by how much): where there are more they fit, and the first ones are taken. */
enum tensor_fit tensor_fit_padded(const struct param_info *info, int dimensions,
                                  const int64_t *shape);

/* params [table size] before the tensors that fit are copied into it: where some do not, fresh
 * weights of a new run with that seed; else zeros, as making weights takes seconds. fits
 * [table->count]. */
void prepare_params(const struct param_table *table, const enum tensor_fit *fits,
                    double initializer_range, uint64_t seed, real *params);

/* The lines in the log. `path` is the source; fits [table->count]; names [count] are tensors of it
 * that the table has not, of heads alone. */
void log_fresh_heads(const char *path, const struct param_table *table,
                     const enum tensor_fit *fits);
void log_unused_heads(const char *path, const char *const *names, int count);

#endif

/* What the model of a Hugging Face folder is for, as its config.json says: the class of transformers
 * that has the head, how BertForSequenceClassification's is meant, and what the labels are called.
 *
 *     kind             architectures                    problem_type                  id2label
 *     none             BertForPreTraining
 *     classification   BertForSequenceClassification    single_label_classification   the classes
 *     regression       BertForSequenceClassification    regression                    LABEL_0
 *     multilabel       BertForSequenceClassification    multi_label_classification    the labels
 *     tagging          BertForTokenClassification                                     the tags
 *     questions        BertForQuestionAnswering
 *
 * Read is as transformers reads: without problem_type one label is a regression and several are
 * classes; without id2label there are num_labels labels, or two, named LABEL_0, LABEL_1, ... */
#ifndef LAMBERT_STORE_HF_TASK_H
#define LAMBERT_STORE_HF_TASK_H

#include <stdbool.h>

#include <cjson/cJSON.h>

#include "lambert/base/error.h"
#include "lambert/examples/label_set.h"
#include "lambert/examples/task.h"

/* The name for `architectures`. */
const char *hf_task_architecture(enum task_kind kind);

/* Whether its labels have names of their own: classes, labels, tags. */
bool hf_task_names_labels(enum task_kind kind);

/* Adds id2label, label2id and problem_type, as far as the kind has them. The labels are those of a
 * kind that names its labels; of the others they are not looked at. */
void hf_task_add(cJSON *config, enum task_kind kind, const struct label_set *labels);

/* The other way; labels stay empty where the kind names none. Architectures that are not in the
 * table are of kind none. `path` is for error sentences. */
int hf_task_get(const cJSON *config, const char *path, enum task_kind *kind,
                struct label_set *labels, struct error *err);

#endif

/* The model card of an exported model (README.md of a Hugging Face folder): what it is, what for, and
 * how it was trained, from the checkpoint and, where its run folder is still around it, the run's
 * metrics and the files that it was fine-tuned and judged on. */
#ifndef LAMBERT_CLI_MODEL_CARD_H
#define LAMBERT_CLI_MODEL_CARD_H

#include "lambert/base/buffer.h"
#include "lambert/examples/task.h"
#include "lambert/model/bert_config.h"
#include "lambert/store/checkpoint_file.h"

void model_card_print(const struct checkpoint_file *file, enum task_kind kind,
                      const struct bert_config *shape, struct buffer *card);

#endif

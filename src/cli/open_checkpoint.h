/* The checkpoint that a word of the command line means. */
#ifndef LAMBERT_CLI_OPEN_CHECKPOINT_H
#define LAMBERT_CLI_OPEN_CHECKPOINT_H

#include "lambert/model/bert_config.h"
#include "lambert/store/checkpoint_file.h"

/* A file, or the newest whole one of a run folder. */
int open_checkpoint(struct checkpoint_file *file, const char *path, struct error *err);

/* The shape of its model, from the configuration that it carries. */
int checkpoint_shape(const struct checkpoint_file *file, struct bert_config *shape,
                     struct error *err);

#endif

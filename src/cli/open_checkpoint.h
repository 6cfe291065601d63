/* The checkpoint that a word of the command line means. */
#ifndef LAMBERT_CLI_OPEN_CHECKPOINT_H
#define LAMBERT_CLI_OPEN_CHECKPOINT_H

#include "lambert/config/config.h"
#include "lambert/model/bert_config.h"
#include "lambert/store/checkpoint_file.h"

/* A file, or of a run folder the best, or else the newest whole one. */
int open_checkpoint(struct checkpoint_file *file, const char *path, struct error *err);

/* The configuration that it carries, and the shape of its model. */
int checkpoint_model(const struct checkpoint_file *file, struct config *config,
                     struct bert_config *shape, struct error *err);

#endif

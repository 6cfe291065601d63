/* Lines of metrics (run/metrics.h) as TensorBoard shows them: their numbers by name, "train/mlm_loss" of a step,
 * "evaluation/mlm_loss" of an evaluation; of a corpus or a tensor by its name, "evaluation/wiki/mlm_loss". All is
 * [local]. */
#ifndef LAMBERT_RUN_EVENT_LINES_H
#define LAMBERT_RUN_EVENT_LINES_H

#include <cjson/cJSON.h>

#include "lambert/store/event_file.h"

/* Writes what there is of a line: nothing, where its kind is none that is drawn. */
int event_lines_write(struct event_file *file, const cJSON *line, struct error *err);

/* The configuration as a text at step `step`. */
int event_lines_write_config(struct event_file *file, const char *config, int64_t step,
                             struct error *err);

#endif

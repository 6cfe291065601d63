/* Two checkpoints side by side, for `lambert show checkpoint`. */
#ifndef LAMBERT_CLI_COMPARE_CHECKPOINTS_H
#define LAMBERT_CLI_COMPARE_CHECKPOINTS_H

#include <stdbool.h>
#include <stddef.h>

#include "lambert/store/checkpoint_file.h"

/* Prints which tensors differ and by how much. */
void compare_checkpoints(const struct checkpoint_file *a, const struct checkpoint_file *b,
                         bool json);

double array_norm(const float *values, size_t count);

#endif

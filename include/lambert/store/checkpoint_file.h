/* A checkpoint file as it lies on disk, opened to be looked at: by checkpoint_read(), and by
 * `lambert show checkpoint`, which has no parameter table to hold against it. No ranks are
 * involved.
 *
 * Opening checks everything: each checksum, that tensors follow each other without gaps, and that
 * weights and moments have as many elements as the tensors say. Values are in place in the mapped
 * file, good until it is closed. */
#ifndef LAMBERT_STORE_CHECKPOINT_FILE_H
#define LAMBERT_STORE_CHECKPOINT_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "lambert/base/container.h"
#include "lambert/base/error.h"
#include "lambert/store/checkpoint.h"

struct checkpoint_tensor {
    char *name;
    int dimensions; /* 1 or 2 */
    int64_t shape[2];
    size_t offset; /* elements into each array */
    size_t count;  /* elements */
};

enum { CHECKPOINT_MOMENTS = 4 }; /* at the most */

struct checkpoint_moment {
    char name[17];       /* "m", "v" */
    const float *values; /* [elements] */
};

struct checkpoint_file {
    struct container container;
    struct checkpoint_meta meta;
    int64_t updates;                   /* of the optimizer */
    struct checkpoint_tensor *tensors; /* [tensor_count] */
    int tensor_count;
    size_t elements;      /* of all tensors */
    const float *weights; /* [elements] */
    struct checkpoint_moment moments[CHECKPOINT_MOMENTS];
    int moment_count;
};

int checkpoint_file_open(struct checkpoint_file *file, const char *path, struct error *err);
void checkpoint_file_close(struct checkpoint_file *file); /* fine on a zeroed one */

/* NULL when there is none of that name. */
const struct checkpoint_tensor *checkpoint_file_tensor(const struct checkpoint_file *file,
                                                       const char *name);
const float *checkpoint_file_moment(const struct checkpoint_file *file, const char *name);

#endif

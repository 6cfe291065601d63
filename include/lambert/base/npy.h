/* Arrays as NumPy's numpy.load() reads them, *.npy: format 1.0, little-endian, in C order
 * (numpy.lib.format). What is written, shape and all, is known before the first element; that comes in parts.
 *
 *     const uint64_t shape[] = {texts, hidden};
 *     npy_writer_open(&writer, "vectors.npy", NPY_FLOAT32, shape, 2, err)
 *     npy_writer_add(&writer, values, count, err)       (any number of times; as many as the shape has)
 *     npy_writer_commit(&writer, err)                   (or npy_writer_discard())
 *
 * The file is there, whole, after commit (base/file.h). A failed call has discarded it. */
#ifndef LAMBERT_BASE_NPY_H
#define LAMBERT_BASE_NPY_H

#include <stdint.h>

#include "lambert/base/error.h"
#include "lambert/base/file.h"

enum npy_type { NPY_FLOAT32, NPY_INT32, NPY_INT64 };

enum { NPY_DIMENSIONS = 3 }; /* at the most */

struct npy_writer {
    struct file_writer file;
    enum npy_type type;
    uint64_t left; /* elements that are still to come */
};

int npy_writer_open(struct npy_writer *writer, const char *path, enum npy_type type,
                    const uint64_t *shape /* [dimensions] */, int dimensions, struct error *err);
int npy_writer_add(struct npy_writer *writer, const void *values, uint64_t count,
                   struct error *err);
int npy_writer_commit(struct npy_writer *writer, struct error *err);
void npy_writer_discard(struct npy_writer *writer); /* fine on a closed or zeroed one */

/* An array of one dimension that is in memory. */
int npy_write(const char *path, enum npy_type type, const void *values, uint64_t count,
              struct error *err);

#endif

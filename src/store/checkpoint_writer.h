/* Writes a checkpoint file (store/checkpoint_file.h) section by section:
 *
 *     checkpoint_writer_open(&writer, path, table, &meta, updates, err)
 *     checkpoint_writer_flat()                                     weights, then each moment
 *     checkpoint_writer_commit(&writer)
 *
 * A failure is kept until the commit, which gives it with the sentence in the `err` of open; what
 * is called in between does nothing. So whoever has to go on with other things after a failure, as
 * ranks that gather moments together have, can write down the whole sequence without asking. All is
 * [local]. */
#ifndef LAMBERT_STORE_CHECKPOINT_WRITER_H
#define LAMBERT_STORE_CHECKPOINT_WRITER_H

#include "lambert/base/container.h"
#include "lambert/model/params.h"
#include "lambert/store/checkpoint_file.h"

struct checkpoint_writer {
    struct container_writer container;
    const struct param_table *table;
    struct error *err;
    int status; /* -1: a call has failed, and the file is gone */
};

/* Makes the folder of `path`, whose parents are there, and writes all sections that are not arrays. */
void checkpoint_writer_open(struct checkpoint_writer *writer, const char *path,
                            const struct param_table *table, const struct checkpoint_meta *meta,
                            struct update_counts updates, struct error *err);

/* A section of an array, flat [table size], the gaps between tensors left out. */
void checkpoint_writer_flat(struct checkpoint_writer *writer, const char *section,
                            const real *flat);

int checkpoint_writer_commit(struct checkpoint_writer *writer);

#endif

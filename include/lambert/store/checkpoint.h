/* Checkpoints: everything a run needs to go on, in one checked file whose bytes do not depend on
 * the number of ranks. What is in the file: store/checkpoint_file.h. Which files a run folder
 * keeps: store/checkpoint_folder.h. A checkpoint that is written while training goes on:
 * store/checkpoint_snapshot.h. */
#ifndef LAMBERT_STORE_CHECKPOINT_H
#define LAMBERT_STORE_CHECKPOINT_H

#include <stdint.h>

#include "lambert/base/error.h"
#include "lambert/dist/dist.h"
#include "lambert/dist/sharding.h"
#include "lambert/model/params.h"
#include "lambert/optim/optimizer.h"
#include "lambert/store/checkpoint_file.h"

/* What of a job's state a checkpoint is made from, and read into. All of it is the caller's. */
struct checkpoint_arrays {
    const struct dist *dist;
    const struct param_table *table;
    const struct sharding *sharding;
    real *weights;               /* [table size], to be written: complete on every rank */
    struct optimizer *optimizer; /* its moments and updates; NULL: only weights are read */
    real *scratch; /* [table size] working memory, as moments are whole on one rank after another:
                      the gradient array between steps; unused where optimizer is NULL */
};

/* Collective. Rank 0 writes `path` atomically, and makes its folder, whose parents are there; the moments pass through its
 * scratch one after another, so no memory is needed. All ranks get the same outcome. */
int checkpoint_write(const struct checkpoint_arrays *arrays, const char *path,
                     const struct checkpoint_meta *meta, struct error *err);

/* [local] Weights alone, no moments: what import and `export --strip` write, and the best of a
 * fine-tuning run. params is flat, each tensor at its offset in the table. */
int checkpoint_write_weights(const char *path, const struct param_table *table,
                             const struct checkpoint_meta *meta, const real *params,
                             struct error *err);

/* Collective. Rank 0 reads `file`, which it has opened (elsewhere NULL will do), and broadcasts, so
 * only its node needs to see the file. Every tensor is checked against the table by name and shape,
 * and after a failure nothing is changed. Fills in weights, the optimizer if there is one, and
 * *state on all ranks. The caller closes the file. */
int checkpoint_read(const struct checkpoint_arrays *arrays, const struct checkpoint_file *file,
                    struct run_state *state, struct error *err);

/* [local] The weights of a checkpoint, perhaps of a model with other heads, to start anew from: fills
 * params [table size]. Heads of the table that the file has not, or has for another number of
 * labels, are initialised from `seed`, and those that the table has not are left out; the log says
 * which. Any other tensor that only one of the two has, or that has another shape, or weights that
 * are not finite numbers, is an error that names it, and then nothing is changed. */
int checkpoint_file_weights(const struct checkpoint_file *file, const struct param_table *table,
                            double initializer_range, uint64_t seed, real *params,
                            struct error *err);

#endif

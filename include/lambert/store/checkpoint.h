/* Checkpoints: everything a run needs to go on, in one checked file whose bytes do not depend on
 * the number of ranks (docs/formats.md, "Checkpoint").
 *
 * A container of kind "checkpt" with sections: state (JSON: where the run stands), config (the
 * result keys, INI), tensors (JSON: name, shape, offset of each tensor, as in the parameter table),
 * vocab (the vocab.txt), weights, and one section a moment (moment.m, moment.v): float32, tensor
 * after tensor without gaps.
 *
 * A run folder keeps them in checkpoints/step-00001234.checkpoint (the run's total steps), the last
 * K; checkpoint_newest() finds the newest that is whole. */
#ifndef LAMBERT_STORE_CHECKPOINT_H
#define LAMBERT_STORE_CHECKPOINT_H

#include <stdbool.h>
#include <stdint.h>

#include "lambert/base/error.h"
#include "lambert/dist/dist.h"
#include "lambert/dist/sharding.h"
#include "lambert/model/params.h"
#include "lambert/optim/optimizer.h"

/* Where a run stands. Sample position needs no more: the next global batch of phase `phase` is
 * number `phase_step`, unless that phase is done. */
struct run_state {
    int phase;          /* number of the phase of the last step; the run's memory may be one past */
    int64_t phase_step; /* steps done in that phase */
    int64_t total_steps; /* steps done in all phases */
    uint64_t sequences;  /* trained on so far */
    uint64_t tokens;
    uint64_t corpus_hash;
    uint64_t vocabulary_hash;
    bool lower_case; /* the tokenizer's: an uncased model */
};

/* What a checkpoint is made of besides weights and moments. */
struct checkpoint_meta {
    struct run_state state;
    char *config;     /* text of config_print(result_only) */
    char *vocabulary; /* bytes of the vocab.txt, vocabulary_size of them */
    size_t vocabulary_size;
};
void checkpoint_meta_release(struct checkpoint_meta *meta); /* frees what checkpoint_read made */

/* Collective. Rank 0 writes `path` atomically; params [table size] are complete on every rank.
 * scratch [table size] is working memory (the gradient array between steps). All ranks get the same
 * outcome. */
int checkpoint_write(const struct dist *dist, const char *path, const struct param_table *table,
                     const struct sharding *sharding, const struct checkpoint_meta *meta,
                     const real *params, struct optimizer *optimizer, real *scratch,
                     struct error *err);

/* [local] Weights alone, no moments: what import and `export --strip` write. values[i] is tensor i
 * of the table. */
int checkpoint_write_weights(const char *path, const struct param_table *table,
                             const struct checkpoint_meta *meta, const real *const *values,
                             struct error *err);

/* Collective. Rank 0 reads and broadcasts, so only its node needs to see the file. Every tensor is
 * checked against the table by name and shape. optimizer NULL: weights only (evaluation). */
int checkpoint_read(const struct dist *dist, const char *path, const struct param_table *table,
                    const struct sharding *sharding, struct checkpoint_meta *meta, real *params,
                    struct optimizer *optimizer, real *scratch, struct error *err);

/* [local] The meta part only. */
int checkpoint_read_meta(const char *path, struct checkpoint_meta *meta, struct error *err);

/* [local] The newest checkpoint of a run folder whose checksums all hold: *path, to be freed, or
 * NULL when the folder has none. Damaged ones are passed over with a warning; it is an error when
 * nothing else is there, so that nobody begins anew over a run that could be rescued. */
int checkpoint_newest(const char *run_folder, char **path, struct error *err);

/* [local] The checkpoint that a path means: of a run folder the newest, as above; of anything else
 * the path itself. */
int checkpoint_find(const char *path, char **found, struct error *err);

/* [local] Path for a step's checkpoint (free()). */
char *checkpoint_path(const char *run_folder, int64_t total_steps);

/* [local] Removes all but the newest `keep` checkpoints, and temporary files left by a killed run.
 */
int checkpoint_prune(const char *run_folder, int keep, struct error *err);

#endif

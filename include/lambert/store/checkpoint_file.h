/* A checkpoint file as it lies on disk, opened to be looked at: by checkpoint_read(), and by
 * `lambert show checkpoint`, which has no parameter table to hold against it. All is [local].
 *
 * A container of kind "checkpt" (docs/formats.md, "Checkpoint") with sections: state (JSON: where
 * the run stands), config (the result keys, INI), tensors (JSON: name, shape, offset of each
 * tensor, as in the parameter table), vocab (the vocab.txt), added_tokens (of an imported model that
 * has some), labels (of a model that was fine-tuned to say some), program (which binary wrote it), weights, and one section a moment (moment.m, moment.v): float32, tensor after
 * tensor without gaps.
 *
 * Opening checks everything: each checksum, that tensors follow each other without gaps, and that
 * weights and moments have as many elements as the tensors say. That reads the whole file, so a
 * file is opened once and handed on open. Values are in place in the mapped file, good until it is
 * closed. */
#ifndef LAMBERT_STORE_CHECKPOINT_FILE_H
#define LAMBERT_STORE_CHECKPOINT_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lambert/base/container.h"
#include "lambert/base/error.h"
#include "lambert/optim/optimizer.h"
#include "lambert/text/tokenizer_options.h"

/* Where a run stands. Sample position needs no more: the next global batch of phase `phase` is
 * number `phase_step`, unless that phase is done. */
struct run_state {
    int phase;          /* number of the phase of the last step; the run's memory may be one past */
    int64_t phase_step; /* steps done in that phase */
    double phase_seconds; /* worked in it, of a phase whose length is a time; else 0 */
    uint64_t rates_hash;  /* of the rates that phases take from a record; 0: none do */
    int64_t total_steps;  /* steps done in all phases */
    uint64_t sequences;   /* trained on so far */
    uint64_t tokens;
    uint64_t corpus_hash;
    uint64_t vocabulary_hash;
    struct tokenizer_options tokenizer;

    /* The best of the evaluations so far, where the run keeps it (checkpoint_best_path()). */
    bool has_best;
    double best_value; /* of the metric that chooses; finite */
    int64_t best_step; /* the total steps that it was made after */
};

/* What a checkpoint is made of besides weights and moments. */
struct checkpoint_meta {
    struct run_state state;
    char *config;     /* text of config_print(result_only) */
    char *vocabulary; /* bytes of the vocab.txt, vocabulary_size of them */
    size_t vocabulary_size;
    char *added_tokens; /* that transformers are to be told of besides BERT's five, JSON as in a
                           tokenizer.json (store/hf_added_tokens.h); NULL or "": none */
    char *labels; /* of the task, a line each in the order of their numbers (examples/label_set.h),
                     labels_size bytes; 0: it has none, and labels may be NULL */
    size_t labels_size;
};
struct checkpoint_meta checkpoint_meta_copy(const struct checkpoint_meta *meta);
void checkpoint_meta_release(struct checkpoint_meta *meta); /* frees what it owns; zeroes it */

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
    char *program;                /* lines of base/build.h: which binary wrote it; "": unknown */
    struct update_counts updates; /* of the optimizer */
    struct checkpoint_tensor *tensors; /* [tensor_count] */
    int tensor_count;
    size_t elements;      /* of all tensors */
    const float *weights; /* [elements] */
    struct checkpoint_moment moments[CHECKPOINT_MOMENTS];
    int moment_count;
};

int checkpoint_file_open(struct checkpoint_file *file, const char *path, struct error *err);
void checkpoint_file_close(struct checkpoint_file *file); /* fine on a zeroed one */

/* The path that it was opened by; NULL for one that is not open (zeroed, or closed). */
const char *checkpoint_file_path(const struct checkpoint_file *file);

/* NULL when there is none of that name. */
const struct checkpoint_tensor *checkpoint_file_tensor(const struct checkpoint_file *file,
                                                       const char *name);
const float *checkpoint_file_moment(const struct checkpoint_file *file, const char *name);

#endif

/* The files that the weights of a Hugging Face folder lie in: model.safetensors, or where there is
 * none the shards that model.safetensors.index.json names, as transformers looks for them.
 *
 * The index is held against the shards: each is there, each tensor lies in the shard that it is said
 * to lie in and in no other, and none lies in a shard that the index does not tell of. The error
 * names shard and tensor.
 *
 * Weights of other forms (pickled by PyTorch, of TensorFlow or Flax) are not read. The error then
 * names the file, and the one line of Python that makes safetensors of it. */
#ifndef LAMBERT_STORE_HF_FILES_H
#define LAMBERT_STORE_HF_FILES_H

#include <stdbool.h>

#include "lambert/base/error.h"
#include "lambert/store/safetensors.h"

struct hf_files {
    char *path;                /* model.safetensors, or the index: for sentences */
    struct safetensors *files; /* [count], open */
    int count;
};

/* Whether a folder has weights in any of these forms, read or not. */
bool hf_files_are_there(const char *folder);

int hf_files_open(struct hf_files *files, const char *folder, struct error *err);
void hf_files_close(struct hf_files *files); /* fine on a zeroed one */

#endif

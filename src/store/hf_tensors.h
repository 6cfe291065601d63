/* The tensors of a Hugging Face folder by the names that the parameter table has for them, whatever
 * their writer called them:
 *
 *     model.bert.encoder.layer.0...    a prefix in front of all names, as wrappers have it (module.,
 *                                      model., 0.auto_model., with or without bert.)
 *     encoder.layer.0...               BertModel by itself; heads beside it keep their names
 *     ...LayerNorm.gamma, .beta        of TensorFlow, in the hub's first models
 *     ...dense_act.weight              NVIDIA's linear layers with an activation
 *
 * Where the encoder begins is found by the word table, which each BERT has: a folder with none, or
 * with two (a pair of encoders), is refused, and so are two tensors that come to one name. What is
 * no tensor of a BERT keeps the name that it has. */
#ifndef LAMBERT_STORE_HF_TENSORS_H
#define LAMBERT_STORE_HF_TENSORS_H

#include <stdbool.h>

#include "hf_files.h"
#include "lambert/base/error.h"
#include "lambert/store/safetensors.h"

struct hf_tensor {
    char *name; /* "bert.embeddings.word_embeddings.weight" */
    const struct safetensors_tensor *tensor;
    const char *path; /* of the file that it lies in */
};

struct hf_tensors {
    struct hf_files files;
    struct hf_tensor *rows; /* [count], sorted by name */
    int count;
};

/* All files of the folder stay mapped until it is closed. */
int hf_tensors_open(struct hf_tensors *tensors, const char *folder, struct error *err);
void hf_tensors_close(struct hf_tensors *tensors); /* fine on a zeroed one */

/* NULL where there is none. The bias of the MLM head has two names. */
const struct hf_tensor *hf_tensors_find(const struct hf_tensors *tensors, const char *name);

/* The MLM head's decoder stands in some folders besides: its weight is the word table, and its bias the head's. Whether
 * it is so, byte by byte; and those of the two, by number, that are not (NULL: it is, or is not there). */
enum { HF_TIED = 2 };
bool hf_tensors_are_tied(const struct hf_tensors *tensors);
const struct hf_tensor *hf_tensors_untied(const struct hf_tensors *tensors, int number);

/* The name that a tensor has in a BERT whose encoder's names begin with `encoder` ("module.bert.",
 * ""); free(). */
char *hf_tensor_name(const char *encoder, const char *name);

#endif

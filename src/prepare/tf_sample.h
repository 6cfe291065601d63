/* From a tf.Example to a ready sample: every number that training relies on is checked, so that a
 * file made with another vocabulary, or damaged by its writer, is refused before any training.
 *
 * Not refused: a random word at a masked position that happens to be a special token, padding of
 * whatever ids, and samples without masks. */
#ifndef LAMBERT_PREPARE_TF_SAMPLE_H
#define LAMBERT_PREPARE_TF_SAMPLE_H

#include "lambert/base/error.h"
#include "lambert/corpus/shard_format.h"
#include "lambert/text/vocabulary.h"
#include "tf_example.h"

struct tf_sample {
    const struct vocabulary *vocabulary;
    struct ready_sample sample; /* lies in the arrays */
    int32_t *ids;
    uint16_t *positions;
    uint32_t *labels;
    size_t id_capacity, position_capacity, label_capacity;
};

void tf_sample_init(struct tf_sample *sample, const struct vocabulary *vocabulary);
void tf_sample_release(struct tf_sample *sample);

/* Fills in sample->sample. A sentence says what was found and what is wanted, and begins "it ..."
 * or "its ...". */
int tf_sample_make(struct tf_sample *sample, const struct tf_example *example, struct error *err);

#endif

/* The features of a tf.Example as Google's create_pretraining_data.py writes them, in any order,
 * packed or not. Their values are not judged here (tf_sample.h does that). */
#ifndef LAMBERT_PREPARE_TF_EXAMPLE_H
#define LAMBERT_PREPARE_TF_EXAMPLE_H

#include <stddef.h>
#include <stdint.h>

#include "lambert/base/error.h"

struct integers {
    const int64_t *values; /* [count] */
    size_t count;
};

struct floats {
    const float *values; /* [count] */
    size_t count;
};

struct tf_example {
    struct integers input_ids; /* or input_word_ids */
    struct integers input_mask;
    struct integers segment_ids; /* or input_type_ids */
    struct integers masked_lm_positions;
    struct integers masked_lm_ids;
    struct floats masked_lm_weights;      /* none: values NULL */
    struct integers next_sentence_labels; /* none: values NULL */
    void *message;                        /* what the values lie in */
};

/* Fails where the bytes are no tf.Example, or where a feature is missing, empty, there twice, or of
 * another kind; the sentence begins "it ...". */
int tf_example_parse(struct tf_example *example, const uint8_t *data, size_t size,
                     struct error *err);
void tf_example_release(struct tf_example *example); /* fine on a zeroed one */

#endif

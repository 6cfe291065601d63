#include "lambert/sample/made_up.h"

#include <math.h>

#include "lambert/base/minmax.h"
#include "lambert/base/rng.h"

int made_up_masked(int length, double masked_lm_probability, int most)
{
    const int masked = (int)rint(masked_lm_probability * length);
    return most > 0 ? min_int(masked, most) : masked;
}

void made_up_append(struct packed_batch *batch, int length, int masked, int vocab, uint64_t index)
{
    struct rng rng;
    rng_init(&rng, rng_key(2, RNG_TEST, index, 0));
    const int n = batch->sequences, m = batch->labelled;
    const int row = packed_batch_append(batch, length, masked);
    for (int t = 0; t < length; t++) {
        batch->input_ids[row + t] = (int32_t)(5 + rng_below(&rng, (uint32_t)vocab - 5));
        batch->token_type_ids[row + t] = t >= length / 2;
    }
    for (int i = 0; i < masked; i++) {
        batch->labelled_rows[m + i] = row + 1 + i * (length - 2) / masked;
        batch->row_labels[m + i] = (int32_t)(5 + rng_below(&rng, (uint32_t)vocab - 5));
    }
    batch->next_sentence_label[n] = (int32_t)(index % 2);
    batch->sample_index[n] = index;
    batch->sample_key[n] = rng_key(1, RNG_DROPOUT, 0, index);
}

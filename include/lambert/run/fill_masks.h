/* Texts with [MASK] in them, and what a model would put there, as transformers' fill-mask pipeline has it:
 *
 *     [CLS] text [SEP]
 *
 * where each "[MASK]" of the text, in capitals, is the token, and what stands between them is tokenised
 * apart. All else that looks like a special token is text. */
#ifndef LAMBERT_RUN_FILL_MASKS_H
#define LAMBERT_RUN_FILL_MASKS_H

#include <stdint.h>

#include "lambert/base/error.h"
#include "lambert/base/real.h"
#include "lambert/batch/packed_batch.h"
#include "lambert/model/bert.h"
#include "lambert/text/tokenizer.h"

/* Appends a text to the batch as a sequence, whose labelled rows are its masks; they have no labels. Fails,
 * with a sentence about the text ("it has ..."), where it has no mask, is longer than so many tokens, or is
 * not UTF-8. */
int fill_masks_append(struct packed_batch *batch, struct tokenizer *tokenizer,
                      const struct vocabulary *vocabulary, const char *text, int positions,
                      struct error *err);

/* What a model of the objective MLM alone can hold for one such text of up to so many tokens. */
struct bert_capacity fill_masks_capacity(int positions);

/* The logits of the masks of a batch. */
void fill_masks_logits(struct bert *bert, const real *params, const struct packed_batch *batch,
                       real *logits /* [batch->labelled, V] */);

struct guess {
    int32_t token;
    double probability;
};

/* The `count` most probable tokens of a mask, best first, of the softmax over the vocabulary; of equal ones
 * the lower id comes first. count <= vocab. */
void fill_masks_best(const real *logits /* [vocab] */, int vocab, struct guess *best /* [count] */,
                     int count);

#endif

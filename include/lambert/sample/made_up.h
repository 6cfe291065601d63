/* Sequences that no text is needed for, to measure with: of full length, with ids, masks and label made up. */
#ifndef LAMBERT_SAMPLE_MADE_UP_H
#define LAMBERT_SAMPLE_MADE_UP_H

#include <stdint.h>

#include "lambert/batch/packed_batch.h"

/* How many tokens of a sequence of this length are masked: as many as sampling would on average, of `most` at most
 * (0: any number). */
int made_up_masked(int length, double masked_lm_probability, int most);

/* Appends sequence `index`, always the same: of `length` tokens, `masked` of them masked, from a vocabulary of `vocab`,
 * more than 5. */
void made_up_append(struct packed_batch *batch, int length, int masked, int vocab, uint64_t index);

#endif

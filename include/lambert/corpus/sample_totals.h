/* What a corpus of ready samples is like as a whole: counted while it is prepared, kept in its
 * manifest. */
#ifndef LAMBERT_CORPUS_SAMPLE_TOTALS_H
#define LAMBERT_CORPUS_SAMPLE_TOTALS_H

#include <stdint.h>

#include "lambert/corpus/shard_format.h"

struct sample_totals {
    uint64_t samples;
    uint64_t shortest, longest;     /* in tokens, [CLS] and [SEP] included */
    uint64_t masks, most_masks;     /* of all samples; of one */
    uint64_t mask_tokens;           /* masked positions that hold [MASK] */
    uint64_t masks_per_1000_tokens; /* of the sample with the densest masks, rounded up */
    uint64_t next, random;          /* samples labelled 0 and 1 */
};

void sample_totals_count(struct sample_totals *totals, const struct ready_sample *sample,
                         int32_t mask_id);
void sample_totals_add(struct sample_totals *into, const struct sample_totals *part);

/* The numbers as a table: 0 .. sample_totals_fields - 1. */
extern const int sample_totals_fields;
const char *sample_totals_name(int field);
uint64_t *sample_totals_field(struct sample_totals *totals, int field);

#endif

/* Samples of several corpora as one sequence: sample i is sample j of one of several samplers, as a
 * mixture (mixture.h) says. Of one sampler it is that sampler's own sequence.
 *
 * All of sampler.h holds: a sample is a pure function of its number, a plan costs no reading of
 * ids, one user at a time. */
#ifndef LAMBERT_SAMPLE_MIXED_SAMPLER_H
#define LAMBERT_SAMPLE_MIXED_SAMPLER_H

#include <stdbool.h>
#include <stdint.h>

#include "lambert/base/error.h"
#include "lambert/batch/packed_batch.h"
#include "lambert/sample/mixture.h"
#include "lambert/sample/sampler.h"

struct mixed_sampler;

/* Takes the samplers over, though not the array. They have sampler_options.phase of their own, lest
 * two of one corpus give the same samples. */
struct mixed_sampler *mixed_sampler_new(struct sampler *const *parts /* [mixture->count] */,
                                        const struct mixture *mixture);
void mixed_sampler_free(struct mixed_sampler *sampler); /* NULL is fine */

int mixed_sampler_parts(const struct mixed_sampler *sampler);

/* As sampler_set_parallel(). */
void mixed_sampler_set_parallel(struct mixed_sampler *sampler, bool parallel);

/* Plans the epochs that the first sample at or after `index` of each part lies in, if need be. */
void mixed_sampler_go_to(struct mixed_sampler *sampler, uint64_t index);

/* How many samples an epoch of a part has (plans it if need be). */
uint64_t mixed_sampler_epoch_samples(struct mixed_sampler *sampler, int part, uint32_t epoch);

/* Of the first `samples` samples: how many are the part's, and how often that is gone through its
 * corpus (sampler_epochs()). */
struct part_progress {
    uint64_t samples;
    double epochs;
};
struct part_progress mixed_sampler_progress(struct mixed_sampler *sampler, int part,
                                            uint64_t samples);

/* The plan of sample `index`, whose number in it is `index`, too, and `own` the part's number of it; the part it is of, and the epoch
 * of that (both may be NULL). */
void mixed_sampler_plan(struct mixed_sampler *sampler, uint64_t index, struct sample_plan *plan,
                        int *part, uint32_t *epoch);

/* sampler_damage() of any part. */
int mixed_sampler_damage(const struct mixed_sampler *sampler, struct error *err);

/* Appends the sample to the batch. */
int mixed_sampler_fill(struct mixed_sampler *sampler, const struct sample_plan *plan,
                       struct packed_batch *batch, struct error *err);

/* sampler_begins_word() of a part: of the sample of it that was filled last. */
const uint8_t *mixed_sampler_begins_word(const struct mixed_sampler *sampler, int part);

#endif

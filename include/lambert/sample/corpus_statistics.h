/* What documents are like, and what training on them would meet: what `show corpus` tells of a
 * corpus beyond its manifest. */
#ifndef LAMBERT_SAMPLE_CORPUS_STATISTICS_H
#define LAMBERT_SAMPLE_CORPUS_STATISTICS_H

#include <stdint.h>

#include "lambert/base/error.h"
#include "lambert/corpus/document_store.h"
#include "lambert/sample/sampler.h"
#include "lambert/text/vocabulary.h"

/* Of lengths: the half, nine tenths, ... of them are at most this (sample/distribution.h: above
 * 65,535 up to 1/32,768 more). */
struct length_summary {
    double mean;
    uint64_t half, ninety, ninety_nine, longest;
};

/* What training at one sequence length would meet. */
struct sample_summary {
    int sequence_length;
    uint64_t samples; /* in the first epoch; 0: no samples can be made */
    double mean_tokens;
    double cut;     /* part of the tokens that truncation takes off */
    double padding; /* to sequence_length, in tokens a token: 0.5 means half as many again */
};

enum { SAMPLE_SUMMARIES = 2, LENGTH_BINS = 40 };

struct corpus_statistics {
    struct length_summary sentence_tokens;
    struct length_summary document_sentences;
    struct length_summary document_tokens;
    uint64_t length_bins[LENGTH_BINS]; /* documents of 1, 2 to 3, 4 to 7, ... tokens */
    struct sample_summary samples[SAMPLE_SUMMARIES]; /* at 128 and 512 */
    struct error no_samples;                         /* why not, where there are none */
};

/* Reads the whole index of the store; fails when that is damaged. Samples are made with these
 * options, sequence_length apart. */
int corpus_statistics_make(struct corpus_statistics *statistics, const struct document_store *store,
                           const struct vocabulary *vocabulary,
                           const struct sampler_options *options, struct error *err);

#endif

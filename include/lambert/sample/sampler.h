/* Sample i of a phase, a pure function of (seed, phase, i) and the documents.
 *
 * The rules are those of Google's create_pretraining_data.py (in distribution; the random numbers
 * are ours): documents are cut into passages of sentences up to a target length, the target is
 * short now and then, a passage splits into A and B, B is half of the time taken from a random
 * other document (label 1; each other document is as likely) and then the unused sentences go back,
 * pairs are truncated token by token from either end of the longer one. 15% of positions are
 * masked, 80/10/10. What is hidden, and what the pairs are, can be chosen otherwise (sampling.h), and
 * how much is hidden may change from sample to sample (struct masking_change).
 *
 * How i finds its place. An epoch walks all documents once: cutting them needs only sentence
 * lengths and the epoch's random numbers, so the number of samples of the epoch follows, and where
 * they lie (done once an epoch, over threads; every 32nd place is noted). Sample i lies in the
 * epoch where the running sum of epoch sizes passes i, so epochs are planned one after another up
 * to it; within the epoch a keyed permutation says which of its samples is meant; from the noted
 * place before it a few passages are cut to find the one. Each epoch cuts, pairs and masks anew.
 *
 * Whole words are those that the store tells of, where its text was segmented, and what "##" pieces make
 * elsewhere.
 *
 * A store of ready samples is handed out as it is: an epoch has each sample once, in the order of a
 * keyed permutation, with the masks and the label it came with. All options but seed, phase,
 * sequence_length and cache_bytes are then without effect.
 *
 * A plan costs no reading of ids; sampler_fill() reads them. A sampler has working memory: one
 * user at a time. */
#ifndef LAMBERT_SAMPLE_SAMPLER_H
#define LAMBERT_SAMPLE_SAMPLER_H

#include <stdbool.h>
#include <stdint.h>

#include "lambert/base/error.h"
#include "lambert/batch/packed_batch.h"
#include "lambert/corpus/document_store.h"
#include "lambert/sample/sampling.h"
#include "lambert/text/vocabulary.h"

/* A masking rate that changes in equal steps from sample to sample (arXiv 2305.15096, section 2: from 30% to
 * 15%): sample i hides sampling.masked_lm_probability + (end - that) i / samples of its tokens, and from
 * sample number `samples` on, where the phase ends, `end` of them. */
struct masking_change {
    double end;
    uint64_t samples; /* 0: the rate does not change */
};

struct sampler_options {
    uint64_t seed;
    uint32_t phase;      /* number of the phase, part of every key; samplers that differ in it alone
                            cut, order, pair and mask in ways of their own */
    int sequence_length; /* S, special tokens included */
    int max_predictions; /* a sequence; 0: no limit but the probability */
    size_t cache_bytes;  /* of inflated blocks */
    struct sampling sampling;
    struct masking_change masking_change;
};

/* The share of its tokens that sample i of the phase hides, max_predictions aside. */
double sampler_masking_rate(const struct sampler_options *options, uint64_t i);

/* A run of tokens of one document, counted from the document's start. */
struct token_run {
    uint64_t document;
    uint64_t first;
    uint32_t count;
};

struct sample_plan {
    uint64_t index;        /* in the phase: what the masking rate goes by */
    uint64_t own;          /* the sampler's own number of it, which it is keyed by; another one
                                    where a phase mixes corpora (mixed_sampler.h) */
    struct token_run a, b; /* after truncation; a ready sample's may be empty, and b where
                                    there is no pair */
    int32_t next_sentence_label; /* 0: b follows a; 1: b is from a random document, or a follows b
                                    (PAIRS_SOP); -1: none */
    int tokens;                  /* a.count + b.count + 3, or without B a.count + 2 */
    uint64_t cut;                /* tokens of the passages that truncation took off */
};

struct sampler;

/* Reads and checks the whole index of the store (document_store_check_index) and fails when it is
 * damaged, when the store cannot give pairs (PAIRS_NSP of fewer than two documents), or when a
 * ready sample is longer than sequence_length. sequence_length is at least 5. Store and vocabulary
 * must outlive the sampler. */
int sampler_new(struct sampler **sampler, const struct document_store *store,
                const struct vocabulary *vocabulary, const struct sampler_options *options,
                struct error *err);
void sampler_free(struct sampler *sampler); /* NULL is fine */

/* Whether epochs are planned over all threads (so it begins) or on the calling thread alone: for a
 * sampler that works beside the threads that compute. The plans are the same. */
void sampler_set_parallel(struct sampler *sampler, bool parallel);

/* How many samples an epoch has (plans it if need be). */
uint64_t sampler_epoch_samples(struct sampler *sampler, uint32_t epoch);

/* How often the store has been gone through after the first `samples` samples: the number of whole
 * epochs, and the part of the next one. */
double sampler_epochs(struct sampler *sampler, uint64_t samples);

/* The plan of sample `index` (and own), and the epoch it lies in (epoch may be NULL). Where the store is no longer what
 * sampler_new() checked (a file was cut short, written over, or is gone), the plan is worth nothing, and so is all
 * that the sampler says from then on: sampler_damage() and the next sampler_fill(), of whatever plan, say so. */
void sampler_plan(struct sampler *sampler, uint64_t index, struct sample_plan *plan,
                  uint32_t *epoch);

/* -1 with a sentence that names the file where planning met damage; else 0. */
int sampler_damage(const struct sampler *sampler, struct error *err);

/* Appends the sample to the batch: ids, masks, label, keys. */
int sampler_fill(struct sampler *sampler, const struct sample_plan *plan,
                 struct packed_batch *batch, struct error *err);

/* Of the sample filled last, where its store is segmented: [tokens], 0 where a token of A or B goes on with a word;
 * at [CLS] and [SEP] anything. Else NULL. */
const uint8_t *sampler_begins_word(const struct sampler *sampler);

#endif

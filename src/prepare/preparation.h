/* A preparation in progress. prepare.c begins and ends it, prepare_chunks.c does the work
 * (prepare_samples.c where the input is TFRecords), prepare_drop.c takes copies out, prepare_finish.c puts the results together;
 * what these have in common is here. */
#ifndef LAMBERT_PREPARE_PREPARATION_H
#define LAMBERT_PREPARE_PREPARATION_H

#include <stdint.h>

#include "chunk.h"
#include "corpus_folder.h"
#include "duplicate_list.h"
#include "exclusion.h"
#include "lambert/prepare/prepare.h"
#include "lambert/text/input_feed.h"
#include "lambert/text/input_list.h"
#include "lambert/text/vocabulary.h"

struct preparation {
    struct prepare_options options;
    int rank, ranks;
    double started;
    struct input_list inputs;
    struct vocabulary *vocabulary;
    struct exclusion exclusion; /* open where there is something to exclude */
    char *work;                 /* the folder that chunks are written to (corpus_folder.h) */
    struct chunk_plan plan;
    struct input_feed *feed; /* the parts of the text that are this rank's and not done yet; NULL
                                where the input is TFRecords */
    struct corpus_folder folder;      /* rank 0 */
    struct duplicate_list duplicates; /* found where they are to be dropped */
};

/* Makes the plan and opens the feed, once inputs and vocabulary are there. */
void preparation_plan(struct preparation *p, enum shard_contents contents);

/* How many chunks the input has, of all ranks. */
uint64_t preparation_chunks(const struct preparation *p);

/* Which split a document or sample belongs to, by the hash of it: the same text falls on the same
 * side, wherever it comes from. */
enum corpus_split preparation_split(const struct preparation *p, uint64_t hash);

/* What prepare_chunks() does where the input is TFRecords: a chunk is a file. */
int prepare_samples(struct preparation *p, struct error *err);

/* The sentence for samples of which some have a next-sentence label and others have none; the numbers are of files
 * that have a sample with one, and without. It names the record of each. Always -1. */
int prepare_refuse_labels(const struct preparation *p, int labelled, int unlabelled,
                          struct error *err);

#endif

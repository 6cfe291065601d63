/* A preparation in progress: prepare.c plans it, prepare_chunks.c does the work (prepare_samples.c
 * where the input is TFRecords), prepare_finish.c puts the results together. */
#ifndef LAMBERT_PREPARE_PREPARATION_H
#define LAMBERT_PREPARE_PREPARATION_H

#include <stdint.h>

#include "chunk.h"
#include "corpus_folder.h"
#include "lambert/corpus/manifest.h"
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
    struct chunk_plan plan;
    struct corpus_folder folder; /* rank 0 */
    struct manifest manifest;    /* rank 0 */
    uint64_t *counts;            /* [vocabulary size], of the training split; rank 0 */
};

/* The parts of the input that are this rank's and not done yet. */
struct input_feed *preparation_feed(struct preparation *p);

/* Of all ranks. */
uint64_t preparation_chunks(struct preparation *p);

/* Whether all inputs are TFRecords; some of them being is an error. */
int find_contents(const struct input_list *inputs, enum shard_contents *contents,
                  struct error *err);

/* What prepare_chunks() does where the input is TFRecords: a chunk is a file. */
int prepare_samples(struct preparation *p, struct error *err);

/* What the samples as a whole tell: refuses those made with another vocabulary, or nothing to
 * train on; warns of labels that teach nothing. */
int check_samples(const struct sample_totals *totals, struct error *err);

#endif

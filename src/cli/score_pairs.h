/* `lambert score --pairs`: a pre-trained model judged by minimal pairs (run/pair_scorer.h). */
#ifndef LAMBERT_CLI_SCORE_PAIRS_H
#define LAMBERT_CLI_SCORE_PAIRS_H

#include "asking_options.h"
#include "lambert/base/error.h"
#include "lambert/dist/dist.h"
#include "lambert/score/resampling.h"

struct score_pairs_request {
    const char *path;      /* of the pairs */
    const char *sentences; /* where the scores of sentences are written; NULL: nowhere */
    struct asking_options asking;
    int micro_batch_tokens;
    struct resampling_options resampling; /* samples 0: no intervals */
    bool json;
};

/* Collective; rank 0 prints. */
int score_pairs(struct dist *dist, const struct score_pairs_request *request, struct error *err);

#endif

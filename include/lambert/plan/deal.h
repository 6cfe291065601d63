/* What is in a global batch, and how evenly it is dealt to ranks, for as many of them as one likes to ask.
 *
 *     deal_init(&deal, most)
 *     for each batch:
 *         deal_read(&deal, sampler, &model, first_sample, sequences, err)       or deal_full()
 *         deal_imbalance(&deal, ranks, NULL)
 *     deal_release(&deal)
 *
 * All is [local]. */
#ifndef LAMBERT_PLAN_DEAL_H
#define LAMBERT_PLAN_DEAL_H

#include <stdint.h>

#include "lambert/base/error.h"
#include "lambert/model/bert.h"
#include "lambert/sample/mixed_sampler.h"

/* Of the batch that was read last. */
struct deal {
    int global_batch;                      /* sequences */
    int *lengths;                          /* [most] tokens */
    double *operations;                    /* [most] bert_operations() of each alone */
    double tokens, masked, all_operations; /* sums over the batch */
};

void deal_init(struct deal *deal, int most); /* sequences of any batch */
void deal_release(struct deal *deal);

/* The batch of so many samples from first_sample on, which costs making it: its masks count as operations. */
int deal_read(struct deal *deal, struct mixed_sampler *sampler, const struct bert_config *model,
              uint64_t first_sample, int sequences, struct error *err);

/* Where there is no text: so many sequences of this length, each with so many masked tokens. */
void deal_full(struct deal *deal, const struct bert_config *model, int sequences, int length,
               int masked);

/* By how much of the average the operations of the busiest of the ranks are beyond it, dealt as a step would
 * (batch/balance_by_cost.h). The operations of each rank into rank_operations [ranks], unless it is NULL. */
double deal_imbalance(const struct deal *deal, int ranks, double *rank_operations);

#endif

#include "lambert/plan/deal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/base/memory.h"
#include "lambert/batch/balance_by_cost.h"

void deal_init(struct deal *deal, int most)
{
    *deal = (struct deal){.lengths = memory_new((size_t)most, sizeof *deal->lengths),
                          .operations = memory_new((size_t)most, sizeof *deal->operations)};
}

void deal_release(struct deal *deal)
{
    free(deal->lengths);
    free(deal->operations);
    *deal = (struct deal){0};
}

/* Sequence i of the batch, alone in `one`. */
static void take(struct deal *deal, int i, const struct bert_config *model,
                 const struct packed_batch *one)
{
    deal->lengths[i] = one->tokens;
    deal->operations[i] = bert_operations(model, one);
    deal->tokens += one->tokens;
    deal->masked += one->labelled;
    deal->all_operations += deal->operations[i];
}

static void begin(struct deal *deal, int sequences)
{
    deal->global_batch = sequences;
    deal->tokens = deal->masked = deal->all_operations = 0;
}

int deal_read(struct deal *deal, struct mixed_sampler *sampler, const struct bert_config *model,
              uint64_t first_sample, int sequences, struct error *err)
{
    struct packed_batch one;
    int status = 0;
    begin(deal, sequences);
    packed_batch_init(&one);
    for (int i = 0; i < deal->global_batch && status == 0; i++) {
        struct sample_plan plan;
        mixed_sampler_plan(sampler, first_sample + (uint64_t)i, &plan, NULL, NULL);
        packed_batch_reset(&one);
        status = mixed_sampler_fill(sampler, &plan, &one, err);
        if (status == 0)
            take(deal, i, model, &one);
    }
    packed_batch_release(&one);
    return status;
}

void deal_full(struct deal *deal, const struct bert_config *model, int sequences, int length,
               int masked)
{
    struct packed_batch one;
    begin(deal, sequences);
    packed_batch_init(&one);
    packed_batch_append(&one, length, masked);
    for (int m = 0; m < masked;
         m++) /* the rows' numbers do not matter, but that they are its own */
        one.labelled_rows[m] = m;
    for (int i = 0; i < deal->global_batch; i++)
        take(deal, i, model, &one);
    packed_batch_release(&one);
}

double deal_imbalance(const struct deal *deal, int ranks, double *rank_operations)
{
    double *operations =
        rank_operations ? rank_operations : memory_new((size_t)ranks, sizeof *operations);
    int *rank_of = memory_new((size_t)deal->global_batch, sizeof *rank_of);
    double most = 0;
    memset(operations, 0, (size_t)ranks * sizeof *operations);
    balance_all_by_cost(deal->lengths, deal->global_batch, ranks, rank_of);
    for (int i = 0; i < deal->global_batch; i++) {
        operations[rank_of[i]] += deal->operations[i];
        most = fmax(most, operations[rank_of[i]]);
    }
    free(rank_of);
    if (!rank_operations)
        free(operations);
    return most * ranks / deal->all_operations - 1;
}

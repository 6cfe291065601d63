#include "lambert/model/bert.h"

/* Multiply-adds of a block's products that asks for so many of its rows: keys and values are made
 * for all T, the rest for those asked for; `pairs` are those of a row asked for and a key. */
static double block_products(const struct bert_config *config, double T, double asked, double pairs)
{
    const double H = config->hidden, F = config->intermediate;
    return T * 2 * H * H + asked * (2 * H * H + 2 * H * F) + 2 * pairs * H;
}

double bert_operations(const struct bert_config *config, const struct packed_batch *batch)
{
    const struct objective_list objectives = objective_list_of(config);
    const double H = config->hidden, N = batch->sequences, T = batch->tokens;
    const bool all = objective_list_reads(&objectives, OBJECTIVE_ALL);
    const bool labelled = objective_list_reads(&objectives, OBJECTIVE_LABELLED);
    double heads = objective_list_reads(&objectives, OBJECTIVE_POOLED) ? N * H * H : 0;
    for (int o = 0; o < objectives.count; o++)
        heads += objectives.rows[o]->count_products(objectives.rows[o], config, batch);
    double pairs = 0, head_pairs = 0; /* (query, key) pairs in a block, in the last */
    for (int n = 0, m = 0; n < batch->sequences; n++) {
        double S = batch->sequence_start[n + 1] - batch->sequence_start[n], asked = 1;
        for (; m < batch->labelled && batch->labelled_rows[m] < batch->sequence_start[n + 1]; m++)
            asked += labelled;
        pairs += S * S;
        head_pairs += asked * S;
    }
    const double block = block_products(config, T, T, pairs);
    const double last =
        all ? block : block_products(config, T, N + (labelled ? batch->labelled : 0), head_pairs);
    /* Forward is two operations a multiply-add, backward twice that. */
    return 6 * ((config->layers - 1) * block + last + heads);
}

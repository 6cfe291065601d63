/* Objectives that read rows and have nothing to say of them: what is read is computed. */
#include "lambert/model/states.h"

static void *plan(const struct objective *objective, struct arena *arena,
                  const struct bert_config *config, const struct bert_capacity *capacity)
{
    (void)objective;
    (void)arena;
    (void)config;
    (void)capacity;
    return NULL;
}

static int run(const struct objective_pass *pass, struct objective_sums *sums)
{
    (void)pass;
    (void)sums;
    return 0;
}

static double count_terms(const struct packed_batch *batch)
{
    (void)batch;
    return 0;
}

static double count_products(const struct objective *objective, const struct bert_config *config,
                             const struct packed_batch *batch)
{
    (void)objective;
    (void)config;
    (void)batch;
    return 0;
}

#define NOTHING                                                                                    \
    .count_terms = count_terms, .count_products = count_products, .plan = plan, .run = run

const struct objective objective_states = {.name = "states", .rows = OBJECTIVE_ALL, NOTHING};
const struct objective objective_pooled = {.name = "pooled", .rows = OBJECTIVE_POOLED, NOTHING};

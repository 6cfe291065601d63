#include "lambert/trainer/rounded_weights.h"

#include "lambert/base/float16.h"
#include "lambert/base/memory.h"

size_t rounded_weights_memory(const struct sharding *sharding, int rank)
{
    return sharding_count(sharding, rank) * sizeof(real);
}

int rounded_weights_init(struct rounded_weights *rounded, const struct sharding *sharding, int rank,
                         real *weights, struct error *err)
{
    void *whole;
    *rounded = (struct rounded_weights){.sharding = sharding, .rank = rank, .weights = weights};
    if (memory_big(&whole, rounded_weights_memory(sharding, rank), "weights before rounding", err) <
        0)
        return -1;
    rounded->whole = whole;
    return 0;
}

void rounded_weights_release(struct rounded_weights *rounded)
{
    if (rounded->whole)
        memory_big_free(rounded->whole, rounded_weights_memory(rounded->sharding, rounded->rank));
    *rounded = (struct rounded_weights){0};
}

static void round_values(real *x, size_t n)
{
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < n; i++)
        x[i] = bfloat16_to_float(bfloat16_from_float((float)x[i]));
}

void rounded_weights_round(struct rounded_weights *rounded)
{
    const struct sharding *sharding = rounded->sharding;
    if (rounded->rounded)
        return;
    shard_extract(sharding, rounded->rank, rounded->weights, rounded->whole);
    for (int b = 0; b < sharding->buckets; b++) {
        struct slice slice = sharding_slice(sharding, b, rounded->rank);
        round_values(rounded->weights + slice.begin, slice_length(slice));
    }
    rounded->rounded = true;
}

void rounded_weights_restore(struct rounded_weights *rounded)
{
    if (!rounded->rounded)
        return;
    shard_insert(rounded->sharding, rounded->rank, rounded->whole, rounded->weights);
    rounded->rounded = false;
}

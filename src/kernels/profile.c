#include "lambert/kernels/profile.h"

#include <omp.h>
#include <string.h>

bool profile_on;

/* Each thread's sums on cache lines of their own; threads beyond the last share it. */
enum { MOST_THREADS = 1024 };
static struct {
    _Alignas(128) double seconds[PROFILE_PARTS];
} threads[MOST_THREADS];

static const struct {
    const char *name;
    bool gemm;
} parts[PROFILE_PARTS] = {
    [PROFILE_PROJECTION_GEMM] = {"projection-gemm", true},
    [PROFILE_FEED_FORWARD_GEMM] = {"feed-forward-gemm", true},
    [PROFILE_ATTENTION_GEMM] = {"attention-gemm", true},
    [PROFILE_HEADS_GEMM] = {"heads-gemm", true},
    [PROFILE_SOFTMAX] = {"softmax", false},
    [PROFILE_GELU] = {"gelu", false},
    [PROFILE_NORM] = {"norm", false},
    [PROFILE_BIAS] = {"bias", false},
    [PROFILE_HEADS] = {"heads", false},
    [PROFILE_EMBEDDING] = {"embedding", false},
};

const char *profile_part_name(enum profile_part part)
{
    return parts[part].name;
}

bool profile_part_is_gemm(enum profile_part part)
{
    return parts[part].gemm;
}

void profile_add(enum profile_part part, double seconds)
{
    int thread = omp_get_thread_num();
    threads[thread < MOST_THREADS ? thread : MOST_THREADS - 1].seconds[part] += seconds;
}

void profile_start(void)
{
    memset(threads, 0, sizeof threads);
    profile_on = true;
}

void profile_stop(double seconds[PROFILE_PARTS])
{
    profile_on = false;
    for (int p = 0; p < PROFILE_PARTS; p++) {
        seconds[p] = 0;
        for (int t = 0; t < MOST_THREADS; t++)
            seconds[p] += threads[t].seconds[p];
    }
}

void profile_first_thread(double seconds[PROFILE_PARTS])
{
    memcpy(seconds, threads[0].seconds, sizeof threads[0].seconds);
}

#include "lambert/kernels/parts.h"

#include <omp.h>
#include <string.h>

bool parts_on;
enum part parts_gemm = PART_PROJECTION_GEMM;

/* Each thread's sums on cache lines of their own; threads beyond the last share it. */
enum { MOST_THREADS = 1024 };
static struct {
    _Alignas(128) double seconds[PARTS];
} threads[MOST_THREADS];

static const struct {
    const char *name;
    bool gemm;
} parts[PARTS] = {
    [PART_PROJECTION_GEMM] = {"projection-gemm", true},
    [PART_FEED_FORWARD_GEMM] = {"feed-forward-gemm", true},
    [PART_ATTENTION_GEMM] = {"attention-gemm", true},
    [PART_HEADS_GEMM] = {"heads-gemm", true},
    [PART_SOFTMAX] = {"softmax", false},
    [PART_GELU] = {"gelu", false},
    [PART_NORM] = {"norm", false},
    [PART_BIAS] = {"bias", false},
    [PART_HEADS] = {"heads", false},
    [PART_EMBEDDING] = {"embedding", false},
};

const char *part_name(enum part part)
{
    return parts[part].name;
}

bool part_is_gemm(enum part part)
{
    return parts[part].gemm;
}

void parts_add(enum part part, double seconds)
{
    int thread = omp_get_thread_num();
    threads[thread < MOST_THREADS ? thread : MOST_THREADS - 1].seconds[part] += seconds;
}

void parts_start(void)
{
    memset(threads, 0, sizeof threads);
    parts_on = true;
}

void parts_stop(double seconds[PARTS])
{
    parts_on = false;
    for (int p = 0; p < PARTS; p++) {
        seconds[p] = 0;
        for (int t = 0; t < MOST_THREADS; t++)
            seconds[p] += threads[t].seconds[p];
    }
}

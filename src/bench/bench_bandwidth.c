#include "bench_bandwidth.h"

#include "bench_tools.h"
#include "lambert/base/clock.h"
#include "lambert/base/memory.h"
#include "lambert/base/progress.h"

enum { ELEMENTS = BENCH_BANDWIDTH_ELEMENTS };
enum { BYTES = ELEMENTS * (int)sizeof(float) };
enum { CHUNK = 1 << 14 };

/* Each page is written, by the thread that will use it: those that are only read would all be one
 * page of zeros, which the caches hold. */
void bench_bandwidth_open(struct bench_bandwidth *bandwidth)
{
    struct error err;
    for (int i = 0; i < BENCH_BANDWIDTH_ARRAYS; i++)
        if (memory_big((void **)&bandwidth->arrays[i], BYTES, "measuring bandwidth", &err) < 0)
            end_process("%s", err.text);
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < ELEMENTS; i++)
        for (int k = 0; k < BENCH_BANDWIDTH_ARRAYS; k++)
            bandwidth->arrays[k][i] = 0;
}

void bench_bandwidth_close(struct bench_bandwidth *bandwidth)
{
    for (int i = 0; i < BENCH_BANDWIDTH_ARRAYS; i++)
        memory_big_free(bandwidth->arrays[i], BYTES);
}

double bench_bandwidth_read(struct bench_bandwidth *bandwidth)
{
    const float *x = bandwidth->arrays[0];
    double started = clock_seconds(), sum = 0;
#pragma omp parallel for schedule(static) reduction(+ : sum)
    for (size_t c = 0; c < ELEMENTS; c += CHUNK) {
        float part[16] = {0};
        for (size_t i = c; i < c + CHUNK; i += 16)
            for (int lane = 0; lane < 16; lane++)
                part[lane] += x[i + (size_t)lane];
        for (int lane = 0; lane < 16; lane++)
            sum += (double)part[lane];
    }
    double seconds = clock_seconds() - started;
    return sum >= 0 ? BYTES / seconds : 0; /* a use of the sum, so that it is made */
}

double bench_bandwidth_mixed(struct bench_bandwidth *bandwidth)
{
    const float *restrict w = bandwidth->arrays[0];
    float *restrict g = bandwidth->arrays[1], *restrict m = bandwidth->arrays[2];
    float *restrict v = bandwidth->arrays[3];
    double started = clock_seconds();
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < ELEMENTS; i++) {
        m[i] = 0.5f * m[i] + g[i];
        v[i] = 0.5f * v[i] + g[i];
        g[i] = m[i] + v[i] + w[i];
    }
    return 7.0 * BYTES / (clock_seconds() - started);
}

void bench_bandwidth_measure(struct bench_bandwidth *bandwidth, int repeat)
{
    double reading[BENCH_MOST_REPEATS], mixing[BENCH_MOST_REPEATS];
    bench_bandwidth_open(bandwidth);
    for (int r = 0; r < repeat; r++) {
        reading[r] = bench_bandwidth_read(bandwidth);
        mixing[r] = bench_bandwidth_mixed(bandwidth);
    }
    bandwidth->read = bench_median(reading, repeat);
    bandwidth->mixed = bench_median(mixing, repeat);
    bench_bandwidth_close(bandwidth);
}

#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench_bandwidth.h"
#include "bench_rows.h"
#include "bench_tools.h"
#include "lambert/base/clock.h"
#include "lambert/base/memory.h"
#include "lambert/base/progress.h"
#include "lambert/kernels/cpu.h"
#include "lambert/kernels/kernels.h"

enum { LONGEST = 1 << 20 };

struct kernels_arguments {
    int length; /* 0: the usual ones */
    int repeat;
    bool json;
};

static const struct command_option kernels_options[] = {
    {.name = "length",
     .kind = OPTION_INTEGER,
     OPTION_PLACE(struct kernels_arguments, length),
     .min = 1,
     .max = LONGEST,
     .metavar = "N",
     .standard = "512, 768 and 3072",
     .help = "elements of a row"},
    BENCH_REPEAT(struct kernels_arguments),
    BENCH_JSON(struct kernels_arguments),
    {0}};

struct kernels_bench {
    int repeat;
    const struct kernels *plain;
    struct bench_report report;
};

static void add(struct kernels_bench *bench, const char *kernel, const char *what, double value,
                const char *unit, const char *note)
{
    char *name = memory_text("%s-%s", kernel, what);
    bench_report_add(&bench->report, name, value, unit, note);
    free(name);
}

/* --- in the cache ----------------------------------------------------------------------------- */

/* Of a call: the least of so many measurements, each of so many calls on rows that are anew. */
enum { TRIES = 8, CALLS = 16 };

struct rows_pair {
    struct bench_rows fresh, used;
};

static void copy_row(const struct kernels *k, const struct bench_rows *rows)
{
    (void)k;
    memcpy(rows->x[1], rows->x[0], (size_t)rows->n * sizeof(real));
}

static double time_call(const struct bench_call *call, const struct kernels *k,
                        struct rows_pair *rows)
{
    double best = INFINITY;
    for (int t = 0; t < TRIES; t++) {
        bench_rows_copy(&rows->used, &rows->fresh);
        double started = clock_seconds();
        for (int c = 0; c < CALLS; c++)
            call->call(k, &rows->used);
        best = fmin(best, (clock_seconds() - started) / CALLS);
    }
    return fmax(best, 1e-10); /* of a clock that did not move */
}

/* For people a line, for programs a result each. */
static void measure_call(struct kernels_bench *bench, const struct bench_call *call,
                         struct rows_pair *rows)
{
    const int n = rows->fresh.n;
    const bool twins = kernels != bench->plain && call->call != copy_row;
    double all[BENCH_MOST_REPEATS], ratios[BENCH_MOST_REPEATS];
    for (int r = 0; r < bench->repeat; r++) {
        all[r] = time_call(call, kernels, rows);
        ratios[r] = twins ? time_call(call, bench->plain, rows) / all[r] : 1;
    }
    const double seconds = bench_median(all, bench->repeat);
    const double speed_up = bench_median(ratios, bench->repeat);
    const double bytes = (double)call->moved * n * (double)sizeof(real);
    char what[64], note[64];
    snprintf(note, sizeof note, "%6.2f G elements/s", n / seconds / 1e9);
    if (twins)
        snprintf(note, sizeof note, "%6.2f G elements/s, %4.1f times plain", n / seconds / 1e9,
                 speed_up);
    snprintf(what, sizeof what, "%d", n);
    add(bench, call->name, what, bytes / seconds / 1e9, "GB/s", note);
    if (!bench->report.object)
        return;
    snprintf(what, sizeof what, "%d-elements", n);
    add(bench, call->name, what, n / seconds / 1e9, "G/s", NULL);
    snprintf(what, sizeof what, "%d-speed-up", n);
    if (twins)
        add(bench, call->name, what, speed_up, "times", NULL);
}

static void measure_length(struct kernels_bench *bench, int n)
{
    static const struct bench_call copy = {"copy", copy_row, 2, BENCH_MEMORY_NOT};
    struct rows_pair rows;
    bench_rows_init(&rows.fresh, n);
    bench_rows_init(&rows.used, n);
    measure_call(bench, &copy, &rows);
    for (const struct bench_call *call = bench_calls; call->name; call++)
        measure_call(bench, call, &rows);
    bench_rows_release(&rows.fresh);
    bench_rows_release(&rows.used);
}

/* --- in memory -------------------------------------------------------------------------------- */

enum { CHUNK = 1 << 14 };

/* Kernels that work on arrays as long as a shard, on all threads, each in turn with the bandwidth
 * that it could have. */
static void measure_memory(struct kernels_bench *bench)
{
    struct bench_bandwidth bandwidth;
    bench_bandwidth_open(&bandwidth);
    for (const struct bench_call *call = bench_calls; call->name; call++) {
        const bool reads = call->memory == BENCH_MEMORY_READ;
        const double moved = call->moved * (double)sizeof(real) * BENCH_BANDWIDTH_ELEMENTS;
        double bytes[BENCH_MOST_REPEATS], share[BENCH_MOST_REPEATS];
        if (call->memory == BENCH_MEMORY_NOT)
            continue;
        for (int r = 0; r < bench->repeat; r++) {
            const double could =
                reads ? bench_bandwidth_read(&bandwidth) : bench_bandwidth_mixed(&bandwidth);
            const double started = clock_seconds();
#pragma omp parallel for schedule(static)
            for (size_t i = 0; i < BENCH_BANDWIDTH_ELEMENTS; i += CHUNK) {
                /* The rows that such a kernel wants are the first three and the last. */
                struct bench_rows rows = {.n = CHUNK};
                for (int a = 0; a < BENCH_BANDWIDTH_ARRAYS; a++)
                    rows.x[a < BENCH_BANDWIDTH_ARRAYS - 1 ? a : BENCH_ROWS - 1] =
                        bandwidth.arrays[a] + i;
                call->call(kernels, &rows);
            }
            bytes[r] = moved / (clock_seconds() - started);
            share[r] = 100 * bytes[r] / could;
        }
        add(bench, call->name, "memory", bench_median(bytes, bench->repeat) / 1e9, "GB/s", NULL);
        add(bench, call->name, "memory-share-of-bandwidth", bench_median(share, bench->repeat), "%",
            reads ? "of reading" : "of four arrays read, three of them written");
    }
    bench_bandwidth_close(&bandwidth);
}

/* --- all -------------------------------------------------------------------------------------- */

static int measure_kernels(const void *context, struct error *err)
{
    static const int usual[] = {512, 768, 3072};
    const struct kernels_arguments *arguments = context;
    if (kernels_select(err) < 0)
        return -1;
    struct kernels_bench bench = {.repeat = arguments->repeat, .plain = kernels_available()[0]};
    bench_report_begin(&bench.report, "kernels", omp_get_max_threads(), arguments->json);
    if (!arguments->json)
        printf("kernels %s\n", kernels->name);
    if (arguments->length > 0)
        measure_length(&bench, arguments->length);
    for (size_t i = 0; arguments->length == 0 && i < sizeof usual / sizeof *usual; i++)
        measure_length(&bench, usual[i]);
    measure_memory(&bench);
    bench_report_end(&bench.report);
    return 0;
}

const struct command command_bench_kernels = {
    .name = "kernels",
    .summary = "each row kernel, beside its plain twin and beside memory",
    .description =
        "Each row kernel with the instructions that a run would take (LAMBERT_ISA chooses others), "
        "and in turn its plain twin. On one thread, rows in the first-level cache:\n"
        "\n"
        "  copy-N                 memcpy() of a row of N elements, to compare with\n"
        "  KERNEL-N               bytes that are read and written; rows in place count twice; and\n"
        "                         elements, and plain time / time, the median of the pairs (as JSON\n"
        "                         KERNEL-N-elements and KERNEL-N-speed-up)\n"
        "\n"
        "On all threads, arrays of 128 MB, in turn with the bandwidth of memory:\n"
        "\n"
        "  KERNEL-memory          bytes that are read and written\n"
        "  KERNEL-memory-share-of-bandwidth\n",
    .examples = "lambert bench kernels --length 1024\n",
    .options = kernels_options,
    COMMAND_ARGUMENTS(struct kernels_arguments, .repeat = 15),
    .run = measure_kernels};

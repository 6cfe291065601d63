#include "bench_tools.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lambert/base/clock.h"
#include "lambert/base/file.h"
#include "lambert/base/log.h"
#include "lambert/base/memory.h"
#include "lambert/base/progress.h"
#include "lambert/base/sorting.h"
#include "lambert/kernels/cpu.h"

/* --- results ---------------------------------------------------------------------------------- */

void bench_report_begin(struct bench_report *report, const char *part, int threads, bool json)
{
    char model[CPU_MODEL];
    *report = (struct bench_report){0};
    cpu_model(model);
    if (!json) {
        printf("%s, %d thread%s\n", model, threads, threads == 1 ? "" : "s");
        return;
    }
    report->object = cJSON_CreateObject();
    cJSON_AddStringToObject(report->object, "part", part);
    cJSON_AddStringToObject(report->object, "cpu", model);
    cJSON_AddNumberToObject(report->object, "threads", threads);
    report->results = cJSON_AddArrayToObject(report->object, "results");
}

void bench_report_add(struct bench_report *report, const char *name, double value, const char *unit,
                      const char *note)
{
    if (report->object) {
        cJSON *result = cJSON_CreateObject();
        cJSON_AddStringToObject(result, "name", name);
        cJSON_AddNumberToObject(result, "value", value);
        cJSON_AddStringToObject(result, "unit", unit);
        cJSON_AddItemToArray(report->results, result);
        return;
    }
    printf("%-28s %12.4g %-9s%s%s\n", name, value, unit, note ? "  " : "", note ? note : "");
    fflush(stdout);
}

void bench_report_add_at(struct bench_report *report, int length, const char *name, double value,
                         const char *unit, const char *note)
{
    char *full = memory_text("%s-%d", name, length);
    bench_report_add(report, full, value, unit, note);
    free(full);
}

void bench_report_end(struct bench_report *report)
{
    if (report->object)
        print_json_line(report->object);
    *report = (struct bench_report){0};
}

void bench_report_drop(struct bench_report *report)
{
    cJSON_Delete(report->object);
    *report = (struct bench_report){0};
}

/* --- time ------------------------------------------------------------------------------------- */

double bench_median(double *seconds, int count)
{
    require(count > 0);
    sort_doubles(seconds, (size_t)count);
    return (seconds[(count - 1) / 2] + seconds[count / 2]) / 2;
}

int bench_time(int (*body)(void *context, struct error *err), void *context, int repeat,
               double *seconds, struct error *err)
{
    double all[BENCH_MOST_REPEATS];
    require(repeat > 0 && repeat <= BENCH_MOST_REPEATS);
    for (int i = 0; i < repeat; i++) {
        double started = clock_seconds();
        if (body(context, err) < 0)
            return -1;
        all[i] = clock_seconds() - started;
    }
    *seconds = bench_median(all, repeat);
    return 0;
}

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

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double bench_median(double *seconds, int count)
{
    require(count > 0);
    qsort(seconds, (size_t)count, sizeof *seconds, by_value);
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

/* --- a temporary folder ----------------------------------------------------------------------- */

int bench_folder_make(char **path, const char *parent, struct error *err)
{
    if (!parent)
        parent = getenv("TMPDIR");
    if (!parent || *parent == '\0')
        parent = "/tmp";
    char *made = path_join(parent, "lambert-bench.XXXXXX");
    if (mkdtemp(made)) {
        *path = made;
        return 0;
    }
    free(made);
    return error_errno(err, "cannot make a folder in %s", parent);
}

static int remove_all(const char *path, struct error *err)
{
    if (!folder_exists(path))
        return file_remove(path, err);
    if (bench_folder_empty(path, err) < 0)
        return -1;
    return rmdir(path) == 0 ? 0 : error_errno(err, "cannot remove %s", path);
}

int bench_folder_empty(const char *path, struct error *err)
{
    struct folder_list list;
    int status = folder_list_open(&list, path, err);
    if (status < 0)
        return -1;
    for (int i = 0; i < list.count && status == 0; i++) {
        char *inside = path_join(path, list.names[i]);
        status = remove_all(inside, err);
        free(inside);
    }
    folder_list_close(&list);
    return status;
}

void bench_folder_remove(char *path)
{
    struct error err;
    if (path && remove_all(path, &err) < 0)
        log_warning("%s", err.text);
    free(path);
}

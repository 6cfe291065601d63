/* What the commands of `lambert bench` share: two options, a table of results, medians. A command
 * is a file. */
#ifndef LAMBERT_BENCH_BENCH_TOOLS_H
#define LAMBERT_BENCH_BENCH_TOOLS_H

#include <stdbool.h>

#include <cjson/cJSON.h>

#include "lambert/base/error.h"
#include "lambert/command/command.h"

extern const struct command command_bench_kernels, command_bench_model, command_bench_net,
    command_bench_prep, command_bench_store;

/* --- options -------------------------------------------------------------------------------- */

enum { BENCH_MOST_REPEATS = 100 };

/* Rows for the members `int repeat` and `bool json` of a struct of arguments. */
#define BENCH_REPEAT(type)                                                                         \
    {                                                                                              \
        .name = "repeat", .kind = OPTION_INTEGER, OPTION_PLACE(type, repeat), .min = 1,            \
        .max = BENCH_MOST_REPEATS, .metavar = "N",                                                 \
        .help = "how often each thing is measured; medians are given"                              \
    }
#define BENCH_JSON(type)                                                                           \
    {                                                                                              \
        .name = "json", .kind = OPTION_FLAG, OPTION_PLACE(type, json), .help = "one JSON object"   \
    }

/* --- results -------------------------------------------------------------------------------------
 *
 * Printed as they come, a line each; or, as JSON, in one object at the end:
 * {"part": "prep", "cpu": ..., "threads": 2, "results": [{"name": ..., "value": ..., "unit":
 * ...}, ...]}.
 *
 *     bench_report_begin(&report, "prep", threads, json);
 *     bench_report_add(&report, "tokenise", 100.5, "MB/s", "a note for people");
 *     bench_report_end(&report);              or, after a failure, bench_report_drop(&report); */
struct bench_report {
    cJSON *object; /* NULL: text */
    cJSON *results;
};

void bench_report_begin(struct bench_report *report, const char *part, int threads, bool json);
/* name and unit are of one word each, name-of-several-words; note may be NULL. */
void bench_report_add(struct bench_report *report, const char *name, double value, const char *unit,
                      const char *note);
/* The same with a sequence length behind the name: name-128. */
void bench_report_add_at(struct bench_report *report, int length, const char *name, double value,
                         const char *unit, const char *note);
void bench_report_end(struct bench_report *report);
void bench_report_drop(struct bench_report *report); /* after a failure: no JSON */

/* --- time ----------------------------------------------------------------------------------- */

/* Of seconds [count], count > 0; sorts them. */
double bench_median(double *seconds, int count);

/* The median time of `repeat` calls (at most BENCH_MOST_REPEATS) that all have to succeed. */
int bench_time(int (*body)(void *context, struct error *err), void *context, int repeat,
               double *seconds, struct error *err);

#endif

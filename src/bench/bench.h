/* What `lambert bench` can measure: one file each. They get the words from their own name on and
 * return the exit code. What they share: options, a table of results, medians, a folder that goes
 * away. */
#ifndef LAMBERT_BENCH_BENCH_H
#define LAMBERT_BENCH_BENCH_H

#include <getopt.h>
#include <stdbool.h>

#include <cjson/cJSON.h>

#include "lambert/base/error.h"

int bench_kernels(int argc, char **argv);
int bench_model(int argc, char **argv);
int bench_net(int argc, char **argv);
int bench_prep(int argc, char **argv);
int bench_store(int argc, char **argv);

/* --- options -------------------------------------------------------------------------------- */

enum { BENCH_MOST_REPEATS = 100 };

/* What the parts have in common; the table of a part's options ends with these. */
struct bench_options {
    long long repeat; /* as set before, where the part has no BENCH_REPEAT */
    bool json, help;
};
#define BENCH_REPEAT                                                                               \
    {                                                                                              \
        "repeat", required_argument, NULL, 'r'                                                     \
    }
#define BENCH_OPTIONS                                                                              \
    {"json", no_argument, NULL, 'j'}, {"help", no_argument, NULL, 'h'},                            \
    {                                                                                              \
        0                                                                                          \
    }

/* Options of the words of `part` ("bench net"), optind behind them; `set` gets those that are the
 * part's own (not named r, j or h). 0, or the exit code of wrong use, which is printed. */
int bench_options_read(struct bench_options *common, const char *part, int argc, char **argv,
                       const struct option *options,
                       int (*set)(void *arguments, int option, struct error *err), void *arguments);

/* --- results -------------------------------------------------------------------------------------
 *
 * Printed as they come, a line each; or, as JSON, in one object at the end:
 * {"part": "prep", "cpu": ..., "threads": 2, "results": [{"name": ..., "value": ..., "unit":
 * ...}, ...]}.
 *
 *     bench_report_begin(&report, "prep", threads, json);
 *     bench_report_add(&report, "tokenise", 100.5, "MB/s", "a note for people");
 *     bench_report_end(&report);                             (also after a failure, with err) */
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

/* --- a temporary folder --------------------------------------------------------------------- */

/* A new folder in `parent`, or where that is NULL in TMPDIR, or /tmp; free() the path. A killed
 * program leaves it behind. */
int bench_folder_make(char **path, const char *parent, struct error *err);
int bench_folder_empty(const char *path, struct error *err);
/* With all that is in it, warning where that fails; NULL is fine. Frees the path. */
void bench_folder_remove(char *path);

#endif

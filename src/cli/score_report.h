/* What `lambert score` prints: metrics with intervals, two predictions beside each other, tables; for people or
 * as one JSON object. */
#ifndef LAMBERT_CLI_SCORE_REPORT_H
#define LAMBERT_CLI_SCORE_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "lambert/base/error.h"
#include "lambert/examples/label_set.h"
#include "lambert/score/gold.h"
#include "lambert/score/resampling.h"
#include "lambert/score/scoring.h"

/* One file of predictions. */
struct scored {
    const char *path;
    struct predictions said;
    struct scoring *scoring;
    struct metric_values values;
    struct metric_interval intervals[METRIC_MOST]; /* of values; only with samples */
    uint64_t *confusion;                           /* [classes, classes]; NULL: not wanted */
};

struct score_report {
    const char *path; /* of the gold */
    const struct gold *gold;
    const struct label_set *labels;
    struct scored files[2]; /* [count] */
    int count;
    struct resampling_options resampling;            /* samples 0: no intervals */
    struct metric_interval differences[METRIC_MOST]; /* of two: second less first */
    bool tables;                                     /* of questions, of tagging */
};

void score_report_print(const struct score_report *report);
void score_report_print_json(const struct score_report *report);

#endif

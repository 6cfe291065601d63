/* The rates of a phase's steps as a run has written them down: what a phase takes instead of its schedule
 * (phase.NAME.rates), so that a run whose schedule followed a clock can be made again.
 *
 * The file is a run's metrics.jsonl, or its folder; of that the lines of steps count that are of the phase of the same
 * name. A run that is a branch has only those of its own steps. Or it has numbers, one a line, for the first step, the
 * second, and so on. */
#ifndef LAMBERT_RUN_RATE_RECORD_H
#define LAMBERT_RUN_RATE_RECORD_H

#include <stdint.h>

#include "lambert/base/error.h"
#include "lambert/config/config.h"
#include "lambert/dist/dist.h"

struct rate_record {
    double *rates; /* [count] NaN where the file has none; NULL: nothing was read */
    int64_t count; /* up to the last step that has one, at least 1 */
};

/* [local] */
int rate_record_read(struct rate_record *record, const char *path, const char *phase,
                     struct error *err);
void rate_record_release(struct rate_record *record);

/* The records of all phases that have one, one behind the other in `records`, which is zeroed. Collective: rank 0 reads.
 * A phase without steps gets as many as there are rates. On failure, too, what is there is to be released. */
int rate_records_read(struct rate_record records[CONFIG_MAX_PHASES], const struct dist *dist,
                      struct config *config, struct error *err);

/* Of what the steps of all phases of the configuration take of them; 0: there is none. What a record has behind those
 * steps, as one of a run that goes on, does not count. */
uint64_t rate_records_hash(const struct rate_record records[CONFIG_MAX_PHASES],
                           const struct config *config);

/* Whether there is a rate for each step of the phase behind so many of them. */
int rate_record_covers(const struct rate_record *record, const struct config_phase *phase,
                       int64_t steps, struct error *err);

#endif

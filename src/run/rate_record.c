#include "lambert/run/rate_record.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/base/array.h"
#include "lambert/base/file.h"
#include "lambert/base/hash.h"
#include "lambert/base/json.h"
#include "lambert/base/memory.h"
#include "lambert/base/minmax.h"

enum { MOST_STEPS = 1000000000 /* as of phase.NAME.steps */ };

/* A record that grows. */
struct reader {
    struct rate_record *record;
    size_t capacity;
    const char *path, *phase;
};

static int put(struct reader *reader, double number, double rate, int64_t line, struct error *err)
{
    struct rate_record *record = reader->record;
    const bool is_step = number >= 1 && number <= MOST_STEPS;
    const int64_t step = is_step ? (int64_t)number : 0;
    if (!is_step || !isfinite(rate) || rate < 0)
        return error_set(err, "%s: line %" PRId64 " has no rate that a step can have", reader->path,
                         line);
    ARRAY_RESERVE(record->rates, (size_t)step, reader->capacity);
    while (record->count < step)
        record->rates[record->count++] = NAN;
    record->rates[step - 1] = rate;
    return 0;
}

/* A line of metrics; one that is not whole is the last of a run that goes on. */
static int read_metrics(struct reader *reader, const char *text, size_t length, int64_t number,
                        struct error *err)
{
    cJSON *line = cJSON_ParseWithLength(text, length);
    const char *kind = json_get_text(line, "kind"), *phase = json_get_text(line, "phase");
    int status = 0;
    if (kind && phase && strcmp(kind, "step") == 0 && strcmp(phase, reader->phase) == 0)
        status = put(reader, json_get_number(line, "phase_step", 0),
                     json_get_number(line, "learning_rate", NAN), number, err);
    cJSON_Delete(line);
    return status;
}

static int read_number(struct reader *reader, const char *text, size_t length, int64_t number,
                       struct error *err)
{
    char *copy = memory_text("%.*s", (int)length, text), *end;
    const double rate = strtod(copy, &end);
    const bool is_number = end > copy && end[strspn(end, " \t\r")] == '\0';
    const int status = is_number
                           ? put(reader, (double)(reader->record->count + 1), rate, number, err)
                           : put(reader, 0, NAN, number, err);
    free(copy);
    return status;
}

static int read_lines(struct reader *reader, const char *text, size_t size, struct error *err)
{
    const char *const end = text + size;
    int64_t number = 0;
    while (text < end) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        const size_t length = (size_t)((newline ? newline : end) - text);
        int status = 0;
        number++;
        if (length > 0 && *text == '{')
            status = read_metrics(reader, text, length, number, err);
        else if (length > 0)
            status = read_number(reader, text, length, number, err);
        if (status < 0)
            return -1;
        text += length + 1;
    }
    return reader->record->count > 0
               ? 0
               : error_set(err, "%s has no step of a phase %s", reader->path, reader->phase);
}

int rate_record_read(struct rate_record *record, const char *path, const char *phase,
                     struct error *err)
{
    char *file = folder_exists(path) ? path_join(path, "metrics.jsonl") : memory_copy_text(path);
    struct reader reader = {.record = record, .path = file, .phase = phase};
    struct file_map map;
    *record = (struct rate_record){0};
    int status = file_map_open(&map, file, err);
    if (status == 0) {
        status = read_lines(&reader, (const char *)map.data, map.size, err);
        file_map_close(&map);
    }
    if (status < 0)
        rate_record_release(record);
    free(file);
    return status;
}

void rate_record_release(struct rate_record *record)
{
    free(record->rates);
    *record = (struct rate_record){0};
}

/* Rank 0's, on all ranks. */
static void share(struct rate_record *record, const struct dist *dist)
{
    dist_broadcast(dist, 0, &record->count, sizeof record->count);
    if (dist_rank(dist) != 0)
        record->rates = memory_new((size_t)record->count, sizeof *record->rates);
    dist_broadcast(dist, 0, record->rates, (size_t)record->count * sizeof *record->rates);
}

int rate_records_read(struct rate_record records[CONFIG_MAX_PHASES], const struct dist *dist,
                      struct config *config, struct error *err)
{
    for (int p = 0; p < config->phase_count; p++) {
        struct config_phase *phase = &config->phases[p];
        struct rate_record *record = &records[p];
        if (!phase->rates[0])
            continue;
        int status =
            dist_rank(dist) == 0 ? rate_record_read(record, phase->rates, phase->name, err) : 0;
        if (dist_agree(dist, status, err) < 0)
            return error_prefix(err, "phase.%s.rates", phase->name);
        share(record, dist);
        if (phase->steps == 0 && phase->epochs == 0)
            phase->steps = (int)record->count;
    }
    return config_check(config, err); /* now that phases have steps to be checked against */
}

uint64_t rate_records_hash(const struct rate_record records[CONFIG_MAX_PHASES],
                           const struct config *config)
{
    uint64_t hash = 0;
    for (int p = 0; p < config->phase_count; p++) {
        const struct rate_record *record = &records[p];
        const size_t taken = min_size((size_t)record->count, (size_t)config->phases[p].steps);
        if (record->rates)
            hash = hash_bytes_seeded(record->rates, taken * sizeof *record->rates,
                                     hash + (uint64_t)p + 1);
    }
    return hash;
}

int rate_record_covers(const struct rate_record *record, const struct config_phase *phase,
                       int64_t steps, struct error *err)
{
    for (int64_t s = steps; s < phase->steps; s++)
        if (s >= record->count || isnan(record->rates[s]))
            return error_set(
                err,
                "phase.%s.rates: %s has no rate of step %" PRId64
                " of the phase, which has %d; give fewer steps, or the record of them all",
                phase->name, phase->rates, s + 1, phase->steps);
    return 0;
}

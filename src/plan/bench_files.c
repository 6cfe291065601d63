#include "lambert/plan/bench_files.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/base/json.h"
#include "lambert/base/memory.h"

/* --- any of its files ------------------------------------------------------------------------- */

static int read_part(const char *path, const char *part, cJSON **root, struct error *err)
{
    struct buffer text = {0};
    *root = NULL;
    if (json_file_read(path, &text, err) < 0)
        return -1;
    *root = json_has_nul((const char *)text.data, text.size)
                ? NULL
                : cJSON_ParseWithLength((const char *)text.data, text.size);
    buffer_release(&text);
    const char *found = cJSON_IsObject(*root) ? json_get_text(*root, "part") : NULL;
    if (found && strcmp(found, part) == 0 && cJSON_IsArray(json_get(*root, "results")))
        return 0;
    error_set(err, "%s is not what lambert bench %s --json printed%s%s", path, part,
              found ? ", but of lambert bench " : "", found ? found : "");
    cJSON_Delete(*root);
    *root = NULL;
    return -1;
}

/* NAN: the file has no such number, or none above 0. */
static double result_of(const cJSON *root, const char *name)
{
    const cJSON *result;
    cJSON_ArrayForEach(result, json_get(root, "results"))
    {
        const char *own = cJSON_IsObject(result) ? json_get_text(result, "name") : NULL;
        if (own && strcmp(own, name) == 0) {
            const double value = json_get_number(result, "value", NAN);
            return value > 0 && isfinite(value) ? value : NAN;
        }
    }
    return NAN;
}

static int want_result(const cJSON *root, const char *path, const char *name, double *value,
                       struct error *err)
{
    *value = result_of(root, name);
    return isnan(*value)
               ? error_set(err, "%s has no %s above 0: measure again with this version", path, name)
               : 0;
}

/* --- bench model ------------------------------------------------------------------------------ */

static int whole(const cJSON *root, const char *name, int otherwise)
{
    const double value = json_get_number(root, name, otherwise);
    return value >= 1 && value <= 1e6 && value == floor(value) ? (int)value : otherwise;
}

int bench_file_open(struct bench_file *file, const char *path, struct error *err)
{
    cJSON *root;
    *file = (struct bench_file){0};
    if (read_part(path, "model", &root, err) < 0)
        return -1;
    const char *cpu = json_get_text(root, "cpu");
    *file = (struct bench_file){.path = memory_copy_text(path),
                                .root = root,
                                .ranks = whole(root, "ranks", 1),
                                .threads = whole(root, "threads", 1),
                                .cpu = cpu ? cpu : "an unknown CPU"};
    return 0;
}

void bench_file_close(struct bench_file *file)
{
    free(file->path);
    cJSON_Delete(file->root);
    *file = (struct bench_file){0};
}

int bench_file_check(const struct bench_file *file, const struct config *config, struct error *err)
{
    const char *type = json_get_text(file->root, "compute_type");
    const char *wanted = config_word("train.compute_type", config->train.compute_type);
    const int hidden = whole(file->root, "hidden_size", config->model.hidden_size);
    const int intermediate =
        whole(file->root, "intermediate_size", config->model.intermediate_size);
    if (type && strcmp(type, wanted) != 0)
        return error_set(err,
                         "%s was measured in %s, and this run computes in %s: measure with "
                         "train.compute_type=%s",
                         file->path, type, wanted, wanted);
    if (hidden != config->model.hidden_size || intermediate != config->model.intermediate_size)
        return error_set(
            err,
            "%s was measured with a model of width %d and %d, and this one has %d and %d: measure with "
            "this configuration",
            file->path, hidden, intermediate, config->model.hidden_size,
            config->model.intermediate_size);
    return 0;
}

int bench_file_speed(const struct bench_file *file, int length, int ranks, struct plan_speed *speed,
                     struct error *err)
{
    char names[3][64];
    double values[3];
    static const char *const parts[] = {"micro-batch-share-of-peak", "forward-share-of-peak",
                                        "peak"};
    for (int i = 0; i < 3; i++) {
        snprintf(names[i], sizeof names[i], "%s-%d", parts[i], length);
        values[i] = result_of(file->root, names[i]);
        if (isnan(values[i]))
            return error_set(
                err,
                "%s has no %s: lambert bench model is to be given this configuration, or one with a phase "
                "of that length",
                file->path, names[i]);
    }
    const double peak = values[2] * 1e9 * ranks;
    *speed = (struct plan_speed){
        .useful = values[0] / 100 * peak, .forward = values[1] / 100 * peak, .sums = -1};
    return 0;
}

/* One rank's own update says it best, which goes over arrays twice; several each update a part, and clear all. */
int bench_file_memory(const struct bench_file *file, int ranks, double *memory, struct error *err)
{
    const bool alone = file->ranks == 1 && !isnan(result_of(file->root, "update-bandwidth"));
    double gigabytes;
    if (want_result(file->root, file->path, alone ? "update-bandwidth" : "bandwidth-mixed",
                    &gigabytes, err) < 0)
        return -1;
    *memory = gigabytes * 1e9 * (file->ranks > 1 ? ranks : 1);
    return 0;
}

/* --- bench net -------------------------------------------------------------------------------- */

int bench_net_read(const char *path, struct step_network *network, double *message,
                   struct error *err)
{
    double ranks, nodes, bandwidth, latency, call;
    cJSON *root;
    if (read_part(path, "net", &root, err) < 0)
        return -1;
    int status = want_result(root, path, "ranks", &ranks, err);
    if (status == 0)
        status = want_result(root, path, "nodes", &nodes, err);
    if (status == 0 && (ranks != nodes || nodes < 2))
        status = error_set(
            err,
            "%s was measured with %.0f ranks on %.0f node%s; measure what is between nodes with one rank "
            "on each: mpirun --map-by ppr:1:node lambert bench net --json",
            path, ranks, nodes, nodes == 1 ? "" : "s");
    if (status == 0)
        status = want_result(root, path, "all-at-once", &bandwidth, err);
    if (status == 0)
        status = want_result(root, path, "latency", &latency, err);
    if (status == 0)
        status = want_result(root, path, "message", &call, err);
    if (status == 0) {
        *network = (struct step_network){bandwidth * 1e9, latency * 1e-6};
        *message = call * 1e-6;
    }
    cJSON_Delete(root);
    return status;
}

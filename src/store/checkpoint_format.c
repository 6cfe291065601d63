#include "checkpoint_format.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/base/error.h"
#include "lambert/base/json.h"
#include "lambert/base/memory.h"
#include "lambert/base/version.h"

/* --- writing ---------------------------------------------------------------------------------- */

void checkpoint_moment_section(const char *moment, char section[CHECKPOINT_SECTION])
{
    snprintf(section, CHECKPOINT_SECTION, SECTION_MOMENT "%s", moment);
}

char *checkpoint_state_print(const struct run_state *state, struct update_counts updates)
{
    cJSON *root = cJSON_CreateObject();
    cJSON_AddStringToObject(root, "program", LAMBERT_PROGRAM);
    json_add_count(root, "phase", (uint64_t)state->phase);
    json_add_count(root, "phase_step", (uint64_t)state->phase_step);
    json_add_count(root, "total_steps", (uint64_t)state->total_steps);
    json_add_count(root, "updates", (uint64_t)updates.of_moments);
    if (updates.earlier > 0)
        json_add_count(root, "earlier_updates", (uint64_t)updates.earlier);
    json_add_count(root, "sequences", state->sequences);
    json_add_count(root, "tokens", state->tokens);
    json_add_hash(root, "corpus_hash", state->corpus_hash);
    json_add_hash(root, "vocabulary_hash", state->vocabulary_hash);
    tokenizer_options_put(root, &state->tokenizer);
    if (state->phase_seconds > 0)
        json_add_exact(root, "phase_seconds", state->phase_seconds);
    if (state->rates_hash != 0)
        json_add_hash(root, "rates_hash", state->rates_hash);
    if (state->has_best) {
        /* To the last bit: else an evaluation that is as good as the best would, after resuming, be better. */
        json_add_exact(root, "best_value", state->best_value);
        json_add_count(root, "best_step", (uint64_t)state->best_step);
    }
    return json_print(root);
}

char *checkpoint_tensors_print(const struct param_table *table)
{
    cJSON *root = cJSON_CreateArray();
    uint64_t offset = 0;
    for (int i = 0; i < table->count; i++) {
        const struct param_info *info = &table->infos[i];
        cJSON *tensor = cJSON_CreateObject();
        cJSON_AddStringToObject(tensor, "name", info->name);
        cJSON *shape = cJSON_AddArrayToObject(tensor, "shape");
        for (int d = 0; d < info->dimensions; d++)
            cJSON_AddItemToArray(shape, cJSON_CreateNumber((double)info->shape[d]));
        json_add_count(tensor, "offset", offset);
        cJSON_AddItemToArray(root, tensor);
        offset += info->count * sizeof(float);
    }
    return json_print(root);
}

/* --- reading ---------------------------------------------------------------------------------- */

/* Counts of a run end far below: so many more can be added to one. */
#define MOST_COUNTED (JSON_COUNTS / 2)

/* The two members of the best evaluation stand together, or neither is there. NULL, or the one that is wrong. */
static const char *get_best(const cJSON *root, struct run_state *state)
{
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(root, "best_value");
    const cJSON *step = cJSON_GetObjectItemCaseSensitive(root, "best_step");
    uint64_t total_steps;
    state->has_best = false;
    if (!value && !step)
        return NULL;
    if (!value || !cJSON_IsNumber(value) || !isfinite(value->valuedouble))
        return "best_value";
    if (!json_count(step, &total_steps) || total_steps >= MOST_COUNTED)
        return "best_step";
    state->has_best = true;
    state->best_value = value->valuedouble;
    state->best_step = (int64_t)total_steps;
    return NULL;
}

/* Of runs that have them. NULL, or the one that is wrong. */
static const char *get_clock(const cJSON *root, struct run_state *state)
{
    const cJSON *seconds = json_get(root, "phase_seconds");
    state->phase_seconds = 0;
    state->rates_hash = 0;
    if (seconds && (!cJSON_IsNumber(seconds) || !(seconds->valuedouble > 0) ||
                    !isfinite(seconds->valuedouble)))
        return "phase_seconds";
    if (seconds)
        state->phase_seconds = seconds->valuedouble;
    if (json_get(root, "rates_hash") && !json_get_hash(root, "rates_hash", &state->rates_hash))
        return "rates_hash";
    return NULL;
}

/* Of moments that were never reset, or by a program that did not do that, it is not there. */
static bool get_earlier_updates(const cJSON *root, uint64_t *earlier)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(root, "earlier_updates");
    *earlier = 0;
    return !item || (json_count(item, earlier) && *earlier < MOST_COUNTED);
}

static const char *get_state(const cJSON *root, struct run_state *state,
                             struct update_counts *updates)
{
    uint64_t phase, phase_step, total_steps, made, earlier;
    const struct {
        const char *name;
        uint64_t *value, end;
    } counts[] = {{"phase", &phase, INT32_MAX},
                  {"phase_step", &phase_step, MOST_COUNTED},
                  {"total_steps", &total_steps, MOST_COUNTED},
                  {"updates", &made, MOST_COUNTED},
                  {"sequences", &state->sequences, MOST_COUNTED},
                  {"tokens", &state->tokens, MOST_COUNTED}};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        if (!json_get_count(root, counts[i].name, counts[i].value) ||
            *counts[i].value >= counts[i].end)
            return counts[i].name;
    if (!get_earlier_updates(root, &earlier))
        return "earlier_updates";
    if (!json_get_hash(root, "corpus_hash", &state->corpus_hash))
        return "corpus_hash";
    if (!json_get_hash(root, "vocabulary_hash", &state->vocabulary_hash))
        return "vocabulary_hash";
    state->phase = (int)phase;
    state->phase_step = (int64_t)phase_step;
    state->total_steps = (int64_t)total_steps;
    *updates = (struct update_counts){.of_moments = (int64_t)made, .earlier = (int64_t)earlier};
    const char *wrong = tokenizer_options_get(root, &state->tokenizer);
    wrong = wrong ? wrong : get_clock(root, state);
    return wrong ? wrong : get_best(root, state);
}

const char *checkpoint_state_parse(const char *text, size_t size, struct run_state *state,
                                   struct update_counts *updates)
{
    cJSON *root = cJSON_ParseWithLength(text, size);
    const char *wrong = get_state(root, state, updates);
    cJSON_Delete(root);
    return wrong;
}

static int get_shape(const cJSON *array, struct checkpoint_tensor *tensor)
{
    tensor->count = 1;
    tensor->dimensions = cJSON_IsArray(array) ? cJSON_GetArraySize(array) : 0;
    if (tensor->dimensions < 1 || tensor->dimensions > 2)
        return -1;
    for (int d = 0; d < tensor->dimensions; d++) {
        uint64_t length;
        if (!json_count(cJSON_GetArrayItem(array, d), &length) || length > INT32_MAX)
            return -1;
        tensor->shape[d] = (int64_t)length;
        tensor->count *= (size_t)length;
    }
    return 0;
}

/* Every tensor must begin where the one before it ended. */
int checkpoint_tensors_parse(const char *text, size_t size, struct checkpoint_tensor **tensors,
                             int *count)
{
    cJSON *root = cJSON_ParseWithLength(text, size);
    int status = -1;
    size_t end = 0; /* in elements */
    *tensors = memory_new((size_t)cJSON_GetArraySize(root), sizeof **tensors);
    *count = 0;
    if (!cJSON_IsArray(root))
        goto done;
    for (const cJSON *item = root->child; item; item = item->next) {
        struct checkpoint_tensor *tensor = &(*tensors)[(*count)++];
        const char *name = json_get_text(item, "name");
        uint64_t offset;
        if (!name)
            goto done;
        tensor->name = memory_copy_text(name);
        tensor->offset = end;
        if (get_shape(cJSON_GetObjectItemCaseSensitive(item, "shape"), tensor) < 0 ||
            !json_get_count(item, "offset", &offset) || offset != end * sizeof(float))
            goto done;
        end += tensor->count;
        if (end >= JSON_COUNTS / sizeof(float))
            goto done;
    }
    status = 0;
done:
    cJSON_Delete(root);
    return status;
}

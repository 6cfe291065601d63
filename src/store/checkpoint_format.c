#include "checkpoint_format.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "lambert/base/hash.h"
#include "lambert/base/memory.h"
#include "lambert/base/version.h"

static const double most_exact = 9007199254740992.0; /* 2^53: JSON's numbers are doubles */

/* --- writing ---------------------------------------------------------------------------------- */

static void put_count(cJSON *object, const char *name, uint64_t count)
{
    require((double)count < most_exact);
    cJSON_AddNumberToObject(object, name, (double)count);
}

static void put_hash(cJSON *object, const char *name, uint64_t hash)
{
    char text[HASH_TEXT];
    cJSON_AddStringToObject(object, name, hash_print(hash, text));
}

void checkpoint_moment_section(const char *moment, char section[CHECKPOINT_SECTION])
{
    snprintf(section, CHECKPOINT_SECTION, SECTION_MOMENT "%s", moment);
}

static char *print(cJSON *root)
{
    char *text = cJSON_PrintUnformatted(root);
    if (!text)
        bug("out of memory for JSON");
    cJSON_Delete(root);
    return text;
}

char *checkpoint_state_print(const struct run_state *state, int64_t updates)
{
    cJSON *root = cJSON_CreateObject();
    cJSON_AddStringToObject(root, "program", LAMBERT_PROGRAM);
    put_count(root, "phase", (uint64_t)state->phase);
    put_count(root, "phase_step", (uint64_t)state->phase_step);
    put_count(root, "total_steps", (uint64_t)state->total_steps);
    put_count(root, "updates", (uint64_t)updates);
    put_count(root, "sequences", state->sequences);
    put_count(root, "tokens", state->tokens);
    put_hash(root, "corpus_hash", state->corpus_hash);
    put_hash(root, "vocabulary_hash", state->vocabulary_hash);
    cJSON_AddBoolToObject(root, "lower_case", state->lower_case);
    return print(root);
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
        put_count(tensor, "offset", offset);
        cJSON_AddItemToArray(root, tensor);
        offset += info->count * sizeof(float);
    }
    return print(root);
}

/* --- reading ---------------------------------------------------------------------------------- */

/* A whole number from 0 to 2^53. */
static int get_number(const cJSON *item, uint64_t *number)
{
    double value = cJSON_IsNumber(item) ? item->valuedouble : -1;
    if (!(value >= 0 && value < most_exact && value == floor(value)))
        return -1;
    *number = (uint64_t)value;
    return 0;
}

static int get_count(const cJSON *object, const char *name, int64_t *count)
{
    uint64_t number;
    if (get_number(cJSON_GetObjectItemCaseSensitive(object, name), &number) != 0)
        return -1;
    *count = (int64_t)number;
    return 0;
}

static int get_hash(const cJSON *object, const char *name, uint64_t *hash)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
    return text && hash_parse(text, hash) ? 0 : -1;
}

int checkpoint_state_parse(const char *text, size_t size, struct run_state *state, int64_t *updates)
{
    int64_t phase = 0, sequences = 0, tokens = 0;
    cJSON *root = cJSON_ParseWithLength(text, size);
    int result = get_count(root, "phase", &phase) | get_count(root, "updates", updates) |
                 get_count(root, "phase_step", &state->phase_step) |
                 get_count(root, "total_steps", &state->total_steps) |
                 get_count(root, "sequences", &sequences) | get_count(root, "tokens", &tokens) |
                 get_hash(root, "corpus_hash", &state->corpus_hash) |
                 get_hash(root, "vocabulary_hash", &state->vocabulary_hash);
    const cJSON *lower_case = cJSON_GetObjectItemCaseSensitive(root, "lower_case");
    state->lower_case = cJSON_IsTrue(lower_case);
    result |= cJSON_IsBool(lower_case) ? 0 : -1;
    cJSON_Delete(root);
    if (result != 0 || phase > INT32_MAX)
        return -1;
    state->phase = (int)phase;
    state->sequences = (uint64_t)sequences;
    state->tokens = (uint64_t)tokens;
    return 0;
}

static int get_shape(const cJSON *array, struct checkpoint_tensor *tensor)
{
    tensor->count = 1;
    tensor->dimensions = cJSON_IsArray(array) ? cJSON_GetArraySize(array) : 0;
    if (tensor->dimensions < 1 || tensor->dimensions > 2)
        return -1;
    for (int d = 0; d < tensor->dimensions; d++) {
        uint64_t length;
        if (get_number(cJSON_GetArrayItem(array, d), &length) != 0 || length > INT32_MAX)
            return -1;
        tensor->shape[d] = (int64_t)length;
        tensor->count *= (size_t)length;
    }
    return 0;
}

/* `expected`: where the tensor before ended, in elements. */
static int get_tensor(const cJSON *item, size_t expected, struct checkpoint_tensor *tensor)
{
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "name"));
    int64_t offset;
    if (!name)
        return -1;
    tensor->name = memory_copy_text(name);
    tensor->offset = expected;
    if (get_shape(cJSON_GetObjectItemCaseSensitive(item, "shape"), tensor) != 0 ||
        get_count(item, "offset", &offset) != 0)
        return -1;
    return (size_t)offset == expected * sizeof(float) ? 0 : -1;
}

int checkpoint_tensors_parse(const char *text, size_t size, struct checkpoint_tensor **tensors,
                             int *count)
{
    cJSON *root = cJSON_ParseWithLength(text, size);
    int result = cJSON_IsArray(root) ? 0 : -1;
    size_t end = 0;
    const cJSON *item;
    *tensors = memory_new((size_t)cJSON_GetArraySize(root), sizeof **tensors);
    *count = 0;
    for (item = root ? root->child : NULL; item && result == 0; item = item->next) {
        struct checkpoint_tensor *tensor = &(*tensors)[(*count)++];
        result = get_tensor(item, end, tensor);
        end += tensor->count;
        if ((double)end * sizeof(float) >= most_exact)
            result = -1;
    }
    cJSON_Delete(root);
    return result;
}

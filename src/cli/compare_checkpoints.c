#include "compare_checkpoints.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "lambert/command/command.h"

double array_norm(const float *values, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += (double)values[i] * (double)values[i];
    return sqrt(sum);
}

/* The norm of a - b over the larger norm; 0 for what is equal, NaN where there is one. */
static double difference(const float *a, const float *b, size_t count)
{
    double sum = 0;
    if (memcmp(a, b, count * sizeof *a) == 0)
        return 0;
    for (size_t i = 0; i < count; i++)
        sum += ((double)a[i] - (double)b[i]) * ((double)a[i] - (double)b[i]);
    return sum == 0 ? 0 : sqrt(sum) / fmax(array_norm(a, count), array_norm(b, count));
}

/* {"name":..., "weights":..., "m":...}: what differs in a tensor of a; NULL when nothing does. */
static cJSON *compare_tensor(const struct checkpoint_file *a, const struct checkpoint_file *b,
                             const struct checkpoint_tensor *tensor)
{
    const struct checkpoint_tensor *other = checkpoint_file_tensor(b, tensor->name);
    cJSON *object = cJSON_CreateObject();
    bool differs = false;
    cJSON_AddStringToObject(object, "name", tensor->name);
    if (!other) {
        cJSON_AddStringToObject(object, "problem", "only in the first");
        return object;
    }
    if (tensor->dimensions != other->dimensions || tensor->shape[0] != other->shape[0] ||
        (tensor->dimensions == 2 && tensor->shape[1] != other->shape[1])) {
        cJSON_AddStringToObject(object, "problem", "other shape");
        return object;
    }
    for (int k = -1; k < a->moment_count; k++) { /* -1: the weights */
        const char *name = k < 0 ? "weights" : a->moments[k].name;
        const float *x = k < 0 ? a->weights : a->moments[k].values;
        const float *y = k < 0 ? b->weights : checkpoint_file_moment(b, name);
        if (!y)
            continue;
        double value = difference(x + tensor->offset, y + other->offset, tensor->count);
        cJSON_AddNumberToObject(object, name, value);
        differs |= value != 0;
    }
    if (differs)
        return object;
    cJSON_Delete(object);
    return NULL;
}

static void print_comparison(const struct checkpoint_file *a, const struct checkpoint_file *b,
                             const cJSON *differences, bool same_config)
{
    printf("%s: step %" PRId64 "\n%s: step %" PRId64 "\n", a->container.path,
           a->meta.state.total_steps, b->container.path, b->meta.state.total_steps);
    printf("configurations %s, vocabularies %s, corpora %s\n", same_config ? "equal" : "differ",
           a->meta.state.vocabulary_hash == b->meta.state.vocabulary_hash ? "equal" : "differ",
           a->meta.state.corpus_hash == b->meta.state.corpus_hash ? "equal" : "differ");
    printf("%d of %d tensors differ; norm of the difference over the larger norm:\n",
           cJSON_GetArraySize(differences), a->tensor_count);
    if (a->moment_count != b->moment_count)
        printf("  moments: %d in the first, %d in the second; only weights are compared\n",
               a->moment_count, b->moment_count);
    const cJSON *tensor, *item;
    cJSON_ArrayForEach(tensor, differences)
    {
        cJSON_ArrayForEach(item, tensor)
        {
            if (strcmp(item->string, "name") == 0)
                printf("  %-56s", item->valuestring);
            else if (cJSON_IsString(item))
                printf(" %s", item->valuestring);
            else
                printf("  %s %.3g", item->string, item->valuedouble);
        }
        printf("\n");
    }
}

void compare_checkpoints(const struct checkpoint_file *a, const struct checkpoint_file *b,
                         bool json)
{
    bool same_config = strcmp(a->meta.config, b->meta.config) == 0;
    cJSON *differences = cJSON_CreateArray();
    for (int t = 0; t < a->tensor_count; t++) {
        cJSON *object = compare_tensor(a, b, &a->tensors[t]);
        if (object)
            cJSON_AddItemToArray(differences, object);
    }
    for (int t = 0; t < b->tensor_count; t++) {
        if (checkpoint_file_tensor(a, b->tensors[t].name))
            continue;
        cJSON *object = cJSON_CreateObject();
        cJSON_AddStringToObject(object, "name", b->tensors[t].name);
        cJSON_AddStringToObject(object, "problem", "only in the second");
        cJSON_AddItemToArray(differences, object);
    }
    if (!json) {
        print_comparison(a, b, differences, same_config);
        cJSON_Delete(differences);
        return;
    }
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "first", a->container.path);
    cJSON_AddStringToObject(object, "second", b->container.path);
    cJSON_AddBoolToObject(object, "same_config", same_config);
    cJSON_AddBoolToObject(object, "same_moments", a->moment_count == b->moment_count);
    cJSON_AddItemToObject(object, "differences", differences);
    print_json_line(object);
}

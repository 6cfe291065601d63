#include "hf_config.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "hf_task.h"
#include "lambert/base/json.h"
#include "lambert/base/log.h"
#include "lambert/base/memory.h"

/* --- writing ---------------------------------------------------------------------------------- */

char *hf_config_print(const struct hf_config *config, int pad_id, enum safetensors_dtype dtype)
{
    const struct bert_config *shape = &config->shape;
    const char *torch_name = dtype == SAFETENSORS_F16    ? "float16"
                             : dtype == SAFETENSORS_BF16 ? "bfloat16"
                                                         : "float32";
    cJSON *root = cJSON_CreateObject();
    cJSON *architectures = cJSON_AddArrayToObject(root, "architectures");
    cJSON_AddItemToArray(architectures, cJSON_CreateString(hf_task_architecture(config->kind)));
    cJSON_AddStringToObject(root, "model_type", "bert");
    cJSON_AddNumberToObject(root, "vocab_size", shape->vocab);
    cJSON_AddNumberToObject(root, "hidden_size", shape->hidden);
    cJSON_AddNumberToObject(root, "num_hidden_layers", shape->layers);
    cJSON_AddNumberToObject(root, "num_attention_heads", shape->heads);
    cJSON_AddNumberToObject(root, "intermediate_size", shape->intermediate);
    cJSON_AddStringToObject(root, "hidden_act", shape->gelu == GELU_TANH ? "gelu_new" : "gelu");
    cJSON_AddNumberToObject(root, "hidden_dropout_prob", shape->hidden_dropout);
    cJSON_AddNumberToObject(root, "attention_probs_dropout_prob", shape->attention_dropout);
    cJSON_AddNumberToObject(root, "max_position_embeddings", shape->positions);
    cJSON_AddNumberToObject(root, "type_vocab_size", shape->types);
    cJSON_AddNumberToObject(root, "initializer_range", shape->initializer_range);
    cJSON_AddNumberToObject(root, "layer_norm_eps", shape->layer_norm_eps);
    cJSON_AddNumberToObject(root, "pad_token_id", pad_id);
    cJSON_AddStringToObject(root, "position_embedding_type", "absolute");
    cJSON_AddBoolToObject(root, "use_cache", true);
    cJSON_AddNullToObject(root, "classifier_dropout");
    cJSON_AddBoolToObject(root, "tie_word_embeddings", true);
    cJSON_AddStringToObject(root, "torch_dtype", torch_name);
    hf_task_add(root, config->kind, &config->labels);
    return json_print_indented(root);
}

/* --- reading ---------------------------------------------------------------------------------- */

/* transformers' defaults hold for what a config.json leaves out. */
static const struct {
    const char *name;
    size_t offset;
    int standard, least, most;
} whole_numbers[] = {
    {"vocab_size", offsetof(struct bert_config, vocab), 30522, 1, 1 << 28},
    {"hidden_size", offsetof(struct bert_config, hidden), 768, 1, 65536},
    {"num_hidden_layers", offsetof(struct bert_config, layers), 12, 1, 1024},
    {"num_attention_heads", offsetof(struct bert_config, heads), 12, 1, 1024},
    {"intermediate_size", offsetof(struct bert_config, intermediate), 3072, 1, 262144},
    {"max_position_embeddings", offsetof(struct bert_config, positions), 512, 8, 65536},
    {"type_vocab_size", offsetof(struct bert_config, types), 2, 2, 256},
};

static const struct {
    const char *name;
    size_t offset;
    double standard;
    bool positive;
    double most; /* of those that may be 0, the first that is too large */
} real_numbers[] = {
    {"hidden_dropout_prob", offsetof(struct bert_config, hidden_dropout), 0.1, false, 1},
    {"attention_probs_dropout_prob", offsetof(struct bert_config, attention_dropout), 0.1, false,
     1},
    {"initializer_range", offsetof(struct bert_config, initializer_range), 0.02, true, 1},
    {"layer_norm_eps", offsetof(struct bert_config, layer_norm_eps), 1e-12, true, 0.1},
};

/* NaN where the item is no number; none of the ranges below holds it. */
static double number_or(const cJSON *item, double standard)
{
    if (!item)
        return standard;
    return cJSON_IsNumber(item) ? item->valuedouble : NAN;
}

static int get_numbers(const cJSON *root, const char *path, struct bert_config *shape,
                       struct error *err)
{
    for (size_t i = 0; i < sizeof whole_numbers / sizeof *whole_numbers; i++) {
        const char *name = whole_numbers[i].name;
        int least = whole_numbers[i].least, most = whole_numbers[i].most;
        double number = number_or(json_get(root, name), whole_numbers[i].standard);
        if (!(number >= least && number <= most && number == floor(number)))
            return error_set(err, "%s: %s is not a whole number from %d to %d", path, name, least,
                             most);
        *(int *)((char *)shape + whole_numbers[i].offset) = (int)number;
    }
    for (size_t i = 0; i < sizeof real_numbers / sizeof *real_numbers; i++) {
        const char *name = real_numbers[i].name;
        double most = real_numbers[i].most;
        bool positive = real_numbers[i].positive;
        double number = number_or(json_get(root, name), real_numbers[i].standard);
        if (!(positive ? number > 0 && number <= most : number >= 0 && number < most))
            return error_set(err, "%s: %s is not a number %s %g", path, name,
                             positive ? "above 0 and up to" : "from 0 to below", most);
        *(double *)((char *)shape + real_numbers[i].offset) = number;
    }
    return 0;
}

static int get_activation(const cJSON *root, const char *path, struct bert_config *shape,
                          struct error *err)
{
    static const struct {
        const char *name;
        enum gelu_form form;
    } activations[] = {{"gelu", GELU_ERF},           {"gelu_python", GELU_ERF},
                       {"gelu_new", GELU_TANH},      {"gelu_fast", GELU_TANH},
                       {"gelu_accurate", GELU_TANH}, {"gelu_pytorch_tanh", GELU_TANH}};
    const cJSON *item = json_get(root, "hidden_act");
    const char *name = item == NULL ? "gelu" : cJSON_GetStringValue(item);
    for (size_t i = 0; name && i < sizeof activations / sizeof *activations; i++)
        if (strcmp(name, activations[i].name) == 0) {
            shape->gelu = activations[i].form;
            return 0;
        }
    return error_set(
        err,
        "%s: hidden_act is %s; this program computes gelu and gelu_python, and gelu_new, "
        "gelu_fast, gelu_accurate and gelu_pytorch_tanh, which are one",
        path, name != NULL ? name : "not a name");
}

/* Whether it says something: neither absent nor null, false, [] or {}. */
static bool is_set(const cJSON *item)
{
    const bool empty = (cJSON_IsArray(item) || cJSON_IsObject(item)) && !item->child;
    return item && !cJSON_IsNull(item) && !cJSON_IsFalse(item) && !empty;
}

/* What must be so, or absent, for this program to compute the same model. */
static int check_kind(const cJSON *root, const char *path, struct error *err)
{
    static const struct {
        const char *name, *value;
    } kinds[] = {{"model_type", "bert"}, {"position_embedding_type", "absolute"}};
    static const struct {
        const char *name, *computes;
    } never[] = {
        {"is_decoder", "computes encoders only"},
        {"add_cross_attention", "computes encoders only"},
        {"is_encoder_decoder", "computes encoders only"},
        {"pruned_heads", "computes layers with all their heads only"},
        {"quantization_config", "reads weights that are not quantized only"},
        {"auto_map", "computes BERT as transformers do, not by code that comes with the model"},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const cJSON *item = json_get(root, kinds[i].name);
        const char *value = cJSON_GetStringValue(item);
        if (item && (!value || strcmp(value, kinds[i].value) != 0))
            return error_set(err, "%s: %s is %s; this program computes '%s' only", path,
                             kinds[i].name, value != NULL ? value : "not a name", kinds[i].value);
    }
    for (size_t i = 0; i < sizeof never / sizeof *never; i++)
        if (is_set(json_get(root, never[i].name)))
            return error_set(err, "%s: %s is set; this program %s", path, never[i].name,
                             never[i].computes);
    return 0;
}

/* Fine-tuning drops as much in front of a head as everywhere else. */
static void warn_of_dropout(const cJSON *root, const char *path, const struct bert_config *shape)
{
    const cJSON *item = json_get(root, "classifier_dropout");
    if (cJSON_IsNumber(item) && item->valuedouble != shape->hidden_dropout)
        log_warning("%s: classifier_dropout is %g; fine-tuning here drops %g (hidden_dropout_prob) "
                    "in front of a head too",
                    path, item->valuedouble, shape->hidden_dropout);
}

int hf_config_parse(const char *text, size_t size, const char *path, struct hf_config *config,
                    struct error *err)
{
    cJSON *root = cJSON_ParseWithLength(text, size);
    struct bert_config *shape = &config->shape;
    int status = -1;
    *config = (struct hf_config){0};
    if (!cJSON_IsObject(root)) {
        error_set(err, "%s is not a JSON object", path);
        goto done;
    }
    if (check_kind(root, path, err) < 0 || get_numbers(root, path, shape, err) < 0 ||
        get_activation(root, path, shape, err) < 0)
        goto done;
    if (shape->hidden % shape->heads != 0) {
        error_set(err, "%s: num_attention_heads %d does not divide hidden_size %d", path,
                  shape->heads, shape->hidden);
        goto done;
    }
    config->untied = cJSON_IsFalse(json_get(root, "tie_word_embeddings"));
    warn_of_dropout(root, path, shape);
    status = hf_task_get(root, path, &config->kind, &config->labels, err);
done:
    cJSON_Delete(root);
    return status;
}

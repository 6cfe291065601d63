#include "tf_example.h"

#include <stdbool.h>
#include <string.h>

#include <prepare/tf_example.pb-c.h>

/* Finds a feature that bears either of two names (`other` may be NULL); *feature is NULL where
 * there is none. */
static int find_feature(const Tf__Features *features, const char *name, const char *other,
                        const Tf__Feature **feature, struct error *err)
{
    *feature = NULL;
    for (size_t e = 0; features && e < features->n_entries; e++) {
        const Tf__Entry *entry = features->entries[e];
        if (strcmp(entry->name, name) != 0 && (!other || strcmp(entry->name, other) != 0))
            continue;
        if (*feature)
            return error_set(err, "it has the feature %s twice", entry->name);
        if (!entry->feature)
            return error_set(err, "its feature %s is empty", entry->name);
        *feature = entry->feature;
    }
    return 0;
}

static int get_integers(const Tf__Features *features, const char *name, const char *other,
                        struct integers *out, struct error *err)
{
    const Tf__Feature *feature;
    if (find_feature(features, name, other, &feature, err) < 0)
        return -1;
    if (!feature)
        return 0;
    if (feature->kind_case != TF__FEATURE__KIND_INT64_LIST)
        return error_set(err, "its feature %s is not a list of integers", name);
    if (feature->int64_list->n_values == 0)
        return error_set(err, "its feature %s is empty", name);
    *out = (struct integers){.values = feature->int64_list->values,
                             .count = feature->int64_list->n_values};
    return 0;
}

static int need_integers(const Tf__Features *features, const char *name, const char *other,
                         struct integers *out, struct error *err)
{
    if (get_integers(features, name, other, out, err) < 0)
        return -1;
    if (out->values)
        return 0;
    return error_set(err,
                     "it has no feature %s, which examples for pre-training "
                     "(create_pretraining_data.py) have",
                     name);
}

static int get_weights(const Tf__Features *features, struct floats *out, struct error *err)
{
    const char *name = "masked_lm_weights";
    const Tf__Feature *feature;
    if (find_feature(features, name, NULL, &feature, err) < 0)
        return -1;
    if (!feature)
        return 0;
    if (feature->kind_case != TF__FEATURE__KIND_FLOAT_LIST)
        return error_set(err, "its feature %s is not a list of floats", name);
    if (feature->float_list->n_values == 0)
        return error_set(err, "its feature %s is empty", name);
    *out = (struct floats){.values = feature->float_list->values,
                           .count = feature->float_list->n_values};
    return 0;
}

int tf_example_parse(struct tf_example *example, const uint8_t *data, size_t size,
                     struct error *err)
{
    *example = (struct tf_example){0};
    Tf__Example *message = tf__example__unpack(NULL, size, data);
    if (!message)
        return error_set(err, "it is not a tf.Example");
    example->message = message;
    const Tf__Features *features = message->features;
    if (need_integers(features, "input_ids", "input_word_ids", &example->input_ids, err) < 0 ||
        need_integers(features, "input_mask", NULL, &example->input_mask, err) < 0 ||
        need_integers(features, "segment_ids", "input_type_ids", &example->segment_ids, err) < 0 ||
        need_integers(features, "masked_lm_positions", NULL, &example->masked_lm_positions, err) <
            0 ||
        need_integers(features, "masked_lm_ids", NULL, &example->masked_lm_ids, err) < 0 ||
        get_integers(features, "next_sentence_labels", NULL, &example->next_sentence_labels, err) <
            0 ||
        get_weights(features, &example->masked_lm_weights, err) < 0) {
        tf_example_release(example);
        return -1;
    }
    return 0;
}

void tf_example_release(struct tf_example *example)
{
    if (example->message)
        tf__example__free_unpacked(example->message, NULL);
    *example = (struct tf_example){0};
}

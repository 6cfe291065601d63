#include "tf_sample.h"

#include <inttypes.h>
#include <stdlib.h>

#include "lambert/base/array.h"

enum { MOST_TOKENS = 65535 };

void tf_sample_init(struct tf_sample *sample, const struct vocabulary *vocabulary)
{
    *sample = (struct tf_sample){.vocabulary = vocabulary};
}

void tf_sample_release(struct tf_sample *sample)
{
    free(sample->ids);
    free(sample->positions);
    free(sample->labels);
    *sample = (struct tf_sample){0};
}

static int check_count(const char *name, size_t count, const char *like, size_t wanted,
                       struct error *err)
{
    if (count == wanted)
        return 0;
    return error_set(err, "its %s has %zu numbers, but its %s has %zu", name, count, like, wanted);
}

static int check_counts(const struct tf_example *example, struct error *err)
{
    const size_t length = example->input_ids.count, places = example->masked_lm_positions.count;
    if (length > MOST_TOKENS)
        return error_set(err, "it has %zu input_ids; at most %d can be stored", length,
                         MOST_TOKENS);
    if (check_count("input_mask", example->input_mask.count, "input_ids", length, err) < 0 ||
        check_count("segment_ids", example->segment_ids.count, "input_ids", length, err) < 0 ||
        check_count("masked_lm_ids", example->masked_lm_ids.count, "masked_lm_positions", places,
                    err) < 0)
        return -1;
    if (example->masked_lm_weights.values &&
        check_count("masked_lm_weights", example->masked_lm_weights.count, "masked_lm_positions",
                    places, err) < 0)
        return -1;
    if (example->next_sentence_labels.values && example->next_sentence_labels.count != 1)
        return error_set(err, "it has %zu next_sentence_labels instead of one",
                         example->next_sentence_labels.count);
    return 0;
}

/* --- the sequence ----------------------------------------------------------------------------- */

static int get_ids(struct tf_sample *sample, const struct integers *ids, struct error *err)
{
    const int size = vocabulary_size(sample->vocabulary);
    ARRAY_RESERVE(sample->ids, ids->count, sample->id_capacity);
    for (size_t t = 0; t < ids->count; t++) {
        if (ids->values[t] < 0 || ids->values[t] >= size)
            return error_set(err,
                             "it has the token id %" PRId64 " at position %zu, but the vocabulary "
                             "has %d entries; was it made with another vocabulary?",
                             ids->values[t], t, size);
        sample->ids[t] = (int32_t)ids->values[t];
    }
    sample->sample.ids = sample->ids;
    return 0;
}

/* tokens = how many ones input_mask begins with. */
static int get_tokens(struct tf_sample *sample, const struct integers *mask, struct error *err)
{
    size_t tokens = 0;
    while (tokens < mask->count && mask->values[tokens] == 1)
        tokens++;
    for (size_t t = tokens; t < mask->count; t++)
        if (mask->values[t] != 0)
            return error_set(err,
                             "its input_mask is not ones followed by zeros: it has %" PRId64
                             " at position %zu",
                             mask->values[t], t);
    if (tokens < 2)
        return error_set(err, "it has %zu tokens (input_mask); [CLS] and [SEP] alone are two",
                         tokens);
    sample->sample.tokens = (uint32_t)tokens;
    return 0;
}

/* a_tokens = how many zeros segment_ids begins with; ones follow. */
static int get_segments(struct tf_sample *sample, const struct integers *segments,
                        struct error *err)
{
    const size_t tokens = sample->sample.tokens;
    size_t a_tokens = 0;
    while (a_tokens < tokens && segments->values[a_tokens] == 0)
        a_tokens++;
    for (size_t t = a_tokens; t < tokens; t++)
        if (segments->values[t] != 1)
            return error_set(err,
                             "its segment_ids are not zeros followed by ones: it has %" PRId64
                             " at position %zu",
                             segments->values[t], t);
    if (a_tokens < 2)
        return error_set(err, "its first segment has %zu tokens; [CLS] and [SEP] alone are two",
                         a_tokens);
    sample->sample.a_tokens = (uint32_t)a_tokens;
    return 0;
}

static int check_special(const struct tf_sample *sample, uint32_t position, int32_t wanted,
                         struct error *err)
{
    int32_t found = sample->sample.ids[position];
    if (found == wanted)
        return 0;
    return error_set(err,
                     "it has '%s' (id %" PRId32 ") at position %" PRIu32 ", where %s (id %" PRId32
                     ") belongs; was it made with another vocabulary, or with one of another case?",
                     vocabulary_token(sample->vocabulary, found), found, position,
                     vocabulary_token(sample->vocabulary, wanted), wanted);
}

/* [CLS] A [SEP] or [CLS] A [SEP] B [SEP] */
static int check_specials(const struct tf_sample *sample, struct error *err)
{
    const struct special_tokens special = vocabulary_special_tokens(sample->vocabulary);
    if (check_special(sample, 0, special.cls, err) < 0 ||
        check_special(sample, sample->sample.a_tokens - 1, special.sep, err) < 0)
        return -1;
    return check_special(sample, sample->sample.tokens - 1, special.sep, err);
}

/* --- masks ------------------------------------------------------------------------------------ */

/* How many of the places hold masks: as many as masked_lm_weights begins with ones. Where there are
 * no weights, masks end at the first position 0, as [CLS] is never masked. */
static int count_masks(const struct tf_example *example, size_t *places, struct error *err)
{
    const struct integers *positions = &example->masked_lm_positions;
    const struct floats *weights = &example->masked_lm_weights;
    *places = 0;
    if (!weights->values) {
        while (*places < positions->count && positions->values[*places] != 0)
            ++*places;
        return 0;
    }
    while (*places < weights->count && weights->values[*places] == 1.0F)
        ++*places;
    for (size_t m = *places; m < weights->count; m++)
        if (weights->values[m] != 0.0F)
            return error_set(err,
                             "its masked_lm_weights are not ones followed by zeros: it has %g at "
                             "place %zu",
                             (double)weights->values[m], m);
    return 0;
}

static int check_place(const struct tf_sample *sample, int64_t position, int64_t last,
                       struct error *err)
{
    const struct ready_sample *made = &sample->sample;
    if (position < 0 || position >= made->tokens)
        return error_set(err, "it masks position %" PRId64 ", but has positions 0 to %" PRIu32,
                         position, made->tokens - 1);
    if (position == 0 || position == made->a_tokens - 1 || position == made->tokens - 1)
        return error_set(err,
                         "it masks position %" PRId64 ", which belongs to [CLS] or [SEP]; were "
                         "masks made for other segments?",
                         position);
    if (position <= last)
        return error_set(
            err, "its masked_lm_positions are not ascending: %" PRId64 " comes after %" PRId64,
            position, last);
    return 0;
}

static int get_masks(struct tf_sample *sample, const struct tf_example *example, struct error *err)
{
    const int size = vocabulary_size(sample->vocabulary);
    size_t places;
    int64_t last = 0;
    if (count_masks(example, &places, err) < 0)
        return -1;
    ARRAY_RESERVE(sample->positions, places, sample->position_capacity);
    ARRAY_RESERVE(sample->labels, places, sample->label_capacity);
    for (size_t m = 0; m < places; m++) {
        const int64_t position = example->masked_lm_positions.values[m];
        const int64_t id = example->masked_lm_ids.values[m];
        if (check_place(sample, position, last, err) < 0)
            return -1;
        if (id < 0 || id >= size)
            return error_set(
                err,
                "it wants the token id %" PRId64 " at position %" PRId64
                " (masked_lm_ids), but the vocabulary has %d entries; was it made with "
                "another vocabulary?",
                id, position, size);
        sample->positions[m] = (uint16_t)position;
        sample->labels[m] = (uint32_t)id;
        last = position;
    }
    sample->sample.masks = (uint32_t)places;
    sample->sample.positions = sample->positions;
    sample->sample.labels = sample->labels;
    return 0;
}

static int get_label(struct tf_sample *sample, const struct integers *label, struct error *err)
{
    sample->sample.next_sentence_label = SAMPLE_UNLABELLED;
    if (!label->values)
        return 0;
    if (label->values[0] != 0 && label->values[0] != 1)
        return error_set(err,
                         "its next_sentence_labels is %" PRId64
                         " instead of 0 (B follows A) or 1 (B is random)",
                         label->values[0]);
    sample->sample.next_sentence_label = (uint8_t)label->values[0];
    return 0;
}

int tf_sample_make(struct tf_sample *sample, const struct tf_example *example, struct error *err)
{
    if (check_counts(example, err) < 0 || get_ids(sample, &example->input_ids, err) < 0 ||
        get_tokens(sample, &example->input_mask, err) < 0 ||
        get_segments(sample, &example->segment_ids, err) < 0 || check_specials(sample, err) < 0 ||
        get_masks(sample, example, err) < 0)
        return -1;
    return get_label(sample, &example->next_sentence_labels, err);
}

#include "lib/unit.h"

#include <stdbool.h>
#include <string.h>

#include "lambert/base/buffer.h"
#include "prepare/tf_example.h"

/* Protocol buffers, written by hand. */
static void put_varint(struct buffer *out, uint64_t value)
{
    for (; value > 0x7f; value >>= 7)
        buffer_put_u8(out, (uint8_t)(value & 0x7f) | 0x80);
    buffer_put_u8(out, (uint8_t)value);
}

static void put_field(struct buffer *out, int number, const struct buffer *bytes)
{
    put_varint(out, (uint64_t)number << 3 | 2);
    put_varint(out, bytes->size);
    buffer_put(out, bytes->data, bytes->size);
}

/* An entry of the map: the name and a feature whose list is of kind `kind` (field number). */
static void put_entry(struct buffer *features, const char *name, int kind,
                      const struct buffer *list)
{
    struct buffer entry = {0}, text = {0}, feature = {0};
    buffer_put(&text, name, strlen(name));
    put_field(&feature, kind, list);
    put_field(&entry, 1, &text);
    put_field(&entry, 2, &feature);
    put_field(features, 1, &entry);
    buffer_release(&entry);
    buffer_release(&text);
    buffer_release(&feature);
}

enum { FLOATS = 2, INTEGERS = 3 };

static void put_integers(struct buffer *features, const char *name, const int64_t *values,
                         int count, bool packed)
{
    struct buffer list = {0}, run = {0};
    for (int i = 0; i < count; i++) {
        if (!packed)
            put_varint(&list, 1 << 3 | 0);
        put_varint(packed ? &run : &list, (uint64_t)values[i]);
    }
    if (packed)
        put_field(&list, 1, &run);
    put_entry(features, name, INTEGERS, &list);
    buffer_release(&list);
    buffer_release(&run);
}

static void put_floats(struct buffer *features, const char *name, const float *values, int count,
                       bool packed)
{
    struct buffer list = {0}, run = {0};
    for (int i = 0; i < count; i++) {
        if (!packed)
            put_varint(&list, 1 << 3 | 5);
        buffer_put(packed ? &run : &list, &values[i], sizeof values[i]);
    }
    if (packed)
        put_field(&list, 1, &run);
    put_entry(features, name, FLOATS, &list);
    buffer_release(&list);
    buffer_release(&run);
}

static const int64_t ids[] = {2, 7, 4, 3, 300, 3, 0, 0}, mask[] = {1, 1, 1, 1, 1, 1, 0, 0},
                     segments[] = {0, 0, 0, 0, 1, 1, 0, 0}, positions[] = {2, 0},
                     labels[] = {-1, 0}, next[] = {1};
static const float weights[] = {1, 0};

enum { SKIP_IDS = 1, SKIP_WEIGHTS = 2, SKIP_NEXT = 4, REVERSE = 8, UNPACKED = 16, NEW_NAMES = 32 };

static void put_feature(struct buffer *features, int which, int how)
{
    const bool packed = !(how & UNPACKED), new_names = how & NEW_NAMES;
    switch (which) {
    case 0:
        if (!(how & SKIP_IDS))
            put_integers(features, new_names ? "input_word_ids" : "input_ids", ids, 8, packed);
        break;
    case 1:
        put_integers(features, "input_mask", mask, 8, packed);
        break;
    case 2:
        put_integers(features, new_names ? "input_type_ids" : "segment_ids", segments, 8, packed);
        break;
    case 3:
        put_integers(features, "masked_lm_positions", positions, 2, packed);
        break;
    case 4:
        put_integers(features, "masked_lm_ids", labels, 2, packed);
        break;
    case 5:
        if (!(how & SKIP_WEIGHTS))
            put_floats(features, "masked_lm_weights", weights, 2, packed);
        break;
    default:
        if (!(how & SKIP_NEXT))
            put_integers(features, "next_sentence_labels", next, 1, packed);
    }
}

static int parse(struct tf_example *example, int how, const struct buffer *more, struct error *err)
{
    struct buffer features = {0}, message = {0};
    for (int i = 0; i < 7; i++)
        put_feature(&features, how & REVERSE ? 6 - i : i, how);
    if (more)
        buffer_put(&features, more->data, more->size);
    put_field(&message, 1, &features);
    int status = tf_example_parse(example, message.data, message.size, err);
    buffer_release(&features);
    buffer_release(&message);
    return status;
}

static void check_integers(const struct integers *found, const int64_t *wanted, size_t count)
{
    assert_int_equal(found->count, count);
    assert_memory_equal(found->values, wanted, count * sizeof *wanted);
}

static void features_come_in_any_form(void **state)
{
    (void)state;
    struct error err = {""};
    static const int forms[] = {0, REVERSE, UNPACKED, NEW_NAMES, REVERSE | UNPACKED | NEW_NAMES};
    for (size_t f = 0; f < sizeof forms / sizeof *forms; f++) {
        struct tf_example example;
        assert_int_equal(parse(&example, forms[f], NULL, &err), 0);
        check_integers(&example.input_ids, ids, 8);
        check_integers(&example.input_mask, mask, 8);
        check_integers(&example.segment_ids, segments, 8);
        check_integers(&example.masked_lm_positions, positions, 2);
        check_integers(&example.masked_lm_ids, labels, 2);
        check_integers(&example.next_sentence_labels, next, 1);
        assert_int_equal(example.masked_lm_weights.count, 2);
        assert_memory_equal(example.masked_lm_weights.values, weights, sizeof weights);
        tf_example_release(&example);
    }
}

static void weights_and_labels_may_be_missing(void **state)
{
    (void)state;
    struct tf_example example;
    struct error err;
    assert_int_equal(parse(&example, SKIP_WEIGHTS | SKIP_NEXT, NULL, &err), 0);
    assert_null(example.masked_lm_weights.values);
    assert_null(example.next_sentence_labels.values);
    tf_example_release(&example);
}

static void other_features_are_passed_over(void **state)
{
    (void)state;
    struct tf_example example;
    struct error err;
    struct buffer more = {0};
    put_integers(&more, "seq_original_len", next, 1, true);
    assert_int_equal(parse(&example, 0, &more, &err), 0);
    check_integers(&example.input_ids, ids, 8);
    tf_example_release(&example);
    buffer_release(&more);
}

static void what_does_not_fit_is_named(void **state)
{
    (void)state;
    struct tf_example example;
    struct error err;
    struct buffer more = {0};
    assert_int_equal(parse(&example, SKIP_IDS, NULL, &err), -1);
    assert_non_null(strstr(err.text, "it has no feature input_ids"));
    put_floats(&more, "input_ids", weights, 2, true);
    assert_int_equal(parse(&example, SKIP_IDS, &more, &err), -1);
    assert_non_null(strstr(err.text, "input_ids is not a list of integers"));
    buffer_reset(&more);
    put_integers(&more, "input_ids", NULL, 0, false);
    assert_int_equal(parse(&example, SKIP_IDS, &more, &err), -1);
    assert_non_null(strstr(err.text, "input_ids is empty"));
    buffer_reset(&more);
    put_integers(&more, "input_word_ids", ids, 8, true);
    assert_int_equal(parse(&example, 0, &more, &err), -1);
    assert_non_null(strstr(err.text, "twice"));
    buffer_reset(&more);
    put_integers(&more, "masked_lm_weights", next, 1, true);
    assert_int_equal(parse(&example, SKIP_WEIGHTS, &more, &err), -1);
    assert_non_null(strstr(err.text, "masked_lm_weights is not a list of floats"));
    buffer_release(&more);
}

static void other_bytes_are_no_example(void **state)
{
    (void)state;
    struct tf_example example;
    struct error err;
    const uint8_t text[] = "not a protocol buffer";
    assert_int_equal(tf_example_parse(&example, text, sizeof text, &err), -1);
    assert_non_null(strstr(err.text, "it is not a tf.Example"));
    assert_int_equal(tf_example_parse(&example, text, 0, &err), -1);
    assert_non_null(strstr(err.text, "it has no feature"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(features_come_in_any_form),
        cmocka_unit_test(weights_and_labels_may_be_missing),
        cmocka_unit_test(other_features_are_passed_over),
        cmocka_unit_test(what_does_not_fit_is_named),
        cmocka_unit_test(other_bytes_are_no_example),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "lib/scratch.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lambert/base/json.h"

static cJSON *parsed(const char *text)
{
    cJSON *root = cJSON_Parse(text);
    assert_non_null(root);
    return root;
}

static void what_is_added_comes_back(void **state)
{
    (void)state;
    static const uint64_t counts[] = {0, 1, 4294967296, JSON_COUNTS - 1};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        uint64_t count = 7, hash = 7;
        cJSON *root = cJSON_CreateObject();
        json_add_count(root, "count", counts[i]);
        json_add_hash(root, "hash", UINT64_MAX - counts[i]);
        char *text = json_print(root);
        assert_null(strchr(text, '\n'));
        root = parsed(text);
        assert_true(json_get_count(root, "count", &count));
        assert_true(json_get_hash(root, "hash", &hash));
        assert_true(count == counts[i] && hash == UINT64_MAX - counts[i]);
        cJSON_Delete(root);
        free(text);
    }
}

/* Neighbouring doubles are told apart, where cJSON takes them for the same. */
static void exact_numbers_keep_their_bits(void **state)
{
    (void)state;
    const double values[] = {
        0,      0.1,       0x1.fffffffffffffp-1, 0x1.fffffffffffffp-9, 0x1.0000000000001p-9, 1e-3,
        -1e300, 0x1p-1074, 0x1.999999999999bp-4};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        cJSON *root = cJSON_CreateObject();
        json_add_exact(root, "value", values[i]);
        char *text = json_print(root);
        root = parsed(text);
        assert_true(json_get_number(root, "value", 7) == values[i]);
        cJSON_Delete(root);
        free(text);
    }
}

static void only_whole_numbers_are_counts(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "{}",           "{\"n\":-1}",     "{\"n\":0.5}", "{\"n\":9007199254740992}",
        "{\"n\":1e99}", "{\"n\":\"1\"}",  "{\"n\":[1]}", "{\"n\":null}",
        "{\"N\":1}",    "{\"n\":-0.001}", "[1]",         "{\"n\":true}"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        uint64_t count = 7;
        cJSON *root = parsed(texts[i]);
        assert_false(json_get_count(root, "n", &count));
        assert_true(count == 7);
        cJSON_Delete(root);
    }
    uint64_t count = 7;
    assert_false(json_count(NULL, &count));
    assert_false(json_get_count(NULL, "n", &count));
}

static void only_sixteen_digits_are_a_hash(void **state)
{
    (void)state;
    static const char *const texts[] = {"{}",
                                        "{\"h\":1}",
                                        "{\"h\":\"\"}",
                                        "{\"h\":\"12\"}",
                                        "{\"h\":\"00000000000000zz\"}",
                                        "{\"h\":\"000000000000000000\"}"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        uint64_t hash = 7;
        cJSON *root = parsed(texts[i]);
        assert_false(json_get_hash(root, "h", &hash));
        cJSON_Delete(root);
    }
}

static void texts(void **state)
{
    (void)state;
    cJSON *root = parsed("{\"a\":\"x\",\"b\":1}");
    assert_string_equal(json_get_text(root, "a"), "x");
    assert_null(json_get_text(root, "b"));
    assert_null(json_get_text(root, "A"));
    assert_null(json_get_text(NULL, "a"));
    assert_true(json_get_number(root, "b", 7) == 1);
    assert_true(json_get_number(root, "a", 7) == 7);
    assert_true(json_get_number(NULL, "b", 7) == 7);
    char *text = json_print_indented(root);
    assert_non_null(strchr(text, '\n'));
    free(text);
}

static void repeated_names(void **state)
{
    (void)state;
    static const struct {
        const char *text, *repeated;
    } rows[] = {{"{}", NULL},
                {"{\"a\":1}", NULL},
                {"{\"a\":1,\"b\":2,\"A\":3}", NULL},
                {"{\"a\":1,\"b\":2,\"a\":3}", "a"},
                {"{\"c\":{\"a\":1},\"d\":{\"a\":2}}", NULL}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cJSON *root = parsed(rows[i].text);
        const char *repeated = json_repeated_name(root);
        if (rows[i].repeated)
            assert_string_equal(repeated, rows[i].repeated);
        else
            assert_null(repeated);
        cJSON_Delete(root);
    }
}

static void nuls_are_seen(void **state)
{
    (void)state;
    assert_false(json_has_nul("\"a\"", 3));
    assert_true(json_has_nul("\"a\0\"", 4));
    assert_true(json_has_nul("\"a\\u0000\"", 9));
    assert_false(json_has_nul("\"a\\\\u0000\"", 10));
    assert_true(json_has_nul("\"a\\\\\\u0000\"", 11));
    assert_true(json_has_nul("\\\\u0000 \\u0000", 14));
    assert_false(json_has_nul("\\u00001", 5)); /* beyond the end */
    assert_false(json_has_nul("", 0));
}

/* What no model has is not read, and takes no memory: the file has a hole. */
static void a_file_beyond_the_limit_is_refused(void **state)
{
    (void)state;
    struct buffer text = {0};
    struct error err;
    scratch_write("a.json", "{}", 2);
    assert_int_equal(json_file_read("a.json", &text, &err), 0);
    assert_int_equal(truncate("a.json", JSON_LONGEST_FILE), 0);
    assert_int_equal(json_file_read("a.json", &text, &err), 0);
    assert_int_equal(text.size, 2 + JSON_LONGEST_FILE);
    assert_int_equal(truncate("a.json", 60000000), 0);
    assert_int_equal(json_file_read("a.json", &text, &err), -1);
    assert_string_equal(err.text,
                        "a.json has 60 MB, and no JSON file of a model has more than 33: is it "
                        "another file, or damaged?");
    assert_int_equal(json_file_read("missing.json", &text, &err), -1);
    buffer_release(&text);
}

/* Names of folders are any bytes. */
static void what_is_printed_is_utf8(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        cJSON *root = cJSON_CreateObject();
        cJSON_AddStringToObject(root, "z\xC3\xBCrich", "caf\xE9/\"\xED\xA0\x80\xE6\x97\xA5\xC3");
        char *text = i == 0 ? json_print(root) : json_print_indented(root);
        root = parsed(text);
        assert_string_equal(
            json_get_text(root, "z\xC3\xBCrich"),
            "caf\xEF\xBF\xBD/\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xE6\x97\xA5\xEF\xBF\xBD");
        cJSON_Delete(root);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_added_comes_back),
        cmocka_unit_test(exact_numbers_keep_their_bits),
        cmocka_unit_test(only_whole_numbers_are_counts),
        cmocka_unit_test(only_sixteen_digits_are_a_hash),
        cmocka_unit_test(texts),
        cmocka_unit_test(repeated_names),
        cmocka_unit_test(nuls_are_seen),
        cmocka_unit_test(what_is_printed_is_utf8),
        cmocka_unit_test(a_file_beyond_the_limit_is_refused),
    };
    return cmocka_run_group_tests(tests, scratch_enter, scratch_teardown);
}

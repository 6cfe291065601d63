#include "examples/files.h"

#include <string.h>

#include "lambert/examples/minimal_pairs.h"

static void assert_refused(const char *path, const char *sentence)
{
    struct minimal_pairs pairs;
    struct error err;
    assert_int_equal(minimal_pairs_read(&pairs, path, &err), -1);
    assert_int_equal(pairs.count, 0);
    if (!strstr(err.text, sentence))
        fail_msg("'%s' does not say '%s'", err.text, sentence);
}

static void blimp_is_read(void **state)
{
    static const char text[] =
        "{\"sentence_good\": \"He sleeps.\", \"sentence_bad\": \"He sleep.\", \"field\": \"syntax\", "
        "\"linguistics_term\": \"agreement\", \"UID\": \"agree_1\", \"pairID\": \"0\"}\n"
        "{\"UID\": \"case_1\", \"simple_LM_method\": true, \"sentence_bad\": \"Him \\\"sees\\\".\", "
        "\"sentence_good\": \"He \\\"sees\\\".\", \"field\": \"morphology\", \"linguistics_term\": \"case\"}\n";
    (void)state;
    const char *const paths[] = {file_of("pairs.jsonl", text), gzip_of("pairs.jsonl.gz", text)};
    for (int i = 0; i < 2; i++) {
        struct minimal_pairs pairs;
        struct error err;
        assert_int_equal(minimal_pairs_read(&pairs, paths[i], &err), 0);
        assert_int_equal(pairs.count, 2);
        assert_string_equal(pairs.path, paths[i]);
        assert_string_equal(pairs.at[0].sentences[SENTENCE_GOOD], "He sleeps.");
        assert_string_equal(pairs.at[0].sentences[SENTENCE_BAD], "He sleep.");
        assert_string_equal(pairs.at[0].groups[GROUPED_BY_FIELD], "syntax");
        assert_string_equal(pairs.at[0].groups[GROUPED_BY_TERM], "agreement");
        assert_string_equal(pairs.at[0].groups[GROUPED_BY_UID], "agree_1");
        assert_string_equal(pairs.at[1].sentences[SENTENCE_GOOD], "He \"sees\".");
        assert_string_equal(pairs.at[1].sentences[SENTENCE_BAD], "Him \"sees\".");
        assert_string_equal(pairs.at[1].groups[GROUPED_BY_UID], "case_1");
        assert_int_equal(pairs.at[1].line, 2);
        minimal_pairs_release(&pairs);
    }
}

static void groups_may_be_missing(void **state)
{
    struct minimal_pairs pairs;
    struct error err;
    (void)state;
    const char *path = file_of("pairs.tsv", "sentence_bad\tUID\tsentence_good\na b\tx\tb a\n");
    assert_int_equal(minimal_pairs_read(&pairs, path, &err), 0);
    assert_int_equal(pairs.count, 1);
    assert_string_equal(pairs.at[0].sentences[SENTENCE_GOOD], "b a");
    assert_null(pairs.at[0].groups[GROUPED_BY_FIELD]);
    assert_null(pairs.at[0].groups[GROUPED_BY_TERM]);
    assert_string_equal(pairs.at[0].groups[GROUPED_BY_UID], "x");
    minimal_pairs_release(&pairs);
}

static void what_is_missing_is_told(void **state)
{
    (void)state;
    assert_refused(file_of("a.jsonl", "{\"sentence_good\": \"a\", \"bad\": \"b\"}\n"),
                   "a.jsonl:1: there is no column sentence_bad; there are: sentence_good, bad");
    assert_refused(file_of("b.jsonl", "{\"sentence_good\": \"a\", \"sentence_bad\": \"b\"}\n"
                                      "{\"sentence_good\": \"a\", \"sentence_bad\": null}\n"),
                   "b.jsonl:2: the object has no \"sentence_bad\"");
    assert_refused(file_of("c.jsonl",
                           "{\"sentence_good\": \"a\", \"sentence_bad\": \"b\", \"UID\": \"u\"}\n"
                           "{\"sentence_good\": \"a\", \"sentence_bad\": \"b\"}\n"),
                   "c.jsonl:2: the object has no \"UID\"");
    assert_refused("/nowhere/pairs.jsonl", "/nowhere/pairs.jsonl");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(blimp_is_read, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(groups_may_be_missing, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(what_is_missing_is_told, scratch_setup, scratch_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

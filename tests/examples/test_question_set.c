#include "examples/files.h"

#include <string.h>

#include "lambert/examples/question_set.h"

#define FILE_OF(paragraphs)                                                                        \
    "{\"version\": \"1.1\", \"data\": [{\"title\": \"T\", \"paragraphs\": [" paragraphs "]}]}"

static void read_set(struct question_set *set, const char *path)
{
    struct error err;
    if (question_set_read(set, path, &err) < 0)
        fail_msg("%s", err.text);
}

static void check_answer(const struct answer *answer, const char *text, size_t start, bool there)
{
    assert_string_equal(answer->text, text);
    assert_int_equal(answer->start, start);
    assert_true(answer->there == there);
}

/* Two bytes for the a with dots, four for the face: offsets in the file are code points. */
static const char two_paragraphs[] = FILE_OF(
    "{\"context\": \"\u00E4 \\ud83d\\ude00 red fish\", \"qas\": ["
    "{\"id\": \"one\", \"question\": \"Which?\", \"answers\": ["
    "{\"text\": \"red\", \"answer_start\": 4}, {\"text\": \"red\", \"answer_start\": 5},"
    "{\"text\": \"fish\", \"answer_start\": 8}, {\"text\": \"fish\", \"answer_start\": 800},"
    "{\"text\": \"fish\", \"answer_start\": -1}, {\"text\": \"\u00E4\", \"answer_start\": 0}]}]},"
    "{\"context\": \"c\", \"qas\": [{\"question\": \"Why?\", \"id\": 2}]}");

static void offsets_count_code_points(void **state)
{
    (void)state;
    struct question_set set;
    read_set(&set, gzip_of("q.json.gz", two_paragraphs));
    assert_int_equal(set.count, 2);
    assert_int_equal(set.paragraphs, 2);
    assert_string_equal(set.contexts[0], "\u00E4 \U0001F600 red fish");
    const struct question *question = &set.at[0];
    assert_string_equal(question->id, "one");
    assert_string_equal(question->text, "Which?");
    assert_int_equal(question->answer_count, 6);
    check_answer(&question->answers[0], "red", 8, true);
    check_answer(&question->answers[1], "red", 9, false);
    check_answer(&question->answers[2], "fish", 12, true);
    check_answer(&question->answers[3], "fish", 16, false);
    check_answer(&question->answers[4], "fish", 16, false);
    check_answer(&question->answers[5], "\u00E4", 0, true);
    assert_int_equal(set.misplaced, 3);
    assert_string_equal(set.at[1].id, "2");
    assert_int_equal(set.at[1].paragraph, 1);
    assert_int_equal(set.at[1].answer_count, 0);
    assert_false(set.has_impossible);
    question_set_release(&set);
    question_set_release(&set);
}

static void questions_may_have_no_answer(void **state)
{
    (void)state;
    struct question_set set;
    read_set(&set,
             file_of("q.json", FILE_OF("{\"context\": \"red\", \"qas\": ["
                                       "{\"id\": \"a\", \"question\": \"Q\", \"answers\": [], "
                                       "\"is_impossible\": true, \"plausible_answers\": "
                                       "[{\"text\": \"red\", \"answer_start\": 0}]},"
                                       "{\"id\": \"b\", \"question\": \"Q\", \"answers\": "
                                       "[{\"text\": \"red\", \"answer_start\": 0}], "
                                       "\"is_impossible\": false}]}")));
    assert_true(set.has_impossible);
    assert_true(set.at[0].impossible);
    assert_int_equal(set.at[0].answer_count, 0);
    assert_false(set.at[1].impossible);
    assert_int_equal(set.at[1].answer_count, 1);
    question_set_release(&set);
}

static void check_bad(const char *text, const char *sentence)
{
    struct question_set set;
    struct error err;
    assert_int_equal(question_set_read(&set, file_of("q.json", text), &err), -1);
    assert_string_equal(strrchr(err.text, '/') + 1, sentence);
    assert_int_equal(set.count, 0);
}

#define QUESTION(members) FILE_OF("{\"context\": \"red\", \"qas\": [{" members "}]}")

static void bad_files_are_told(void **state)
{
    (void)state;
    static const char shape[] = "q.json is not as SQuAD's files are: {\"data\": [{\"paragraphs\": "
                                "[{\"context\": ..., \"qas\": [...]}]}]}";
    check_bad("", "q.json is empty");
    check_bad("{\"data\": [}", "q.json:1: this is not JSON from byte 11 of the line on");
    check_bad("{}", shape);
    check_bad("[]", shape);
    check_bad("{\"data\": 1}", shape);
    check_bad("{\"data\": []}", "q.json has no questions");
    check_bad("{\"data\": [{}]}", "q.json: article 1 is to have a list, \"paragraphs\"");
    check_bad(FILE_OF("{\"qas\": []}"),
              "q.json: article 1, paragraph 1 is to have a \"context\" and "
              "a list of questions, \"qas\"");
    check_bad(QUESTION("\"id\": \"a\""),
              "q.json: article 1, paragraph 1: a question is to have an \"id\" and a \"question\"");
    check_bad(
        QUESTION("\"id\": \"a\", \"question\": \"Q\", \"answers\": 1"),
        "q.json: question a: \"answers\" is to be a list, and \"is_impossible\" true or false");
    check_bad(
        QUESTION("\"id\": \"a\", \"question\": \"Q\", \"answers\": [{\"text\": \"red\"}]"),
        "q.json: question a: an answer is to have a \"text\", and a number, \"answer_start\"");
    check_bad(QUESTION("\"id\": \"a\", \"question\": \"Q\", \"is_impossible\": true, \"answers\": "
                       "[{\"text\": \"red\", \"answer_start\": 0}]"),
              "q.json: question a is said to be impossible, and has answers");
    check_bad(QUESTION("\"id\": \"a\", \"question\": \"Q\"}, {\"id\": \"a\", \"question\": \"R\""),
              "q.json: two questions have the id a");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(offsets_count_code_points),
        cmocka_unit_test(questions_may_have_no_answer),
        cmocka_unit_test(bad_files_are_told),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}

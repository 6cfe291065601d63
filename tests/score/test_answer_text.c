#include "lib/unit.h"

#include "lambert/base/buffer.h"
#include "score/answer_text.h"

/* Expected is what Python's functions of the official script make of it. */
static void check(const char *answer, const char *expected)
{
    struct answer_words words = {0};
    answer_words_set(&words, "what was there before");
    answer_words_set(&words, answer);
    assert_string_equal(buffer_text(&words.text), expected);
    answer_words_release(&words);
}

static void answers_are_normalized(void **state)
{
    (void)state;
    check("The Denver Broncos.", "denver broncos");
    check("  a  An\tthe\nTHE ", "");
    check("", "");
    check("U.S.A., 1,000$ (e-mail)", "usa 1000 email");
    check("another theme a-b the_a", "another theme ab thea");
    check("a\u2013the\u2013x", "\u2013 \u2013x"); /* dashes are not ASCII punctuation */
    check("\u00ABThe\u00BB", "\u00AB \u00BB");
    check("1,a 2a", "1a 2a");
    check("the\u00A0end\u3000of\x1Fit", "end of it");
}

static void case_is_pythons(void **state)
{
    (void)state;
    check("\u0130stanbul", "i\u0307stanbul");
    check("\u039F\u0394\u039F\u03A3 \u03A3.", "\u03BF\u03B4\u03BF\u03C2 \u03C3");
    check("\u1E9E \u01C5", "\u00DF \u01C6");
    check("A\u0301", "\u0301"); /* a mark is no letter: the a before it is a word */
    check("\u00AA a\u00B2 a", "\u00AA a\u00B2");
}

static void check_f1(const char *said, const char *gold, double expected)
{
    struct answer_words a = {0}, b = {0};
    answer_words_set(&a, said);
    answer_words_set(&b, gold);
    assert_true(answers_f1(&a, &b) == expected);
    assert_true(answers_f1(&b, &a) == expected);
    answer_words_release(&a);
    answer_words_release(&b);
}

static void words_count_as_often_as_they_stand(void **state)
{
    (void)state;
    check_f1("red fish", "Red, fish!", 1);
    check_f1("red", "fish", 0);
    check_f1("the", "a", 0);
    check_f1("red red fish", "red blue", 2 * (1.0 / 3) * 0.5 / (1.0 / 3 + 0.5));
    check_f1("red red fish", "fish red red red", 2 * 1 * 0.75 / 1.75);
    check_f1("redfish", "red", 0);
}

static void check_same(const char *a, const char *b, bool expected)
{
    struct answer_words x = {0}, y = {0};
    answer_words_set(&x, a);
    answer_words_set(&y, b);
    assert_true(answers_are_same(&x, &y) == expected);
    answer_words_release(&x);
    answer_words_release(&y);
}

static void order_matters_to_what_is_the_same(void **state)
{
    (void)state;
    check_same("The red fish", "red, fish", true);
    check_same("fish red", "red fish", false);
    check_same("red", "red fish", false);
    check_same("", "the", true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_are_normalized),
        cmocka_unit_test(case_is_pythons),
        cmocka_unit_test(words_count_as_often_as_they_stand),
        cmocka_unit_test(order_matters_to_what_is_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "load.h"

#include <stdio.h>
#include <string.h>

#include "lambert/config/config.h"

/* Loads the least configuration with one word more. */
static int with(struct config *config, const char *name, const char *value)
{
    struct error err;
    char word[1024];
    snprintf(word, sizeof word, "%s=%s", name, value);
    return load(config, &err, NULL, LEAST_WORDS, word, NULL);
}

static void assert_refused(const char *name, const char *value, const char *wanted)
{
    struct config config;
    struct error err;
    char word[1024], sentence[2048];
    snprintf(word, sizeof word, "%s=%s", name, value);
    char shown[256] = ""; /* as errors write control characters out */
    for (const char *c = value; *c; c++)
        snprintf(shown + strlen(shown), sizeof shown - strlen(shown),
                 (unsigned char)*c < ' ' || *c == 0x7f ? "\\x%02X" : "%c", (unsigned char)*c);
    snprintf(sentence, sizeof sentence, "command line: '%s' cannot be '%s'; it must be %s", name,
             shown, wanted);
    assert_int_equal(load(&config, &err, NULL, LEAST_WORDS, word, NULL), -1);
    assert_string_equal(err.text, sentence);
}

static void whole_numbers(void **state)
{
    (void)state;
    struct config c;
    assert_int_equal(with(&c, "run.threads", "+12"), 0);
    assert_int_equal(c.run.threads, 12);
    assert_int_equal(with(&c, "run.threads", "010"), 0);
    assert_int_equal(c.run.threads, 10);
    assert_int_equal(with(&c, "run.seed", "9007199254740992"), 0);
    assert_true(c.run.seed == INT64_C(9007199254740992));
    const char *bad[] = {"",
                         "x",
                         "1.5",
                         "1e3",
                         " 1",
                         "1 ",
                         "0x10",
                         "4097",
                         "-1",
                         "--1",
                         "nan",
                         "inf",
                         "4294967297",
                         "1,000",
                         "12a",
                         "\t1",
                         "99999999999999999999999"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_refused("run.threads", bad[i], "a whole number in [0, 4096]");
    assert_refused("run.seed", "9007199254740994", "a whole number in [0, 9007199254740992]");
    assert_refused("run.seed", "-9223372036854775809", "a whole number in [0, 9007199254740992]");
}

static void real_numbers(void **state)
{
    (void)state;
    struct config c;
    const struct {
        const char *text;
        double value;
    } good[] = {{"0", 0},       {".25", 0.25}, {"1e-3", 1e-3},
                {"-0", 0},      {"+0.5", 0.5}, {"0.99999999999999988", 0.99999999999999988},
                {"2.5E-1", .25}};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_int_equal(with(&c, "optimizer.beta1", good[i].text), 0);
        assert_memory_equal(&c.optimizer.beta1, &good[i].value, sizeof(double)); /* and +0 */
    }
    const char *bad[] = {"",    "x",     "1",   "1.0",    "-0.1", "nan", "inf",
                         "1e9", "0.5 x", " .5", "0x1p-3", "0.5f", "1e"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_refused("optimizer.beta1", bad[i], "a number in [0, 1)");
    assert_refused("data.masked_lm_probability", "0", "a number in (0, 1)");
    assert_refused("optimizer.max_grad_norm", "inf", "a number in [0, inf)");
    assert_refused("optimizer.max_grad_norm", "1e999", "a number in [0, inf)");
    assert_refused("phase.one.learning_rate", "0", "a number in (0, 1000]");
    assert_refused("phase.one.learning_rate", "fast", "a number in (0, 1000]");
    assert_int_equal(with(&c, "model.initializer_range", "1"), 0);
    assert_int_equal(with(&c, "phase.one.warmup_ratio", "1"), 0);
}

static void yes_and_no(void **state)
{
    (void)state;
    struct config c;
    const char *yes[] = {"yes", "true", "on", "1", "Yes", "TRUE"};
    const char *no[] = {"no", "false", "off", "0", "No", "OFF"};
    for (int i = 0; i < 6; i++) {
        assert_int_equal(with(&c, "optimizer.decay_all", yes[i]), 0);
        assert_true(c.optimizer.decay_all);
        assert_int_equal(with(&c, "optimizer.bias_correction", no[i]), 0);
        assert_false(c.optimizer.bias_correction);
    }
    const char *bad[] = {"", "y", "2", "yess", "on "};
    for (int i = 0; i < 5; i++)
        assert_refused("optimizer.decay_all", bad[i], "yes or no");
}

static void choices(void **state)
{
    (void)state;
    struct config c;
    const char *good[UPDATE_RULES] = {"lamb", "adamw", "lars", "sgd", "lans"};
    for (int i = 0; i < UPDATE_RULES; i++) {
        assert_int_equal(with(&c, "optimizer.name", good[i]), 0);
        assert_int_equal(c.optimizer.rule, i);
        assert_string_equal(config_word("optimizer.name", i), good[i]);
    }
    const char *bad[] = {"", "lam", "lambs", "LAMB", "|", "lamb | adamw", "lamb "};
    for (int i = 0; i < 7; i++)
        assert_refused("optimizer.name", bad[i], "one of: lamb, adamw, lars, sgd, lans");
}

/* What the copy of the configuration, an INI file, could not hold is refused. */
static void texts(void **state)
{
    (void)state;
    struct config c;
    const char *good[] = {"",    "/a/b c", "a;b", "a#b",    "a = b",
                          "[x]", "\"q\"",  "a:b", "\\n\\x", "\xc3\xa9t\xc3\xa9"};
    for (int i = 0; i < 10; i++) {
        assert_int_equal(with(&c, "data.vocabulary", good[i]), 0);
        assert_string_equal(c.data.vocabulary, good[i]);
    }
    const char *bad[] = {" a", "a ", "a ;b", ";a", "a\nb", "a\tb", "\x7f"};
    for (int i = 0; i < 7; i++)
        assert_refused("data.vocabulary", bad[i],
                       "a text of less than 512 bytes without control characters or ' ;'");
    assert_refused("data.vocabulary", "a #b",
                   "a text of less than 512 bytes without control characters or ' ;' (comments "
                   "behind a value begin with ;)");
}

/* After so many steps, so many sequences. */
static void changes(void **state)
{
    (void)state;
    struct config c;
    assert_int_equal(with(&c, "phase.one.batch_changes", "3:8 , 7:1048576"), 0);
    assert_int_equal(c.phases[0].batch_change_count, 2);
    assert_int_equal(c.phases[0].batch_changes[0].after, 3);
    assert_int_equal(c.phases[0].batch_changes[0].sequences, 8);
    assert_int_equal(c.phases[0].batch_changes[1].after, 7);
    assert_int_equal(c.phases[0].batch_changes[1].sequences, 1048576);
    assert_int_equal(with(&c, "phase.one.batch_changes", ""), 0);
    assert_int_equal(c.phases[0].batch_change_count, 0);
    const char *bad[] = {"3",   "3:",        ":3",   "3:0",          "0:3",  "3:8:9",
                         "3 8", "3:1048577", "3 :8", "3: 8",         "-1:8", "3:8,",
                         "x:8", "3:x",       "3:8;", "1000000001:8", "1.5:8"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_refused("phase.one.batch_changes", bad[i],
                       "a list of at most 16, with commas between them, each two whole numbers "
                       "STEP:SEQUENCES, in [1, 1000000000] and [1, 1048576]");
}

static void hash_comments_get_a_hint(void **state)
{
    (void)state;
    assert_text_fails("[run]\nseed = 3 # three\n",
                      "demo.ini:2: 'run.seed' cannot be '3 # three'; it must be a whole number in "
                      "[0, 9007199254740992] (comments behind a value begin with ;)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_numbers),
        cmocka_unit_test(real_numbers),
        cmocka_unit_test(yes_and_no),
        cmocka_unit_test(choices),
        cmocka_unit_test(changes),
        cmocka_unit_test(texts),
        cmocka_unit_test(hash_comments_get_a_hint),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

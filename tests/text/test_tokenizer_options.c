#include "lib/unit.h"

#include <stdlib.h>

#include "lambert/text/tokenizer_options.h"

/* The same options after a file, which has this text. */
static void assert_written(struct tokenizer_options options, const char *wanted)
{
    struct tokenizer_options back;
    cJSON *object = cJSON_CreateObject();
    tokenizer_options_put(object, &options);
    char *text = json_print(object);
    assert_string_equal(text, wanted);
    object = cJSON_Parse(text);
    assert_null(tokenizer_options_get(object, &back));
    assert_true(tokenizer_options_equal(&options, &back));
    cJSON_Delete(object);
    free(text);
}

static void files_say_what_is_not_plain(void **state)
{
    (void)state;
    struct tokenizer_options options = tokenizer_defaults;
    assert_written(options, "{\"lower_case\":true}");
    options.accents = ACCENTS_STRIPPED;
    assert_written(options, "{\"lower_case\":true}");
    options.accents = ACCENTS_KEPT;
    assert_written(options, "{\"lower_case\":true,\"strip_accents\":false}");
    options.lower_case = false;
    assert_written(options, "{\"lower_case\":false}");
    options.accents = ACCENTS_STRIPPED;
    options.split_han = false;
    options.max_word_characters = 100;
    assert_written(options, "{\"lower_case\":false,\"strip_accents\":true,\"split_han\":false,"
                            "\"max_word_characters\":100}");
}

static void what_is_wrong_is_named(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"{}", "lower_case"},
        {"{\"lower_case\":1}", "lower_case"},
        {"{\"lower_case\":true,\"strip_accents\":null}", "strip_accents"},
        {"{\"lower_case\":true,\"split_han\":\"no\"}", "split_han"},
        {"{\"lower_case\":true,\"max_word_characters\":0}", "max_word_characters"},
        {"{\"lower_case\":true,\"max_word_characters\":1e10}", "max_word_characters"},
        {"{\"lower_case\":true,\"max_word_characters\":true}", "max_word_characters"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct tokenizer_options options = tokenizer_defaults;
        cJSON *object = cJSON_Parse(cases[i][0]);
        assert_string_equal(tokenizer_options_get(object, &options), cases[i][1]);
        assert_true(tokenizer_options_equal(&options, &tokenizer_defaults)); /* left alone */
        cJSON_Delete(object);
    }
}

static void people_are_told(void **state)
{
    (void)state;
    char text[TOKENIZER_OPTIONS_TEXT];
    struct tokenizer_options options = tokenizer_defaults;
    assert_string_equal(tokenizer_options_text(&options, text), "uncased");
    assert_string_equal(tokenizer_options_words(&options, text), "");
    assert_true(tokenizer_options_are_plain(&options));
    options.accents = ACCENTS_KEPT;
    assert_string_equal(tokenizer_options_text(&options, text), "uncased, accents kept");
    assert_string_equal(tokenizer_options_words(&options, text), "--accents keep");
    options = (struct tokenizer_options){.accents = ACCENTS_STRIPPED, .max_word_characters = 100};
    assert_string_equal(tokenizer_options_text(&options, text),
                        "cased, accents stripped, Chinese characters not set apart, words of up to "
                        "100 characters");
    assert_string_equal(tokenizer_options_words(&options, text),
                        "--cased --accents strip --join-han --longest-word 100");
    assert_false(tokenizer_options_are_plain(&options));
    options = (struct tokenizer_options){.split_han = true, .max_word_characters = 200};
    assert_true(tokenizer_options_are_plain(&options)); /* cased */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(files_say_what_is_not_plain),
                                       cmocka_unit_test(what_is_wrong_is_named),
                                       cmocka_unit_test(people_are_told)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

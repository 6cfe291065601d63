#include "lib/unit.h"

#include <string.h>

#include "features/original_text.h"

static void assert_original(const char *original, const char *normalised, bool lower_case,
                            const char *wanted)
{
    struct buffer scratch = {0};
    struct tokenizer_options tokenizer = tokenizer_defaults;
    tokenizer.lower_case = lower_case;
    const struct text_part part = original_text(original, normalised, &tokenizer, &scratch);
    assert_int_equal(part.size, strlen(wanted));
    assert_memory_equal(original + part.start, wanted, part.size);
    buffer_release(&scratch);
}

static void words_are_found_back(void **state)
{
    (void)state;
    assert_original("Steve Smith's", "steve smith", true, "Steve Smith"); /* run_squad.py's */
    assert_original("(1895-1943).", "1895", true, "1895");
    assert_original("(1895-1943).", "1895 - 1943", true, "1895-1943");
    assert_original("$5.00-a-day", "5 . 00", true, "5.00");
    assert_original("The end.", ".", true, ".");
    assert_original("The Japanese", "an", true, "an"); /* any place will do, the first is taken */
}

/* One character for one: accents go without a trace where the letter has a code point with its accent. */
static void characters_are_counted_off(void **state)
{
    (void)state;
    assert_original("(Beyonc\xC3\xA9's)", "beyonce", true, "Beyonc\xC3\xA9");
    assert_original("\xC4\xB0zmir, now", "izmir", true,
                    "\xC4\xB0zmir"); /* lower-cased, two; again one */
    assert_original("\xC3\x9C"
                    "ber-\xC3\x84rzte.",
                    "arzte", true, "\xC3\x84rzte");
    assert_original("\xE4\xB8\xAD\xE5\x9B\xBD\xE4\xBA\xBA", "\xE5\x9B\xBD", true, "\xE5\x9B\xBD");
    assert_original("\xE2\x80\x9Cwell\xE2\x80\x9D,", "well", true, "well");
    assert_original("d\xE2\x80\x99"
                    "Arc\xE2\x80\x99s",
                    "d \xE2\x80\x99 arc", true,
                    "d\xE2\x80\x99"
                    "Arc");
}

/* Where it cannot be counted off, all of the words are given. */
static void else_all_words_are_given(void **state)
{
    (void)state;
    assert_original("Steve Smith's", "steven", true, "Steve Smith's");
    assert_original("Steve Smith's", "[UNK]", true, "Steve Smith's");
    assert_original("Steve Smith's", "", true, "Steve Smith's");
    /* An accent of its own, a character that vanishes, white space that is no blank. */
    assert_original("cafe\xCC\x81s, now", "cafes", true, "cafe\xCC\x81s, now");
    assert_original("soft\xC2\xADware, now", "software", true, "soft\xC2\xADware, now");
    assert_original("10\xC2\xA0km, now", "10", true, "10\xC2\xA0km, now");
}

static void case_is_kept_where_it_counts(void **state)
{
    (void)state;
    assert_original("Steve Smith's", "steve", false, "Steve Smith's");
    assert_original("Steve Smith's", "Steve", false, "Steve");
    assert_original("(Beyonc\xC3\xA9's)", "Beyonc\xC3\xA9", false, "Beyonc\xC3\xA9");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_found_back),
        cmocka_unit_test(characters_are_counted_off),
        cmocka_unit_test(else_all_words_are_given),
        cmocka_unit_test(case_is_kept_where_it_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "lib/unit.h"

#include <string.h>

#include "text/sentence_words.h"

static void assert_all(const char *words, unsigned wanted)
{
    for (size_t size; *words; words += size + (words[size] == ' ')) {
        size = strcspn(words, " ");
        if (sentence_word(words, size) != wanted)
            fail_msg("%.*s: not %u", (int)size, words, wanted);
    }
}

static void knows_what_sentences_begin_with(void **state)
{
    (void)state;
    assert_all("The A An In On At It He She Therefore Additionally Er Sie Wir Dans Cette Après "
               "Una También Así Nel È Não Het Hij Jego Według Při Bu Det På Hän Vuonna Az În Και "
               "Το Он В Однако Її Това Viņš Các",
               WORD_FIRST);
}

/* Behind an initial these say nothing. */
static void knows_what_is_part_of_names(void **state)
{
    (void)state;
    assert_all("De La Le El Van Von Di Du Los Han Per", WORD_FIRST | WORD_NAME);
}

static void knows_what_ordinals_stand_before(void **state)
{
    (void)state;
    assert_all("Januar Oktober Jahrhundert Weltkrieg Platz", WORD_COUNTED);
    assert_all("am im der vom zum", WORD_ARTICLE);
    assert_all("Am Im Zum", WORD_ARTICLE | WORD_FIRST);
    assert_all("Der Die", WORD_ARTICLE | WORD_FIRST | WORD_NAME);
}

static void knows_nothing_else(void **state)
{
    (void)state;
    assert_all("the Th The.A TheTheTheTheTheTheThe Zürich", 0);
    assert_int_equal(sentence_word("", 0), 0);
    assert_int_equal(sentence_word("The A", 5), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_what_sentences_begin_with),
        cmocka_unit_test(knows_what_is_part_of_names),
        cmocka_unit_test(knows_what_ordinals_stand_before),
        cmocka_unit_test(knows_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

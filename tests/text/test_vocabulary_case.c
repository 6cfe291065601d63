/* What vocabularies of several scripts tell of the text that they were made of. */
#include "lambert/text/vocabulary_case.h"

#include <string.h>

#include "lambert/base/buffer.h"
#include "lib/unit.h"

#define SPECIAL "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n[unused1]\n[ALPHA]\n<S>\n"

static struct vocabulary *make(const void *lines, size_t size)
{
    struct vocabulary *vocabulary;
    struct error err;
    if (vocabulary_parse(&vocabulary, "lines", lines, size, &err) < 0)
        fail_msg("%s", err.text);
    return vocabulary;
}

static void what_scripts_tell(void **state)
{
    (void)state;
    static const struct {
        const char *lines;
        int tokens, capitals, accents, small;
        const char *capital, *accent;
    } cases[] = {
        {SPECIAL, 0, 0, 0, 0, "", ""},
        {SPECIAL "the\nking\n##s\n.\n12\n", 5, 0, 0, 3, "", ""},
        {SPECIAL "the\nKing\n##S\ncaf\xc3\xa9\n\xc3\x89t\xc3\xa9\n", 5, 3, 2, 4, "King",
         "caf\xc3\xa9"},
        {SPECIAL "\xd0\x9a\xd0\xbe\n\xd0\xba\xd0\xbe\n", 2, 1, 0, 2, "\xd0\x9a\xd0\xbe",
         ""},                                                                /* Cyrillic */
        {SPECIAL "\xd0\xb9\n", 1, 0, 1, 1, "", "\xd0\xb9"},                  /* short i */
        {SPECIAL "\xe6\x9d\xb1\n##\xe4\xba\xac\napp\n", 3, 0, 0, 1, "", ""}, /* Chinese */
        {SPECIAL "\xe1\x83\x90\n", 1, 0, 0, 0, "", ""},                      /* Georgian */
        {SPECIAL "\xe2\x84\x9d\n", 1, 0, 0, 0, "", ""},                      /* R of the reals */
        {SPECIAL "\xea\xb0\x80\n", 1, 0, 1, 0, "", "\xea\xb0\x80"},          /* a Korean syllable */
        {SPECIAL "\xe1\x84\x80\xe1\x85\xa1\n", 1, 0, 0, 0, "", ""},          /* the same in jamo */
        {SPECIAL "\xd8\xa3\xd9\x86\n", 1, 0, 1, 0, "",
         "\xd8\xa3\xd9\x86"},                               /* Arabic, with a hamza */
        {SPECIAL "\xd8\xa7\xd9\x86\n", 1, 0, 0, 0, "", ""}, /* and without */
        {SPECIAL "\xe0\xa4\x95\xe0\xa5\x81\n", 1, 0, 1, 0, "",
         "\xe0\xa4\x95\xe0\xa5\x81"},                                                 /* Hindi */
        {SPECIAL "##\xe3\x81\x8c\n\xe3\x81\x8b\n", 2, 0, 1, 0, "", "##\xe3\x81\x8c"}, /* Japanese */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct vocabulary *vocabulary = make(cases[i].lines, strlen(cases[i].lines));
        const struct vocabulary_case seen = vocabulary_case_of(vocabulary);
        assert_int_equal(seen.tokens, cases[i].tokens);
        assert_int_equal(seen.capitals, cases[i].capitals);
        assert_int_equal(seen.accents, cases[i].accents);
        assert_int_equal(seen.small, cases[i].small);
        assert_string_equal(seen.capital, cases[i].capital);
        assert_string_equal(seen.accent, cases[i].accent);
        vocabulary_free(vocabulary);
    }
}

/* A Chinese vocabulary, of which the 52 capitals of a cased one tell, and a stray one does not. */
static void how_many_tell(void **state)
{
    (void)state;
    static const int counts[] = {0, 1, 21, 22, 52};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        struct buffer lines = {0};
        buffer_print(&lines, SPECIAL);
        for (int n = 0; n < 21128 - counts[i]; n++)
            buffer_print(&lines, "%d\n", n);
        for (int n = 0; n < counts[i]; n++)
            buffer_print(&lines, "K%d\n", n);
        struct vocabulary *vocabulary = make(lines.data, lines.size);
        const struct vocabulary_case seen = vocabulary_case_of(vocabulary);
        assert_int_equal(seen.tokens, 21128);
        assert_int_equal(vocabulary_case_tells(&seen, seen.capitals), counts[i] > 21);
        vocabulary_free(vocabulary);
        buffer_release(&lines);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_scripts_tell),
        cmocka_unit_test(how_many_tell),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

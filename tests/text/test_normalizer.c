/* The expected words are Python 3.11's, from a transcription of BERT's BasicTokenizer. */
#include "lib/unit.h"

#include <string.h>

#include "lambert/base/rng.h"
#include "text/normalizer.h"
#include "text_helpers.h"

struct golden {
    const char *text, *words;
};

static void check(const struct golden *golden, size_t count, bool lower_case)
{
    for (size_t i = 0; i < count; i++)
        assert_string_equal(words_of(golden[i].text, lower_case), golden[i].words);
}

#define CHECK(golden, lower_case) check(golden, sizeof(golden) / sizeof(golden[0]), lower_case)

static void cleans(void **state)
{
    (void)state;
    static const struct golden golden[] = {
        {"d\x0b"
         "e",
         "de"},
        {"a\u200bb\fc\uFFFDd", "abcd"},
        {"\u00AD", ""},
        {"\u200E\u200F", ""},
        {"a\xC2\x85"
         "b",
         "ab"},
        {"a\x1c\x7f\uFEFFb", "ab"},
        {"x\u200dy", "xy"},
        {"a\u00A0b\u3000c\u2009d", "a b c d"},
        {"a\u2028b\u2029c", "a b c"},
        {"a\ue000b \uf0b7 \U000f0000c", "ab c"},      /* private use: dropped */
        {"a\u0378 \U0010FFFF", "a\u0378 \U0010FFFF"}, /* unassigned: kept */
        {"\u0378", "\u0378"},
    };
    CHECK(golden, true);
    CHECK(golden, false);
    assert_string_equal(words_of_bytes("a\0b \0", 5, true), "ab");
}

static void sets_ideographs_apart(void **state)
{
    (void)state;
    static const struct golden golden[] = {
        {"ah\u535A\u63A8zz", "ah \u535A \u63A8 zz"},
        {"中国abc東京", "中 国 abc 東 京"},
        {"かな漢字カナ", "かな 漢 字 カナ"},
        {"𠀀𪜀𫠠𬺡", "𠀀 𪜀 𫠠 𬺡"},
    };
    CHECK(golden, true);
    CHECK(golden, false);
}

static void lowers_as_python(void **state)
{
    (void)state;
    static const struct golden golden[] = {
        {"naïve CAFÉ İstanbul ΣΑΣ ß", "naive cafe istanbul σας ß"},
        {"\u0130\u0323x", "ix"},
        {"\u212Bngstrom", "angstrom"},
        {"Ǆ ẞ ﬁ", "ǆ ß ﬁ"},
        {"ΌΔΟΣ", "οδος"},
    };
    CHECK(golden, true);
}

static void ends_words_with_final_sigma(void **state)
{
    (void)state;
    static const struct golden golden[] = {
        {"Σ", "σ"},       {"1Σ", "1σ"},       {"aΣ", "aς"},         {"ΑΣ ΣΑ", "ας σα"},
        {"ΑΣ.", "ας ."},  {"(ΑΣ)", "( ας )"}, {"ΑΣ'Β", "ασ ' β"},   /* the word of the rule is the
                                                                       white-space token */
        {"Α'Σ", "α ' ς"}, {"ΑΣ\u0301", "ας"}, {"ΑΣ\u00ADΒ", "ασβ"}, /* cleaning comes first */
        {"ⓐΣ", "ⓐς"},
    };
    CHECK(golden, true);
}

static void decomposes_orders_and_strips(void **state)
{
    (void)state;
    static const struct golden golden[] = {
        {"각", "\u1100\u1161\u11A8"},
        {"한국어", "\u1112\u1161\u11AB\u1100\u116E\u11A8\u110B\u1165"},
        {"e\u0301", "e"},
        {"a\u302E\U0001D165b", "a\U0001D165\u302Eb"},
        {"a\U0001D16D\U0001D165\U0001D16D\u0301\U0001D165",
         "a\U0001D165\U0001D165\U0001D16D\U0001D16D"},
        {"a\U0001D16D\U0001D166\U0001D165", "a\U0001D166\U0001D165\U0001D16D"}, /* stable */
        {"\U0001D15F", "\U0001D158\U0001D165"},
        {"≠", "="},
        {"\u1FEFa", "` a"}, /* becomes ASCII punctuation on the way */
        {"\uFB1D", "\u05D9"},
        {"a\u0488b", "a\u0488b"}, /* enclosing marks are no accents */
        {"\u0301\u0300", ""},
    };
    CHECK(golden, true);
}

static void leaves_accents_and_case_alone_when_cased(void **state)
{
    (void)state;
    static const struct golden golden[] = {
        {"각 é İ ΣΑΣ", "각 é İ ΣΑΣ"},
        {"e\u0301!\u0301", "e\u0301 ! \u0301"},
        {"Ångström", "Ångström"},
    };
    CHECK(golden, false);
}

/* strip_accents apart from do_lower_case, as transformers has them. */
static void case_and_accents_are_two_things(void **state)
{
    (void)state;
    struct tokenizer_options options = tokenizer_defaults;
    options.accents = ACCENTS_KEPT;
    assert_string_equal(words_by(&options, "naïve CAFÉ e\u0301 ΌΔΟΣ İ 한국 \u212B"),
                        "naïve café e\u0301 όδος i\u0307 한국 \u00E5");
    options.lower_case = false;
    options.accents = ACCENTS_STRIPPED;
    assert_string_equal(words_by(&options, "naïve CAFÉ e\u0301 ΌΔΟΣ İ \u212B \u2260"),
                        "naive CAFE e ΟΔΟΣ I A =");
    assert_string_equal(words_by(&options, "\uD55C"), "\u1112\u1161\u11AB");
}

static void han_may_stay_in_words(void **state)
{
    (void)state;
    struct tokenizer_options options = tokenizer_defaults;
    options.split_han = false;
    assert_string_equal(words_by(&options, "中国abc東京 漢、字"), "中国abc東京 漢 、 字");
}

static void cuts_at_punctuation(void **state)
{
    (void)state;
    static const struct golden golden[] = {
        {"–—“a”", "– — “ a ”"}, {"€5 ©a", "€5 ©a"}, {"é$^`+<=>|~é", "e $ ^ ` + < = > | ~ e"},
        {"¿Qué?", "¿ que ?"},   {"\u037E", ";"},
    };
    CHECK(golden, true);
}

static void invalid_bytes_vanish(void **state)
{
    (void)state;
    static const struct golden golden[] = {
        {"a\xFF"
         "b",
         "ab"},
        {"a\xE2\x82"
         "b",
         "ab"},
        {"a\xE2\x82\xE2\x82\xAC"
         "b",
         "a€b"},
        {"\xF0\x9F\x98", ""},
        {"\xED\xA0\x80x", "x"},
        {"\xC0\xAFx", "x"},
        {"\xE0\x80\xC3\xA9", "é"},
        {"\xF4\x90\x80\x80z", "z"},
        {"\xF4\x8F\xBF\xBFz", "\U0010FFFFz"},
        {"\xC3 \xA9", ""},
        {"\xF0\x9F\x92\xC3\xA9", "é"},
        {"a\xF8\x88\x80\x80\x80"
         "b",
         "ab"},
    };
    CHECK(golden, false);
}

static void count(void *context, const char *text, size_t size)
{
    (void)text;
    *(size_t *)context += size;
}

static void invalid_bytes_are_counted(void **state)
{
    (void)state;
    size_t total = 0;
    const struct tokenizer_options cased = {.split_han = true, .max_word_characters = 200};
    static const char text[] = "a\xFF \xE2\x82 \xED\xA0\x80 \xF0\x9F\x98\xE2\x82\xAC";
    assert_int_equal(tokenizer_words(text, sizeof text - 1, &cased, count, &total).invalid_bytes,
                     9);
    assert_int_equal(total, 4);
}

static void a_million_marks_take_no_time(void **state)
{
    (void)state;
    enum { MARKS = 250000 };
    struct buffer text = {0};
    size_t total = 0;
    buffer_put_u8(&text, 'a');
    for (int i = 0; i < MARKS; i++) /* in the worst order */
        buffer_put(&text, i % 2 ? "\u0323" : "\u0301", 2);
    for (int i = 0; i < MARKS; i++)
        buffer_put(&text, "Σ", 2);
    tokenizer_words((char *)text.data, text.size, &tokenizer_defaults, count, &total);
    assert_int_equal(total, 1 + 2 * MARKS);
    buffer_release(&text);
}

static void put_word(void *context, const char *text, size_t size)
{
    buffer_put(context, text, size);
    buffer_put_u8(context, '|');
}

/* Words of plain ASCII take a short cut past the normalizer, which could have done them as well. */
static void agrees_with_the_short_cut(void **state)
{
    (void)state;
    struct rng rng;
    struct buffer text = {0}, fast = {0}, slow = {0};
    rng_init(&rng, rng_key(1, RNG_TEST, 0, 0));
    for (int i = 0; i < 4000; i++) {
        struct tokenizer_options options = tokenizer_defaults;
        options.lower_case = i % 2;
        options.accents = (enum accents)(i / 2 % ACCENTS_CHOICES);
        options.split_han = i % 5 > 0;
        struct normalizer normalizer;
        buffer_reset(&text);
        buffer_reset(&fast);
        buffer_reset(&slow);
        put_random_text(&text, &rng, 40);
        normalizer_init(&normalizer, &options);
        normalizer_begin(&normalizer, (char *)text.data, text.size);
        while (normalizer_next(&normalizer))
            for (size_t w = 0; w < normalizer.word_count; w++)
                put_word(&slow, normalizer_word(&normalizer, w), normalizer.words[w].size);
        const struct tokenizer_counts counts =
            tokenizer_words((char *)text.data, text.size, &options, put_word, &fast);
        assert_int_equal(counts.invalid_bytes, normalizer.invalid_bytes);
        assert_int_equal(counts.accents, normalizer.accents);
        assert_string_equal(buffer_text(&fast), buffer_text(&slow));
        normalizer_release(&normalizer);
    }
    buffer_release(&text);
    buffer_release(&fast);
    buffer_release(&slow);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cleans),
        cmocka_unit_test(sets_ideographs_apart),
        cmocka_unit_test(lowers_as_python),
        cmocka_unit_test(ends_words_with_final_sigma),
        cmocka_unit_test(decomposes_orders_and_strips),
        cmocka_unit_test(leaves_accents_and_case_alone_when_cased),
        cmocka_unit_test(case_and_accents_are_two_things),
        cmocka_unit_test(han_may_stay_in_words),
        cmocka_unit_test(cuts_at_punctuation),
        cmocka_unit_test(invalid_bytes_vanish),
        cmocka_unit_test(invalid_bytes_are_counted),
        cmocka_unit_test(a_million_marks_take_no_time),
        cmocka_unit_test(agrees_with_the_short_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

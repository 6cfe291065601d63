#include "lib/unit.h"

#include <string.h>

#include "lambert/text/unicode.h"

/* Table 3-7 of the Unicode standard: the well-formed sequences of bytes. */
static bool well_formed(const unsigned char *b, size_t size)
{
    if (size == 1)
        return b[0] < 0x80;
    for (size_t i = 1; i < size; i++)
        if (b[i] < 0x80 || b[i] > 0xBF)
            return false;
    if (size == 2)
        return b[0] >= 0xC2 && b[0] <= 0xDF;
    if (size == 3)
        return b[0] >= 0xE0 && b[0] <= 0xEF && !(b[0] == 0xE0 && b[1] < 0xA0) &&
               !(b[0] == 0xED && b[1] > 0x9F);
    return b[0] >= 0xF0 && b[0] <= 0xF4 && !(b[0] == 0xF0 && b[1] < 0x90) &&
           !(b[0] == 0xF4 && b[1] > 0x8F);
}

static void decodes_every_code_point_it_encodes(void **state)
{
    (void)state;
    for (int32_t code = 0; code < 0x110000; code++) {
        char bytes[UNICODE_UTF8_LONGEST];
        int32_t back = -1;
        if (code >= 0xD800 && code < 0xE000)
            continue;
        size_t size = unicode_encode(code, bytes);
        assert_int_equal(size, code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4);
        assert_int_equal(unicode_size(bytes), size);
        assert_int_equal(unicode_decode(bytes, size, &back), size);
        assert_int_equal(back, code);
    }
}

static void refuses_what_is_not_well_formed(void **state)
{
    (void)state;
    /* All that matters about continuation bytes is said by these. */
    static const unsigned char seconds[] = {0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90,
                                            0x9F, 0xA0, 0xBF, 0xC0, 0xFF};
    for (int lead = 0; lead < 256; lead++) {
        for (size_t s = 0; s < sizeof seconds; s++) {
            unsigned char bytes[4] = {(unsigned char)lead, seconds[s], 0x80, 0xBF};
            int32_t code;
            size_t expected = 0;
            for (size_t size = 1; size <= 4; size++)
                if (well_formed(bytes, size))
                    expected = size;
            assert_int_equal(unicode_decode((char *)bytes, 4, &code), expected);
            for (size_t size = 1; size < 4; size++) /* cut short */
                assert_int_equal(unicode_decode((char *)bytes, size, &code),
                                 expected <= size ? expected : 0);
        }
    }
}

static void goes_backwards(void **state)
{
    (void)state;
    int32_t code;
    const char *text = "a\xC3\xA9\xE4\xB8\xAD\xF0\x9F\x92\xA9\x80";
    assert_int_equal(unicode_previous(text, 1, &code), 0);
    assert_int_equal(code, 'a');
    assert_int_equal(unicode_previous(text, 3, &code), 1);
    assert_int_equal(code, 0xE9);
    assert_int_equal(unicode_previous(text, 6, &code), 3);
    assert_int_equal(code, 0x4E2D);
    assert_int_equal(unicode_previous(text, 10, &code), 6);
    assert_int_equal(code, 0x1F4A9);
    assert_int_equal(unicode_previous(text, 11, &code), 10);
    assert_int_equal(code, -1);
}

static void assert_trimmed(const char *text, const char *expected)
{
    size_t size = strlen(text);
    unicode_trim(&text, &size);
    assert_int_equal(size, strlen(expected));
    assert_memory_equal(text, expected, size);
}

static void trims_as_python_strips(void **state)
{
    (void)state;
    assert_trimmed("", "");
    assert_trimmed(" \t\r\n\v\f\x1c\x1d\x1e\x1f", "");
    assert_trimmed("\u00A0\u3000 a\u2028b \xC2\x85\u2029\u1680", "a\u2028b");
    assert_trimmed("\uFEFFa\u200B", "\uFEFFa\u200B"); /* neither is white space */
    assert_trimmed(" \xA0 ", "\xA0");                 /* not valid, so not U+00A0 */
    assert_trimmed("\x85", "\x85");
}

/* Golden cases of Google's tokenization_test.py. */
static void knows_white_space_control_and_punctuation(void **state)
{
    (void)state;
    assert_true(unicode_is_separator(0xA0));
    assert_false(unicode_is_separator('A'));
    assert_false(unicode_is_separator('-'));
    assert_true(unicode_is_format(0x05));
    assert_false(unicode_is_format('A'));
    assert_false(unicode_is_format(' '));
    assert_false(unicode_is_format(0x1F4A9));
    assert_true(unicode_is_punctuation('-'));
    assert_true(unicode_is_punctuation(0x2014));
    assert_false(unicode_is_punctuation(0x20AC));
    assert_false(unicode_is_punctuation('A'));
}

static void knows_the_bounds_of_cjk(void **state)
{
    (void)state;
    static const int32_t inside[] = {0x3400,  0x4DBF,  0x4E00,  0x9FFF,  0xF900,
                                     0xFAFF,  0x20000, 0x2A6DF, 0x2A700, 0x2B73F,
                                     0x2B740, 0x2B820, 0x2CEAF, 0x2F800, 0x2FA1F};
    static const int32_t outside[] = {0x33FF,  0x4DC0,  0xA000,  0xF8FF, 0xFB00, 0x1FFFF, 0x2A6E0,
                                      0x2CEB0, 0x2FA20, 0x30000, 0x3042, 0xAC00, 'a'};
    for (size_t i = 0; i < sizeof inside / sizeof inside[0]; i++)
        assert_true(unicode_is_cjk(inside[i]));
    for (size_t i = 0; i < sizeof outside / sizeof outside[0]; i++)
        assert_false(unicode_is_cjk(outside[i]));
}

static void knows_what_the_sigma_rule_asks(void **state)
{
    (void)state;
    static const int32_t ignorable[] = {'\'', '.', ':', '^', '`', 0xAD, 0xB7, 0x301, 0x2019, 0x2B0};
    static const int32_t cased[] = {'a', 'Z', 0xAA, 0x3A3, 0x1C5, 0x2160, 0x24D0, 0x1F130};
    static const int32_t neither[] = {'1', ' ', ',', '-', '"', 0x4E2D, 0x5D0, 0xA0};
    for (size_t i = 0; i < sizeof ignorable / sizeof ignorable[0]; i++)
        assert_true(unicode_is_case_ignorable(ignorable[i]));
    for (size_t i = 0; i < sizeof cased / sizeof cased[0]; i++) {
        assert_false(unicode_is_case_ignorable(cased[i]));
        assert_true(unicode_is_cased(cased[i]));
    }
    for (size_t i = 0; i < sizeof neither / sizeof neither[0]; i++) {
        assert_false(unicode_is_case_ignorable(neither[i]));
        assert_false(unicode_is_cased(neither[i]));
    }
}

static void knows_numbers(void **state)
{
    (void)state;
    static const int32_t numbers[] = {'0', '9', 0xB2, 0xBD, 0x660, 0x2167, 0x3007, 0x1D7CE};
    static const int32_t others[] = {'a', '-', 0x4E00, 0x301, 0x20};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        assert_true(unicode_is_number(numbers[i]));
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_false(unicode_is_number(others[i]));
}

static void lowers_and_decomposes(void **state)
{
    (void)state;
    int32_t out[UNICODE_NFD_LONGEST];
    assert_int_equal(unicode_lower(0x130, out), 2);
    assert_int_equal(out[0], 'i');
    assert_int_equal(out[1], 0x307);
    assert_int_equal(unicode_lower(0x1E9E, out), 1);
    assert_int_equal(out[0], 0xDF);
    assert_int_equal(unicode_lower(0x10400, out), 1);
    assert_int_equal(out[0], 0x10428);
    static const int32_t sigmas[] = {0x3A3, 0x391, 0x3A3, '.', ' ', 'A', 0x3A3, 'b', 0x3A3};
    static const int32_t lower[] = {0x3C3, 0x3B1, 0x3C2, '.', ' ', 'a', 0x3C3, 'b', 0x3C2};
    for (size_t i = 0; i < sizeof sigmas / sizeof *sigmas; i++) {
        assert_int_equal(unicode_lower_at(sigmas, sizeof sigmas / sizeof *sigmas, i, out), 1);
        assert_int_equal(out[0], lower[i]);
    }
    assert_int_equal(unicode_decompose(0x1D6, out), 3); /* ǖ */
    assert_int_equal(out[0], 'u');
    assert_int_equal(out[1], 0x308);
    assert_int_equal(out[2], 0x304);
    assert_int_equal(unicode_decompose(0xAC01, out), 3); /* 각 */
    assert_int_equal(out[2], 0x11A8);
    assert_int_equal(unicode_decompose(0xFB01, out), 1); /* a ligature is not canonical */
}

static void knows_marks(void **state)
{
    (void)state;
    /* Mn, Mc, Me; and a letter, a modifier letter, a modifier symbol */
    assert_true(unicode_is_mark(0x301) && unicode_is_mark(0x949) && unicode_is_mark(0x20DD));
    assert_false(unicode_is_mark('a') || unicode_is_mark(0x2B0) || unicode_is_mark('^'));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decodes_every_code_point_it_encodes),
        cmocka_unit_test(refuses_what_is_not_well_formed),
        cmocka_unit_test(goes_backwards),
        cmocka_unit_test(trims_as_python_strips),
        cmocka_unit_test(knows_white_space_control_and_punctuation),
        cmocka_unit_test(knows_the_bounds_of_cjk),
        cmocka_unit_test(knows_what_the_sigma_rule_asks),
        cmocka_unit_test(knows_numbers),
        cmocka_unit_test(knows_marks),
        cmocka_unit_test(lowers_and_decomposes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

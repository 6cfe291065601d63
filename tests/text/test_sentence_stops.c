#include "lib/unit.h"

#include "text/sentence_stops.h"

static void assert_kind(const int32_t *codes, size_t count, enum sentence_stop kind)
{
    for (size_t i = 0; i < count; i++)
        if (sentence_stop_of(codes[i]) != kind)
            fail_msg("U+%04X is not of kind %d", (unsigned)codes[i], (int)kind);
}

#define ASSERT_KIND(kind, ...)                                                                     \
    assert_kind((const int32_t[]){__VA_ARGS__},                                                    \
                sizeof((const int32_t[]){__VA_ARGS__}) / sizeof(int32_t), kind)

static void knows_the_stops_of_scripts(void **state)
{
    (void)state;
    ASSERT_KIND(STOP_DOT, '.', 0xFE52);
    ASSERT_KIND(STOP_MARK, '!', '?', 0x2026, 0x203C, 0x203D, 0x2047, 0x2048, 0x2049, 0x37E, 0x2E2E,
                0xFE56, 0xFE57);
    /* Armenian, Arabic, Urdu, Syriac, N'Ko, Devanagari, Burmese, Ethiopic, Khmer, Mongolian,
     * Tibetan, Sinhala, Han, their full and half width, Javanese, Meetei, Brahmi, SignWriting */
    ASSERT_KIND(STOP_FINAL, 0x589, 0x61F, 0x6D4, 0x700, 0x7F9, 0x964, 0x965, 0x104B, 0x1362, 0x1367,
                0x17D4, 0x17D5, 0x1803, 0xF0D, 0xF0E, 0xDF4, 0x3002, 0xFF01, 0xFF1F, 0xFF61, 0xA9C8,
                0xABEB, 0x11047, 0x1DA88);
    ASSERT_KIND(STOP_NONE, 0, -1, 'a', ',', ':', ';', 0xB7, 0x60C, 0x588, 0x58A, 0x966, 0x104A,
                0x1361, 0x3001, 0xFF0C, 0x10FFFF, 0x1DA89);
}

/* The table is in order, or its members are not found: as many as Unicode 15.0.0 has beyond ASCII,
 * without the one that is written as a comma, and with our own. */
static void knows_all_of_them(void **state)
{
    (void)state;
    int found = 0;
    for (int32_t code = 0x80; code < 0x110000; code++)
        found += sentence_stop_of(code) != STOP_NONE;
    assert_int_equal(found, 151 - 1 + 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_the_stops_of_scripts),
        cmocka_unit_test(knows_all_of_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "lib/scratch.h"

#include <stdlib.h>

#include "lambert/base/activity.h"
#include "lambert/base/hash.h"
#include "lambert/base/memory.h"

/* CRC-32 and CRC-32C: the check values of their catalogue entries (CRC-32/ISO-HDLC, CRC-32/ISCSI; the
 * latter, 0xE3069283, masked by hand). XXH3: published values of the
 * 64-bit variant for "" and "abc". */
static void known_answers(void **state)
{
    (void)state;
    assert_int_equal(crc32_bytes(0, "123456789", 9), 0xCBF43926);
    const uint32_t crc = UINT32_C(0xE3069283);
    assert_int_equal(crc32c_masked("123456789", 9),
                     (uint32_t)((crc >> 15 | crc << 17) + UINT32_C(0xA282EAD8)));
    assert_int_equal(crc32c_masked("", 0), 0xA282EAD8);
    assert_true(hash_bytes("", 0) == UINT64_C(0x2D06800538D394C2));
    assert_true(hash_bytes_seeded("", 0, 0) == UINT64_C(0x2D06800538D394C2));
    assert_true(hash_bytes("abc", 3) == UINT64_C(0x78AF5F94892F3950));
    assert_true(hash_bytes("123456789", 9) == hash_bytes_seeded("123456789", 9, 0));
    assert_true(hash_bytes("123456789", 9) != hash_bytes_seeded("123456789", 9, 1));
    assert_true(hash_bytes("123456789", 9) != hash_bytes("123456788", 9));
}

static void crc_in_pieces(void **state)
{
    (void)state;
    uint32_t crc = crc32_bytes(0, "1234", 4);
    crc = crc32_bytes(crc, "", 0);
    crc = crc32_bytes(crc, NULL, 0);
    assert_int_equal(crc32_bytes(crc, "56789", 5), 0xCBF43926);
}

static void text(void **state)
{
    (void)state;
    char printed[HASH_TEXT];
    uint64_t hash = 1;
    assert_string_equal(hash_print(UINT64_C(0x0123456789abcdef), printed), "0123456789abcdef");
    assert_true(hash_parse(printed, &hash));
    assert_true(hash == UINT64_C(0x0123456789abcdef));
    static const char *const nonsense[] = {"", "0123456789abcde", "0123456789abcdef0",
                                           "0123456789ABCDEF", " 123456789abcdef"};
    for (size_t i = 0; i < sizeof nonsense / sizeof *nonsense; i++)
        assert_false(hash_parse(nonsense[i], &hash));
}

/* A file that is mapped comes from its disk while it is looked at. */
static void a_long_sum_gives_signs_of_life(void **state)
{
    (void)state;
    const size_t size = (size_t)65 << 20;
    uint8_t *bytes = memory_new(size, 1);
    const uint64_t before = activity_heartbeats();
    crc32_bytes(0, bytes, size);
    assert_true(activity_heartbeats() >= before + 2);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_long_sum_gives_signs_of_life),
        cmocka_unit_test(known_answers),
        cmocka_unit_test(crc_in_pieces),
        cmocka_unit_test(text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lambert/base/hash.h"

#include "../../src/corpus/fingerprints.h"

static uint64_t hash_of(uint64_t thing)
{
    return hash_bytes(&thing, sizeof thing);
}

static void copies_are_counted_but_for_the_first(void **state)
{
    (void)state;
    struct buffer prints = {0};
    for (uint64_t copy = 0; copy < 4; copy++)
        for (uint64_t thing = copy; thing < 10; thing++)
            fingerprints_add(&prints, 0, hash_of(thing), 100 + thing);
    struct duplicates found = fingerprints_duplicates(&prints, 0);
    assert_int_equal(found.count, 9 + 8 + 7);
    uint64_t bytes = 0;
    for (uint64_t copy = 1; copy < 4; copy++)
        for (uint64_t thing = copy; thing < 10; thing++)
            bytes += 100 + thing;
    assert_int_equal(found.bytes, bytes);
    buffer_release(&prints);
}

static void nothing_has_no_copies(void **state)
{
    (void)state;
    struct buffer prints = {0};
    assert_int_equal(fingerprints_duplicates(&prints, 0).count, 0);
    fingerprints_add(&prints, 0, 1, 1);
    assert_int_equal(fingerprints_duplicates(&prints, 0).count, 0);
    buffer_release(&prints);
}

/* Of 200,000 things, three times each, every 16th is kept. */
static void a_part_stands_for_the_whole(void **state)
{
    (void)state;
    struct buffer prints = {0};
    for (uint64_t copy = 0; copy < 3; copy++)
        for (uint64_t thing = 0; thing < 200000; thing++)
            fingerprints_add(&prints, 4, hash_of(thing), 10);
    uint64_t kept = prints.size / sizeof(struct fingerprint);
    assert_in_range(kept, 600000 / 16 * 0.95, 600000 / 16 * 1.05);
    struct duplicates found = fingerprints_duplicates(&prints, 4);
    assert_in_range(found.count, 400000 * 0.95, 400000 * 1.05);
    assert_int_equal(found.bytes, 10 * found.count);
    buffer_release(&prints);
}

static void bits_keep_what_is_asked_for(void **state)
{
    (void)state;
    assert_int_equal(fingerprint_bits(0, 1000), 0);
    assert_int_equal(fingerprint_bits(1000, 1000), 0);
    assert_int_equal(fingerprint_bits(2001, 1000), 1);
    assert_int_equal(fingerprint_bits(4004, 1000), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copies_are_counted_but_for_the_first),
        cmocka_unit_test(nothing_has_no_copies),
        cmocka_unit_test(a_part_stands_for_the_whole),
        cmocka_unit_test(bits_keep_what_is_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

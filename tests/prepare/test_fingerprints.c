#include "lib/unit.h"

#include <math.h>
#include <stdbool.h>

#include "lambert/base/hash.h"

#include "prepare/fingerprints.h"

static uint64_t hash_of(uint64_t thing)
{
    return hash_bytes(&thing, sizeof thing);
}

static void copies_are_counted_but_for_the_first(void **state)
{
    (void)state;
    struct fingerprints prints = {0};
    for (uint64_t copy = 0; copy < 4; copy++)
        for (uint64_t thing = copy; thing < 10; thing++)
            fingerprints_add(&prints, 0, hash_of(thing), 100 + thing);
    struct duplicates found = fingerprints_duplicates(&prints, 0, &(struct duplicates){0});
    assert_int_equal(found.count, 9 + 8 + 7);
    uint64_t bytes = 0;
    for (uint64_t copy = 1; copy < 4; copy++)
        for (uint64_t thing = copy; thing < 10; thing++)
            bytes += 100 + thing;
    assert_int_equal(found.bytes, bytes);
    fingerprints_release(&prints);
}

static void nothing_has_no_copies(void **state)
{
    (void)state;
    struct fingerprints prints = {0};
    assert_int_equal(fingerprints_duplicates(&prints, 0, &(struct duplicates){0}).count, 0);
    fingerprints_add(&prints, 0, 1, 1);
    assert_int_equal(fingerprints_duplicates(&prints, 0, &(struct duplicates){0}).count, 0);
    fingerprints_release(&prints);
}

/* Of 200,000 things, three times each, every 16th is kept. */
static void a_part_stands_for_the_whole(void **state)
{
    (void)state;
    struct fingerprints prints = {0};
    for (uint64_t copy = 0; copy < 3; copy++)
        for (uint64_t thing = 0; thing < 200000; thing++)
            fingerprints_add(&prints, 4, hash_of(thing), 10);
    const struct duplicates all = {.count = 600000, .bytes = 6000000};
    uint64_t kept = prints.count;
    assert_in_range(kept, 600000 / 16 * 0.95, 600000 / 16 * 1.05);
    struct duplicates found = fingerprints_duplicates(&prints, 4, &all);
    assert_in_range(found.count, 400000 * 0.95, 400000 * 1.05);
    assert_int_equal(found.bytes, 10 * found.count);
    fingerprints_release(&prints);
}

/* Adds things [first, end), `copies` of each. */
static void add_things(struct fingerprints *prints, int bits, uint64_t first, uint64_t end,
                       int copies)
{
    for (uint64_t thing = first; thing < end; thing++)
        for (int c = 0; c < copies; c++)
            fingerprints_add(prints, bits, hash_of(thing), 10);
}

static uint64_t estimate(struct fingerprints *prints, int bits, uint64_t all)
{
    const struct duplicates whole = {.count = all, .bytes = 10 * all};
    struct duplicates found = fingerprints_duplicates(prints, bits, &whole);
    assert_true(found.bytes <= whole.bytes);
    assert_true(fabs((double)found.bytes - 10.0 * (double)found.count) <= 10);
    fingerprints_release(prints);
    return found.count;
}

/* 100,000 different things and one that has 50,000 copies more, whether that is kept or not. */
static void one_thing_with_very_many_copies(void **state)
{
    (void)state;
    enum { BITS = 6 };
    for (int kept = 0; kept < 2; kept++) {
        struct fingerprints prints = {0};
        uint64_t many = 1000000;
        while (((hash_of(many) & 63) == 0) != kept)
            many++;
        add_things(&prints, BITS, 0, 100000, 1);
        add_things(&prints, BITS, many, many + 1, 50001);
        assert_in_range(estimate(&prints, BITS, 150001), 50000 - 20000, 50000 + 20000);
    }
}

/* Things that are nearly all copies, of which a few more or fewer are kept than expected. */
static void no_more_copies_than_things(void **state)
{
    (void)state;
    bool exceeded = false;
    for (uint64_t first = 0; first < 10000; first += 1000) {
        struct fingerprints prints = {0};
        add_things(&prints, 4, first, first + 200, 2000);
        uint64_t kept = prints.count / 2000;
        exceeded |= 16 * kept * 1999 > 400000;
        assert_in_range(estimate(&prints, 4, 400000), 399000, 400000 - kept);
    }
    assert_true(exceeded); /* where what is kept, times 16, was no answer */
}

/* Chance does not make copies where there are none, nor does keeping none make them all copies. */
static void no_copies_are_none(void **state)
{
    (void)state;
    for (uint64_t things = 0; things < 40; things++) {
        struct fingerprints prints = {0};
        add_things(&prints, 5, 0, things, 1);
        assert_int_equal(estimate(&prints, 5, things), 0);
    }
    for (uint64_t i = 1; i < 20; i++) {
        struct fingerprints prints = {0};
        add_things(&prints, 4, i * 1000000, i * 1000000 + 10000, 1);
        assert_int_equal(estimate(&prints, 4, 10000), 0);
    }
}

/* What is kept in the end is the same, whether it is left out as it comes or afterwards. */
static void too_many_are_thinned(void **state)
{
    (void)state;
    struct fingerprints prints = {0}, joined = {0};
    int bits = 0;
    add_things(&prints, 3, 0, 40000, 2);
    uint64_t kept = prints.count;
    for (uint64_t first = 0; first < 40000; first += 10000) {
        struct fingerprints more = {0};
        add_things(&more, 0, first, first + 10000, 2);
        bits = fingerprints_join(&joined, bits, &more, 0, kept);
        assert_true(joined.count <= kept);
        fingerprints_release(&more);
    }
    assert_int_equal(bits, 3);
    assert_int_equal(joined.count, prints.count);
    assert_memory_equal(joined.prints, prints.prints, prints.count * sizeof *prints.prints);
    fingerprints_release(&prints);
    fingerprints_release(&joined);
}

/* As of a stream, of which more and more is left out as it goes on. */
static void parts_that_were_thinned_unlike_are_joined(void **state)
{
    (void)state;
    struct fingerprints prints = {0}, joined = {0};
    int bits = 0;
    add_things(&prints, 3, 0, 40000, 2);
    for (int part = 0; part < 4; part++) {
        struct fingerprints more = {0};
        add_things(&more, part, 10000 * (uint64_t)part, 10000 * (uint64_t)(part + 1), 2);
        bits = fingerprints_join(&joined, bits, &more, part, UINT64_MAX);
        assert_int_equal(bits, part);
        fingerprints_release(&more);
    }
    assert_int_equal(joined.count, prints.count);
    assert_memory_equal(joined.prints, prints.prints, prints.count * sizeof *prints.prints);
    fingerprints_release(&prints);
    fingerprints_release(&joined);
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
        cmocka_unit_test(one_thing_with_very_many_copies),
        cmocka_unit_test(no_more_copies_than_things),
        cmocka_unit_test(no_copies_are_none),
        cmocka_unit_test(too_many_are_thinned),
        cmocka_unit_test(parts_that_were_thinned_unlike_are_joined),
        cmocka_unit_test(bits_keep_what_is_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

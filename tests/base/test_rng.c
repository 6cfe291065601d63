#include "lib/scratch.h"

#include <math.h>
#include <signal.h>
#include <stdlib.h>

#include "lambert/base/rng.h"

/* Random123's kat_vectors, "philox4x32 10". */
static void known_answers(void **state)
{
    (void)state;
    static const struct {
        uint32_t counter[4], key[2], out[4];
    } vectors[] = {
        {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
         {0xffffffff, 0xffffffff},
         {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
         {0xa4093822, 0x299f31d0},
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        uint32_t out[4];
        philox4x32(vectors[i].counter, vectors[i].key, out);
        assert_memory_equal(out, vectors[i].out, sizeof out);
    }
}

static void stream_is_the_blocks_in_order(void **state)
{
    (void)state;
    struct rng rng;
    rng_init(&rng, UINT64_C(0x0123456789abcdef));
    const uint32_t key[2] = {0x89abcdef, 0x01234567};
    for (uint32_t block = 0; block < 5; block++) {
        const uint32_t counter[4] = {block, 0, 0, 0};
        uint32_t out[4];
        philox4x32(counter, key, out);
        assert_int_equal(rng_u32(&rng), out[0]);
        uint64_t two = rng_u64(&rng);
        assert_true(two == ((uint64_t)out[2] << 32 | out[1]));
        assert_int_equal(rng_u32(&rng), out[3]);
    }
}

static void block_number_has_64_bits(void **state)
{
    (void)state;
    struct rng rng;
    rng_init(&rng, 5);
    rng.block = UINT64_C(0x100000002);
    const uint32_t counter[4] = {2, 1, 0, 0}, key[2] = {5, 0};
    uint32_t out[4];
    philox4x32(counter, key, out);
    assert_int_equal(rng_u32(&rng), out[0]);
    assert_true(rng.block == UINT64_C(0x100000003));
}

/* A seed means the same for ever: this is what checkpoints and corpora were made with. The wanted
 * value follows from the definition in rng.h: the first half of the Philox block whose counter is
 * (a, b) and whose key is seed + purpose * 0x9E3779B97F4A7C15. */
static void keys(void **state)
{
    (void)state;
    /* 1 + 4 * 0x9E3779B97F4A7C15 mod 2^64 = 0x78DDE6E5FD29F055 */
    const uint32_t counter[4] = {7, 0, 9, 2}, key[2] = {0xFD29F055, 0x78DDE6E5};
    uint32_t out[4];
    philox4x32(counter, key, out);
    assert_true(rng_key(1, RNG_MASKS, 7, UINT64_C(0x200000009)) ==
                ((uint64_t)out[1] << 32 | out[0]));

    const uint64_t all[] = {
        rng_key(1, RNG_MASKS, 0, 0),
        rng_key(2, RNG_MASKS, 0, 0),
        rng_key(1, RNG_DROPOUT, 0, 0),
        rng_key(1, RNG_MASKS, 1, 0),
        rng_key(1, RNG_MASKS, 0, 1),
        rng_key(1, RNG_MASKS, UINT64_C(1) << 32, 0),
        rng_key(1, RNG_MASKS, 0, UINT64_C(1) << 32),
        rng_key(UINT64_C(1) << 32, RNG_MASKS, 0, 0),
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        for (size_t j = 0; j < i; j++)
            assert_true(all[i] != all[j]);
}

static void uniform_numbers(void **state)
{
    (void)state;
    struct rng rng;
    rng_init(&rng, rng_key(1, RNG_TEST, 0, 0));
    enum { COUNT = 100000 };
    double sum = 0, squares = 0;
    for (int i = 0; i < COUNT; i++) {
        double u = rng_uniform(&rng);
        assert_true(u >= 0 && u < 1);
        sum += u;
        squares += u * u;
    }
    /* five standard deviations of the mean of u and of u^2 */
    assert_true(fabs(sum / COUNT - 1.0 / 2) < 5 * sqrt(1.0 / 12 / COUNT));
    assert_true(fabs(squares / COUNT - 1.0 / 3) < 5 * sqrt(4.0 / 45 / COUNT));
}

static void below_is_even(void **state)
{
    (void)state;
    struct rng rng;
    rng_init(&rng, rng_key(1, RNG_TEST, 1, 0));
    enum { COUNT = 60000, SIDES = 6 };
    int seen[SIDES] = {0};
    for (int i = 0; i < COUNT; i++) {
        uint32_t side = rng_below(&rng, SIDES);
        assert_true(side < SIDES);
        seen[side]++;
    }
    double chi2 = 0;
    for (int i = 0; i < SIDES; i++)
        chi2 += pow(seen[i] - COUNT / SIDES, 2) / (COUNT / SIDES);
    assert_true(chi2 < 25.7); /* 5 degrees of freedom, one in 10,000 */

    for (int i = 0; i < 100; i++)
        assert_int_equal(rng_below(&rng, 1), 0);
}

/* With a limit of 3/4 of 2^32 a plain product would give every third value twice as often. */
static void below_has_no_bias(void **state)
{
    (void)state;
    struct rng rng;
    rng_init(&rng, rng_key(1, RNG_TEST, 2, 0));
    enum { COUNT = 60000 };
    int thirds[3] = {0};
    for (int i = 0; i < COUNT; i++)
        thirds[rng_below(&rng, 0xC0000000) % 3]++;
    for (int i = 0; i < 3; i++)
        assert_true(abs(thirds[i] - COUNT / 3) < 5 * sqrt(COUNT * 2.0 / 9));
}

static void normal_numbers(void **state)
{
    (void)state;
    struct rng rng;
    rng_init(&rng, rng_key(1, RNG_TEST, 3, 0));
    enum { COUNT = 100000 };
    double sum = 0, squares = 0;
    int within = 0;
    for (int i = 0; i < COUNT; i++) {
        double x = rng_normal(&rng);
        assert_true(isfinite(x));
        sum += x;
        squares += x * x;
        within += fabs(x) < 1;
    }
    assert_true(fabs(sum / COUNT) < 5 / sqrt(COUNT));
    assert_true(fabs(squares / COUNT - 1) < 5 * sqrt(2.0 / COUNT));
    assert_true(fabs((double)within / COUNT - 0.6826895) < 5 * sqrt(0.2166 / COUNT));
}

static void below_nothing(void)
{
    struct rng rng;
    rng_init(&rng, 1);
    rng_below(&rng, 0);
}

static void below_nothing_is_a_bug(void **state)
{
    (void)state;
    struct buffer said = {0};
    assert_int_equal(signal_of(below_nothing, &said), SIGABRT);
    buffer_release(&said);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_answers),
        cmocka_unit_test(stream_is_the_blocks_in_order),
        cmocka_unit_test(block_number_has_64_bits),
        cmocka_unit_test(keys),
        cmocka_unit_test(uniform_numbers),
        cmocka_unit_test(below_is_even),
        cmocka_unit_test(below_has_no_bias),
        cmocka_unit_test(normal_numbers),
        cmocka_unit_test(below_nothing_is_a_bug),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

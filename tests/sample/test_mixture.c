#include "lambert/sample/mixture.h"

#include <math.h>
#include <stdlib.h>

#include "lib/unit.h"

struct weighting {
    int count;
    double weights[MIXTURE_MOST];
};

static const struct weighting weightings[] = {
    {1, {3}},
    {2, {0.5, 0.5}},
    {2, {1, 9999}},
    {2, {9999, 1}},
    {3, {0.7, 0.2, 0.1}},
    {3, {0.1, 0.2, 0.7}},
    {4, {1e-4, 0.6, 1e-4, 0.3998}},
    {7, {1, 1, 1, 1, 1, 1, 1}},
    {5, {1e-6, 1e6, 1, 1000, 1e-3}},
};
enum { WEIGHTINGS = sizeof weightings / sizeof *weightings };

static struct mixture mixture_of(const struct weighting *weighting)
{
    struct mixture mixture;
    mixture_init(&mixture, weighting->weights, weighting->count);
    return mixture;
}

static struct weighting equal(int count)
{
    struct weighting weighting = {.count = count};
    for (int p = 0; p < count; p++)
        weighting.weights[p] = 1;
    return weighting;
}

static void shares_are_the_weights(void **state)
{
    (void)state;
    for (int w = 0; w < WEIGHTINGS; w++) {
        const struct mixture mixture = mixture_of(&weightings[w]);
        double sum = 0;
        uint64_t units = 0;
        for (int p = 0; p < mixture.count; p++)
            sum += weightings[w].weights[p];
        for (int p = 0; p < mixture.count; p++) {
            const double wanted = weightings[w].weights[p] / sum;
            assert_true(mixture.units[p] >= 1);
            assert_true(fabs(mixture_share(&mixture, p) - wanted) <=
                        (double)MIXTURE_MOST / MIXTURE_UNIT);
            units += mixture.units[p];
        }
        assert_true(units == MIXTURE_UNIT);
    }
    const struct weighting most = equal(MIXTURE_MOST);
    const struct mixture mixture = mixture_of(&most);
    for (int p = 0; p < MIXTURE_MOST; p++)
        assert_int_equal(mixture.units[p], MIXTURE_UNIT / MIXTURE_MOST);
}

/* From any place on, each part's samples come one after another, counts say how many came before,
 * and no part is ever four samples away from its share. */
static void check_from(const struct mixture *mixture, uint64_t first, int samples)
{
    uint64_t next[MIXTURE_MOST];
    for (int p = 0; p < mixture->count; p++)
        next[p] = mixture_count(mixture, p, first);
    for (uint64_t i = first; i < first + (uint64_t)samples; i++) {
        const struct mixture_place place = mixture_find(mixture, i);
        assert_in_range(place.part, 0, mixture->count - 1);
        assert_true(place.index == next[place.part]);
        next[place.part]++;
        uint64_t sum = 0;
        for (int p = 0; p < mixture->count; p++) {
            assert_true(mixture_count(mixture, p, i + 1) == next[p]);
            sum += next[p];
            /* i share, exactly: in whole units, as doubles have not the digits. */
            const uint64_t all = (i + 1) / MIXTURE_UNIT, rest = (i + 1) % MIXTURE_UNIT;
            const double off = (double)(int64_t)(next[p] - all * mixture->units[p]) -
                               (double)rest * mixture_share(mixture, p);
            if (!(fabs(off) < 4))
                fail_msg("part %d is %g samples off", p, off);
        }
        assert_true(sum == i + 1);
    }
}

static void parts_are_dealt_evenly_everywhere(void **state)
{
    (void)state;
    const uint64_t places[] = {0, MIXTURE_UNIT - 500, (uint64_t)3 << 40,
                               ((uint64_t)1 << 62) - 2000};
    for (int w = 0; w < WEIGHTINGS; w++) {
        const struct mixture mixture = mixture_of(&weightings[w]);
        for (size_t i = 0; i < sizeof places / sizeof *places; i++)
            check_from(&mixture, places[i], 1000);
    }
    const struct weighting most = equal(MIXTURE_MOST);
    const struct mixture mixture = mixture_of(&most);
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        check_from(&mixture, places[i], 300);
}

static void counts_are_exact_after_every_unit(void **state)
{
    (void)state;
    for (int w = 0; w < WEIGHTINGS; w++) {
        const struct mixture mixture = mixture_of(&weightings[w]);
        for (uint64_t k = 0; k < 4; k++)
            for (int p = 0; p < mixture.count; p++)
                assert_true(mixture_count(&mixture, p, k * MIXTURE_UNIT) == k * mixture.units[p]);
        const uint64_t late = ((uint64_t)1 << 32) - 1; /* units */
        for (int p = 0; p < mixture.count; p++)
            assert_true(mixture_count(&mixture, p, late * MIXTURE_UNIT) == late * mixture.units[p]);
    }
}

/* 0.7, 0.2, 0.1: seven, two and one in every ten, and a part of 1e-4 comes once in ten thousand. */
static void simple_shares_are_seen_at_once(void **state)
{
    (void)state;
    const struct mixture tenths = mixture_of(&weightings[4]), rare = mixture_of(&weightings[2]);
    for (uint64_t i = 10; i <= 100000; i += 10) {
        assert_true(mixture_count(&tenths, 0, i) == i / 10 * 7);
        assert_in_range(mixture_count(&tenths, 1, i), i / 10 * 2 - 1, i / 10 * 2 + 1);
        assert_in_range(mixture_count(&tenths, 2, i), i / 10 - 1, i / 10 + 1);
    }
    for (uint64_t i = 10000; i <= 1000000; i += 10000)
        assert_in_range(mixture_count(&rare, 0, i), i / 10000 - 1, i / 10000 + 1);
    assert_true(mixture_count(&rare, 0, (uint64_t)10000 * 10000 * 100) <= 1000000 + 5);
    assert_true(mixture_count(&rare, 0, (uint64_t)10000 * 10000 * 100) >= 1000000 - 5);
}

static void one_part_is_the_whole(void **state)
{
    (void)state;
    const struct mixture mixture = mixture_of(&weightings[0]);
    for (uint64_t i = 0; i < (uint64_t)1 << 62; i = i * 3 + 1) {
        const struct mixture_place place = mixture_find(&mixture, i);
        assert_int_equal(place.part, 0);
        assert_true(place.index == i);
        assert_true(mixture_count(&mixture, 0, i) == i);
    }
}

static void temperature_smooths_shares(void **state)
{
    (void)state;
    const uint64_t tokens[] = {1000000, 10000, 0, 100};
    double weights[4];
    mixture_weights(tokens, 2, 1, weights);
    assert_true(fabs(weights[1] / weights[0] - 0.01) < 1e-12);
    mixture_weights(tokens, 2, 2, weights);
    assert_true(fabs(weights[1] / weights[0] - 0.1) < 1e-12);
    mixture_weights(tokens, 2, 1 / 0.3, weights);
    assert_true(fabs(weights[1] / weights[0] - pow(0.01, 0.3)) < 1e-12);
    mixture_weights(tokens, 4, 1e6, weights);
    for (int p = 0; p < 4; p++)
        assert_true(fabs(weights[p] - 1) < 1e-4); /* and one without tokens has a weight */
    mixture_weights((const uint64_t[]){0, 0}, 2, 1, weights);
    assert_true(weights[0] == 1 && weights[1] == 1);
}

/* Shares are computed anew when a run is resumed, perhaps on another machine: they are what arithmetic with 60
 * digits (Python's decimal) makes of the temperature, to the unit. */
static void shares_by_temperature_are_the_same_everywhere(void **state)
{
    (void)state;
    static const struct {
        double temperature;
        int count;
        uint64_t tokens[4];
        uint32_t units[4];
    } all[] = {
        {1 / 0.3,
         4,
         {3000000000, 120000000, 4500000, 81},
         {702586397, 267496272, 99891173, 3767982}},
        {1 / 0.7, 4, {3000000000, 120000000, 4500000, 81}, {962465056, 101117649, 10154273, 4846}},
        {5, 3, {7, 1000003, 999999999989}, {5901380, 63377373, 1004463071}},
        {2.5, 2, {123456789, 987654321}, {325633194, 748108630}},
    };
    for (size_t a = 0; a < sizeof all / sizeof *all; a++) {
        double weights[4];
        struct mixture mixture;
        mixture_weights(all[a].tokens, all[a].count, all[a].temperature, weights);
        mixture_init(&mixture, weights, all[a].count);
        for (int p = 0; p < all[a].count; p++)
            assert_int_equal(mixture.units[p], all[a].units[p]);
    }
}

/* As near to pow() as its own error, 2^-46, allows. */
static void temperatures_are_powers(void **state)
{
    (void)state;
    for (double temperature = 1; temperature < 200; temperature *= 1.37)
        for (uint64_t tokens = 1; tokens < UINT64_C(1) << 60; tokens += 1 + tokens / 3) {
            const uint64_t pair[] = {tokens, UINT64_C(1) << 60};
            double weights[2];
            mixture_weights(pair, 2, temperature, weights);
            const double wanted = pow((double)tokens / 0x1p60, 1 / temperature);
            assert_true(fabs(weights[0] - wanted) <= 0x1p-44 * wanted);
            assert_true(weights[1] == 1);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shares_are_the_weights),
        cmocka_unit_test(parts_are_dealt_evenly_everywhere),
        cmocka_unit_test(counts_are_exact_after_every_unit),
        cmocka_unit_test(simple_shares_are_seen_at_once),
        cmocka_unit_test(one_part_is_the_whole),
        cmocka_unit_test(temperature_smooths_shares),
        cmocka_unit_test(shares_by_temperature_are_the_same_everywhere),
        cmocka_unit_test(temperatures_are_powers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

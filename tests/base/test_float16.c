/* Both 16-bit types against what they are by definition: sign, power of two and fraction, put
 * together with ldexp(); and the nearest of those, found by looking. */
#include "lib/unit.h"

#include <math.h>
#include <string.h>

#include "lambert/base/float16.h"
#include "lambert/base/rng.h"

struct kind {
    float (*to_float)(uint16_t);
    uint16_t (*from_float)(float);
    int fraction; /* bits */
    int bias;
    uint16_t infinity; /* and the bits above are NaN */
};

static const struct kind half = {float16_to_float, float16_from_float, 10, 15, 0x7c00};
static const struct kind bfloat = {bfloat16_to_float, bfloat16_from_float, 7, 127, 0x7f80};

static uint32_t bits_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static float float_of(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Of bits without sign and up to infinity's, which stand for what would come next if it were a
 * number: the halfway point to it is where rounding to infinity begins. */
static double magnitude_of(const struct kind *kind, int bits)
{
    int exponent = bits >> kind->fraction;
    int fraction = bits & ((1 << kind->fraction) - 1);
    if (exponent == 0)
        return ldexp(fraction, 1 - kind->bias - kind->fraction);
    return ldexp(fraction + (1 << kind->fraction), exponent - kind->bias - kind->fraction);
}

/* The bits of the nearest value, the even one of two; by halving the range. */
static uint16_t nearest_to(const struct kind *kind, float value)
{
    uint16_t sign = signbit(value) ? 0x8000 : 0;
    double magnitude = fabs((double)value);
    int low = 0, high = kind->infinity;
    if (magnitude >= magnitude_of(kind, high))
        return sign | kind->infinity;
    while (high - low > 1) {
        int middle = (low + high) / 2;
        if (magnitude_of(kind, middle) <= magnitude)
            low = middle;
        else
            high = middle;
    }
    double below = magnitude - magnitude_of(kind, low);
    double above = magnitude_of(kind, high) - magnitude;
    return sign | (uint16_t)(below < above || (below == above && low % 2 == 0) ? low : high);
}

static void assert_rounded(const struct kind *kind, float value)
{
    uint16_t found = kind->from_float(value), wanted = nearest_to(kind, value);
    if (found != wanted)
        fail_msg("%a gives %04x, nearest is %04x", (double)value, found, wanted);
    found = kind->from_float(-value);
    if (found != (wanted ^ 0x8000))
        fail_msg("%a gives %04x, nearest is %04x", (double)-value, found, wanted ^ 0x8000);
}

static void assert_values(const struct kind *kind)
{
    for (int bits = 0; bits <= 0xffff; bits++) {
        float value = kind->to_float((uint16_t)bits);
        int magnitude = bits & 0x7fff;
        assert_int_equal(signbit(value) != 0, bits >> 15);
        if (magnitude > kind->infinity)
            assert_true(isnan(value));
        else if (magnitude == kind->infinity)
            assert_true(isinf(value));
        else
            assert_true(fabs((double)value) == magnitude_of(kind, magnitude));
    }
}

static void every_value_is_its_definition(void **state)
{
    (void)state;
    assert_values(&half);
    assert_values(&bfloat);
}

static void every_value_goes_there_and_back(void **state)
{
    (void)state;
    for (int bits = 0; bits <= 0xffff; bits++) {
        assert_int_equal(float16_from_float(float16_to_float((uint16_t)bits)), bits);
        assert_int_equal(bfloat16_from_float(bfloat16_to_float((uint16_t)bits)), bits);
    }
}

/* Between each two neighbours the midpoint, and the floats next to it: rounding changes nowhere
 * else, so with the neighbours themselves this is all there is to it. */
static void assert_midpoints(const struct kind *kind)
{
    for (int bits = 0; bits < kind->infinity; bits++) {
        double low = magnitude_of(kind, bits), high = magnitude_of(kind, bits + 1);
        float middle = (float)((low + high) / 2);
        assert_true((double)middle == (low + high) / 2);
        assert_rounded(kind, middle);
        assert_rounded(kind, nextafterf(middle, 0));
        assert_rounded(kind, nextafterf(middle, INFINITY));
        if (bits > 0) {
            assert_rounded(kind, nextafterf((float)low, 0));
            assert_rounded(kind, nextafterf((float)low, INFINITY));
        }
    }
}

static void rounding_between_all_neighbours(void **state)
{
    (void)state;
    assert_midpoints(&half);
    assert_midpoints(&bfloat);
}

static void rounding_by_chance(void **state)
{
    (void)state;
    struct rng rng;
    rng_init(&rng, rng_key(1, RNG_TEST, 16, 0));
    for (int i = 0; i < 300000; i++) {
        float value = float_of(rng_u32(&rng));
        if (isnan(value)) /* its sign and payload may go when it is negated */
            continue;
        assert_rounded(&half, value);
        assert_rounded(&bfloat, value);
        assert_rounded(&half, (float)ldexp(rng_uniform(&rng), (int)rng_below(&rng, 48) - 28));
    }
}

static void known_values(void **state)
{
    (void)state;
    static const struct {
        float value;
        uint16_t half, bfloat;
    } known[] = {
        {0.0f, 0x0000, 0x0000},
        {-0.0f, 0x8000, 0x8000},
        {1.0f, 0x3c00, 0x3f80},
        {-2.0f, 0xc000, 0xc000},
        {1.0f / 3, 0x3555, 0x3eab},
        {65504.0f, 0x7bff, 0x4780},   /* the greatest half */
        {65519.996f, 0x7bff, 0x4780}, /* less than half a step above it */
        {65520.0f, 0x7c00, 0x4780},   /* half a step: to infinity, which is even */
        {0x1p-14f, 0x0400, 0x3880},   /* the smallest normal half */
        {0x1p-24f, 0x0001, 0x3380},   /* the smallest half */
        {0x1p-25f, 0x0000, 0x3300},   /* halfway to it: even */
        {0x1.000002p-25f, 0x0001, 0x3300},
        {0x1p-26f, 0x0000, 0x3280},
        {0x1p-149f, 0x0000, 0x0000},  /* the smallest float */
        {0x1.002p0f, 0x3c00, 0x3f80}, /* ties of half */
        {0x1.006p0f, 0x3c02, 0x3f80},
        {0x1.01p0f, 0x3c04, 0x3f80}, /* ties of bfloat */
        {0x1.03p0f, 0x3c0c, 0x3f82},
        {0x1.fep127f, 0x7c00, 0x7f7f}, /* the greatest bfloat */
        {0x1.fefffep127f, 0x7c00, 0x7f7f},
        {0x1.ffp127f, 0x7c00, 0x7f80},
        {INFINITY, 0x7c00, 0x7f80},
        {-INFINITY, 0xfc00, 0xff80},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        assert_int_equal(float16_from_float(known[i].value), known[i].half);
        assert_int_equal(bfloat16_from_float(known[i].value), known[i].bfloat);
    }
    assert_int_equal(bits_of(float16_to_float(0x03ff)), bits_of(0x1.ff8p-15f));
}

/* Also where the upper bits of its fraction, all that would be left, are zero. */
static void nan_stays_nan(void **state)
{
    (void)state;
    static const uint32_t payloads[] = {1, 0x1fff, 0x2000, 0xffff, 0x10000, 0x400000, 0x7fffff};
    for (size_t i = 0; i < sizeof payloads / sizeof *payloads; i++)
        for (uint32_t sign = 0; sign <= 1; sign++) {
            float nan = float_of(sign << 31 | 0x7f800000 | payloads[i]);
            uint16_t small = float16_from_float(nan), wide = bfloat16_from_float(nan);
            assert_in_range(small & 0x7fff, 0x7c01, 0x7fff);
            assert_in_range(wide & 0x7fff, 0x7f81, 0x7fff);
            assert_int_equal(small >> 15, sign);
            assert_int_equal(wide >> 15, sign);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_value_is_its_definition),
        cmocka_unit_test(every_value_goes_there_and_back),
        cmocka_unit_test(rounding_between_all_neighbours),
        cmocka_unit_test(rounding_by_chance),
        cmocka_unit_test(known_values),
        cmocka_unit_test(nan_stays_nan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

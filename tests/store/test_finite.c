/* Weights that are not finite numbers: found wherever they stand, counted, and named by their place. */
#include "store/finite.h"

#include <math.h>
#include <string.h>

#include "lambert/base/float16.h"
#include "lib/unit.h"

enum { ROWS = 5, COLUMNS = 7, COUNT = ROWS * COLUMNS };
static const int64_t matrix[2] = {ROWS, COLUMNS}, vector[1] = {COUNT};

static void expect(const float *values, int dimensions, const int64_t *shape, const char *word)
{
    struct error err = {""};
    const int status = check_finite("a file", "a.weight", dimensions, shape, values, COUNT, &err);
    assert_int_equal(status, word ? -1 : 0);
    if (word && (!strstr(err.text, word) || !strstr(err.text, "a file: tensor a.weight")))
        fail_msg("'%s' says not '%s'", err.text, word);
}

static void where_they_stand(void **state)
{
    (void)state;
    float values[COUNT] = {0};
    values[0] = 3.4028235e38f;
    values[1] = -1e-45f;
    expect(values, 2, matrix, NULL);
    values[COUNT - 1] = INFINITY;
    expect(values, 2, matrix,
           "1 of 35 weights that are not finite numbers, the first at [4, 6] (inf)");
    values[17] = NAN;
    expect(values, 2, matrix, "2 of 35 weights that are not finite numbers, the first at [2, 3] (");
    expect(values, 1, vector, "2 of 35 weights that are not finite numbers, the first at [17] (");
    values[0] = -INFINITY;
    expect(values, 2, matrix,
           "3 of 35 weights that are not finite numbers, the first at [0, 0] (-inf)");
}

/* The largest that fits and the first that does not, as the conversion has it. */
static void what_types_hold(void **state)
{
    (void)state;
    static const struct {
        enum safetensors_dtype dtype;
        float largest;
        const char *said;
    } types[] = {{SAFETENSORS_F16, 65519.996f, "range of f16, as -65520; --dtype bf16 holds them"},
                 {SAFETENSORS_BF16, 0x1.FEFFFEp127f,
                  "range of bf16, as -3.39618e+38; --dtype f32 holds them"},
                 {SAFETENSORS_F32, 0x1.FFFFFEp127f, NULL}};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        struct error err = {""};
        const float beyond = nextafterf(types[i].largest, INFINITY);
        const float fits[] = {types[i].largest, -types[i].largest, 0}, large[] = {1, -beyond};
        assert_int_equal(check_fits("a file", "b", types[i].dtype, fits, 3, &err), 0);
        assert_int_equal(check_fits("a file", "b", types[i].dtype, large, 2, &err), -1);
        if (types[i].said &&
            (!strstr(err.text, types[i].said) || !strstr(err.text, "a file: tensor b has")))
            fail_msg("'%s' says not '%s'", err.text, types[i].said);
    }
    assert_true(isfinite(float16_to_float(float16_from_float(types[0].largest))));
    assert_false(
        isfinite(float16_to_float(float16_from_float(nextafterf(types[0].largest, INFINITY)))));
    assert_true(isfinite(bfloat16_to_float(bfloat16_from_float(types[1].largest))));
    assert_false(
        isfinite(bfloat16_to_float(bfloat16_from_float(nextafterf(types[1].largest, INFINITY)))));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(where_they_stand),
        cmocka_unit_test(what_types_hold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Weights that are not finite numbers: found wherever they stand, counted, and named by their place. */
#include "store/finite.h"

#include <math.h>
#include <string.h>

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

static void what_float16_holds(void **state)
{
    (void)state;
    struct error err = {""};
    const float fits[] = {65504, -65519.996f, 0}, large[] = {1, -65520};
    assert_int_equal(check_fits_float16("a file", "b", fits, 3, &err), 0);
    assert_int_equal(check_fits_float16("a file", "b", large, 2, &err), -1);
    assert_non_null(strstr(err.text, "a file: tensor b has weights beyond the range of f16"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(where_they_stand),
        cmocka_unit_test(what_float16_holds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

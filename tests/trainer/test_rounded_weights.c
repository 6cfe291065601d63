#include "lib/unit.h"

#include <string.h>

#include "lambert/base/float16.h"
#include "lambert/trainer/rounded_weights.h"

enum { SIZE = 1000, BUCKET = 256, RANKS = 3 };

/* No bfloat16: the low half of its float is not zero. */
static real whole_value(size_t i)
{
    return (real)(1 + (double)(i + 1) / 4096 / SIZE);
}

static bool is_bfloat16(real value)
{
    return (real)bfloat16_to_float(bfloat16_from_float((float)value)) == value;
}

static void fill(real *weights)
{
    for (size_t i = 0; i < SIZE; i++) {
        weights[i] = whole_value(i);
        assert_false(is_bfloat16(weights[i]));
    }
}

static bool owns(const struct sharding *sharding, int rank, size_t i)
{
    struct slice slice = sharding_slice(sharding, (int)(i / BUCKET), rank);
    return i >= slice.begin && i < slice.end;
}

/* Own slices are rounded, to nearest, and what others own is left alone; back they are what they
 * were, bit for bit. */
static void check_rank(const struct sharding *sharding, int rank)
{
    struct rounded_weights rounded;
    struct error err;
    real weights[SIZE];
    int own = 0;
    fill(weights);
    assert_int_equal(rounded_weights_init(&rounded, sharding, rank, weights, &err), 0);
    rounded_weights_round(&rounded);
    rounded_weights_round(&rounded); /* does not take rounded ones for whole ones */
    for (size_t i = 0; i < SIZE; i++) {
        const real whole = whole_value(i);
        own += owns(sharding, rank, i);
        assert_true(weights[i] == (owns(sharding, rank, i)
                                       ? (real)bfloat16_to_float(bfloat16_from_float((float)whole))
                                       : whole));
    }
    assert_true(own > 0 && own < SIZE);
    rounded_weights_restore(&rounded);
    for (size_t i = 0; i < SIZE; i++)
        assert_true(weights[i] == whole_value(i));
    rounded_weights_release(&rounded);
}

static void own_slices_are_rounded_and_come_back(void **state)
{
    (void)state;
    struct sharding sharding;
    sharding_init(&sharding, SIZE, BUCKET, RANKS);
    for (int rank = 0; rank < RANKS; rank++)
        check_rank(&sharding, rank);
}

/* Whole slices are the optimizer's: restoring once more does not undo its update. */
static void an_update_of_whole_weights_stays(void **state)
{
    (void)state;
    struct sharding sharding;
    struct rounded_weights rounded;
    struct error err;
    real weights[SIZE];
    fill(weights);
    sharding_init(&sharding, SIZE, BUCKET, 1);
    assert_int_equal(rounded_weights_init(&rounded, &sharding, 0, weights, &err), 0);
    rounded_weights_restore(&rounded); /* nothing is rounded yet */
    rounded_weights_round(&rounded);
    rounded_weights_restore(&rounded);
    weights[7] = 42 + whole_value(7);
    rounded_weights_restore(&rounded);
    assert_true(weights[7] == 42 + whole_value(7));
    rounded_weights_round(&rounded);
    assert_true(is_bfloat16(weights[7]));
    rounded_weights_restore(&rounded);
    assert_true(weights[7] == 42 + whole_value(7));
    assert_true(weights[8] == whole_value(8));
    rounded_weights_release(&rounded);
}

static void a_rank_keeps_its_own_shard(void **state)
{
    (void)state;
    struct sharding sharding;
    struct rounded_weights none = {0};
    size_t bytes = 0;
    sharding_init(&sharding, SIZE, BUCKET, RANKS);
    for (int rank = 0; rank < RANKS; rank++)
        bytes += rounded_weights_memory(&sharding, rank);
    assert_int_equal(bytes, SIZE * sizeof(real));
    rounded_weights_release(&none);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(own_slices_are_rounded_and_come_back),
        cmocka_unit_test(an_update_of_whole_weights_stays),
        cmocka_unit_test(a_rank_keeps_its_own_shard),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

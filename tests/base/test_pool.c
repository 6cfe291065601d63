#include "lib/unit.h"

#include <string.h>

#include "lambert/base/pool.h"

static void pieces_are_apart_zeroed_and_aligned(void **state)
{
    (void)state;
    enum { PIECES = 3000 };
    static unsigned char *pieces[PIECES];
    struct pool pool = {0};
    for (int i = 0; i < PIECES; i++) {
        const size_t size = (size_t)(i % 100 == 99 ? 70000 : i % 37);
        pieces[i] = pool_take(&pool, size, 1);
        assert_int_equal((uintptr_t)pieces[i] % 16, 0);
        for (size_t b = 0; b < size; b++)
            assert_int_equal(pieces[i][b], 0);
        memset(pieces[i], i % 251 + 1, size);
    }
    for (int i = 0; i < PIECES; i++)
        for (size_t b = 0; b < (size_t)(i % 37) && i % 100 != 99; b++)
            assert_int_equal(pieces[i][b], i % 251 + 1);
    pool_release(&pool);
    assert_null(pool.last);
    pool_release(&pool);
}

static void texts_end(void **state)
{
    (void)state;
    struct pool pool = {0};
    const char *one = pool_copy_text(&pool, "one two", 3), *none = pool_copy_text(&pool, "x", 0);
    const char *two = pool_copy_text(&pool, "two", 3);
    assert_string_equal(one, "one");
    assert_string_equal(none, "");
    assert_string_equal(two, "two");
    double *number = pool_take(&pool, 1, sizeof *number);
    assert_int_equal((uintptr_t)number % sizeof *number, 0);
    pool_release(&pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_apart_zeroed_and_aligned),
        cmocka_unit_test(texts_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

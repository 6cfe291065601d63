#include "lib/scratch.h"

#include <signal.h>
#include <string.h>

#include "lambert/base/arena.h"

struct pieces {
    float *a;
    char *b;
    double *c;
};

static struct pieces lay_out(struct arena *arena)
{
    struct pieces pieces;
    pieces.a = arena_take(arena, 5, sizeof *pieces.a);
    pieces.b = arena_take(arena, 65, 1);
    pieces.c = arena_take(arena, 8, sizeof *pieces.c);
    return pieces;
}

static void measured_then_taken(void **state)
{
    (void)state;
    struct arena arena;
    struct error err;
    arena_measure(&arena);
    struct pieces none = lay_out(&arena);
    assert_null(none.a);
    assert_null(none.c);
    assert_int_equal(arena.used, 64 + 128 + 64);

    assert_int_equal(arena_init(&arena, arena.used, "a test", &err), 0);
    struct pieces pieces = lay_out(&arena);
    assert_int_equal((uintptr_t)pieces.a % 64, 0);
    assert_ptr_equal(pieces.b, (char *)pieces.a + 64);
    assert_ptr_equal(pieces.c, pieces.b + 128);
    for (int i = 0; i < 256; i++)
        assert_int_equal(((char *)pieces.a)[i], 0);
    memset(pieces.a, 1, 256);
    assert_int_equal(arena.used, arena.size);
    arena_release(&arena);
    assert_null(arena.data);
}

static void take_more_than_planned(void)
{
    struct arena arena;
    struct error err;
    arena_init(&arena, 128, "a test", &err);
    arena_take(&arena, 64, 1);
    arena_take(&arena, 65, 1);
}

static void take_from_an_empty_one(void)
{
    struct arena arena;
    struct error err;
    arena_init(&arena, 0, "a test", &err);
    arena_take(&arena, 1, 1);
}

static void take_the_impossible(void)
{
    struct arena arena;
    arena_measure(&arena);
    arena_take(&arena, SIZE_MAX / 4, 8);
}

static void too_much_is_a_bug(void **state)
{
    (void)state;
    struct buffer said = {0};
    assert_int_equal(signal_of(take_more_than_planned, &said), SIGABRT);
    assert_non_null(strstr(buffer_text(&said), "128 bytes asked for 192"));
    assert_int_equal(signal_of(take_from_an_empty_one, &said), SIGABRT);
    assert_int_equal(signal_of(take_the_impossible, &said), SIGABRT);
    buffer_release(&said);
}

static void no_memory(void **state)
{
    (void)state;
    struct arena arena;
    struct error err;
    assert_int_equal(arena_init(&arena, (size_t)1 << 60, "activations", &err), -1);
    assert_non_null(strstr(err.text, "activations"));
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(measured_then_taken),
        cmocka_unit_test(too_much_is_a_bug),
        cmocka_unit_test(no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

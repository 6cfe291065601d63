/* The choice of a table of row kernels. */
#include "trial.h"

#include <stdlib.h>
#include <string.h>

#include "kernels/choice.h"
#include "kernels/tile.h"
#include "lambert/kernels/cpu.h"
#include "lambert/kernels/gemm.h"

static void plain_until_chosen(void **state)
{
    (void)state;
    assert_string_equal(kernels->name, "plain");
    assert_string_equal(kernels_available()[0]->name, "plain");
}

static void select_expecting(const char *isa, const struct kernels *wanted)
{
    struct error err;
    assert_int_equal(isa ? setenv("LAMBERT_ISA", isa, 1) : unsetenv("LAMBERT_ISA"), 0);
    assert_int_equal(unsetenv("LAMBERT_GEMM"), 0); /* lambert goes ill with plain */
    assert_int_equal(kernels_select(&err), 0);
    assert_ptr_equal(kernels, wanted);
}

static void a_table_is_chosen_by_name(void **state)
{
    (void)state;
    const struct kernels *const *tables = kernels_available();
    const struct kernels *last = NULL;
    for (int i = 0; tables[i]; i++) {
        last = tables[i];
        select_expecting(last->name, last);
    }
    assert_non_null(last);
}

/* --- bfloat16 --------------------------------------------------------------------------------- */

/* What each loop is said to come to. */
static double peak_of_float, peak_of_first, peak_of_second;

static double loop_float(long rounds, float *result)
{
    *result = 0;
    return (double)rounds;
}

static double loop_first(long rounds, float *result)
{
    *result = 1;
    return (double)rounds;
}

static double loop_second(long rounds, float *result)
{
    *result = 2;
    return (double)rounds;
}

static double say_peak(peak_loop *loop)
{
    return loop == loop_float ? peak_of_float : loop == loop_first ? peak_of_first : peak_of_second;
}

/* -1: the table without instructions for bfloat16; else the number of the one with. */
static int choice(double real_peak, double first, double second)
{
    static const struct tile_kernels tile;
    static const struct kernels without = {.name = "without", .peak = loop_float};
    static const struct kernels with[] = {
        {.name = "first", .bfloat16_tile = &tile, .peak = loop_float, .bfloat16_peak = loop_first},
        {.name = "second",
         .bfloat16_tile = &tile,
         .peak = loop_float,
         .bfloat16_peak = loop_second}};
    const struct kernels *const tables[] = {&without, &with[0], &with[1], NULL};
    peak_of_float = real_peak, peak_of_first = first, peak_of_second = second;
    const struct kernels *chosen = kernels_choose(&without, tables, say_peak);
    return chosen == &without ? -1 : (int)(chosen - with);
}

static void bfloat16_is_multiplied_where_it_is_fastest(void **state)
{
    (void)state;
    assert_int_equal(choice(109, 217, 0), 0);    /* Zen 4 */
    assert_int_equal(choice(130, 65, 900), 1);   /* Sapphire Rapids */
    assert_int_equal(choice(130, 65, 0), -1);    /* the same where AMX is forbidden */
    assert_int_equal(choice(100, 110, 120), -1); /* not clearly faster */
    assert_int_equal(choice(100, 300, 200), 0);
}

static void without_a_name_a_table_of_this_cpu_is_chosen(void **state)
{
    (void)state;
    struct error err;
    struct buffer text = {0};
    assert_int_equal(unsetenv("LAMBERT_ISA"), 0);
    assert_int_equal(kernels_select(&err), 0);
    const struct kernels *wanted = kernels_wanted();
    assert_true(kernels == wanted || kernels->bfloat16_tile);
    assert_true(cpu_peak_flops(TYPE_FLOAT32, 1) > 1e6);
    assert_true(cpu_peak_flops(TYPE_BFLOAT16, 1) > 1e6);
    kernels_describe_bfloat16(&text);
    assert_non_null(strstr(buffer_text(&text), "GFLOP/s a core"));
    assert_null(strstr(buffer_text(&text), "LAMBERT_ISA"));
    buffer_release(&text);
    select_expecting("", kernels);
}

/* Who multiplies bfloat16, that a table was not measured for, and what else the CPU has. */
static void what_is_chosen_is_described(void **state)
{
    (void)state;
    const struct kernels *const *tables = kernels_available();
    for (int i = 0; tables[i]; i++)
        for (int blas = 0; blas < 2; blas++) {
            struct buffer text = {0};
            select_expecting(tables[i]->name, tables[i]);
            gemm_use_blas(blas);
            kernels_describe_bfloat16(&text);
            const char *said = buffer_text(&text), *maker = gemm_maker(TYPE_BFLOAT16);
            const bool own = !gemm_is_blas() && kernels->bfloat16_tile;
            assert_int_equal(strncmp(said, maker, strlen(maker)), 0);
            assert_true(own == !strstr(said, "on rounded operands"));
            assert_non_null(strstr(said, "; chosen by LAMBERT_ISA)"));
            for (int other = 0; tables[other]; other++)
                if (tables[other]->bfloat16_tile)
                    assert_non_null(strstr(said, tables[other]->bfloat16_tile->name));
            buffer_release(&text);
        }
}

static void an_unknown_name_is_refused(void **state)
{
    (void)state;
    static const char *const names[] = {"v9", "Plain", "plain ", "v"};
    select_expecting("plain", kernels_available()[0]);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct error err = {""};
        setenv("LAMBERT_ISA", names[i], 1);
        assert_int_equal(kernels_select(&err), -1);
        assert_non_null(strstr(err.text, "LAMBERT_ISA"));
        assert_non_null(strstr(err.text, names[i]));
        assert_string_equal(kernels->name, "plain");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_until_chosen),
        cmocka_unit_test(a_table_is_chosen_by_name),
        cmocka_unit_test(bfloat16_is_multiplied_where_it_is_fastest),
        cmocka_unit_test(without_a_name_a_table_of_this_cpu_is_chosen),
        cmocka_unit_test(what_is_chosen_is_described),
        cmocka_unit_test(an_unknown_name_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The choice of a table of row kernels. */
#include "trial.h"

#include <stdlib.h>
#include <string.h>

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
    select_expecting("plain", tables[0]);
    select_expecting(NULL, last);
    select_expecting("plain", tables[0]);
    select_expecting("", last);
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
        cmocka_unit_test(an_unknown_name_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

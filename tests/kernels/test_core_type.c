/* Which OpenBLAS core type is asked for, on CPUs of several kinds. */
#include "lib/unit.h"

#include "kernels/core_type.h"

static void a_good_choice_is_left_alone(void **state)
{
    (void)state;
    assert_null(core_type_wanted("Haswell", CPU_V3));
    assert_null(core_type_wanted("Zen", CPU_V3));
    assert_null(core_type_wanted("SkylakeX", CPU_V4));
    assert_null(core_type_wanted("Cooperlake", CPU_V4));
    assert_null(core_type_wanted("SapphireRapids", CPU_V4));
    assert_null(core_type_wanted("Nehalem", CPU_BASE));
    assert_null(core_type_wanted("neoversen1", CPU_BASE));
}

static void a_fallback_is_mended(void **state)
{
    (void)state;
    assert_string_equal(core_type_wanted("Prescott", CPU_V4), "SkylakeX");
    assert_string_equal(core_type_wanted("Prescott", CPU_V3), "Haswell");
    assert_string_equal(core_type_wanted("prescott", CPU_V3), "Haswell");
    assert_string_equal(core_type_wanted("Sandybridge", CPU_V3), "Haswell");
    assert_string_equal(core_type_wanted("Zen", CPU_V4), "SkylakeX");
    assert_string_equal(core_type_wanted("Haswell", CPU_V4), "SkylakeX");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_choice_is_left_alone),
        cmocka_unit_test(a_fallback_is_mended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

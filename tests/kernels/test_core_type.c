/* Which OpenBLAS core type is asked for, on CPUs of several kinds. */
#include "lib/unit.h"

#include "kernels/core_type.h"

static const struct cpu_features old = {.avx2_fma = false, .avx512 = false};
static const struct cpu_features avx2 = {.avx2_fma = true, .avx512 = false};
static const struct cpu_features avx512 = {.avx2_fma = true, .avx512 = true};

static void a_good_choice_is_left_alone(void **state)
{
    (void)state;
    assert_null(core_type_wanted("Haswell", &avx2));
    assert_null(core_type_wanted("Zen", &avx2));
    assert_null(core_type_wanted("SkylakeX", &avx512));
    assert_null(core_type_wanted("Cooperlake", &avx512));
    assert_null(core_type_wanted("SapphireRapids", &avx512));
    assert_null(core_type_wanted("Nehalem", &old));
    assert_null(core_type_wanted("neoversen1", &old));
}

static void a_fallback_is_mended(void **state)
{
    (void)state;
    assert_string_equal(core_type_wanted("Prescott", &avx512), "SkylakeX");
    assert_string_equal(core_type_wanted("Prescott", &avx2), "Haswell");
    assert_string_equal(core_type_wanted("prescott", &avx2), "Haswell");
    assert_string_equal(core_type_wanted("Sandybridge", &avx2), "Haswell");
    assert_string_equal(core_type_wanted("Zen", &avx512), "SkylakeX");
    assert_string_equal(core_type_wanted("Haswell", &avx512), "SkylakeX");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_choice_is_left_alone),
        cmocka_unit_test(a_fallback_is_mended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

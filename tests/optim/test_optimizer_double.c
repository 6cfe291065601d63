/* ranks: 1 2 3 */
/* In double precision: sharded over any number of ranks, updates are those of the equations to the
 * last digits. */
#include "../dist/ranks.h"
#include "optimizer_checks.h"

static void lamb_makes_the_golden_steps(void **state)
{
    (void)state;
    check_golden(ranks, true, 0, golden_a, 1e-8);
    check_golden(ranks, true, 1, golden_b, 1e-8);
    check_golden(ranks, false, 0, golden_c, 1e-8);
}

static void rules_are_those_of_the_equations(void **state)
{
    (void)state;
    for (enum update_rule rule = 0; rule < UPDATE_RULES; rule++)
        for (int variant = 0; variant < 32; variant++) {
            struct optimizer_options options = usual_options(rule);
            options.bias_correction = variant & 1;
            options.max_grad_norm = variant & 2 ? 1 : 0;
            options.decay_all = variant & 4;
            options.adapt_all = variant & 8;
            options.weight_decay = variant & 16 ? 0 : 0.01;
            check_against_reference(ranks, &options, 1e-13);
        }
}

/* Bounds that some of the small table's ratios lie beyond, on both sides, and others do not. */
static void bounds_are_those_of_the_equations(void **state)
{
    (void)state;
    static const double bounds[][2] = {{0.3, 0}, {0, 0.6}, {0.4, 0.5}, {2, 2}};
    for (enum update_rule rule = 0; rule < UPDATE_RULES; rule++)
        for (int variant = 0; variant < 8; variant++) {
            struct optimizer_options options = usual_options(rule);
            options.adapt_all = variant & 4;
            options.trust_coefficient = 0.5;
            options.ratio_min = bounds[variant & 3][0];
            options.ratio_max = bounds[variant & 3][1];
            check_against_reference(ranks, &options, 1e-13);
        }
}

/* adamw does it, and no other rule looks at it. */
static void clipped_updates_are_those_of_the_equations(void **state)
{
    (void)state;
    for (enum update_rule rule = 0; rule < UPDATE_RULES; rule++)
        for (int variant = 0; variant < 4; variant++) {
            struct optimizer_options options = usual_options(rule);
            options.bias_correction = variant & 1;
            options.max_grad_norm = variant & 1 ? 0 : 1;
            options.epsilon = variant & 2 ? 0.01 : 1e-6; /* more than √v̂ of some weights */
            options.max_update_rms = variant & 2 ? 0.7 : 1;
            check_against_reference(ranks, &options, 1e-13);
        }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        RANKS_TEST(lamb_makes_the_golden_steps),
        RANKS_TEST(rules_are_those_of_the_equations),
        RANKS_TEST(clipped_updates_are_those_of_the_equations),
        RANKS_TEST(bounds_are_those_of_the_equations),
    };
    return RANKS_RUN(tests, &argc, &argv);
}

/* The heads of fine-tuning against PyTorch, as they run: losses to 1e-5, gradients to 1e-4. */
#include "lib/unit.h"

#include "golden_tasks.h"
#include "ways.h"

static void check(void)
{
    check_golden_tasks(1e-5, 1e-4);
}

static void heads_are_those_of_pytorch(void **state)
{
    (void)state;
    for_each_way(check);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(heads_are_those_of_pytorch)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

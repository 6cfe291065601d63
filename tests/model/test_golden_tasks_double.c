/* The heads of fine-tuning against PyTorch, in double precision. */
#include "lib/unit.h"

#include "golden_tasks.h"

static void heads_are_those_of_pytorch(void **state)
{
    (void)state;
    check_golden_tasks(1e-12, 1e-12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(heads_are_those_of_pytorch)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

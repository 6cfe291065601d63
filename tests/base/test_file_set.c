#include "lib/unit.h"

#include "lambert/base/file_set.h"

static struct stat file(dev_t device, ino_t number)
{
    return (struct stat){.st_dev = device, .st_ino = number};
}

/* Numbers repeat on other devices. */
static void files_are_told_apart_by_device_and_number(void **state)
{
    (void)state;
    enum { DEVICES = 3, NUMBERS = 5000 };
    struct file_set set = {0};
    const struct stat none = file(1, 1);
    assert_false(file_set_has(&set, &none));
    for (int round = 0; round < 2; round++)
        for (dev_t device = 0; device < DEVICES; device++)
            for (ino_t number = 0; number < NUMBERS; number++) {
                const struct stat one = file(device, number * 4096);
                assert_int_equal(file_set_has(&set, &one), round);
                assert_int_equal(file_set_add(&set, &one), !round);
            }
    assert_int_equal(set.count, DEVICES * NUMBERS);
    const struct stat other = file(DEVICES, 0), between = file(0, 1);
    assert_false(file_set_has(&set, &other));
    assert_false(file_set_has(&set, &between));
    file_set_release(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_are_told_apart_by_device_and_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

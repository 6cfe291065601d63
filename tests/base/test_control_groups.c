/* Which folders of control groups are looked at, and numbers in their files. */
#include "lib/scratch.h"

#include <stdlib.h>
#include <string.h>

#include "lambert/base/control_groups.h"
#include "lambert/base/file.h"
#include "lambert/base/memory.h"

static void note(const char *folder, bool second_version, void *context)
{
    buffer_print(context, "%s%s\n", second_version ? "2 " : "1 ",
                 folder + strlen(scratch_folder()));
}

static void folders(void **state)
{
    struct buffer seen = {0};
    struct error err;
    const char text[] =
        "no line of this kind\n12:cpu,cpuacct:/jobs/mine\n4:memory:/\n3:name=systemd:/x\n0::/one\n";
    (void)state;
    char *proc = memory_text("%s/proc/self", scratch_folder()),
         *file = memory_text("%s/cgroup", proc);
    assert_int_equal(folder_create(proc, &err), 0);
    scratch_write(file, text, strlen(text));
    control_groups_each(scratch_folder(), "cpu", note, &seen);
    assert_string_equal(buffer_text(&seen),
                        "1 /sys/fs/cgroup/cpu/jobs/mine\n1 /sys/fs/cgroup/cpu/jobs\n"
                        "1 /sys/fs/cgroup/cpu\n2 /sys/fs/cgroup/one\n2 /sys/fs/cgroup\n");
    buffer_reset(&seen);
    control_groups_each(scratch_folder(), "memory", note, &seen);
    assert_string_equal(buffer_text(&seen),
                        "1 /sys/fs/cgroup/memory\n2 /sys/fs/cgroup/one\n2 /sys/fs/cgroup\n");
    buffer_reset(&seen);
    control_groups_each("/nowhere", "memory", note, &seen);
    assert_int_equal(seen.size, 0);
    buffer_release(&seen);
    free(proc);
    free(file);
}

static void numbers(void **state)
{
    static const struct {
        const char *text;
        uint64_t value;
    } rows[] = {{"0\n", 0},
                {"123\n", 123},
                {"9223372036854771712", UINT64_C(9223372036854771712)},
                {"-1\n", UINT64_MAX},
                {"max\n", UINT64_MAX},
                {"", UINT64_MAX}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        scratch_write(scratch_path("number"), rows[i].text, strlen(rows[i].text));
        assert_true(control_group_number(scratch_folder(), "number") == rows[i].value);
    }
    assert_true(control_group_number(scratch_folder(), "missing") == UINT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(folders), cmocka_unit_test(numbers)};
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}

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

/* Where the hierarchies are mounted elsewhere, and in a container, which sees its own group as their root. */
static void where_they_are_mounted(void **state)
{
    struct buffer seen = {0};
    char *folder = memory_text("%s/elsewhere", scratch_folder()),
         *proc = memory_text("%s/proc/self", folder);
    const size_t before = strlen("/elsewhere");
    (void)state;
    scratch_put(proc, "cgroup",
                "2:memory:/docker/c1/mine\n1:cpu,cpuacct:/jobs\n0::/docker/c1/mine\n");
    scratch_put(
        proc, "mountinfo",
        "31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n"
        "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw shared:9 - cgroup cgroup rw,cpu,cpuacct\n"
        "33 31 0:30 /docker/c1 /groups/memory rw - cgroup memory rw,memory\n"
        "34 31 0:31 /docker/c1 /sys/fs/cgroup/unified rw master:3 - cgroup2 cgroup2 rw\n");
    control_groups_each(folder, "cpu", note, &seen);
    control_groups_each(folder, "memory", note, &seen);
    const char *const wanted[] = {"1 /sys/fs/cgroup/cpu,cpuacct/jobs",
                                  "1 /sys/fs/cgroup/cpu,cpuacct",
                                  "2 /sys/fs/cgroup/unified/mine",
                                  "2 /sys/fs/cgroup/unified",
                                  "1 /groups/memory/mine",
                                  "1 /groups/memory",
                                  "2 /sys/fs/cgroup/unified/mine",
                                  "2 /sys/fs/cgroup/unified"};
    char *line = (char *)buffer_text(&seen);
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        char *end = strchr(line, '\n');
        assert_non_null(end);
        *end = '\0';
        assert_int_equal(line[0], wanted[i][0]);
        assert_string_equal(line + 2 + before, wanted[i] + 2);
        line = end + 1;
    }
    assert_string_equal(line, "");
    buffer_release(&seen);
    free(folder);
    free(proc);
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
    const struct CMUnitTest tests[] = {cmocka_unit_test(folders),
                                       cmocka_unit_test(where_they_are_mounted),
                                       cmocka_unit_test(numbers)};
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}

/* Made-up /proc and /sys: the machine's memory, and limits of both versions of control groups. */
#include "lib/scratch.h"

#include <stdlib.h>
#include <string.h>

#include "lambert/base/file.h"
#include "lambert/base/machine_memory.h"
#include "lambert/base/memory.h"

static char root[256];

/* A new, empty machine. */
static void begin(const char *name)
{
    snprintf(root, sizeof root, "%s/%s", scratch_folder(), name);
}

/* A file of the machine. */
static void put(const char *folder, const char *name, const char *text)
{
    char *path = memory_text("%s%s", root, folder);
    scratch_put(path, name, text);
    free(path);
}

static void of_the_machine(void **state)
{
    (void)state;
    begin("plain");
    assert_true(machine_memory_available(root) == UINT64_MAX);
    put("/proc", "meminfo", "MemTotal:  900 kB\nMemFree: 1 kB\nMemAvailable:     600 kB\n");
    assert_int_equal(machine_memory_available(root), 600 * 1024);
}

static void second_version(void **state)
{
    (void)state;
    begin("second");
    put("/proc", "meminfo", "MemAvailable: 1000000 kB\n");
    put("/proc/self", "cgroup", "0::/jobs/mine\n");
    put("/sys/fs/cgroup/jobs/mine", "memory.max", "max\n");
    put("/sys/fs/cgroup/jobs/mine", "memory.current", "5000\n");
    assert_int_equal(machine_memory_available(root), 1000000 * UINT64_C(1024));
    put("/sys/fs/cgroup/jobs", "memory.max", "100000\n"); /* a group further up */
    put("/sys/fs/cgroup/jobs", "memory.current", "70000\n");
    assert_int_equal(machine_memory_available(root), 30000);
    put("/sys/fs/cgroup/jobs", "memory.stat", "anon 1\ninactive_file 20000\nfile 9\n");
    assert_int_equal(machine_memory_available(root), 50000);
    put("/sys/fs/cgroup/jobs/mine", "memory.max", "4000\n"); /* is over it already */
    assert_int_equal(machine_memory_available(root), 0);
}

static void first_version(void **state)
{
    (void)state;
    begin("first");
    put("/proc", "meminfo", "MemAvailable: 1000000 kB\n");
    put("/proc/self", "cgroup", "5:cpu:/other\n4:memory:/a\n0::/\n");
    put("/sys/fs/cgroup/memory/a", "memory.limit_in_bytes", "8000\n");
    put("/sys/fs/cgroup/memory/a", "memory.usage_in_bytes", "3000\n");
    put("/sys/fs/cgroup/memory/a", "memory.stat", "inactive_file 7\ntotal_inactive_file 1000\n");
    assert_int_equal(machine_memory_available(root), 6000);
}

/* In a container the group may lie elsewhere than /proc says: its limit is the hierarchy's own. */
static void a_group_seen_as_root(void **state)
{
    (void)state;
    begin("container");
    put("/proc", "meminfo", "MemAvailable: 1000000 kB\n");
    put("/proc/self", "cgroup", "4:memory:/somewhere/else\n");
    put("/sys/fs/cgroup/memory", "memory.limit_in_bytes", "8000\n");
    put("/sys/fs/cgroup/memory", "memory.usage_in_bytes", "3000\n");
    assert_int_equal(machine_memory_available(root), 5000);
}

static void this_machine(void **state)
{
    (void)state;
    uint64_t available = machine_memory_available("");
    assert_true(available > 0 && available < UINT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_the_machine), cmocka_unit_test(second_version),
        cmocka_unit_test(first_version),  cmocka_unit_test(a_group_seen_as_root),
        cmocka_unit_test(this_machine),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}

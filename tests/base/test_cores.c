/* Made-up /proc and /sys: quotas and sets of cores of both versions of control groups, hardware threads. */
#define _GNU_SOURCE
#include "lib/scratch.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/base/cores.h"
#include "lambert/base/file.h"
#include "lambert/base/memory.h"
#include "lambert/base/minmax.h"

static char root[256];
static struct cores cores;

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

static double quota(void)
{
    cores_describe(root, &cores);
    return cores.quota;
}

static void nothing_known(void **state)
{
    (void)state;
    begin("plain");
    assert_true(isinf(quota()));
    assert_true(cores.bound >= 1 && cores.count == cores.bound && cores.allowed == cores.count);
    assert_true(cores.online >= 1);
}

static void second_version(void **state)
{
    (void)state;
    begin("second");
    put("/proc/self", "cgroup", "0::/pod/container\n");
    put("/sys/fs/cgroup/pod/container", "cpu.max", "max 100000\n");
    assert_true(isinf(quota()));
    put("/sys/fs/cgroup/pod", "cpu.max", "150000 100000\n"); /* a group further up */
    assert_true(quota() == 1.5);
    assert_non_null(strstr(cores.quota_file, "/sys/fs/cgroup/pod/cpu.max"));
    const uint64_t pod = cores.quota_group;
    put("/sys/fs/cgroup/pod/container", "cpu.max", "20000 50000\n");
    assert_true(quota() == 0.4);
    assert_true(cores.quota_group != pod);
    put("/sys/fs/cgroup/pod/container", "cpu.max", "400000 100000\n");
    assert_true(quota() == 1.5);
    assert_true(cores.quota_group == pod);
    put("/sys/fs/cgroup/pod", "cpu.max", "nonsense\n");
    assert_true(quota() == 4);
}

static void first_version(void **state)
{
    static const char *const names[] = {"cpu", "cpu,cpuacct", "cpuacct,cpu"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char line[64];
        begin(names[i]);
        snprintf(line, sizeof line, "5:cpuset:/other\n4:%s:/a/b\n0::/\n", names[i]);
        put("/proc/self", "cgroup", line);
        put("/sys/fs/cgroup/cpu/a/b", "cpu.cfs_quota_us", "-1\n");
        put("/sys/fs/cgroup/cpu/a/b", "cpu.cfs_period_us", "100000\n");
        assert_true(isinf(quota()));
        put("/sys/fs/cgroup/cpu/a", "cpu.cfs_quota_us", "300000\n");
        put("/sys/fs/cgroup/cpu/a", "cpu.cfs_period_us", "100000\n");
        assert_true(quota() == 3);
        assert_non_null(strstr(cores.quota_file, "/cpu/a/cpu.cfs_quota_us"));
    }
    begin("cpuacct alone");
    put("/proc/self", "cgroup", "4:cpuacct:/\n");
    put("/sys/fs/cgroup/cpu", "cpu.cfs_quota_us", "300000\n");
    put("/sys/fs/cgroup/cpu", "cpu.cfs_period_us", "100000\n");
    assert_true(isinf(quota()));
}

/* In a container the group may lie elsewhere than /proc says: its quota is the hierarchy's own. */
static void a_group_seen_as_root(void **state)
{
    (void)state;
    begin("container");
    put("/proc/self", "cgroup", "0::/../../somewhere/else\n");
    put("/sys/fs/cgroup", "cpu.max", "250000 100000\n");
    assert_true(quota() == 2.5);
}

/* What is there for all that run on the machine, or in the set of cores that the process is confined to. */
static void allowed_cores(void **state)
{
    (void)state;
    begin("sets");
    put("/sys/devices/system/cpu", "online", "0-1999\n");
    assert_true(isinf(quota()));
    assert_int_equal(cores.allowed, 2000);
    put("/proc/self", "cgroup", "3:cpuset:/job/step\n0::/\n");
    put("/sys/fs/cgroup/cpuset/job", "cpuset.cpus", "0-700,800\n");
    quota();
    assert_int_equal(cores.allowed, 702);
    put("/sys/fs/cgroup/cpuset/job/step", "cpuset.cpus", "0-9,100-199,300-1998\n");
    put("/sys/fs/cgroup/cpuset/job/step", "cpuset.effective_cpus", "0-9,100-199,300-1099\n");
    quota();
    assert_int_equal(cores.allowed, 910);

    begin("sets of the second version");
    put("/proc/self", "cgroup", "0::/job/step\n");
    put("/sys/fs/cgroup/job", "cpuset.cpus.effective", "0-799\n"); /* the step has no controller */
    quota();
    assert_int_equal(cores.allowed, 800);
}

/* Hardware threads of a core count once: neighbours (POWER, Zen), or halves of the list (Intel's servers). */
static void hardware_threads(void **state)
{
    enum { CPUS = 32 };
    (void)state;
    for (int neighbours = 0; neighbours < 2; neighbours++) {
        begin(neighbours ? "neighbours" : "halves");
        put("/sys/devices/system/cpu", "online", "0-31\n");
        for (int cpu = 0; cpu < CPUS; cpu++) {
            const int first = neighbours ? cpu / 2 * 2 : cpu % (CPUS / 2);
            const int second = neighbours ? first + 1 : first + CPUS / 2;
            char *folder = memory_text("/sys/devices/system/cpu/cpu%d/topology", cpu);
            char *list = memory_text(neighbours ? "%d-%d\n" : "%d,%d\n", first, second);
            put(folder, "thread_siblings_list", list);
            free(folder);
            free(list);
        }
        cores_describe(root, &cores);
        assert_int_equal(cores.allowed,
                         max_int(CPUS / 2, cores.count)); /* this machine may have more */
        int mine = 0;
        for (int core = 0; core < CORES_MOST; core++) {
            mine += cores.mine[core];
            assert_true(!cores.mine[core] || core >= CPUS ||
                        (neighbours ? core % 2 == 0 : core < CPUS / 2));
        }
        assert_int_equal(cores.count, mine);
        if (cores.bound == 2 && strcmp(cores.binding, "0-1") == 0)
            assert_int_equal(mine, neighbours ? 1 : 2);
    }
}

static void this_machine(void **state)
{
    (void)state;
    cores_describe("", &cores);
    assert_true(cores.count >= 1 && cores.count <= cores.bound && cores.bound <= cores.online);
    assert_true(cores.allowed >= cores.count);
    assert_true(cores.quota > 0);
    assert_true(cores.binding[0] >= '0' && cores.binding[0] <= '9');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_known), cmocka_unit_test(second_version),
        cmocka_unit_test(first_version), cmocka_unit_test(a_group_seen_as_root),
        cmocka_unit_test(allowed_cores), cmocka_unit_test(hardware_threads),
        cmocka_unit_test(this_machine),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}

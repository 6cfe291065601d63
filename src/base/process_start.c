#define _GNU_SOURCE
#include "lambert/base/process_start.h"

#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Nothing here may need what a library sets up in its constructor: no setenv(), no allocation, and no
 * sanitizer, which is such a library, too. The environment is the array that the kernel made, and the C library will
 * take over as it is: entries may be removed and replaced, but none added behind its end. */
#define BEFORE_LIBRARIES __attribute__((no_sanitize("address", "undefined", "thread")))

extern char **environ;

static struct {
    bool known;
    struct core_set cores;
    char dropped[128];
    struct lent {
        char *ours, *theirs;
    } lent[3];
    int lent_count;
} start;

#ifdef __GLIBC__ /* which has .preinit_array */

/* "NAME=" */
BEFORE_LIBRARIES static bool is_named(const char *entry, const char *name)
{
    while (*name && *entry == *name) {
        entry++;
        name++;
    }
    return *name == '\0';
}

BEFORE_LIBRARIES static int find(char *const *variables, const char *name)
{
    for (int i = 0; variables[i]; i++)
        if (is_named(variables[i], name))
            return i;
    return -1;
}

BEFORE_LIBRARIES static void note_dropped(const char *name)
{
    size_t used = 0;
    while (start.dropped[used])
        used++;
    if (used > 0)
        start.dropped[used++] = ' ';
    for (; *name != '='; name++)
        start.dropped[used++] = *name;
}

BEFORE_LIBRARIES static void drop(char **variables, const char *name)
{
    for (int i = find(variables, name), first = 1; i >= 0; i = find(variables, name), first = 0) {
        if (first)
            note_dropped(name);
        for (; variables[i]; i++)
            variables[i] = variables[i + 1];
    }
}

/* Puts `setting` in the place of a variable that no library looks at, until main() begins (give_back()). In an
 * environment that has none of these, the setting is not made. */
BEFORE_LIBRARIES static void lend_place(char **variables, char *setting)
{
    static const char *const idle[] = {
        "_=", "SHLVL=", "OLDPWD=", "PWD=", "LS_COLORS=", "TERM=", "SHELL=", "LOGNAME="};
    for (size_t i = 0; i < sizeof idle / sizeof *idle; i++) {
        const int place = find(variables, idle[i]);
        if (place < 0)
            continue;
        start.lent[start.lent_count++] = (struct lent){.ours = setting, .theirs = variables[place]};
        variables[place] = setting;
        return;
    }
}

/* OpenBLAS takes 256 MB of addresses in its constructor, and tries for ever where it does not get them. Open MPI, which
 * comes next, wants up to 300 MB for its parts, and crashes where only some of them find room. */
BEFORE_LIBRARIES static void need_addresses(void)
{
    static const char refusal[] =
        "error: the limit of addresses (ulimit -v) leaves less than 768 MB for libraries and work; raise it, or take it "
        "away: ulimit -v unlimited\n";
    const size_t needed = (size_t)768 << 20;
    void *trial = mmap(NULL, needed, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (trial != MAP_FAILED) {
        munmap(trial, needed);
        return;
    }
    if (write(STDERR_FILENO, refusal, sizeof refusal - 1) < 0)
        _exit(2); /* nobody is there to read it */
    _exit(1);
}

BEFORE_LIBRARIES static void before_libraries(int count, char **words, char **variables)
{
    static char spin_count[] = "GOMP_SPINCOUNT=" SPIN_COUNT,
                blas_threads[] = "OPENBLAS_NUM_THREADS=1", debug_signal[] = "UCX_DEBUG_SIGNO=0";
    (void)count;
    (void)words;
    need_addresses();
    start.known = sched_getaffinity(0, sizeof start.cores, (cpu_set_t *)start.cores.words) == 0;
    drop(variables, "OMP_PROC_BIND=");
    drop(variables, "OMP_PLACES=");
    drop(variables, "GOMP_CPU_AFFINITY=");
    drop(variables, "KMP_AFFINITY="); /* clang's OpenMP */
    if (find(variables, "GOMP_SPINCOUNT=") < 0 && find(variables, "OMP_WAIT_POLICY=") < 0)
        lend_place(variables, spin_count);
    if (find(variables, "OPENBLAS_NUM_THREADS=") < 0)
        lend_place(variables, blas_threads);
    if (find(variables, "UCX_DEBUG_SIGNO=") < 0)
        lend_place(variables, debug_signal);
}

__attribute__((section(".preinit_array"),
               used)) static void (*const first)(int, char **, char **) = before_libraries;

/* A constructor of the program itself: those of libraries, which had to see the settings, have run. */
__attribute__((constructor)) static void give_back(void)
{
    for (int i = 0; i < start.lent_count; i++)
        for (char **entry = environ; entry && *entry; entry++)
            if (*entry == start.lent[i].ours)
                *entry = start.lent[i].theirs;
}

#endif

const struct core_set *process_start_cores(void)
{
    return start.known ? &start.cores : NULL;
}

const char *process_start_dropped(void)
{
    return start.dropped;
}

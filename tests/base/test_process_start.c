/* What a process finds when main() begins, with variables of OpenMP that bind threads: this program is started again
 * with each set of them, and looks. */
#define _GNU_SOURCE
#include "lib/scratch.h"

#include <omp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lambert/base/process_start.h"

static int given_cores(void)
{
    const struct core_set *set = process_start_cores();
    int count = 0;
    for (int core = 0; set && core < CORES_MOST; core++)
        count += core_set_has(set, core);
    return set ? count : -1;
}

static int present_cores(void)
{
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : -1;
}

extern char **environ;

/* The child: exit code 0 when it has `cores` of them, on all threads, and of its environment just what is expected. */
static int look(int cores, const char *dropped, char *const *expected)
{
    int narrow = 0, variables = 0;
#pragma omp parallel num_threads(4) reduction(+ : narrow)
    narrow += present_cores() != cores;
    if (given_cores() != cores || present_cores() != cores || narrow > 0)
        return 2;
    if (strcmp(process_start_dropped(), dropped) != 0)
        return 3;
    for (; environ[variables] && expected[variables]; variables++)
        if (strcmp(environ[variables], expected[variables]) != 0)
            return 4;
    return environ[variables] || expected[variables] ? 5 : 0;
}

enum { MOST = 16 };

/* Runs it with `variables`, of which all but those that begin with OMP_P and GOMP_C are to be there; its exit code, or -1. */
static int status_of_look(char *const *variables, const char *dropped)
{
    char cores[16];
    char *words[MOST + 4] = {"/proc/self/exe", "look", cores, (char *)dropped},
                       *environment[MOST + 1] = {0};
    int status, word = 4, count = 0;
    snprintf(cores, sizeof cores, "%d", present_cores());
    for (; variables[count]; count++) {
        environment[count] = variables[count];
        if (strncmp(variables[count], "OMP_P", 5) != 0 &&
            strncmp(variables[count], "GOMP_C", 6) != 0)
            words[word++] = variables[count];
    }
    fflush(NULL);
    const pid_t child = fork();
    if (child == 0) {
        execve(words[0], words, environment);
        _exit(99);
    }
    return waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void run(char *const *variables, const char *dropped)
{
    assert_int_equal(status_of_look(variables, dropped), 0);
}

static void all_cores_whatever_openmp_is_told(void **state)
{
    static const char *const bindings[] = {NULL, "OMP_PROC_BIND=true", "OMP_PROC_BIND=close",
                                           "OMP_PROC_BIND=false", "OMP_PROC_BIND=spread"};
    static const char *const places[] = {NULL, "OMP_PLACES=cores", "OMP_PLACES={0}",
                                         "OMP_PLACES=threads"};
    static const char *const affinities[] = {NULL, "GOMP_CPU_AFFINITY=0"};
    (void)state;
    for (size_t b = 0; b < sizeof bindings / sizeof *bindings; b++)
        for (size_t p = 0; p < sizeof places / sizeof *places; p++)
            for (size_t a = 0; a < sizeof affinities / sizeof *affinities; a++) {
                char *variables[MOST] = {"HOME=/nowhere"}, dropped[128] = "";
                const char *const some[] = {bindings[b], places[p], affinities[a]};
                int count = 1;
                for (int i = 0; i < 3; i++)
                    if (some[i]) {
                        variables[count++] = (char *)some[i];
                        snprintf(dropped + strlen(dropped), sizeof dropped - strlen(dropped),
                                 "%s%.*s", dropped[0] ? " " : "", (int)strcspn(some[i], "="),
                                 some[i]);
                    }
                variables[count++] = "SHLVL=1";
                variables[count++] = "_=/bin/something";
                run(variables, dropped);
            }
}

/* As GNU's OpenMP itself says it, which read its variables in its constructor; another library says other things. */
static void idle_threads_spin_shortly(void **state)
{
    static const struct {
        char *variables[MOST];
        const char *said;
    } rows[] = {
        {{"OMP_DISPLAY_ENV=verbose", "_=x", NULL}, "GOMP_SPINCOUNT = '" SPIN_COUNT "'"},
        {{"OMP_DISPLAY_ENV=verbose", "PWD=/", NULL}, "GOMP_SPINCOUNT = '" SPIN_COUNT "'"},
        {{"OMP_DISPLAY_ENV=verbose", "OMP_PROC_BIND=true", "_=x", NULL},
         "GOMP_SPINCOUNT = '" SPIN_COUNT "'"},
        {{"OMP_DISPLAY_ENV=verbose", "GOMP_SPINCOUNT=7", "_=x", NULL}, "GOMP_SPINCOUNT = '7'"},
        {{"OMP_DISPLAY_ENV=verbose", "OMP_WAIT_POLICY=passive", "_=x", NULL},
         "GOMP_SPINCOUNT = '0'"}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buffer said = {0};
        catch_begin();
        const int status =
            status_of_look(rows[i].variables,
                           strstr(rows[i].variables[1], "OMP_PROC_BIND") ? "OMP_PROC_BIND" : "");
        catch_end(&said);
        assert_int_equal(status, 0);
        const char *text = buffer_text(&said);
        if (strstr(text, "GOMP_") && !strstr(text, rows[i].said))
            fail_msg("row %zu: %s", i, text);
        buffer_release(&said);
    }
}

/* Whatever variables there are to lend places, and whichever settings the user made: all are as before in main(). */
static void the_environment_is_given_back(void **state)
{
    static char *const sets[][MOST] = {
        {NULL},
        {"A=1", NULL},
        {"_=x", NULL},
        {"SHLVL=2", "PWD=/", "TERM=dumb", NULL},
        {"OMP_WAIT_POLICY=active", "_=x", "PWD=/", NULL},
        {"GOMP_SPINCOUNT=7", "OPENBLAS_NUM_THREADS=2", "_=x", "PWD=/", NULL},
        {"UCX_DEBUG_SIGNO=1", "_=x", "PWD=/", "TERM=dumb", NULL}};
    (void)state;
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++)
        run(sets[i], "");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_cores_whatever_openmp_is_told),
        cmocka_unit_test(idle_threads_spin_shortly),
        cmocka_unit_test(the_environment_is_given_back),
    };
    if (argc > 3 && strcmp(argv[1], "look") == 0)
        return look(atoi(argv[2]), argv[3], argv + 4);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

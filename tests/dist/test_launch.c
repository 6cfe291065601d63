/* Environments as launchers leave them, and what is made of them; the words of each launcher. */
#include "lib/unit.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/dist/launch.h"
#include "lambert/dist/launcher.h"

/* As a shell would take them: "NAME=VALUE NAME=VALUE". */
static void set_variables(const char *text)
{
    static const char *const names[] = {"OMPI_COMM_WORLD_SIZE",
                                        "OMPI_COMM_WORLD_RANK",
                                        "PMI_SIZE",
                                        "PMI_RANK",
                                        "PMI_FD",
                                        "PMI_PORT",
                                        "PMIX_RANK",
                                        "MPI_LOCALNRANKS",
                                        "I_MPI_ROOT",
                                        "SLURM_JOB_ID",
                                        "SLURM_STEP_ID",
                                        "SLURM_STEP_NUM_TASKS",
                                        "SLURM_NTASKS",
                                        "SLURM_PROCID"};
    char copy[256];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        unsetenv(names[i]);
    assert_true(strlen(text) < sizeof copy);
    strcpy(copy, text);
    for (char *word = strtok(copy, " "); word; word = strtok(NULL, " ")) {
        char *value = strchr(word, '=');
        *value = '\0';
        assert_int_equal(setenv(word, value + 1, 1), 0);
    }
}

/* by: what its name begins with; NULL: nobody. */
static void check(const char *variables, const char *by, int tasks, int task, bool leaves_step)
{
    set_variables(variables);
    const struct launch launch = launch_found();
    assert_int_equal(launch.tasks, tasks);
    assert_int_equal(launch.task, task);
    assert_int_equal(launch.by != NULL, by != NULL);
    assert_int_equal(launch.is_rank, by && !(strcmp(by, "srun") == 0 && tasks == 1));
    if (by)
        assert_memory_equal(launch.by, by, strlen(by));
    setenv("SLURM_STEP_ID", "0", 1);
    launch_leave_step(true);
    assert_int_equal(getenv("SLURM_STEP_ID") == NULL, leaves_step);
    /* A library that knows PMIx alone is launched by nobody else. */
    setenv("SLURM_STEP_ID", "0", 1);
    launch_leave_step(false);
    assert_int_equal(getenv("SLURM_STEP_ID") == NULL,
                     !getenv("OMPI_COMM_WORLD_RANK") && !getenv("PMIX_RANK"));
}

static void mpirun_is_known(void **state)
{
    (void)state;
    check("", NULL, 1, 0, true);
    check("OMPI_COMM_WORLD_SIZE=3 OMPI_COMM_WORLD_RANK=2 PMIX_RANK=2", "Open MPI", 3, 2, false);
    check("SLURM_STEP_ID=0 SLURM_STEP_NUM_TASKS=2 OMPI_COMM_WORLD_SIZE=6 OMPI_COMM_WORLD_RANK=0",
          "Open MPI", 6, 0, false);
    check("PMI_SIZE=4 PMI_RANK=3 PMI_FD=6 MPI_LOCALNRANKS=2", "MPICH", 4, 3, false);
    check("SLURM_STEP_ID=0 SLURM_STEP_NUM_TASKS=2 PMI_SIZE=4 PMI_RANK=1 MPI_LOCALNRANKS=2", "MPICH",
          4, 1, false);
    check("PMI_SIZE=4 PMI_RANK=1 MPI_LOCALNRANKS=2 I_MPI_ROOT=/opt/intel", "Intel MPI", 4, 1,
          false);
    check("PMI_SIZE=4 PMI_RANK=1", "a launcher", 4, 1, false);
    check("PMI_SIZE=4", "a launcher", 4, 0, true);
    check("PMIX_RANK=5", NULL, 1, 5, false);
    check("PMI_SIZE=many SLURM_NTASKS=-3 PMI_PORT=h:1", NULL, 1, 0, false);
    check("PMI_SIZE=99999999999", NULL, 1, 0, true);
}

/* Without PMI, with PMIx, one task in a job of more; a script of sbatch and the shell of salloc, which are no step. */
static void slurm_is_known(void **state)
{
    (void)state;
    check("SLURM_JOB_ID=7 SLURM_STEP_ID=0 SLURM_STEP_NUM_TASKS=4 SLURM_PROCID=3", "srun", 4, 3,
          true);
    check("SLURM_STEP_ID=0 SLURM_STEP_NUM_TASKS=4 SLURM_PROCID=1 PMIX_RANK=1", "srun", 4, 1, false);
    check("SLURM_STEP_ID=0 SLURM_STEP_NUM_TASKS=4 SLURM_PROCID=2 PMI_SIZE=4 PMI_RANK=2", "srun", 4,
          2, false);
    check("SLURM_JOB_ID=7 SLURM_STEP_ID=0 SLURM_STEP_NUM_TASKS=1 SLURM_NTASKS=8", "srun", 1, 0,
          true);
    check("SLURM_STEP_ID=0 SLURM_NTASKS=4 SLURM_PROCID=0", "srun", 4, 0, true);
    check("SLURM_JOB_ID=7 SLURM_NTASKS=8 SLURM_PROCID=2", "srun", 8, 2, true);
    check("SLURM_JOB_ID=7 SLURM_NTASKS=8 SLURM_PROCID=0", NULL, 1, 0, true);
    check("SLURM_JOB_ID=7 SLURM_NTASKS=8", NULL, 1, 0, true);
}

static void words_are_the_launchers(void **state)
{
    (void)state;
#define UNDER_SLURM "; under Slurm --cpus-per-task=16"
    static const struct {
        const char *environment, *variable, *cores, *patience;
    } rows[] = {
        {"OMPI_COMM_WORLD_SIZE=4 OMPI_COMM_WORLD_RANK=0", "mpirun -x NAME=7",
         "mpirun --map-by ppr:2:node:PE=16 --bind-to core, or --bind-to none" UNDER_SLURM,
         " (of mpirun: --mca odls_base_sigkill_timeout 9)"},
        {"PMI_SIZE=4 PMI_RANK=0 MPI_LOCALNRANKS=2", "mpirun -genv NAME 7",
         "mpirun -ppn 2 -bind-to core:16, or -bind-to none" UNDER_SLURM, ""},
        {"PMI_SIZE=4 PMI_RANK=0 MPI_LOCALNRANKS=2 I_MPI_ROOT=/opt/intel", "mpirun -genv NAME 7",
         "mpirun -ppn 2 -genv I_MPI_PIN_DOMAIN auto, or -genv I_MPI_PIN off" UNDER_SLURM, ""},
        {"SLURM_STEP_ID=0 SLURM_STEP_NUM_TASKS=4 PMI_SIZE=4 PMI_RANK=0", "srun --export=ALL,NAME=7",
         "srun --ntasks-per-node=2 --cpus-per-task=16 --cpu-bind=cores, or --cpu-bind=none", ""},
        {"PMI_SIZE=4 PMI_RANK=0", "NAME=7 in the environment of all ranks",
         "2 rank(s) a machine, of 16 core(s) each" UNDER_SLURM, ""}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        set_variables(rows[i].environment);
        assert_string_equal(launcher_with_variable("NAME", "7").text, rows[i].variable);
        assert_string_equal(launcher_with_cores(2, 16).text, rows[i].cores);
        assert_string_equal(launcher_with_patience(9).text, rows[i].patience);
    }
    set_variables(""); /* that of the library */
    assert_memory_equal(launcher_with_variable("NAME", "7").text, "mpirun -", 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(mpirun_is_known),
                                       cmocka_unit_test(slurm_is_known),
                                       cmocka_unit_test(words_are_the_launchers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

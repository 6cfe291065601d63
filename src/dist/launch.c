#include "lambert/dist/launch.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

/* The variable's number, or -1. */
static int number_of(const char *name)
{
    const char *text = getenv(name);
    char *end;
    if (!text || *text < '0' || *text > '9')
        return -1;
    errno = 0;
    const long number = strtol(text, &end, 10);
    return *end == '\0' && errno == 0 && number <= INT_MAX ? (int)number : -1;
}

/* What srun says of its step; of a script of sbatch, which has the rest of these variables as well, nothing. */
static int step_tasks(void)
{
    const int tasks = number_of("SLURM_STEP_NUM_TASKS");
    const bool is_script =
        getenv("SLURM_JOB_ID") && !getenv("SLURM_STEP_ID") && number_of("SLURM_PROCID") <= 0;
    if (tasks > 0)
        return tasks;
    return is_script ? -1 : number_of("SLURM_NTASKS");
}

/* Hydra says who is on the host; Slurm's PMI does not. */
static enum launcher speaker_of_pmi(void)
{
    if (!getenv("MPI_LOCALNRANKS"))
        return getenv("SLURM_STEP_ID") ? LAUNCHER_SRUN : LAUNCHER_OTHER;
    return getenv("I_MPI_ROOT") ? LAUNCHER_INTEL : LAUNCHER_HYDRA;
}

/* mpirun's own come first, as it may run within a step of srun. */
struct launch launch_found(void)
{
    static const char *const names[] = {[LAUNCHER_OPEN_MPI] = "Open MPI's mpirun",
                                        [LAUNCHER_HYDRA] = "MPICH's mpirun",
                                        [LAUNCHER_INTEL] = "Intel MPI's mpirun",
                                        [LAUNCHER_SRUN] = "srun",
                                        [LAUNCHER_OTHER] = "a launcher that speaks PMI"};
    const struct launch found[] = {{.launcher = LAUNCHER_OPEN_MPI,
                                    .tasks = number_of("OMPI_COMM_WORLD_SIZE"),
                                    .task = number_of("OMPI_COMM_WORLD_RANK"),
                                    .is_rank = true},
                                   {.launcher = speaker_of_pmi(),
                                    .tasks = number_of("PMI_SIZE"),
                                    .task = number_of("PMI_RANK"),
                                    .is_rank = true},
                                   {.launcher = LAUNCHER_SRUN,
                                    .tasks = step_tasks(),
                                    .task = number_of("SLURM_PROCID"),
                                    .is_rank = step_tasks() > 1}};
    for (size_t i = 0; i < sizeof found / sizeof found[0]; i++)
        if (found[i].tasks > 0) {
            struct launch launch = found[i];
            launch.by = names[launch.launcher];
            launch.task = launch.task > 0 ? launch.task : 0;
            return launch;
        }
    const int rank = number_of("PMIX_RANK"); /* how many there are PMIx tells MPI alone */
    return (struct launch){LAUNCHER_OTHER, .tasks = 1, .task = rank > 0 ? rank : 0};
}

void launch_leave_step(bool speaks_pmi)
{
    static const char *const pmi[] = {"PMI_FD", "PMI_RANK", "PMI_PORT"};
    if (getenv("OMPI_COMM_WORLD_RANK") || getenv("PMIX_RANK"))
        return;
    for (size_t i = 0; i < sizeof pmi / sizeof pmi[0]; i++)
        if (speaks_pmi && getenv(pmi[i]))
            return;
    unsetenv("SLURM_STEP_ID");
}

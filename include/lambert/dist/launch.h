/* How this process was started, by what launchers leave in its environment: Open MPI's mpirun, those that speak PMI
 * (Hydra, which is MPICH's and Intel's mpirun), and Slurm's srun.
 *
 * A launcher and an MPI library that do not know each other start N processes of which each takes itself for the only
 * rank: N runs in one folder, at an Nth of the speed each. They are told, as nobody wants that. */
#ifndef LAMBERT_DIST_LAUNCH_H
#define LAMBERT_DIST_LAUNCH_H

#include <stdbool.h>

enum launcher {
    LAUNCHER_OTHER,
    LAUNCHER_OPEN_MPI,
    LAUNCHER_HYDRA,
    LAUNCHER_INTEL, /* Hydra, with other words for binding */
    LAUNCHER_SRUN
};

struct launch {
    enum launcher launcher;
    const char *by; /* for sentences; NULL: nobody, or nobody who says so */
    int tasks;      /* processes that were started together; 1 where nobody says */
    int task;       /* which of them this one is, from 0 */
    bool
        is_rank; /* MPI may be started once here, by this process or one that it starts: the place is taken then */
};

/* A script of sbatch is one process, whatever SLURM_NTASKS says: that is what its srun would start. */
struct launch launch_found(void);

/* Before MPI_Init(). In a step of srun that has no PMI (`srun --pty bash`, `srun --mpi=none`), or one that the MPI library
 * does not speak (`srun --mpi=pmi2` and an Open MPI without it), Open MPI ends the process with a page on how Slurm is
 * built. Without SLURM_STEP_ID it sees a program that nobody launched, which it is to it.
 *
 * speaks_pmi: whether the library understands PMI-1 and PMI-2; PMIx it does. */
void launch_leave_step(bool speaks_pmi);

#endif

/* What a run says of the command that starts it. Launchers have words of their own for the same thing: the mpirun of
 * Open MPI, that of MPICH (Hydra, which Intel MPI has as well), Slurm's srun. Which of them started this process is seen
 * in its environment; where none did, it is the mpirun that comes with the MPI that Lambert was built with.
 *
 * All is [local], and may be called before dist_open(). */
#ifndef LAMBERT_DIST_LAUNCHER_H
#define LAMBERT_DIST_LAUNCHER_H

enum { LAUNCHER_WORDS = 128 };

/* Part of a command line, to be put into a sentence. */
struct launcher_words {
    char text[LAUNCHER_WORDS];
};

/* Hands a variable of the environment to all ranks: "mpirun -x NAME=VALUE". */
struct launcher_words launcher_with_variable(const char *name, const char *value);

/* So many ranks a machine, each bound to so many cores; what binds them to none; and, of another launcher than srun, what
 * the job of Slurm has to say that it may run in:
 * "mpirun --map-by ppr:2:node:PE=8 --bind-to core, or --bind-to none; under Slurm --cpus-per-task=8". */
struct launcher_words launcher_with_cores(int ranks, int cores);

/* Grants ranks so many seconds from the signal that ends the launcher until it kills them:
 * " (of mpirun: --mca odls_base_sigkill_timeout 10)"; "" of a launcher that waits for them as long as they take. */
struct launcher_words launcher_with_patience(int seconds);

#endif

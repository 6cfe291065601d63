#include "lambert/dist/launcher.h"

#include <stdarg.h>
#include <stdio.h>

#include "lambert/dist/launch.h"
#include "mpi_library.h"

static struct launcher_words words(const char *format, ...) __attribute__((format(printf, 1, 2)));

static struct launcher_words words(const char *format, ...)
{
    struct launcher_words made;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(made.text, sizeof made.text, format, arguments);
    va_end(arguments);
    return made;
}

static enum launcher this_launcher(void)
{
    const struct launch launch = launch_found();
    return launch.by ? launch.launcher : mpi_library_launcher();
}

struct launcher_words launcher_with_variable(const char *name, const char *value)
{
    switch (this_launcher()) {
    case LAUNCHER_OPEN_MPI:
        return words("mpirun -x %s=%s", name, value);
    case LAUNCHER_HYDRA:
    case LAUNCHER_INTEL:
        return words("mpirun -genv %s %s", name, value);
    case LAUNCHER_SRUN:
        return words("srun --export=ALL,%s=%s", name, value);
    case LAUNCHER_OTHER:
        break;
    }
    return words("%s=%s in the environment of all ranks", name, value);
}

/* A launcher that Slurm's job starts can bind to no more cores than the job has for each of its tasks. */
#define UNDER_SLURM "; under Slurm --cpus-per-task=%d"

struct launcher_words launcher_with_cores(int ranks, int cores)
{
    switch (this_launcher()) {
    case LAUNCHER_OPEN_MPI:
        return words(
            "mpirun --map-by ppr:%d:node:PE=%d --bind-to core, or --bind-to none" UNDER_SLURM,
            ranks, cores, cores);
    case LAUNCHER_HYDRA:
        return words("mpirun -ppn %d -bind-to core:%d, or -bind-to none" UNDER_SLURM, ranks, cores,
                     cores);
    case LAUNCHER_INTEL: /* its domains are counted in hardware threads; these have all there are */
        return words(
            "mpirun -ppn %d -genv I_MPI_PIN_DOMAIN auto, or -genv I_MPI_PIN off" UNDER_SLURM, ranks,
            cores);
    case LAUNCHER_SRUN:
        return words(
            "srun --ntasks-per-node=%d --cpus-per-task=%d --cpu-bind=cores, or --cpu-bind=none",
            ranks, cores);
    case LAUNCHER_OTHER:
        break;
    }
    return words("%d rank(s) a machine, of %d core(s) each" UNDER_SLURM, ranks, cores, cores);
}

struct launcher_words launcher_with_patience(int seconds)
{
    if (this_launcher() == LAUNCHER_OPEN_MPI)
        return words(" (of mpirun: --mca odls_base_sigkill_timeout %d)", seconds);
    return words("%s", "");
}

#define _GNU_SOURCE /* dladdr() */
#include "mpi_library.h"

#include <dlfcn.h>
#include <glob.h>
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lambert/dist/dist.h"

/* --- settings --------------------------------------------------------------------------------- */

/* Open MPI 4, and UCX, which MPICH sends through, read large messages out of the sender's memory, which processes of
 * different user namespaces may not: they find that out too late, and hang or end. So ranks in such a namespace
 * (rootless Podman, Apptainer) copy through shared memory, which UCX is to open by its name and not in /proc, unless the
 * user says otherwise; weights and gradients inside a node are no messages anyway. */
static void avoid_single_copies(void)
{
    static const char *const settings[][2] = {{"OMPI_MCA_btl_vader_single_copy_mechanism", "none"},
                                              {"UCX_TLS", "^cma"},
                                              {"UCX_POSIX_USE_PROC_LINK", "n"}};
    const ino_t initial = 0xEFFFFFFD; /* PROC_USER_INIT_INO of Linux */
    struct stat namespace;
    if (stat("/proc/self/ns/user", &namespace) != 0 || namespace.st_ino == initial)
        return;
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++)
        setenv(settings[i][0], settings[i][1], 0);
}

/* A program without mpirun starts Open MPI's daemon (orted), which costs time and outlives it when it is killed. It
 * is for what such a program never does: join other jobs. Where there is mpirun the variable means nothing. */
static void do_without_daemon(void)
{
    setenv("OMPI_MCA_ess_singleton_isolated", "1", 0);
}

/* Whether there is a component of that name (a pattern): in `folder`/openmpi, or where Debian has them. */
static bool has_component(const char *folder, const char *name)
{
    static const char *const places[] = {"openmpi", "openmpi/lib/openmpi*"};
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        char pattern[4096 + 64];
        glob_t found;
        snprintf(pattern, sizeof pattern, "%s/%s/%s", folder, places[i], name);
        if (glob(pattern, 0, NULL, &found) == 0) {
            globfree(&found);
            return true;
        }
    }
    return false;
}

bool open_mpi_speaks_pmi(const char *folder)
{
    return has_component(folder, "mca_pmix_s[12].so") || !has_component(folder, "mca_pmix_*.so");
}

bool mpi_library_speaks_pmi(void)
{
#ifdef OPEN_MPI
    Dl_info found = {.dli_fname = NULL};
    void *symbol = dlsym(RTLD_DEFAULT, "MPI_Init_thread");
    char *file = symbol && dladdr(symbol, &found) && found.dli_fname
                     ? realpath(found.dli_fname, NULL)
                     : NULL;
    char *slash = file ? strrchr(file, '/') : NULL;
    bool speaks = true;
    if (slash) {
        *slash = '\0';
        speaks = open_mpi_speaks_pmi(file);
    }
    free(file);
    return speaks;
#else
    return true;
#endif
}

static bool is_loaded(const char *library)
{
    void *handle = dlopen(library, RTLD_LAZY | RTLD_NOLOAD);
    if (handle)
        dlclose(handle);
    return handle != NULL;
}

/* Where MPI_Init() loads UCX, as Open MPI does for InfiniBand, UCX takes SIGHUP from the handler that is there
 * (base/process_start.h). Where it is loaded already, as MPICH's is, it has read its variables, and would say on
 * standard output of one that comes now that nobody uses it. */
static void keep_hangup(void)
{
    if (!is_loaded("libucs.so.0"))
        setenv("UCX_DEBUG_SIGNO", "0", 0);
}

void mpi_library_settle(void)
{
    avoid_single_copies();
    keep_hangup();
    do_without_daemon();
    launch_leave_step(mpi_library_speaks_pmi());
}

/* --- what it is ------------------------------------------------------------------------------- */

/* "Open MPI v4.1.4, package: ..." up to the comma; "MPICH Version:      4.0.2" and more lines. */
const char *dist_library(void)
{
    static char library[MPI_MAX_LIBRARY_VERSION_STRING + 1];
    char text[MPI_MAX_LIBRARY_VERSION_STRING];
    int length;
    if (library[0] != '\0')
        return library;
    MPI_Get_library_version(text, &length);
    text[strcspn(text, ",\n")] = '\0';
    for (char *word = strtok(text, " \t"); word; word = strtok(NULL, " \t")) {
        if (library[0] != '\0')
            strcat(library, " ");
        strcat(library, word);
    }
    return library;
}

enum launcher mpi_library_launcher(void)
{
#ifdef OPEN_MPI
    return LAUNCHER_OPEN_MPI;
#else /* MPICH, and what is made of it: Intel's, Cray's */
    return getenv("I_MPI_ROOT") ? LAUNCHER_INTEL : LAUNCHER_HYDRA;
#endif
}

const char *mpi_library_srun(void)
{
    return mpi_library_launcher() == LAUNCHER_OPEN_MPI ? "pmix" : "pmi2";
}

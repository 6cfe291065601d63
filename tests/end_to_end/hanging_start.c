/* A host that dies while MPI starts, or an MPI that does not end, for LD_PRELOAD: the rank HANGING_RANK never comes out of
 * MPI_Init_thread(), ENDLESS_RANK never out of MPI_Finalize(). */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void hang_here(const char *variable)
{
    const char *open_mpi = getenv("OMPI_COMM_WORLD_RANK"), *pmi = getenv("PMI_RANK");
    const char *rank = open_mpi ? open_mpi : pmi, *hanging = getenv(variable);
    while (rank && hanging && strcmp(rank, hanging) == 0)
        pause();
}

int MPI_Init_thread(int *argc, char ***argv, int wanted, int *provided)
{
    int (*real)(int *, char ***, int, int *);
    hang_here("HANGING_RANK");
    *(void **)&real = dlsym(RTLD_NEXT, "MPI_Init_thread");
    return real(argc, argv, wanted, provided);
}

int MPI_Finalize(void)
{
    int (*real)(void);
    hang_here("ENDLESS_RANK");
    *(void **)&real = dlsym(RTLD_NEXT, "MPI_Finalize");
    return real();
}

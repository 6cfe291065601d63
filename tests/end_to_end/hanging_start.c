/* A host that dies while MPI starts, for LD_PRELOAD: the rank HANGING_RANK never comes out of MPI_Init_thread(). */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int MPI_Init_thread(int *argc, char ***argv, int wanted, int *provided)
{
    int (*real)(int *, char ***, int, int *);
    const char *open_mpi = getenv("OMPI_COMM_WORLD_RANK"), *pmi = getenv("PMI_RANK");
    const char *rank = open_mpi ? open_mpi : pmi, *hanging = getenv("HANGING_RANK");
    while (rank && hanging && strcmp(rank, hanging) == 0)
        pause();
    *(void **)&real = dlsym(RTLD_NEXT, "MPI_Init_thread");
    return real(argc, argv, wanted, provided);
}

/* What MPI libraries differ in; dist_library() is in its source, too. */
#ifndef LAMBERT_DIST_MPI_LIBRARY_H
#define LAMBERT_DIST_MPI_LIBRARY_H

#include "lambert/dist/launch.h"

/* What the library is to find in the environment when MPI_Init() begins; what the user has set stays. */
void mpi_library_settle(void);

/* The launcher that comes with it. */
enum launcher mpi_library_launcher(void);

/* What srun's --mpi has to say so that this library knows it. */
const char *mpi_library_srun(void);

#endif

/* What MPI libraries differ in; dist_library() is in its source, too. */
#ifndef LAMBERT_DIST_MPI_LIBRARY_H
#define LAMBERT_DIST_MPI_LIBRARY_H

#include <stdbool.h>

#include "lambert/dist/launch.h"

/* What the library is to find in the environment when MPI_Init() begins; what the user has set stays. */
void mpi_library_settle(void);

/* Whether it understands PMI-1 and PMI-2, as Hydra and `srun --mpi=pmi2` speak them. Open MPI does where it was built
 * with Slurm's libraries of them (--with-pmi), else it knows PMIx alone. */
bool mpi_library_speaks_pmi(void);

/* Of the Open MPI whose library is in this folder: among its components, which are files below it, are those of PMI; or
 * none of them are files, and nothing can be told. */
bool open_mpi_speaks_pmi(const char *folder);

/* The launcher that comes with it. */
enum launcher mpi_library_launcher(void);

/* What srun's --mpi has to say so that this library knows it. */
const char *mpi_library_srun(void);

#endif

/* Put in front of every source of the simulation (smpicc -include): the two calls with which a rank
 * waits in src/dist/exchange.c. On a machine it asks again and again until something has arrived;
 * in SimGrid's SMPI asking takes no time, so time would stand still. Here the second call sleeps
 * until the first message arrives of those that the first call has found missing. */
#ifndef LAMBERT_SCRIPTS_SCALING_SIMULATED_H
#define LAMBERT_SCRIPTS_SCALING_SIMULATED_H

#include <mpi.h>

/* As MPI_Testall(), and remembers the first request that is not done. */
int simulated_testall(int count, MPI_Request *requests, int *done, MPI_Status *statuses);

/* In the place of sched_yield(). */
int simulated_yield(void);

/* As MPI_Isend() and MPI_Irecv(), which cost the rank time: it is paid in simulated_testall(). */
int simulated_isend(const void *data, int count, MPI_Datatype type, int to, int tag, MPI_Comm comm,
                    MPI_Request *request);
int simulated_irecv(void *data, int count, MPI_Datatype type, int from, int tag, MPI_Comm comm,
                    MPI_Request *request);

/* As MPI_Init_thread(), and grants what is asked for. */
int simulated_init_thread(int *argc, char ***argv, int wanted, int *granted);

/* The calling rank computes for so long, with all its cores. */
void simulated_compute(double seconds);

/* The same for a sum that moves so many bytes of memory (src/dist/contributions.h). */
void simulated_sum(double bytes);

#define MPI_Isend       simulated_isend
#define MPI_Irecv       simulated_irecv
#define MPI_Init_thread simulated_init_thread
#define MPI_Testall     simulated_testall
#define sched_yield     simulated_yield

#endif

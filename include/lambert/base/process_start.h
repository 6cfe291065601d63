/* What has to be done before the libraries of the process wake up, and is done there, by itself: in .preinit_array of
 * the program, which runs before the constructors of shared libraries, linked or preloaded.
 *
 * OpenMP's library binds the thread that calls main() to one core where OMP_PROC_BIND, OMP_PLACES or
 * GOMP_CPU_AFFINITY say so, as module files of clusters do. All that the program starts later inherits that one core,
 * and how many cores the process was given can no longer be asked. So they are remembered, and these
 * variables are taken out of the environment: binding is mpirun's business.
 *
 * Threads that wait for others spin for a while before they sleep. GNU's OpenMP spins for milliseconds, which a
 * neighbour on the same cores makes into as many for each loop. Where neither GOMP_SPINCOUNT nor OMP_WAIT_POLICY
 * says how long, SPIN_COUNT rounds are set for it (docs/performance.md). OpenBLAS starts threads of its own, which
 * Lambert never uses, and takes memory for each: OPENBLAS_NUM_THREADS is set to 1. Where a limit of addresses leaves
 * less than it wants even so, it would try for ever: the process ends with a sentence and exit code 1.
 *
 * UCX, through which MPICH sends, takes SIGHUP for itself in its constructor, to write more into its log, and with it
 * what nohup said about that signal: UCX_DEBUG_SIGNO=0 leaves it alone.
 *
 * Where the system has no .preinit_array (musl) nothing of this happens: cores are those that the process is bound
 * to when it asks. */
#ifndef LAMBERT_BASE_PROCESS_START_H
#define LAMBERT_BASE_PROCESS_START_H

#include <stdbool.h>
#include <stddef.h>

/* Cores that a set has room for; of a machine with more the first ones are seen. */
enum { CORES_MOST = 4096 };

/* Of libgomp, one `pause` each: 25 microseconds on a Zen 4, more on others. */
#define SPIN_COUNT "1000"

/* As the system fills it in (sched_getaffinity(2)), without the C library's name for it, which needs _GNU_SOURCE. */
enum { CORE_SET_WORD = 8 * sizeof(unsigned long) }; /* bits */
struct core_set {
    unsigned long words[CORES_MOST / CORE_SET_WORD];
};

static inline bool core_set_has(const struct core_set *set, int core)
{
    return set->words[core / CORE_SET_WORD] >> core % CORE_SET_WORD & 1;
}

/* The cores that the process was given when it began; NULL where that is not known. */
const struct core_set *process_start_cores(void);

/* The names of variables that were taken out of the environment, with spaces between them; "" if there were none. */
const char *process_start_dropped(void);

#endif

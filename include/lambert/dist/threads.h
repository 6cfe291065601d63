/* How many threads the ranks of a machine compute with, and what is to be said of it.
 *
 * A rank gets a thread for each core that it holds (base/cores.h), its share of those that several ranks hold, and no
 * more than its share of a CPU quota, rounded up. run.threads or OMP_NUM_THREADS say another number; OMP_THREAD_LIMIT
 * lowers any. OMP_DYNAMIC and OMP_MAX_ACTIVE_LEVELS change nothing: what is computed with is what was counted. */
#ifndef LAMBERT_DIST_THREADS_H
#define LAMBERT_DIST_THREADS_H

#include "lambert/base/cores.h"
#include "lambert/base/error.h"
#include "lambert/dist/dist.h"

/* More threads than this for each CPU of the machine are refused: nobody means them. */
enum { THREADS_MOST_A_CPU = 8 };

/* What the number of a rank's threads comes of. */
enum threads_source {
    THREADS_OF_CORES,
    THREADS_OF_QUOTA,
    THREADS_OF_CONFIG,
    THREADS_OF_ENVIRONMENT
};

/* What a rank's threads are chosen by. */
struct threads_facts {
    int wanted;        /* run.threads; 0: nothing */
    int environment;   /* OMP_NUM_THREADS; 0: not set */
    int limit;         /* OMP_THREAD_LIMIT, or more than any machine has */
    int online;        /* CPUs of the machine */
    double cores;      /* that this rank may use, its parts of shared ones added up */
    double quota;      /* CPUs' time that its group allows; INFINITY: any */
    int quota_sharers; /* ranks of the machine in that group */
};

struct threads {
    int count; /* of this rank; at least 1 */
    enum threads_source source;
    bool limited; /* by OMP_THREAD_LIMIT, to `count` */
    int quota;    /* threads that the quota has room for, of this rank; INT_MAX: any number */
    struct cores cores;
    /* Of the machine: its ranks, their threads, the cores that these hold, and those that there are for them. */
    int ranks, all, held, allowed;
};

/* [local] Count, source, limited and quota of a rank; -1 where the number is beyond THREADS_MOST_A_CPU. */
int threads_choose(struct threads *threads, const struct threads_facts *facts, struct error *err);

/* Collective; with `dist` NULL for a process that is no rank, local. Chooses, and sets the number for all parallel
 * regions of OpenMP that the calling thread opens from now on. To be called before the first of them: a changing number makes OpenMP build its teams anew. Called again with
 * the same `wanted` (run.threads, or 0) it changes nothing. -1 on all ranks. */
int threads_start(struct threads *threads, const struct dist *dist, int wanted, struct error *err);

/* What is to be said of threads: that they take turns, of a quota, of cores that idle, and of variables of OpenMP that
 * are not followed or lower the number. */
struct threads_remark {
    bool warns;     /* it costs time; else it is good to know */
    char what[640]; /* both as a part of a sentence, without a stop */
    char cure[320]; /* "": none is needed */
};
enum { THREADS_MOST_REMARKS = 5 };

/* [local] How many there are. Those that hold for all ranks of a machine are for one of them to say. */
int threads_remarks(const struct threads *threads, bool for_machine,
                    struct threads_remark remarks[THREADS_MOST_REMARKS]);

/* [local] Says them in the log; rank 0 speaks for its machine. */
void threads_warn(const struct threads *threads, const struct dist *dist);

#endif

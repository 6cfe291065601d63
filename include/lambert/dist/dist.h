/* The ranks of a job, and the only door to MPI. A program started without mpirun is a job of one.
 *
 * MPI is initialised with MPI_THREAD_FUNNELED; only the thread that called dist_open() may
 * call in here. Functions are collective (every rank calls, in the same order) unless marked
 * [local]. MPI's own errors end the job (MPI_ERRORS_ARE_FATAL): there is nothing a rank could do
 * alone.
 *
 * Ranks are numbered node after node, whatever order mpirun gave them, so that neighbours in number
 * are neighbours in place. */
#ifndef LAMBERT_DIST_DIST_H
#define LAMBERT_DIST_DIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lambert/base/buffer.h"
#include "lambert/base/error.h"
#include "lambert/base/real.h"
#include "lambert/dist/stages.h"

struct dist;

/* Starts MPI; sets the rank of the log. A process opens at most once. -1: this MPI does not do, which all processes
 * find alike, or it does not know the launcher, so that each process is alone: one is to say it (log_rank() 0). */
int dist_open(struct dist **dist, int *argc, char ***argv, struct error *err);
void dist_close(struct dist *dist);

int dist_rank(const struct dist *dist);         /* [local] */
int dist_size(const struct dist *dist);         /* [local] ranks of the job */
int dist_local_rank(const struct dist *dist);   /* [local] among the ranks of this node */
int dist_local_size(const struct dist *dist);   /* [local] */
int dist_nodes(const struct dist *dist);        /* [local] nodes of the job */
int dist_machine_size(const struct dist *dist); /* [local] ranks of this node before
                                                      dist_divide_nodes() */

/* [local] "Open MPI v4.1.4", "MPICH Version: 4.0.2"; before dist_open() as well. */
const char *dist_library(void);

/* From here on each node counts as several of `ranks` ranks: for nodes that are better left apart
 * inside, and to try on one machine what happens on many. False, and nothing is changed, where
 * nodes have different numbers of ranks or `ranks` does not divide it. */
bool dist_divide_nodes(struct dist *dist, int ranks);

/* [local] The stages of this job (dist/stages.h). Where nodes have different numbers of ranks they
 * are not told apart. */
struct stages dist_stages(const struct dist *dist, int split);

/* [local] Ends the whole job with exit code 1, now: for a rank that has failed alone, where the
 * others would wait for it for ever. In a test that is an assertion; the program settles such
 * things by dist_agree(). */
_Noreturn void dist_abort(const struct dist *dist);

void dist_barrier(const struct dist *dist);

/* Agreement on errors: 0 when status is 0 everywhere; else -1 everywhere, and err everywhere holds
 * the sentence of the lowest rank that failed (with "rank R: " in front, where there are several
 * ranks). So no rank waits for one that has left. */
int dist_agree(const struct dist *dist, int status, struct error *err);

/* True everywhere when it is true on any rank. */
bool dist_any(const struct dist *dist, bool value);

/* Sums and maxima over all ranks, element by element and in place. */
void dist_sum_double(const struct dist *dist, double *values, int count);
void dist_max_double(const struct dist *dist, double *values, int count);
void dist_sum_u64(const struct dist *dist, uint64_t *values, int count);

/* The same over the ranks of one machine. */
void dist_machine_sum_double(const struct dist *dist, double *values, int count);

/* root's bytes to all; any size. */
void dist_broadcast(const struct dist *dist, int root, void *data, size_t size);

/* The bytes of all ranks, in their order, appended to `all` on rank 0; any sizes. */
void dist_gather(const struct dist *dist, const void *data, size_t size, struct buffer *all);

/* The bytes of this rank to the rank `to`, and those of the rank `from` appended to `in`; any sizes. Each rank is the
 * `to` of one rank and the `from` of one, itself perhaps. */
void dist_pass(const struct dist *dist, int to, const void *data, size_t size, int from,
               struct buffer *in);

/* dist_agree() for values that must be equal everywhere (a configuration's hash): 0, or -1 with a
 * sentence that names `what` and a rank that differs from rank 0. */
int dist_same(const struct dist *dist, const char *what, uint64_t value, struct error *err);

/* How a text of each rank compares with rank 0's: ranks that have another one, the first of them, and its text. */
enum { DIST_TEXT = 160 };
struct dist_comparison {
    int others, rank;
    char text[DIST_TEXT];
};

/* Rank 0 finds it out; others == 0 on the others. What of a text is beyond DIST_TEXT - 1 bytes is left out. */
struct dist_comparison dist_compare(const struct dist *dist, const char *text);

#endif

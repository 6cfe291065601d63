/* The communication of a training step: gradients are summed and shared out (reduce-scatter),
 * updated weights go back to everyone (all-gather), bucket by bucket, while the main thread
 * computes.
 *
 * A bucket goes through the stages of its sharding. In a stage, each member of a group of f sends
 * the j-th part of what it has to member j, and adds what the others send for its own part IN THE
 * ORDER OF MEMBERS: the result does not depend on timing. The next stage works on that part. The
 * all-gather is the stages backwards. A rank sends and receives (N - 1) / N of a bucket each way.
 *
 * Where the ranks of a node can map each other's memory (dist/node_memory.h) the first stage moves
 * nothing: gradients are read where the neighbour computed them, and weights are one array that all
 * ranks of the node see, complete as soon as all have said so.
 *
 *     exchange_new(&exchange, dist, &sharding, &arrays, &options);
 *     each step:
 *         as gradients of buckets are complete:   exchange_reduce_begin(exchange, bucket)
 *         every so often:                         exchange_poll(exchange)
 *         exchange_reduce_wait(exchange)          this rank's slices of the sum are in arrays.shard
 *         ...its slices of arrays.weights are updated
 *         for each bucket:                        exchange_gather_begin(exchange, bucket, false)
 *         exchange_gather_wait(exchange)          arrays.weights are whole
 *
 * Collective in the sense that every rank of the job begins the same buckets in the same order; but
 * a begin never waits. Messages move in _poll() and _wait() only, for Open MPI makes no progress by
 * itself. Nothing is allocated after exchange_new(). MPI_THREAD_FUNNELED is enough: only the thread
 * that opened dist calls in here; sums use all threads, within a parallel region the calling one.
 *
 * Several buckets are on their way at a time (options.slots); those begun later wait for a slot. */
#ifndef LAMBERT_DIST_EXCHANGE_H
#define LAMBERT_DIST_EXCHANGE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lambert/base/error.h"
#include "lambert/base/real.h"
#include "lambert/dist/dist.h"
#include "lambert/dist/sharding.h"

/* What gradients are made of. */
enum exchange_element {
    EXCHANGE_REAL,
    EXCHANGE_FIXED /* int64_t, sums of which are exact (exchange_fixed_sum()) */
};

#define EXCHANGE_NOT_FINITE INT64_MIN

/* The sum of two elements of EXCHANGE_FIXED, here and wherever else such numbers are added up: one
 * that is not finite makes the sum not finite. Other sums must fit. */
static inline int64_t exchange_fixed_sum(int64_t a, int64_t b)
{
    bool finite = a != EXCHANGE_NOT_FINITE && b != EXCHANGE_NOT_FINITE;
    return finite ? (int64_t)((uint64_t)a + (uint64_t)b) : EXCHANGE_NOT_FINITE;
}

/* Memory of the caller's, which outlives the exchange. Arrays of size elements, as in sharding. */
struct exchange_arrays {
    real *weights;   /* [size] */
    void *gradients; /* [size] of this rank; parts of it are overwritten with sums */
    void *shard; /* [sharding_count()] the sums; in a job of one rank it may be gradients itself */

    /* Where the ranks of a node share memory, else NULL: weights is then the same memory on all of
     * them, and so are flags. */
    void *const *neighbours; /* [ranks of the node] the gradients of each, own ones included */
    _Atomic uint64_t *flags; /* [exchange_flags()], zeroed */
};

/* Flags that the ranks of a node need in all. */
size_t exchange_flags(const struct sharding *sharding, int local_ranks);

struct exchange_options {
    enum exchange_element element;
    bool bfloat16_gradients; /* of EXCHANGE_REAL: rounded to bfloat16, to nearest, when they go from
                                node to node; sums are made in real */
    bool bfloat16_weights;   /* weights may go from node to node as bfloat16, where they are that */
    int slots;               /* buckets on their way at a time, at least 1 */
};

/* [local] As many as are worth while: four, and more where buckets are small. With fewer a network
 * is idle until the main thread looks again; with more, what is needed first shares it with what is
 * not. */
int exchange_slots(const struct sharding *sharding);

struct exchange;

/* [local] Bytes of buffers that a rank will hold. `shared`: its node shares memory. */
size_t exchange_memory(const struct sharding *sharding, int rank, bool shared,
                       const struct exchange_options *options);

/* Collective. dist and sharding outlive it. */
int exchange_new(struct exchange **exchange, const struct dist *dist,
                 const struct sharding *sharding, const struct exchange_arrays *arrays,
                 const struct exchange_options *options, struct error *err);
void exchange_free(struct exchange *exchange); /* NULL is fine; nothing may be on its way */

/* The gradients of a bucket are complete on this rank. Nothing may write to them, in this bucket,
 * until exchange_reduce_wait() has returned. */
void exchange_reduce_begin(struct exchange *exchange, int bucket);

/* This rank's slice of a bucket of the weights is up to date. No rank of the node may still compute
 * with the old weights: so it is after a sum over all ranks that each enters when it has done. The
 * next call that moves messages sends it off. `bfloat16`, on all ranks or on none: the slice holds
 * nothing but values that bfloat16 has, and travels as such, in half the bytes. */
void exchange_gather_begin(struct exchange *exchange, int bucket, bool bfloat16);

/* Moves on what is on its way, without waiting. Cheap when there is nothing. */
void exchange_poll(struct exchange *exchange);

/* Until all reductions that were begun are done, on this rank and, as far as they read the
 * gradients of this one, on the others of its node: gradients may then be written again. */
void exchange_reduce_wait(struct exchange *exchange);

/* Until the weights of buckets [begin, end), as far as their gathering was begun, are whole. No
 * bucket behind them sets out meanwhile, which would share the network with them. */
void exchange_gather_wait_for(struct exchange *exchange, int begin, int end);

/* The same for all. */
void exchange_gather_wait(struct exchange *exchange);

/* What has been done since the exchange was made. */
struct exchange_report {
    double wait_seconds; /* in _wait() functions: what was not hidden behind computing */
    double work_seconds; /* in _begin() and _poll(): sums, packing, and the calls themselves */
    uint64_t bytes_sent; /* by this rank, to ranks of other nodes and its own */
};
struct exchange_report exchange_report(const struct exchange *exchange);

#endif

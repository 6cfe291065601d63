#include "lambert/dist/dist.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dist_internal.h"
#include "lambert/base/activity.h"
#include "lambert/base/log.h"
#include "lambert/base/memory.h"
#include "lambert/dist/launch.h"
#include "mpi_library.h"

enum { MESSAGE_PART = 1 << 26 }; /* bytes a message: MPI counts in int */

/* --- start and end ---------------------------------------------------------------------------- */

/* Ranks of `all` become world and node: numbered node after node, nodes in the order of their first
 * ranks. Rank 0 stays rank 0. */
static void find_nodes(struct dist *dist, MPI_Comm all)
{
    MPI_Comm node;
    int first;
    MPI_Comm_rank(all, &first);
    MPI_Comm_split_type(all, MPI_COMM_TYPE_SHARED, first, MPI_INFO_NULL, &node);
    MPI_Bcast(&first, 1, MPI_INT, 0, node);
    MPI_Comm_split(all, 0, first, &dist->world);
    MPI_Comm_rank(dist->world, &dist->rank);
    MPI_Comm_size(dist->world, &dist->size);
    MPI_Comm_split(node, 0, dist->rank, &dist->node);
    MPI_Comm_free(&node);
    MPI_Comm_dup(dist->node, &dist->machine);
}

static void count_nodes(struct dist *dist)
{
    MPI_Comm_rank(dist->node, &dist->local_rank);
    MPI_Comm_size(dist->node, &dist->local_size);
    int first = dist->local_rank == 0, sizes[2] = {dist->local_size, -dist->local_size};
    MPI_Allreduce(&first, &dist->nodes, 1, MPI_INT, MPI_SUM, dist->world);
    MPI_Allreduce(MPI_IN_PLACE, sizes, 2, MPI_INT, MPI_MAX, dist->world);
    dist->even = sizes[0] == -sizes[1];
}

/* Each of several processes is the only rank of its own world: the first says so for all. */
static int refuse_to_be_alone(const struct launch *launch, struct error *err)
{
    MPI_Finalize();
    return error_set(
        err,
        "%d processes were started by %s, and %s does not know it: each of them would be a run of "
        "its own. Start them by this MPI's own mpirun, or by srun --mpi=%s where srun "
        "--mpi=list has it (docs/cluster.md, Launchers)",
        launch->tasks, launch->by, dist_library(), mpi_library_srun());
}

int dist_open(struct dist **dist, int *argc, char ***argv, struct error *err)
{
    const struct launch launch = launch_found();
    int begun, level, size;
    *dist = NULL;
    MPI_Initialized(&begun);
    require(!begun);
    mpi_library_settle();
    log_set_rank(launch.task); /* for what is said while MPI starts */
    MPI_Init_thread(argc, argv, MPI_THREAD_FUNNELED, &level);
    if (level < MPI_THREAD_FUNNELED) {
        MPI_Finalize();
        return error_set(err, "this MPI allows no threads in its processes (MPI_THREAD_FUNNELED); "
                              "use one that was built with thread support");
    }
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    if (size == 1 && launch.tasks > 1)
        return refuse_to_be_alone(&launch, err);
    struct dist *new = memory_new(1, sizeof *new);
    find_nodes(new, MPI_COMM_WORLD);
    count_nodes(new);
    new->counts = memory_new((size_t) new->size, sizeof *new->counts);
    new->starts = memory_new((size_t) new->size, sizeof *new->starts);
    log_set_rank(new->rank);
    *dist = new;
    return 0;
}

void dist_close(struct dist *dist)
{
    if (!dist)
        return;
    MPI_Comm_free(&dist->node);
    MPI_Comm_free(&dist->machine);
    MPI_Comm_free(&dist->world);
    free(dist->counts);
    free(dist->starts);
    free(dist);
    MPI_Finalize();
}

int dist_rank(const struct dist *dist)
{
    return dist->rank;
}

int dist_size(const struct dist *dist)
{
    return dist->size;
}

int dist_local_rank(const struct dist *dist)
{
    return dist->local_rank;
}

int dist_local_size(const struct dist *dist)
{
    return dist->local_size;
}

int dist_nodes(const struct dist *dist)
{
    return dist->nodes;
}

int dist_machine_size(const struct dist *dist)
{
    int size;
    MPI_Comm_size(dist->machine, &size);
    return size;
}

bool dist_divide_nodes(struct dist *dist, int ranks)
{
    require(ranks > 0);
    bool divides = dist->even && dist->local_size % ranks == 0;
    if (!divides)
        return false;
    MPI_Comm node = dist->node;
    MPI_Comm_split(node, dist->local_rank / ranks, dist->local_rank, &dist->node);
    MPI_Comm_free(&node);
    count_nodes(dist);
    return true;
}

struct stages dist_stages(const struct dist *dist, int split)
{
    if (dist->even)
        return stages_of(dist->local_size, dist->nodes, split);
    return stages_of(1, dist->size, split);
}

void dist_abort(const struct dist *dist)
{
    MPI_Abort(dist->world, 1);
    abort(); /* MPI_Abort() does not return, but its declaration does not say so */
}

/* --- collectives ------------------------------------------------------------------------------ */

void dist_barrier(const struct dist *dist)
{
    activity_wait_begin("MPI_Barrier", -1);
    MPI_Barrier(dist->world);
    activity_wait_end();
}

/* The lowest rank for which `is` holds; the number of ranks when there is none. */
static int lowest_rank(const struct dist *dist, bool is)
{
    int mine = is ? dist->rank : dist->size, lowest;
    activity_wait_begin("MPI_Allreduce (the ranks agree on something)", -1);
    MPI_Allreduce(&mine, &lowest, 1, MPI_INT, MPI_MIN, dist->world);
    activity_wait_end();
    return lowest;
}

int dist_agree(const struct dist *dist, int status, struct error *err)
{
    int failed = lowest_rank(dist, status != 0);
    if (failed == dist->size)
        return 0;
    dist_broadcast(dist, failed, err->text, sizeof err->text);
    return dist->size > 1 ? error_prefix(err, "rank %d", failed) : -1;
}

bool dist_any(const struct dist *dist, bool value)
{
    return lowest_rank(dist, value) < dist->size;
}

void dist_sum_double(const struct dist *dist, double *values, int count)
{
    activity_wait_begin("MPI_Allreduce (a sum over the ranks)", -1);
    MPI_Allreduce(MPI_IN_PLACE, values, count, MPI_DOUBLE, MPI_SUM, dist->world);
    activity_wait_end();
}

void dist_machine_sum_double(const struct dist *dist, double *values, int count)
{
    activity_wait_begin("MPI_Allreduce (a sum over a machine's ranks)", -1);
    MPI_Allreduce(MPI_IN_PLACE, values, count, MPI_DOUBLE, MPI_SUM, dist->machine);
    activity_wait_end();
}

void dist_max_double(const struct dist *dist, double *values, int count)
{
    activity_wait_begin("MPI_Allreduce (a maximum over the ranks)", -1);
    MPI_Allreduce(MPI_IN_PLACE, values, count, MPI_DOUBLE, MPI_MAX, dist->world);
    activity_wait_end();
}

void dist_sum_u64(const struct dist *dist, uint64_t *values, int count)
{
    activity_wait_begin("MPI_Allreduce (a sum over the ranks)", -1);
    MPI_Allreduce(MPI_IN_PLACE, values, count, MPI_UINT64_T, MPI_SUM, dist->world);
    activity_wait_end();
}

void dist_broadcast(const struct dist *dist, int root, void *data, size_t size)
{
    char *bytes = data;
    while (dist->size > 1 && size > 0) {
        size_t part = size < MESSAGE_PART ? size : MESSAGE_PART;
        activity_wait_begin("MPI_Bcast from rank", root);
        MPI_Bcast(bytes, (int)part, MPI_BYTE, root, dist->world);
        activity_wait_end();
        bytes += part;
        size -= part;
    }
}

/* Moves a message from `rank` to rank 0; called by both. */
static void pass_to_first(const struct dist *dist, int rank, void *data, int count,
                          MPI_Datatype type)
{
    if (dist->rank == 0) {
        activity_wait_begin("MPI_Recv from rank", rank);
        MPI_Recv(data, count, type, rank, TAG_GATHER, dist->world, MPI_STATUS_IGNORE);
    } else {
        activity_wait_begin("MPI_Send to rank", 0);
        MPI_Send(data, count, type, 0, TAG_GATHER, dist->world);
    }
    activity_wait_end();
}

/* One rank after another: what is gathered is big, and rank 0 handles it alone anyway. */
void dist_gather(const struct dist *dist, const void *data, size_t size, struct buffer *all)
{
    if (dist->rank == 0)
        buffer_put(all, data, size);
    for (int rank = 1; rank < dist->size; rank++) {
        uint64_t bytes = size;
        if (dist->rank != 0 && dist->rank != rank)
            continue;
        pass_to_first(dist, rank, &bytes, 1, MPI_UINT64_T);
        char *place = dist->rank == 0 ? buffer_grow(all, bytes) : (char *)data;
        for (uint64_t done = 0, part; done < bytes; done += part) {
            part = bytes - done < MESSAGE_PART ? bytes - done : MESSAGE_PART;
            pass_to_first(dist, rank, place + done, (int)part, MPI_BYTE);
        }
    }
}

/* The part of `size` bytes that begins at `done` and is one message. */
static int next_part(uint64_t size, uint64_t done)
{
    return (int)(size - done < MESSAGE_PART ? size - done : MESSAGE_PART);
}

void dist_pass(const struct dist *dist, int to, const void *data, size_t size, int from,
               struct buffer *in)
{
    const char *out = data;
    uint64_t sent = size, received, gone = 0, come = 0;
    activity_wait_begin("MPI_Sendrecv with rank", from);
    MPI_Sendrecv(&sent, 1, MPI_UINT64_T, to, TAG_PASS, &received, 1, MPI_UINT64_T, from, TAG_PASS,
                 dist->world, MPI_STATUS_IGNORE);
    char *place = buffer_grow(in, received);
    while (gone < sent || come < received) {
        const int outward = next_part(sent, gone), inward = next_part(received, come);
        MPI_Request requests[2] = {MPI_REQUEST_NULL, MPI_REQUEST_NULL};
        if (inward > 0)
            MPI_Irecv(place + come, inward, MPI_BYTE, from, TAG_PASS, dist->world, &requests[0]);
        if (outward > 0)
            MPI_Isend(out + gone, outward, MPI_BYTE, to, TAG_PASS, dist->world, &requests[1]);
        MPI_Waitall(2, requests, MPI_STATUSES_IGNORE); /* NOLINT: one of them may be none */
        gone += (uint64_t)outward;
        come += (uint64_t)inward;
    }
    activity_wait_end();
}

int dist_same(const struct dist *dist, const char *what, uint64_t value, struct error *err)
{
    uint64_t first = value, other = value;
    dist_broadcast(dist, 0, &first, sizeof first);
    int rank = lowest_rank(dist, value != first);
    if (rank == dist->size)
        return 0;
    dist_broadcast(dist, rank, &other, sizeof other);
    return error_set(err,
                     "%s is not the same on all ranks: rank 0 has %016" PRIx64
                     ", rank %d has %016" PRIx64 "; start all ranks with the same files and words",
                     what, first, rank, other);
}

struct dist_comparison dist_compare(const struct dist *dist, const char *text)
{
    struct dist_comparison found = {0};
    struct buffer all = {0};
    char own[DIST_TEXT] = "";
    snprintf(own, sizeof own, "%s", text);
    dist_gather(dist, own, sizeof own, &all);
    const char *first = (const char *)all.data;
    for (int rank = dist->size - 1; rank > 0 && dist->rank == 0; rank--)
        if (strcmp(first + (size_t)rank * DIST_TEXT, first) != 0) {
            found.rank = rank;
            found.others++;
        }
    if (found.others > 0)
        memcpy(found.text, first + (size_t)found.rank * DIST_TEXT, DIST_TEXT);
    buffer_release(&all);
    return found;
}

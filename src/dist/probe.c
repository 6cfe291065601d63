#include "lambert/dist/probe.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "dist_internal.h"
#include "lambert/base/error.h"
#include "lambert/base/memory.h"
#include "lambert/base/minmax.h"

enum { TAG = 1, SMALL = 8 /* bytes */ };

void probe_nodes(const struct dist *dist, int *first)
{
    MPI_Comm node;
    int mine = dist->rank;
    MPI_Comm_split_type(dist->world, MPI_COMM_TYPE_SHARED, dist->rank, MPI_INFO_NULL, &node);
    MPI_Bcast(&mine, 1, MPI_INT, 0, node); /* ranks are ordered: its rank 0 is the lowest */
    MPI_Comm_free(&node);
    MPI_Allgather(&mine, 1, MPI_INT, first, 1, MPI_INT, dist->world);
}

static void send(const struct dist *dist, const char *data, int bytes, int to)
{
    MPI_Send(data, bytes, MPI_BYTE, to, TAG, dist->world);
}

static void receive(const struct dist *dist, char *data, int bytes, int from)
{
    MPI_Recv(data, bytes, MPI_BYTE, from, TAG, dist->world, MPI_STATUS_IGNORE);
}

static void travel(const struct dist *dist, int a, int b, char *data, int bytes)
{
    if (dist->rank == a) {
        send(dist, data, bytes, b);
        receive(dist, data, bytes, b);
    } else {
        receive(dist, data, bytes, a);
        send(dist, data, bytes, a);
    }
}

/* Pages that were never written are all one page of zeros, which costs less to send. */
static char *written_memory(size_t bytes)
{
    char *data = memory_new(bytes + 1, 1);
    memset(data, 1, bytes + 1);
    return data;
}

double probe_pair(const struct dist *dist, int a, int b, size_t bytes, int repeat)
{
    require(a != b && repeat > 0 && bytes <= INT32_MAX);
    double seconds = 0;
    dist_barrier(dist);
    if (dist->rank == a || dist->rank == b) {
        char *data = written_memory(bytes);
        travel(dist, a, b, data, (int)bytes); /* opens the connection */
        double started = MPI_Wtime();
        for (int i = 0; i < repeat; i++)
            travel(dist, a, b, data, (int)bytes);
        seconds = (MPI_Wtime() - started) / (2 * repeat);
        free(data);
    }
    MPI_Bcast(&seconds, 1, MPI_DOUBLE, a, dist->world);
    return seconds;
}

/* Sends all messages, each in PROBE_PARTS parts that are under way at once. */
static void exchange(const struct dist *dist, const char *out, char *in, size_t bytes,
                     MPI_Request *requests)
{
    size_t part = (bytes + PROBE_PARTS - 1) / PROBE_PARTS;
    int count = 0;
    for (int p = 0; p < PROBE_PARTS; p++) {
        size_t start = min_size((size_t)p * part, bytes);
        int length = (int)min_size(part, bytes - start);
        for (int k = 1; k < dist->size; k++) {
            int from = (dist->rank - k + dist->size) % dist->size;
            MPI_Irecv(in + (size_t)from * bytes + start, length, MPI_BYTE, from, TAG + p,
                      dist->world, &requests[count++]);
        }
        for (int k = 1; k < dist->size; k++) {
            int to = (dist->rank + k) % dist->size;
            MPI_Isend(out + (size_t)to * bytes + start, length, MPI_BYTE, to, TAG + p, dist->world,
                      &requests[count++]);
        }
    }
    MPI_Waitall(count, requests, MPI_STATUSES_IGNORE);
}

double probe_all(const struct dist *dist, size_t bytes, int repeat)
{
    require(repeat > 0 && bytes <= INT32_MAX);
    size_t ranks = (size_t)dist->size;
    char *out = written_memory(ranks * bytes), *in = written_memory(ranks * bytes);
    MPI_Request *requests = memory_new(2 * PROBE_PARTS * ranks, sizeof *requests);
    exchange(dist, out, in, bytes, requests); /* opens the connections */
    dist_barrier(dist);
    double started = MPI_Wtime();
    for (int i = 0; i < repeat; i++)
        exchange(dist, out, in, bytes, requests);
    double seconds = (MPI_Wtime() - started) / repeat;
    dist_max_double(dist, &seconds, 1);
    free(requests);
    free(out);
    free(in);
    return seconds;
}

static void send_around(const struct dist *dist, int messages, const char *out, char *in,
                        MPI_Request *requests)
{
    int previous = (dist->rank + dist->size - 1) % dist->size, next = (dist->rank + 1) % dist->size;
    for (int i = 0; i < messages; i++)
        MPI_Irecv(in + (size_t)i * SMALL, SMALL, MPI_BYTE, previous, TAG, dist->world,
                  &requests[i]);
    for (int i = 0; i < messages; i++)
        MPI_Isend(out, SMALL, MPI_BYTE, next, TAG, dist->world, &requests[messages + i]);
    MPI_Waitall(2 * messages, requests, MPI_STATUSES_IGNORE);
}

double probe_calls(const struct dist *dist, int messages)
{
    require(dist->size > 1 && messages > 0);
    char out[SMALL] = {0}, *in = memory_new((size_t)messages, SMALL);
    MPI_Request *requests = memory_new(2 * (size_t)messages, sizeof *requests);
    send_around(dist, 1, out, in, requests); /* opens the connections */
    dist_barrier(dist);
    double started = MPI_Wtime();
    send_around(dist, messages, out, in, requests);
    double seconds = (MPI_Wtime() - started) / (2 * messages);
    dist_max_double(dist, &seconds, 1);
    free(requests);
    free(in);
    return seconds;
}

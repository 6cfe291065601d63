#include "lambert/dist/probe.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

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

/* --- neighbours -------------------------------------------------------------------------------- */

enum { SMALLEST_TRIAL = 1 << 16, LARGEST_TRIAL = 1 << 24 }; /* bytes, of the bandwidth */
enum { TRIPS = 8, BATCHES = 11 };                           /* of the latency */

/* What the first rank of a pair tells the other one to do: so many journeys of so many bytes; 0: no more. */
struct trial {
    int bytes, trips;
};

/* Seconds of one way. */
static double lead(const struct dist *dist, int other, char *data, struct trial trial)
{
    send(dist, (const char *)&trial, sizeof trial, other);
    const double started = MPI_Wtime();
    for (int i = 0; i < trial.trips; i++)
        travel(dist, dist->rank, other, data, trial.bytes);
    return (MPI_Wtime() - started) / (2 * trial.trips);
}

/* The shortest mean of a few batches: others may have the processors for a while. */
static double lead_small(const struct dist *dist, int other, char *data, double seconds)
{
    const double started = MPI_Wtime();
    double least = INFINITY;
    for (int batch = 0; batch < BATCHES; batch++) {
        least = fmin(least, lead(dist, other, data, (struct trial){SMALL, batch == 0 ? 1 : TRIPS}));
        if (MPI_Wtime() - started + 2 * TRIPS * least > seconds)
            break;
    }
    return least;
}

static struct probe_link lead_pair(const struct dist *dist, int other, char *data, double seconds)
{
    struct probe_link link = {0};
    double took;
    lead(dist, other, data, (struct trial){SMALL, 1}); /* opens the connection */
    link.latency = lead_small(dist, other, data, seconds / 4);
    for (int bytes = SMALLEST_TRIAL; bytes <= LARGEST_TRIAL; bytes *= 4) {
        took = lead(dist, other, data, (struct trial){bytes, 1});
        link.bandwidth = bytes / took; /* of the longest message: short ones may pass in a burst */
        if (2 * took > seconds / 16) /* four times as many would take a quarter of what there is */
            break;
    }
    send(dist, (const char *)&(struct trial){0}, sizeof(struct trial), other);
    return link;
}

static void follow_pair(const struct dist *dist, int leader, char *data)
{
    struct trial trial;
    for (;;) {
        receive(dist, (char *)&trial, sizeof trial, leader);
        if (trial.bytes == 0)
            return;
        for (int i = 0; i < trial.trips; i++)
            travel(dist, leader, dist->rank, data, trial.bytes);
    }
}

/* Rounds: the even ranks with their next, then the odd ones, then the last one with the first. */
void probe_neighbours(const struct dist *dist, double seconds, struct probe_link *links)
{
    enum { ROUNDS = 3 };
    const int ranks = dist->size, rank = dist->rank;
    char *data = written_memory(LARGEST_TRIAL);
    struct probe_link own = {0};
    for (int round = 0; round < ROUNDS && ranks > 1; round++) {
        const bool closes = round == ROUNDS - 1;
        const int leader = closes ? ranks - 1 : rank % 2 == round % 2 ? rank : rank - 1;
        const int other = closes ? 0 : leader + 1;
        dist_barrier(dist);
        if (leader < 0 || other >= ranks || (closes && ranks == 2))
            continue;
        if (rank == leader)
            own = lead_pair(dist, other, data, seconds / ROUNDS);
        else if (rank == other)
            follow_pair(dist, leader, data);
    }
    MPI_Allgather(&own, 2, MPI_DOUBLE, links, 2, MPI_DOUBLE, dist->world);
    if (ranks == 2)
        links[1] = links[0];
    free(data);
}

/* --- clocks ------------------------------------------------------------------------------------ */

static double time_of_day(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* The answer with the shortest way says most (F. Cristian, Probabilistic clock synchronization, 1989). */
static struct probe_clock ask_clock(const struct dist *dist, int rank)
{
    enum { QUESTIONS = 4 }; /* the first opens the connection */
    struct probe_clock clock = {.within = INFINITY};
    const char question = 1;
    for (int i = 0; i < QUESTIONS; i++) {
        double its;
        const double asked = MPI_Wtime(), own = time_of_day();
        send(dist, &question, 1, rank);
        receive(dist, (char *)&its, sizeof its, rank);
        const double way = (MPI_Wtime() - asked) / 2;
        if (way < clock.within)
            clock = (struct probe_clock){.ahead = its - (own + way), .within = way};
    }
    return clock;
}

static void answer_until_told(const struct dist *dist)
{
    for (;;) {
        char question;
        receive(dist, &question, 1, 0);
        if (!question)
            return;
        const double now = time_of_day();
        send(dist, (const char *)&now, sizeof now, 0);
    }
}

void probe_clocks(const struct dist *dist, const int *first, double seconds,
                  struct probe_clock *clocks)
{
    const double started = MPI_Wtime();
    const char end = 0;
    dist_barrier(dist);
    if (dist->rank != 0) {
        answer_until_told(dist);
    } else {
        clocks[0] = (struct probe_clock){0};
        for (int rank = 1; rank < dist->size; rank++)
            clocks[rank].within = INFINITY;
        for (int others = 0; others < 2; others++)
            for (int rank = 1; rank < dist->size; rank++)
                if ((first[rank] != rank) == others && MPI_Wtime() - started < seconds)
                    clocks[rank] = ask_clock(dist, rank);
        for (int rank = 1; rank < dist->size; rank++)
            send(dist, &end, 1, rank);
    }
    MPI_Bcast(clocks, 2 * dist->size, MPI_DOUBLE, 0, dist->world);
}

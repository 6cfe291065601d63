#include "lambert/dist/call_off.h"

#include "dist_internal.h"
#include "lambert/base/activity.h"

void call_off_begin(struct call_off *call_off)
{
    *call_off = (struct call_off){0};
}

/* An empty message needs no memory of its sender's until it has come, nor anybody who waits for it. */
static void tell_all(const struct dist *dist)
{
    for (int rank = 0; rank < dist->size; rank++) { /* NOLINT: what is freed wants no MPI_Wait() */
        MPI_Request request;
        if (rank == dist->rank)
            continue;
        MPI_Isend(NULL, 0, MPI_BYTE, rank, TAG_CALL_OFF, dist->world, &request);
        MPI_Request_free(&request);
    }
}

static void receive(const struct dist *dist, struct call_off *call_off)
{
    MPI_Recv(NULL, 0, MPI_BYTE, MPI_ANY_SOURCE, TAG_CALL_OFF, dist->world, MPI_STATUS_IGNORE);
    call_off->heard++;
}

bool call_off_heard(const struct dist *dist, struct call_off *call_off, bool told)
{
    int there;
    MPI_Iprobe(MPI_ANY_SOURCE, TAG_CALL_OFF, dist->world, &there, MPI_STATUS_IGNORE);
    if (there)
        receive(dist, call_off);
    /* All hear of the first who tells. Where all ranks get a signal, each would send a message to each. */
    if (told && !call_off->told && call_off->heard == 0) {
        call_off->told = true;
        tell_all(dist);
    }
    return call_off->told || call_off->heard > 0;
}

/* Each message is received by the time that the ranks part: none is left for the next time. */
bool call_off_agree(const struct dist *dist, struct call_off *call_off)
{
    int told = call_off->told, tellers;
    activity_wait_begin("MPI_Allreduce (whether this is given up)", -1);
    MPI_Allreduce(&told, &tellers, 1, MPI_INT, MPI_SUM, dist->world);
    while (call_off->heard < tellers - told)
        receive(dist, call_off);
    activity_wait_end();
    return tellers > 0;
}

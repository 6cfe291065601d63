#include "lambert/dist/meeting.h"

#include "dist_internal.h"
#include "lambert/base/activity.h"

void meeting_init(struct meeting *meeting, bool (*told)(void))
{
    *meeting = (struct meeting){.told = told};
}

/* The message is the number of the meeting, for who reads it may be at a later one. It is so short that its sender is
 * done with it at once; should it not be, this rank's copy of the number would have to stay as it is: hence static. */
static void call_all(const struct dist *dist, struct meeting *meeting)
{
    static int number;
    if (meeting->calls)
        return;
    meeting->calls = true;
    number = meeting->number;
    for (int rank = 0; rank < dist->size; rank++) { /* NOLINT: what is freed wants no MPI_Wait() */
        MPI_Request request;
        if (rank == dist->rank)
            continue;
        MPI_Isend(&number, 1, MPI_INT, rank, TAG_MEETING, dist->world, &request);
        MPI_Request_free(&request);
    }
}

static bool is_told(const struct meeting *meeting)
{
    return meeting->told && meeting->told();
}

/* Calls that came too late for an earlier meeting are met here, too. */
static bool others_call(const struct dist *dist, const struct meeting *meeting)
{
    bool call = false;
    for (;;) {
        int there, number;
        MPI_Iprobe(MPI_ANY_SOURCE, TAG_MEETING, dist->world, &there, MPI_STATUS_IGNORE);
        if (!there)
            return call;
        MPI_Recv(&number, 1, MPI_INT, MPI_ANY_SOURCE, TAG_MEETING, dist->world, MPI_STATUS_IGNORE);
        call |= number == meeting->number;
    }
}

bool meeting_is_called(const struct dist *dist, struct meeting *meeting)
{
    if (is_told(meeting)) {
        call_all(dist, meeting);
        meeting->called = true;
    }
    meeting->called |= others_call(dist, meeting);
    return meeting->called;
}

void meeting_sum(const struct dist *dist, struct meeting *meeting, double *values, int count)
{
    MPI_Request request;
    int done;
    activity_wait_begin("MPI_Iallreduce (a sum over the ranks)", -1);
    MPI_Iallreduce(MPI_IN_PLACE, values, count, MPI_DOUBLE, MPI_SUM, dist->world, &request);
    for (;;) {
        MPI_Test(&request, &done, MPI_STATUS_IGNORE);
        if (done)
            break;
        if (is_told(meeting))
            call_all(dist, meeting);
    }
    activity_wait_end(); /* NOLINT: MPI_Test() has ended it */
    meeting->number++;
    meeting->calls = meeting->called = false;
}

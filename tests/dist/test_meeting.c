/* ranks: 1 2 3 */
#include "ranks.h"

#include "dist/dist_internal.h"
#include "lambert/dist/meeting.h"

static bool told;

static bool is_told(void)
{
    return told;
}

/* Every set of ranks waits, and every rank is told, before it has come or while it stands there: else this would not
 * end. */
static void who_waits_is_called(void **state)
{
    (void)state;
    struct meeting meeting;
    meeting_init(&meeting, is_told);
    for (int waiting = 1; waiting < 1 << dist_size(ranks); waiting++)
        for (int teller = 0; teller < dist_size(ranks); teller++) {
            const bool waits = waiting >> dist_rank(ranks) & 1;
            double sums[] = {waits, 1};
            told = dist_rank(ranks) == teller;
            while (waits && !meeting_is_called(ranks, &meeting))
                ;
            meeting_sum(ranks, &meeting, sums, 2);
            assert_true(sums[0] >= 1);
            assert_true(sums[1] == dist_size(ranks));
        }
    told = false;
}

/* What was called to an earlier meeting calls nobody to a later one. It is the first test, so that no other call is on its
 * way. */
static void calls_grow_old(void **state)
{
    (void)state;
    struct meeting meeting;
    double sum = 1;
    meeting_init(&meeting, is_told);
    told = dist_rank(ranks) == 0;
    if (told)
        assert_true(meeting_is_called(ranks, &meeting));
    meeting_sum(ranks, &meeting, &sum, 1);
    told = false;
    if (dist_rank(ranks) != 0) /* the call has come, and nobody has looked at it yet */
        MPI_Probe(0, TAG_MEETING, ranks->world, MPI_STATUS_IGNORE);
    assert_false(meeting_is_called(ranks, &meeting));
    int left;
    MPI_Iprobe(MPI_ANY_SOURCE, TAG_MEETING, ranks->world, &left, MPI_STATUS_IGNORE);
    assert_false(left);
    meeting_sum(ranks, &meeting, &sum, 1);
    assert_true(sum == (double)dist_size(ranks) * dist_size(ranks));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {RANKS_TEST(calls_grow_old), RANKS_TEST(who_waits_is_called)};
    return RANKS_RUN(tests, &argc, &argv);
}

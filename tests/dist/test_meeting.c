/* ranks: 1 2 3 */
#include "ranks.h"

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

/* What was called to an earlier meeting calls nobody to a later one. */
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
    dist_barrier(ranks);
    for (int again = 0; again < 100; again++)
        assert_false(meeting_is_called(ranks, &meeting));
    meeting_sum(ranks, &meeting, &sum, 1);
    assert_true(sum == (double)dist_size(ranks) * dist_size(ranks));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {RANKS_TEST(who_waits_is_called), RANKS_TEST(calls_grow_old)};
    return RANKS_RUN(tests, &argc, &argv);
}

/* ranks: 1 2 3 */
#include "ranks.h"

#include "lambert/dist/call_off.h"

/* Which ranks are told, as bits: every set of them. Those that are not go straight to the agreement, or look before. */
static void all_learn_of_any(void **state)
{
    (void)state;
    struct call_off call_off;
    for (int looks = 0; looks < 2; looks++)
        for (int set = 0; set < 1 << dist_size(ranks); set++) {
            const bool told = (set >> dist_rank(ranks) & 1) == 1;
            call_off_begin(&call_off);
            if (told || looks)
                assert_true(call_off_heard(ranks, &call_off, told) || !told);
            if (told) /* once more changes nothing */
                assert_true(call_off_heard(ranks, &call_off, true));
            assert_int_equal(call_off_agree(ranks, &call_off), set != 0);
        }
}

/* Who is at work hears of it there: else this would not end. */
static void who_works_hears_of_it(void **state)
{
    (void)state;
    struct call_off call_off;
    for (int teller = 0; teller < dist_size(ranks); teller++) {
        call_off_begin(&call_off);
        while (!call_off_heard(ranks, &call_off, dist_rank(ranks) == teller))
            ;
        assert_true(call_off_agree(ranks, &call_off));
        /* and nothing of it is left */
        call_off_begin(&call_off);
        assert_false(call_off_heard(ranks, &call_off, false));
        assert_false(call_off_agree(ranks, &call_off));
    }
}

/* A signal to all ranks is one rank's message to each, not everybody's. */
static void who_has_heard_does_not_tell(void **state)
{
    (void)state;
    struct call_off call_off;
    for (int teller = 0; teller < dist_size(ranks); teller++) {
        const bool tells = dist_rank(ranks) == teller;
        call_off_begin(&call_off);
        while (!call_off_heard(ranks, &call_off, tells))
            ;
        assert_true(call_off_heard(ranks, &call_off, true));
        assert_int_equal(call_off.told, tells);
        assert_int_equal(call_off.heard, !tells);
        assert_true(call_off_agree(ranks, &call_off));
        call_off_begin(&call_off);
        assert_false(call_off_heard(ranks, &call_off, false));
        assert_false(call_off_agree(ranks, &call_off));
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {RANKS_TEST(all_learn_of_any),
                                       RANKS_TEST(who_works_hears_of_it),
                                       RANKS_TEST(who_has_heard_does_not_tell)};
    return RANKS_RUN(tests, &argc, &argv);
}

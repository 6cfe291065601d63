/* When there is a replay, and which host is named for differences. */
#include "run/replays.h"

#include <stdio.h>
#include <string.h>

#include "lib/unit.h"

static struct param_info infos[] = {{.name = "a.weight"}, {.name = "b.weight"}};
static const struct param_table table = {.infos = infos, .count = 2};

/* Ranks 0, 1, 2, ... are on hosts of these names. */
static struct replay_difference between(const char *const *hosts, int owner, int checker)
{
    struct replay_difference difference = {.owner = owner,
                                           .checker = checker,
                                           .sequences = 3,
                                           .sample = 77,
                                           .result = {.losses = true, .tensors = 1, .first = 1}};
    snprintf(difference.owner_host, HOST_NAME_ROOM, "%s", hosts[owner]);
    snprintf(difference.checker_host, HOST_NAME_ROOM, "%s", hosts[checker]);
    return difference;
}

static void assert_said(const struct replay_report *report, const char *sentences)
{
    struct buffer text = {0};
    replays_describe(report, &table, &text);
    assert_string_equal(buffer_text(&text), sentences);
    buffer_release(&text);
}

/* wanted: the host that is said to be wrong; NULL: one of two is. */
static void assert_host(const char *const *hosts, const int (*pairs)[2], int count,
                        const char *wanted)
{
    struct replay_difference differences[8];
    const struct replay_report report = {.made = 8, .different = count, .differences = differences};
    struct buffer text = {0};
    char sentence[128];
    for (int p = 0; p < count; p++)
        differences[p] = between(hosts, pairs[p][0], pairs[p][1]);
    snprintf(sentence, sizeof sentence, ". A processor or the memory of %s is wrong",
             wanted ? wanted : "one of the two hosts");
    replays_describe(&report, &table, &text);
    if (!strstr(buffer_text(&text), sentence))
        fail_msg("'%s' does not say '%s'", buffer_text(&text), sentence);
    buffer_release(&text);
}

static const char *const four[] = {"h0", "h1", "h2", "h3"};
static const char *const two_each[] = {"h0", "h0", "h1", "h1", "h2", "h2"};

static void what_differs_is_said(void **state)
{
    struct replay_difference differences[6];
    struct replay_report report = {.made = 9, .different = 1, .differences = differences};
    (void)state;
    differences[0] = between(four, 1, 2);
    assert_said(&report,
                "the micro-batch of rank 1 on h1 that begins with sample 77 (sequences: 3) was "
                "computed twice, the second time by rank 2 on h2, and not with the same bits: the "
                "losses and the gradients of 1 of 2 tensors (first b.weight) differ (1 of 9 "
                "replays). A processor or the memory of one of the two hosts is wrong: leave out "
                "the one, then the other, and see without which no replay differs");
    differences[0] = between(four, 1, 1);
    differences[0].result = (struct result_difference){.losses = true, .first = -1};
    assert_said(&report,
                "the micro-batch of rank 1 on h1 that begins with sample 77 (sequences: 3) was "
                "computed twice, both times by this rank, and not with the same bits: the losses "
                "differ (1 of 9 replays). A processor or the memory of h1 is wrong: leave that "
                "host out");
    for (int d = 0; d < 6; d++)
        differences[d] = between(four, d % 4, (d + 1) % 4);
    report.different = 6;
    differences[0].result = (struct result_difference){.tensors = 2, .first = 0};
    assert_said(&report,
                "the micro-batch of rank 0 on h0 that begins with sample 77 (sequences: 3) was "
                "computed twice, the second time by rank 1 on h1, and not with the same bits: the "
                "gradients of 2 of 2 tensors (first a.weight) differ; so do those of rank 1 on h1 "
                "and rank 2 on h2; so do those of rank 2 on h2 and rank 3 on h3; so do those of "
                "rank 3 on h3 and rank 0 on h0; and those of 2 other pairs (6 of 9 replays). A "
                "processor or the memory of one of the two hosts is wrong: leave out the one, then "
                "the other, and see without which no replay differs");
}

static void the_host_that_several_differ_from_is_wrong(void **state)
{
    (void)state;
    assert_host(four, (const int[][2]){{0, 1}, {1, 2}}, 2, "h1");
    assert_host(four, (const int[][2]){{3, 0}, {2, 3}}, 2, "h3");
    /* Two ranks of h0, with partners on both others; and with partners on h1 alone. */
    assert_host(two_each, (const int[][2]){{0, 2}, {1, 3}, {4, 0}, {5, 1}}, 4, "h0");
    assert_host(two_each, (const int[][2]){{0, 2}, {1, 3}, {2, 0}, {3, 1}}, 4, NULL);
}

static void either_of_two_may_be(void **state)
{
    (void)state;
    assert_host(four, (const int[][2]){{0, 1}}, 1, NULL);
    assert_host(four, (const int[][2]){{0, 1}, {1, 0}}, 2, NULL);
    assert_host(four, (const int[][2]){{0, 1}, {2, 3}}, 2, NULL);
    assert_host(four, (const int[][2]){{0, 1}, {1, 2}, {2, 3}}, 3, NULL);
}

static void a_host_that_contradicts_itself_is_wrong(void **state)
{
    (void)state;
    assert_host(two_each, (const int[][2]){{2, 3}}, 1, "h1");
    assert_host(two_each, (const int[][2]){{0, 2}, {4, 5}}, 2, "h2");
    assert_host(four, (const int[][2]){{3, 3}}, 1, "h3");
}

/* By the step's number of the whole run, whichever process makes it. */
static void replays_are_of_numbered_steps(void **state)
{
    struct config config = {.train.replay_every = 0};
    struct run run = {.config = &config};
    int64_t turn = -1;
    (void)state;
    for (int64_t step = 1; step <= 20; step++)
        assert_false(replays_turn(&run, step, &turn));
    config.train.replay_every = 5;
    for (int64_t step = 1; step <= 20; step++) {
        assert_int_equal(replays_turn(&run, step, &turn), step % 5 == 0);
        if (step % 5 == 0)
            assert_int_equal(turn, step / 5);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_differs_is_said),
        cmocka_unit_test(the_host_that_several_differ_from_is_wrong),
        cmocka_unit_test(either_of_two_may_be),
        cmocka_unit_test(a_host_that_contradicts_itself_is_wrong),
        cmocka_unit_test(replays_are_of_numbered_steps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

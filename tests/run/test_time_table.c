/* ranks: 1 2 3 */
/* Where the time of ranks went: each by itself, and over all of them. */
#include "lambert/run/time_table.h"

#include <math.h>
#include <string.h>

#include "dist/ranks.h"
#include "lambert/base/activity.h"
#include "lambert/base/clock.h"

static void pass(double seconds)
{
    const double begun = clock_seconds();
    while (clock_seconds() - begun < seconds)
        ;
}

static void parts_have_names(void **state)
{
    (void)state;
    for (int p = 0; p < TIME_PARTS; p++) {
        const char *name = time_part_name((enum time_part)p);
        assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz"), strlen(name));
        for (int q = 0; q < p; q++)
            assert_string_not_equal(name, time_part_name((enum time_part)q));
    }
}

static void assert_near(double value, double wanted)
{
    if (!(fabs(value - wanted) <= 1e-6 * fabs(wanted)))
        fail_msg("%.12g is not %.12g", value, wanted);
}

/* A step as if it had taken 1000 s, of which it waited for others for a millisecond at least. */
static void make_step(struct time_spent *spent, double products, double softmax, double rows)
{
    /* What waits and products outside of steps come to, as in an evaluation, is no part of them. */
    activity_wait_begin("an evaluation", -1);
    pass(1e-3);
    activity_wait_end();
    profile_add(PROFILE_NORM, 1e9);

    time_spent_step_begin(spent);
    spent->step_began -= 1000;
    profile_add(PROFILE_PROJECTION_GEMM, products / 4);
    profile_add(PROFILE_FEED_FORWARD_GEMM, products / 4);
    profile_add(PROFILE_HEADS_GEMM, products / 2);
    profile_add(PROFILE_ATTENTION_GEMM, softmax);
    profile_add(PROFILE_SOFTMAX, softmax);
    for (int p = PROFILE_GELU; p <= PROFILE_EMBEDDING; p++)
        profile_add((enum profile_part)p, rows / 5);
    const double before = spent->seconds[TIME_WAITING], begun = clock_seconds();
    activity_wait_begin("a step", -1);
    pass(1e-3);
    activity_wait_end();
    const double most = clock_seconds() - begun;
    time_spent_step_end(spent, 64, 128, 256);
    assert_true(spent->seconds[TIME_WAITING] - before >= 1e-3);
    assert_true(spent->seconds[TIME_WAITING] - before <= most);
}

static void a_step_has_its_parts(void **state)
{
    (void)state;
    struct time_spent spent;
    time_spent_begin(&spent);
    pass(2e-3);
    time_spent_ready(&spent);
    assert_true(spent.seconds[TIME_START] >= 2e-3);
    time_spent_phase(&spent);
    for (int step = 1; step <= 2; step++) {
        make_step(&spent, 200, 30, 100);
        assert_near(spent.seconds[TIME_PRODUCTS], 200 * step);
        assert_near(spent.seconds[TIME_ATTENTION], 60 * step);
        assert_near(spent.seconds[TIME_ROWS], 100 * step);
        assert_true(spent.seconds[TIME_DATA] == 64 * step);
        assert_true(spent.seconds[TIME_EXCHANGE] == 128 * step);
        assert_true(spent.seconds[TIME_UPDATE] == 256 * step);
    }
    time_spent_add(&spent, TIME_CHECKPOINTS, 3);
    assert_true(spent.seconds[TIME_CHECKPOINTS] == 3);
    assert_false(profile_on); /* between steps */
}

/* The others are divided as the sampled step behind them is, or, at the end of a phase, as the one before them. */
static void one_step_in_some_is_looked_at(void **state)
{
    (void)state;
    struct time_spent spent;
    struct time_table table;
    time_spent_begin(&spent);
    spent.began -= 1e6;
    time_spent_phase(&spent);
    for (int step = 0; step < TIME_SAMPLE; step++) {
        make_step(&spent, 100, 0, 0);
        assert_near(spent.seconds[TIME_PRODUCTS], step == 0 ? 100 : 200);
    }
    make_step(&spent, 200, 0, 0);
    assert_near(spent.seconds[TIME_PRODUCTS], 200 + 200 * (TIME_SAMPLE - 1));
    const double so_far = spent.seconds[TIME_PRODUCTS];
    for (int step = 0; step < 3; step++)
        make_step(&spent, 400, 0, 0);
    assert_near(spent.seconds[TIME_PRODUCTS], so_far);
    time_table_take(ranks, &spent, 1, &table);
    if (dist_rank(ranks) == 0)
        assert_near(table.parts[TIME_PRODUCTS].mean, so_far + 600);
    time_spent_phase(&spent);
    assert_near(spent.seconds[TIME_PRODUCTS], so_far + 600);
    make_step(&spent, 300, 0, 0);
    assert_near(spent.seconds[TIME_PRODUCTS], so_far + 900);
}

/* Rank r multiplies for 1 + r of the ten seconds that it has had. */
static void ranks_are_compared(void **state)
{
    (void)state;
    const int size = dist_size(ranks), rank = dist_rank(ranks);
    struct time_spent spent = {.began = clock_seconds() - 10};
    struct time_table table;
    spent.seconds[TIME_PRODUCTS] = 1 + rank;
    spent.seconds[TIME_DATA] = 2;
    time_table_take(ranks, &spent, 5, &table);
    assert_int_equal(table.ranks, rank == 0 ? size : 0);
    if (rank > 0)
        return;
    assert_int_equal(table.nodes, 5);
    assert_true(table.parts[TIME_PRODUCTS].least == 1);
    assert_true(table.parts[TIME_PRODUCTS].most == size);
    assert_true(fabs(table.parts[TIME_PRODUCTS].mean - (1 + size) / 2.0) < 1e-9);
    assert_true(fabs(table.parts[TIME_DATA].mean - 2) < 1e-9);
    assert_true(table.seconds >= 10);
    double sum = 0;
    for (int p = 0; p < TIME_PARTS; p++)
        sum += table.parts[p].mean;
    assert_true(fabs(sum - table.seconds) < 1e-9);
    assert_true(table.parts[TIME_OTHER].least >= 8 - size);
    assert_true(fabs(time_table_node_hours(&table) - 5 * table.seconds / 3600) < 1e-9);
}

static void a_table_is_printed(void **state)
{
    (void)state;
    struct time_table table = {.ranks = 2, .nodes = 36, .seconds = 200};
    struct time_totals earlier = {0};
    struct buffer text = {0};
    table.parts[TIME_PRODUCTS].least = 120;
    table.parts[TIME_PRODUCTS].mean = 150;
    table.parts[TIME_PRODUCTS].most = 180;
    table.parts[TIME_WAITING].most = 100;
    table.parts[TIME_WAITING].mean = 50;
    time_table_print(&table, &earlier, &text);
    assert_non_null(
        strstr(buffer_text(&text), "\n                    least       mean       most   share\n"));
    assert_non_null(
        strstr(buffer_text(&text), "\n  products         120.00     150.00     180.00   75.0%\n"));
    assert_non_null(
        strstr(buffer_text(&text), "\n  waiting            0.00      50.00     100.00   25.0%\n"));
    assert_non_null(
        strstr(buffer_text(&text), "     200.00                     2 node-hours on 36 nodes\n"));
    assert_null(strstr(buffer_text(&text), "so far"));

    buffer_reset(&text);
    earlier.processes = 2;
    earlier.node_hours[TIME_DATA] = 7.99;
    earlier.node_hours[TIME_UPDATE] = 0.01;
    time_table_print(&table, &earlier, &text);
    assert_non_null(
        strstr(buffer_text(&text),
               "\nthe run so far, this process and 2 before it: 10 node-hours: data 80%, "
               "products 15%, waiting 5%\n"));
    buffer_release(&text);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        RANKS_TEST(parts_have_names),
        RANKS_TEST(a_step_has_its_parts),
        RANKS_TEST(one_step_in_some_is_looked_at),
        RANKS_TEST(ranks_are_compared),
        RANKS_TEST(a_table_is_printed),
    };
    return RANKS_RUN(tests, &argc, &argv);
}

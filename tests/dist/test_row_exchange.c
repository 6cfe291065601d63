/* ranks: 1 2 3 4 5 6 8 */
/* Rows fetched and added against what every rank can compute for all, over every way to put the
 * ranks on nodes, with rows that are cut by buckets and slices. Gradients are small whole numbers,
 * so that sums are exact. */
#include "ranks.h"

#include <stdlib.h>
#include <string.h>

#include "lambert/base/memory.h"
#include "lambert/base/rng.h"
#include "lambert/dist/row_exchange.h"

enum { ROWS = 131, WIDTH = 24, MATRIX = ROWS * WIDTH, SIZE = MATRIX + 500, MOST_RANKS = 8 };

static const size_t buckets[] = {16, 1008, 1 << 15};
enum { BUCKETS = sizeof buckets / sizeof buckets[0] };

static const real guard = 12345;

/* --- what every rank looks up ------------------------------------------------------------------ */

static int32_t rows[MOST_RANKS][ROWS];
static struct row_list lists[MOST_RANKS];

static void list_add(int rank, int row)
{
    rows[rank][lists[rank].count++] = row;
    lists[rank].rows = rows[rank];
}

/* One row in `sparse`; with sparse 0 none at all, but on rank 0. */
static void make_lists(struct rng *rng, uint32_t sparse)
{
    for (int r = 0; r < MOST_RANKS; r++) {
        lists[r] = (struct row_list){.rows = rows[r]};
        for (int row = 0; row < ROWS; row++)
            if (sparse > 0 ? rng_below(rng, sparse) == 0 : r == 0 && row % 3 == 0)
                list_add(r, row);
    }
}

static real gradient_of(int rank, size_t at)
{
    return (real)((at * 7 + (size_t)rank * 13) % 101) - 50;
}

static real weight_of(size_t at)
{
    return (real)at + (real)0.5;
}

static bool looks_up(int rank, int row)
{
    for (int i = 0; i < lists[rank].count; i++)
        if (rows[rank][i] == row)
            return true;
    return false;
}

/* --- one exchange ----------------------------------------------------------------------------- */

struct fixture {
    struct sharding sharding;
    struct row_exchange *exchange;
    real *scratch, *weights, *values, *shard; /* each with a guard behind it */
    size_t needs, count;
};

static real *guarded(size_t size)
{
    real *array = memory_new(size + 1, sizeof *array);
    array[size] = guard;
    return array;
}

static void fixture_init(struct fixture *fixture, size_t bucket, const struct stages *stages,
                         int most)
{
    struct error err;
    int rank = dist_rank(ranks);
    struct row_matrix matrix = {.rows = ROWS, .width = WIDTH, .most = most};
    sharding_init_staged(&fixture->sharding, SIZE, bucket, SHARDING_LINE, stages);
    fixture->needs = row_exchange_needs(&fixture->sharding, &matrix);
    fixture->count = sharding_count(&fixture->sharding, rank);
    fixture->scratch = guarded(fixture->needs);
    fixture->weights = guarded(SIZE);
    fixture->values = guarded(MATRIX);
    fixture->shard = guarded(fixture->count);
    assert_int_equal(row_exchange_new(&fixture->exchange, ranks, &fixture->sharding, &matrix,
                                      fixture->scratch, &err),
                     0);
}

static void fixture_release(struct fixture *fixture)
{
    row_exchange_free(fixture->exchange);
    assert_true(fixture->scratch[fixture->needs] == guard && fixture->weights[SIZE] == guard);
    assert_true(fixture->values[MATRIX] == guard && fixture->shard[fixture->count] == guard);
    free(fixture->scratch);
    free(fixture->weights);
    free(fixture->values);
    free(fixture->shard);
}

/* Only own slices hold weights. */
static void check_fetch(struct fixture *fixture)
{
    const struct row_list *list = &lists[dist_rank(ranks)];
    for (int b = 0; b < fixture->sharding.buckets; b++) {
        struct slice slice = sharding_slice(&fixture->sharding, b, dist_rank(ranks));
        for (size_t i = slice.begin; i < slice.end; i++)
            fixture->weights[i] = weight_of(i);
    }
    row_exchange_fetch(fixture->exchange, list, fixture->weights, fixture->values);
    for (int i = 0; i < list->count; i++)
        for (size_t c = 0; c < WIDTH; c++)
            assert_true(fixture->values[(size_t)i * WIDTH + c] ==
                        weight_of((size_t)list->rows[i] * WIDTH + c));
}

static real sum_at(size_t at)
{
    real sum = 1; /* what is in the shard already */
    for (int r = 0; at < MATRIX && r < dist_size(ranks); r++)
        if (looks_up(r, (int)(at / WIDTH)))
            sum += gradient_of(r, at);
    return sum;
}

static void check_add(struct fixture *fixture)
{
    const struct row_list *list = &lists[dist_rank(ranks)];
    size_t at = 0;
    for (size_t i = 0; i < fixture->count; i++)
        fixture->shard[i] = 1;
    for (int i = 0; i < list->count; i++)
        for (size_t c = 0; c < WIDTH; c++)
            fixture->values[(size_t)i * WIDTH + c] =
                gradient_of(dist_rank(ranks), (size_t)list->rows[i] * WIDTH + c);
    row_exchange_add(fixture->exchange, list, fixture->values, fixture->shard);
    for (int b = 0; b < fixture->sharding.buckets; b++) {
        struct slice slice = sharding_slice(&fixture->sharding, b, dist_rank(ranks));
        for (size_t i = slice.begin; i < slice.end; i++)
            assert_true(fixture->shard[at++] == sum_at(i));
    }
    assert_int_equal(at, fixture->count);
}

static int longest_list(void)
{
    int most = 0;
    for (int r = 0; r < dist_size(ranks); r++)
        most = lists[r].count > most ? lists[r].count : most;
    return most;
}

static void check(size_t bucket, const struct stages *stages)
{
    static const uint32_t sparse[] = {0, 1, 2, 10, 60};
    struct rng rng;
    rng_init(&rng, 1);
    for (size_t i = 0; i < sizeof sparse / sizeof sparse[0]; i++) {
        struct fixture fixture;
        make_lists(&rng, sparse[i]);
        fixture_init(&fixture, bucket, stages, longest_list());
        for (int step = 0; step < 2; step++) {
            check_fetch(&fixture);
            check_add(&fixture);
        }
        fixture_release(&fixture);
    }
}

/* --- the tests -------------------------------------------------------------------------------- */

static void rows_come_and_go(void **state)
{
    (void)state;
    int count = dist_size(ranks);
    for (int local = 1; local <= count; local++)
        for (int split = 2; count % local == 0 && split <= 16; split += 14) {
            struct stages stages = stages_of(local, count / local, split);
            for (int b = 0; b < BUCKETS; b++)
                check(buckets[b], &stages);
        }
}

/* What all look up is sent on once: as many bytes in all with two stages as with one, and as an
 * all-gather of the matrix, but for the sets. */
static void common_rows_go_on_once(void **state)
{
    (void)state;
    struct rng rng;
    struct fixture fixture;
    int count = dist_size(ranks);
    if (count % 2 != 0)
        return;
    struct stages stages = stages_of(2, count / 2, 16);
    rng_init(&rng, 1);
    make_lists(&rng, 1);
    fixture_init(&fixture, 1 << 15, &stages, ROWS);
    check_fetch(&fixture);
    double sent = (double)row_exchange_report(fixture.exchange).bytes_sent, sets = count * 3 * 8;
    dist_sum_double(ranks, &sent, 1);
    assert_true(sent <= (count - 1) * MATRIX * sizeof(real) + count * sets);
    fixture_release(&fixture);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        RANKS_TEST(rows_come_and_go),
        RANKS_TEST(common_rows_go_on_once),
    };
    if (ranks_open(&argc, &argv) != 0)
        return 1;
    return ranks_close(cmocka_run_group_tests(tests, NULL, ranks_check));
}

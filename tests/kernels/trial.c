#include "trial.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fence.h"
#include "lambert/base/memory.h"

enum place { ALIGNED, OFF_BY_ONE, AT_FENCE, PLACES };
enum { ROWS = 16, GUARD = 64 };

struct row {
    char *block; /* GUARD, LONGEST_ROW, GUARD real elements, rounded up to pages; then the fence */
    char *begin;
    size_t size, element, guard_before, guard_behind; /* in bytes */
    char *frozen;                                     /* what the row must still be, or NULL */
};

static struct row rows[ROWS];
static int rows_in_use;
static struct {
    const char *table;
    enum place place;
    int n;
} now;
struct rng trial_rng;

static void fail_trial(const char *what, int i)
{
    static const char *const places[] = {"aligned", "off by one", "at the fence"};
    fail_msg("%s: %s, element %d of %d, rows %s", now.table, what, i, now.n, places[now.place]);
}

void expect_near(const char *what, int i, double got, double want, double tolerance)
{
    if (fabs(got - want) <= tolerance) /* false for NaN */
        return;
    print_error("got %.9g, want %.9g: %.3g apart, tolerance %.3g\n", got, want, fabs(got - want),
                tolerance);
    fail_trial(what, i);
}

void expect_same_row(const char *what, const real *got, const real *want, int n)
{
    for (int i = 0; i < n; i++)
        if (memcmp(&got[i], &want[i], sizeof *got) != 0) {
            print_error("got %.9g, want %.9g\n", (double)got[i], (double)want[i]);
            fail_trial(what, i);
        }
}

/* Of every byte of a NaN that no arithmetic makes, of any type. */
enum { CANARY = 0xff };

static size_t block_bytes(void)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    return ((LONGEST_ROW + 2 * GUARD) * sizeof(real) + page - 1) / page * page;
}

static void *take_row(size_t n, size_t element)
{
    assert_in_range(rows_in_use, 0, ROWS - 1);
    assert_in_range(n, 0, LONGEST_ROW);
    struct row *row = &rows[rows_in_use++];
    if (!row->block)
        row->block = fence_new(block_bytes());
    row->size = n * element;
    row->element = element;
    row->guard_before = GUARD * element;
    row->guard_behind = now.place == AT_FENCE ? 0 : (GUARD - 1) * element;
    row->begin = now.place == AT_FENCE
                     ? row->block + block_bytes() - row->size
                     : row->block + row->guard_before + (now.place == OFF_BY_ONE) * element;
    memset(row->begin - row->guard_before, CANARY,
           row->guard_before + row->size + row->guard_behind);
    return row->begin;
}

real *row_new(size_t n)
{
    return take_row(n, sizeof(real));
}

uint16_t *row_of_bfloat16(size_t n)
{
    return take_row(n, sizeof(uint16_t));
}

real *row_normal(int n, double mean, double deviation)
{
    real *row = row_new((size_t)n);
    for (int i = 0; i < n; i++)
        row[i] = (real)(mean + deviation * rng_normal(&trial_rng));
    return row;
}

real *row_copy(const real *row, int n)
{
    real *copy = row_new((size_t)n);
    memcpy(copy, row, (size_t)n * sizeof *copy);
    return copy;
}

void row_freeze(const void *begin)
{
    for (int r = 0; r < rows_in_use; r++)
        if (rows[r].begin == begin) {
            rows[r].frozen = memory_new(rows[r].size + 1, 1);
            memcpy(rows[r].frozen, begin, rows[r].size);
            return;
        }
    fail_msg("not a row of this trial");
}

real *row_of_steps(real first, real last, int n)
{
    real *row = row_new((size_t)n);
    for (int i = 0; i < n; i++)
        row[i] = first + (last - first) * (real)i / (real)(n - 1);
    row_freeze(row);
    return row;
}

static void check_row(const struct row *row)
{
    const unsigned char *begin = (const unsigned char *)row->begin, *end = begin + row->size;
    const size_t element = row->element;
    for (size_t i = 1; i <= row->guard_before; i++)
        if (begin[-(ptrdiff_t)i] != CANARY)
            fail_trial("written before a row", -(int)((i + element - 1) / element));
    for (size_t i = 0; i < row->guard_behind; i++)
        if (end[i] != CANARY)
            fail_trial("written behind a row", (int)((row->size + i) / element));
    for (size_t i = 0; row->frozen && i < row->size; i++)
        if (memcmp(row->begin + i, row->frozen + i, 1) != 0)
            fail_trial("an input was written", (int)(i / element));
}

static void give_back(void)
{
    for (int r = 0; r < ROWS; r++) {
        free(rows[r].frozen);
        rows[r].frozen = NULL;
    }
    rows_in_use = 0;
}

static void try(trial_body *body, const struct kernels *table, enum place place, int n)
{
    now.table = table->name;
    now.place = place;
    now.n = n;
    rng_init(&trial_rng, rng_key(1, RNG_TEST, (uint64_t)n, 0));
    give_back(); /* whatever a trial that failed has left */
    body(table, n);
    assert_true(rows_in_use > 0);
    for (int r = 0; r < rows_in_use; r++)
        check_row(&rows[r]);
    give_back();
}

void trials_of_length(trial_body *body, int n)
{
    for (const struct kernels *const *table = kernels_available(); *table; table++)
        for (int place = 0; place < PLACES; place++)
            try(body, *table, (enum place)place, n);
}

void trials(trial_body *body)
{
    static const int lengths[] = {128, 768, 769, 3072};
    for (int n = 1; n <= 70; n++)
        trials_of_length(body, n);
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
        trials_of_length(body, lengths[i]);
}

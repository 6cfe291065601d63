/* ranks: 1 2 3 4 */
/* Every rank knows what every other was to send, so each checks the whole result. */
#include "ranks.h"

#include <stdlib.h>
#include <string.h>

#include "lambert/base/log.h"
#include "lambert/base/memory.h"

static void who_is_who(void **state)
{
    (void)state;
    int size = dist_size(ranks), rank = dist_rank(ranks);
    assert_in_range(rank, 0, size - 1);
    assert_int_equal(log_rank(), rank);
    static const char *const names[] = {"OMPI_COMM_WORLD_SIZE",
                                        "PMI_SIZE"}; /* of Open MPI, MPICH */
    for (int i = 0; i < 2; i++)
        if (getenv(names[i]))
            assert_int_equal(size, atoi(getenv(names[i])));
    assert_in_range(dist_nodes(ranks), 1, size);
    assert_in_range(dist_local_size(ranks), 1, size);
    assert_in_range(dist_local_rank(ranks), 0, dist_local_size(ranks) - 1);
    uint64_t first = dist_local_rank(ranks) == 0;
    dist_sum_u64(ranks, &first, 1);
    assert_int_equal(first, dist_nodes(ranks));
    assert_non_null(strstr(dist_library(), "MPI"));
    assert_null(strpbrk(dist_library(), ",\t\n"));
    assert_null(strstr(dist_library(), "  "));

    uint64_t seen[4] = {0};
    if (rank < 4)
        seen[rank] = 1;
    dist_sum_u64(ranks, seen, 4);
    for (int r = 0; r < 4; r++)
        assert_int_equal(seen[r], r < size);
}

static void sums_and_maxima(void **state)
{
    (void)state;
    int n = dist_size(ranks), r = dist_rank(ranks);
    enum { COUNT = 1000 };
    double sums[COUNT], largest[COUNT];
    uint64_t counts[2] = {(uint64_t)r + 1, UINT64_C(1) << 60};
    for (int i = 0; i < COUNT; i++) {
        sums[i] = (r + 1) * 0.5 * i;
        largest[i] = (r + i) % n - 5;
    }
    dist_sum_double(ranks, sums, COUNT);
    dist_max_double(ranks, largest, COUNT);
    dist_sum_u64(ranks, counts, 2);
    for (int i = 0; i < COUNT; i++) {
        assert_true(sums[i] == n * (n + 1) / 2 * 0.5 * i);
        assert_true(largest[i] == n - 1 - 5);
    }
    assert_int_equal(counts[0], n * (n + 1) / 2);
    assert_int_equal(counts[1], (uint64_t)n << 60);
    dist_barrier(ranks);
}

/* Rank r has r bytes of r, then the last one more than a message. */
static void bytes_are_gathered_in_order(void **state)
{
    (void)state;
    int size = dist_size(ranks), rank = dist_rank(ranks);
    const size_t big = (64 << 20) + 5;
    bool last = rank == size - 1;
    struct buffer mine = {0}, all = {0};
    memset(buffer_grow(&mine, (size_t)rank + (last ? big : 0)), rank + 1,
           (size_t)rank + (last ? big : 0));
    buffer_put(&all, "x", 1); /* what is there stays */
    dist_gather(ranks, mine.data, mine.size, &all);
    size_t at = 1;
    for (int r = 0; r < size && rank == 0; r++)
        for (size_t i = 0; i < (size_t)r + (r == size - 1 ? big : 0); i++)
            if (all.data[at++] != r + 1)
                fail_msg("byte %zu is %d", at - 1, all.data[at - 1]);
    assert_int_equal(all.data[0], 'x');
    assert_int_equal(all.size, at);
    buffer_release(&mine);
    buffer_release(&all);
}

/* To ranks at every distance, itself included; to the next one rank 0 has more than a message. Rank 1 has nothing. */
static void bytes_are_passed_on(void **state)
{
    (void)state;
    const int size = dist_size(ranks), rank = dist_rank(ranks);
    const size_t big = (64 << 20) + 5;
    struct buffer mine = {0}, in = {0};
    for (int distance = 0; distance < size; distance++) {
        const int from = (rank + distance) % size, to = (rank + size - distance) % size;
        const size_t first = distance == 1 ? big : 7;
        const size_t own = rank == 0 ? first : (size_t)rank - 1;
        const size_t expected = from == 0 ? first : (size_t)from - 1;
        size_t wrong = 0;
        buffer_reset(&mine);
        memset(buffer_grow(&mine, own), rank + 1, own);
        buffer_reset(&in);
        buffer_put(&in, "x", 1); /* what is there stays */
        dist_pass(ranks, to, mine.data, mine.size, from, &in);
        assert_int_equal(in.size, 1 + expected);
        assert_int_equal(in.data[0], 'x');
        for (size_t i = 1; i < in.size; i++)
            wrong += in.data[i] != from + 1;
        assert_int_equal(wrong, 0);
    }
    buffer_release(&mine);
    buffer_release(&in);
}

/* The sizes around a message's, which is 64 MB, and both ends of the ranks as root. */
static void broadcast_of_any_size(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 1000003, (1u << 26) - 1, 1u << 26, (1u << 26) + 5};
    enum { SIZES = sizeof sizes / sizeof sizes[0] };
    uint8_t *data = memory_new(sizes[SIZES - 1] + 1, 1);
    for (int s = 0; s < SIZES; s++) {
        size_t size = sizes[s];
        int root = s % 2 == 0 ? 0 : dist_size(ranks) - 1;
        bool mine = dist_rank(ranks) == root;
        memset(data, 0xEE, size + 1);
        for (size_t i = 0; mine && i < size; i++)
            data[i] = (uint8_t)(i * 2654435761u >> 24);
        dist_broadcast(ranks, root, data, size);
        size_t wrong = 0;
        for (size_t i = 0; i < size; i++)
            wrong += data[i] != (uint8_t)(i * 2654435761u >> 24);
        assert_int_equal(wrong, 0);
        assert_int_equal(data[size], 0xEE);
    }
    free(data);
}

static void any(void **state)
{
    (void)state;
    int size = dist_size(ranks), rank = dist_rank(ranks);
    assert_false(dist_any(ranks, false));
    assert_true(dist_any(ranks, true));
    for (int r = 0; r < size; r++)
        assert_true(dist_any(ranks, rank == r));
}

/* Each set of failing ranks in turn: a bit a rank. */
static void agreement_on_errors(void **state)
{
    (void)state;
    int size = dist_size(ranks), rank = dist_rank(ranks);
    for (int failing = 0; failing < 1 << size; failing++) {
        struct error err;
        char wanted[128];
        int lowest = failing ? __builtin_ctz((unsigned)failing) : -1;
        int status = failing >> rank & 1 ? error_set(&err, "no file %d", rank) : 0;
        assert_int_equal(dist_agree(ranks, status, &err), failing ? -1 : 0);
        if (!failing)
            continue;
        snprintf(wanted, sizeof wanted, size > 1 ? "rank %d: no file %d" : "no file %d", lowest,
                 lowest);
        assert_string_equal(err.text, wanted);
    }
}

static void values_that_must_be_equal(void **state)
{
    (void)state;
    int size = dist_size(ranks), rank = dist_rank(ranks);
    struct error err;
    assert_int_equal(dist_same(ranks, "the corpus", UINT64_MAX, &err), 0);
    for (int odd = 1; odd < size; odd++) {
        char wanted[64];
        uint64_t value = rank == odd ? 0xabc : 0x123;
        assert_int_equal(dist_same(ranks, "the corpus", value, &err), -1);
        snprintf(wanted, sizeof wanted, "rank %d has 0000000000000abc", odd);
        assert_non_null(strstr(err.text, wanted));
        assert_non_null(strstr(err.text, "rank 0 has 0000000000000123"));
        assert_non_null(strstr(err.text, "the corpus"));
    }
    if (size > 1) /* rank 0 is the one that differs: the first other is named */
        assert_int_equal(dist_same(ranks, "the corpus", rank == 0, &err), -1);
}

/* Rank 0 is told how many differ from it, and what the first of them has, cut to what there is room for. */
static void texts_are_compared(void **state)
{
    (void)state;
    char text[2 * DIST_TEXT];
    const int size = dist_size(ranks), rank = dist_rank(ranks);
    assert_int_equal(dist_compare(ranks, "the same").others, 0);
    memset(text, 'x', sizeof text);
    snprintf(text, sizeof text, "rank %d", rank > 1 ? 1 : rank);
    struct dist_comparison found = dist_compare(ranks, text);
    assert_int_equal(found.others, rank == 0 ? size - 1 : 0);
    if (rank == 0 && size > 1) {
        assert_int_equal(found.rank, 1);
        assert_string_equal(found.text, "rank 1");
    }
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    found = dist_compare(ranks, rank == 0 ? "short" : text);
    if (rank == 0 && size > 1)
        assert_int_equal(strlen(found.text), DIST_TEXT - 1);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        RANKS_TEST(who_is_who),
        RANKS_TEST(sums_and_maxima),
        RANKS_TEST(bytes_are_gathered_in_order),
        RANKS_TEST(bytes_are_passed_on),
        RANKS_TEST(broadcast_of_any_size),
        RANKS_TEST(any),
        RANKS_TEST(agreement_on_errors),
        RANKS_TEST(values_that_must_be_equal),
        RANKS_TEST(texts_are_compared),
    };
    return RANKS_RUN(tests, &argc, &argv);
}

/* ranks: 1 2 3 4 */
/* What ranks send each other to compute again, and what they find out by hashes. Nothing is computed here: a rank's
 * results are what its test says. */
#include "lambert/trainer/replay.h"

#include <string.h>

#include "dist/ranks.h"
#include "lib/scratch.h"
#include "model/random_batch.h"

enum { VOCAB = 50, TURNS = 7 };

static const struct bert_config model = {.layers = 1,
                                         .hidden = 16,
                                         .heads = 2,
                                         .intermediate = 24,
                                         .vocab = VOCAB,
                                         .positions = 40,
                                         .types = 2};

struct fixture {
    struct param_table table;
    struct replay *replay;
    struct packed_batch mine;
};

/* A rank's micro-batch tells it from the others by its tokens. */
static struct packed_batch batch_of(int rank)
{
    struct packed_batch batch;
    const struct sequence_shape shapes[] = {{.tokens = 10 + rank, .masked = 2, .label = 1},
                                            {.tokens = 7, .masked = 1}};
    random_batch(&batch, shapes, 2, VOCAB, (uint64_t)rank);
    return batch;
}

static void fixture_init(struct fixture *fixture)
{
    param_table_init(&fixture->table, &model);
    replay_new(&fixture->replay, ranks, &fixture->table, TYPE_FLOAT32);
    fixture->mine = batch_of(dist_rank(ranks));
}

static void fixture_release(struct fixture *fixture)
{
    replay_free(fixture->replay);
    packed_batch_release(&fixture->mine);
    param_table_release(&fixture->table);
}

/* The rank whose micro-batch this is. */
static int owner_of(const struct packed_batch *batch)
{
    return batch->sequence_start[1] - 10;
}

/* A result that is a function of the micro-batch alone. */
static void put_result(const struct fixture *fixture, const struct packed_batch *batch,
                       struct result_hashes *hashes)
{
    for (int i = 0; i < result_hashes_count(&fixture->table); i++)
        hashes->values[i] = (uint64_t)(owner_of(batch) * 1000 + i);
}

/* A replay, in which whoever is `wrong` has another result in the tensor 3, and the next, of all that he computes. */
static void replay(struct fixture *fixture, int64_t turn, bool takes_part, int wrong,
                   struct replay_report *report)
{
    bool last;
    struct result_hashes *hashes = replay_hashes_of_theirs(fixture->replay);
    replay_begin(fixture->replay, turn, takes_part ? &fixture->mine : NULL,
                 dist_rank(ranks) % 2 == 0);
    put_result(fixture, &fixture->mine, replay_hashes_of_mine(fixture->replay));
    const struct packed_batch *theirs = replay_theirs(fixture->replay, &last);
    if (theirs) {
        const int owner = owner_of(theirs);
        struct packed_batch expected = batch_of(owner);
        assert_int_equal(last, owner % 2 == 0);
        assert_int_equal(theirs->tokens, expected.tokens);
        assert_memory_equal(theirs->input_ids, expected.input_ids,
                            (size_t)expected.tokens * sizeof *expected.input_ids);
        packed_batch_release(&expected);
        put_result(fixture, theirs, hashes);
    }
    if (wrong == dist_rank(ranks)) {
        hashes->values[3]++;
        hashes->values[4]++;
        replay_hashes_of_mine(fixture->replay)->values[3] += 2;
        replay_hashes_of_mine(fixture->replay)->values[4] += 2;
    }
    replay_compare(fixture->replay, report);
}

static void equal_results_are_equal(void **state)
{
    struct fixture fixture;
    struct replay_report report;
    (void)state;
    fixture_init(&fixture);
    for (int64_t turn = 0; turn < TURNS; turn++) {
        replay(&fixture, turn, true, -1, &report);
        assert_int_equal(report.made, dist_size(ranks));
        assert_int_equal(report.alone, dist_size(ranks) == 1);
        assert_int_equal(report.different, 0);
    }
    fixture_release(&fixture);
}

/* Its own micro-batch and the one that it computes again. */
static void who_is_wrong_is_in_all_differences(void **state)
{
    const int size = dist_size(ranks);
    struct fixture fixture;
    struct replay_report report;
    char host[HOST_NAME_ROOM];
    (void)state;
    host_name(host);
    fixture_init(&fixture);
    for (int64_t turn = 0; turn < TURNS; turn++)
        for (int wrong = 0; wrong < size; wrong++) {
            replay(&fixture, turn, true, wrong, &report);
            assert_int_equal(report.made, size);
            assert_int_equal(report.different, size == 1 ? 1 : 2);
            for (int d = 0; d < report.different; d++) {
                const struct replay_difference *difference = &report.differences[d];
                assert_true(difference->owner == wrong || difference->checker == wrong);
                assert_int_equal(difference->owner == difference->checker, size == 1);
                assert_true(d == 0 || difference->owner > report.differences[0].owner);
                assert_string_equal(difference->owner_host, host);
                assert_string_equal(difference->checker_host, host);
                assert_int_equal(difference->sequences, 2);
                assert_false(difference->result.losses);
                assert_int_equal(difference->result.tensors, 2);
                assert_int_equal(difference->result.first, 3);
            }
        }
    fixture_release(&fixture);
}

/* What is wrong of a rank that has nothing to be checked shows in what it computes for others alone. */
static void a_rank_may_have_no_micro_batch(void **state)
{
    const int size = dist_size(ranks);
    struct fixture fixture;
    struct replay_report report;
    (void)state;
    fixture_init(&fixture);
    for (int64_t turn = 0; turn < TURNS; turn++) {
        replay(&fixture, turn, dist_rank(ranks) > 0, 0, &report);
        assert_int_equal(report.made, size - 1);
        assert_int_equal(report.different, size > 1);
        if (size > 1)
            assert_int_equal(report.differences[0].checker, 0);
    }
    fixture_release(&fixture);
}

/* One of one kind, in a job of its own or among others, is told that it has nobody. */
static void who_is_alone_is_told(void **state)
{
    struct buffer said = {0};
    struct fixture fixture;
    (void)state;
    catch_begin();
    fixture_init(&fixture);
    catch_end(&said);
    const bool told =
        dist_any(ranks, strstr(buffer_text(&said), "compute their own micro-batches twice"));
    assert_int_equal(told, dist_size(ranks) == 1);
    buffer_release(&said);
    fixture_release(&fixture);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        RANKS_TEST(equal_results_are_equal),
        RANKS_TEST(who_is_wrong_is_in_all_differences),
        RANKS_TEST(a_rank_may_have_no_micro_batch),
        RANKS_TEST(who_is_alone_is_told),
    };
    return RANKS_RUN(tests, &argc, &argv);
}

/* ranks: 1 2 3 4 */
/* Steps of a small model against what each rank can compute for all of them: every micro-batch, on
 * weights that are put together from the ranks' own slices. On whole nodes first, then on smaller and
 * smaller ones, between which rows of the word embeddings go apart. */
#include "lambert/trainer/param_sync.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dist/ranks.h"
#include "lambert/base/memory.h"
#include "lib/scratch.h"
#include "model/random_batch.h"
#include "trainer/fixed_point.h"

enum { VOCAB = 50, HIDDEN = 16, SEQUENCES = 12, GROUP = 2, MICRO_BATCHES = SEQUENCES / GROUP };
enum { BUCKET = 256 }; /* three in the word embeddings, and one that reaches beyond them */

static const struct bert_config model = {.layers = 2,
                                         .hidden = HIDDEN,
                                         .heads = 2,
                                         .intermediate = 24,
                                         .vocab = VOCAB,
                                         .positions = 20,
                                         .types = 2,
                                         .layer_norm_eps = 1e-12,
                                         .hidden_dropout = 0.1,
                                         .attention_dropout = 0.1,
                                         .initializer_range = 0.05};

/* --- a job, and what it is compared with ------------------------------------------------------- */

struct fixture {
    struct packed_batch whole, micro;
    struct bert *bert;
    struct sharding sharding;
    struct param_sync_options options;
    struct param_sync *sync;
    size_t size;
    double scales[OBJECTIVE_MOST];
    real *exact;    /* [size] weights as the owners have them */
    real *expected; /* [size] the gradient of a step */
    bool apart;     /* it was said that rows go apart */
};

static void make_sync(struct fixture *fixture)
{
    struct buffer said = {0};
    struct error err;
    catch_begin();
    int status = param_sync_new(&fixture->sync, ranks, &fixture->sharding, &fixture->options, &err);
    catch_end(&said);
    if (status < 0)
        fail_msg("%s", err.text);
    fixture->apart = dist_any(ranks, strstr(buffer_text(&said), "go apart"));
    buffer_release(&said);
}

static void fixture_init(struct fixture *fixture, const struct param_sync_options *options)
{
    struct sequence_shape shapes[SEQUENCES];
    const struct stages stages = dist_stages(ranks, STAGES_SPLIT);
    struct bert_options room;
    struct error err;
    for (int n = 0; n < SEQUENCES; n++)
        shapes[n] =
            (struct sequence_shape){.tokens = 6 + n, .masked = 1 + n % 3, .label = n % 3 - 1};
    *fixture = (struct fixture){.options = *options};
    random_batch(&fixture->whole, shapes, SEQUENCES, VOCAB, 7);
    room = options_for(&fixture->whole);
    packed_batch_init(&fixture->micro);
    packed_batch_reserve(&fixture->micro, SEQUENCES, room.capacity.tokens, room.capacity.labelled);
    assert_int_equal(bert_new(&fixture->bert, &model, &room, &err), 0);
    bert_count_terms(fixture->bert, &fixture->whole, fixture->scales);
    for (int o = 0; o < PRETRAINING_OBJECTIVES; o++)
        fixture->scales[o] = 1 / fixture->scales[o];

    fixture->size = bert_params(fixture->bert)->size;
    sharding_init_staged(&fixture->sharding, fixture->size, BUCKET, SHARDING_LINE, &stages);
    fixture->options.tokens = room.capacity.tokens;
    fixture->options.words = (struct row_matrix){.rows = VOCAB, .width = HIDDEN, .most = VOCAB};
    make_sync(fixture);
    fixture->exact = memory_new(fixture->size, sizeof *fixture->exact);
    fixture->expected = memory_new(fixture->size, sizeof *fixture->expected);
    random_params(bert_params(fixture->bert), 0.1, 3, fixture->exact);
    if (!param_sync_weights_shared(fixture->sync) || dist_local_rank(ranks) == 0)
        memcpy(param_sync_weights(fixture->sync), fixture->exact,
               fixture->size * sizeof *fixture->exact);
    dist_barrier(ranks);
}

static void fixture_release(struct fixture *fixture)
{
    param_sync_free(fixture->sync);
    bert_free(fixture->bert);
    packed_batch_release(&fixture->whole);
    packed_batch_release(&fixture->micro);
    free(fixture->exact);
    free(fixture->expected);
}

static const struct packed_batch *micro_batch(struct fixture *fixture, int number)
{
    packed_batch_slice(&fixture->whole, number * GROUP, GROUP, &fixture->micro);
    return &fixture->micro;
}

/* A rank's micro-batches: in turn, or all of them are rank 0's and the others have none. */
static void share_of(int of, bool alone, int *begin, int *end)
{
    const int rank = alone ? (of > 0) : of;
    const int size = alone ? 1 : dist_size(ranks);
    *begin = rank < size ? MICRO_BATCHES * rank / size : MICRO_BATCHES;
    *end = rank < size ? MICRO_BATCHES * (rank + 1) / size : MICRO_BATCHES;
}

/* What all micro-batches add up to, on weights as they are to be computed with. In fixed point there
 * is one such sum, to the bit. */
static void expect_gradient(struct fixture *fixture, bool rounded)
{
    const size_t size = fixture->size;
    struct objective_sums sums[PRETRAINING_OBJECTIVES] = {0};
    real *weights = memory_new(size, sizeof *weights), *grads = memory_new(size, sizeof *grads);
    int64_t *fixed = memory_new(size, sizeof *fixed);
    const double limit = fixed_point_limit(MICRO_BATCHES);
    for (size_t i = 0; i < size; i++)
        weights[i] = rounded
                         ? (real)bfloat16_to_float(bfloat16_from_float((float)fixture->exact[i]))
                         : fixture->exact[i];
    for (int m = 0; m < MICRO_BATCHES; m++) {
        if (fixture->options.fixed_point)
            memset(grads, 0, size * sizeof *grads);
        bert_train(fixture->bert, weights, micro_batch(fixture, m), fixture->scales, grads, sums);
        fixed_point_add(grads, size, limit, fixed);
    }
    if (fixture->options.fixed_point)
        fixed_point_read(fixed, size, grads);
    memcpy(fixture->expected, grads, size * sizeof *grads);
    free(weights);
    free(grads);
    free(fixed);
}

/* hashes: of this rank's first micro-batch, and of the next rank's, which is computed before; NULL: neither. */
static void make_hashed_gradient(struct fixture *fixture, bool alone, struct result_hashes *mine,
                                 struct result_hashes *theirs)
{
    struct objective_sums sums[PRETRAINING_OBJECTIVES] = {0};
    const int rank = dist_rank(ranks);
    int begin, end, first, last;
    share_of(rank, alone, &begin, &end);
    share_of((rank + 1) % dist_size(ranks), alone, &first, &last);
    param_sync_begin_step(fixture->sync, MICRO_BATCHES);
    if (theirs && first < last)
        param_sync_compute_again(fixture->sync, fixture->bert, micro_batch(fixture, first),
                                 first + 1 == last, fixture->scales, theirs);
    for (int m = begin; m < end; m++)
        param_sync_backward(fixture->sync, fixture->bert, micro_batch(fixture, m), m + 1 == end,
                            fixture->scales, sums, m == begin ? mine : NULL);
    param_sync_finish_gradients(fixture->sync);
    dist_barrier(ranks);
}

static void make_gradient(struct fixture *fixture, bool alone)
{
    make_hashed_gradient(fixture, alone, NULL, NULL);
}

/* The distance of the ranks' shards from the expected gradient, as a part of its length. */
static double distance(const struct fixture *fixture)
{
    const size_t own = sharding_count(&fixture->sharding, dist_rank(ranks));
    const real *shard = param_sync_shard(fixture->sync);
    real *expected = memory_new(own + 1, sizeof *expected);
    double sums[2] = {0};
    shard_extract(&fixture->sharding, dist_rank(ranks), fixture->expected, expected);
    for (size_t i = 0; i < own; i++) {
        sums[0] += pow((double)shard[i] - (double)expected[i], 2);
        sums[1] += pow((double)expected[i], 2);
    }
    free(expected);
    dist_sum_double(ranks, sums, 2);
    assert_true(sums[1] > 0);
    return sqrt(sums[0] / sums[1]);
}

/* Plain descent on own slices, in the weights and in what they are compared with. */
static void update(struct fixture *fixture)
{
    static const real rate = (real)0.05;
    const int rank = dist_rank(ranks);
    const size_t own = sharding_count(&fixture->sharding, rank);
    const real *shard = param_sync_shard(fixture->sync);
    real *weights = memory_new(own + 1, sizeof *weights);
    param_sync_begin_update(fixture->sync);
    shard_extract(&fixture->sharding, rank, param_sync_weights(fixture->sync), weights);
    for (size_t i = 0; i < own; i++)
        weights[i] -= rate * shard[i];
    shard_insert(&fixture->sharding, rank, weights, param_sync_weights(fixture->sync));
    shard_insert(&fixture->sharding, rank, weights, fixture->exact);
    param_sync_publish(fixture->sync, true);
    shard_gather(ranks, &fixture->sharding, fixture->exact);
    free(weights);
}

static void assert_settled(struct fixture *fixture)
{
    param_sync_settle(fixture->sync);
    assert_memory_equal(param_sync_weights(fixture->sync), fixture->exact,
                        fixture->size * sizeof(real));
    dist_barrier(ranks);
}

/* --- the tests of one layout ------------------------------------------------------------------- */

/* Steps follow each other with and without settling between them, and one in which ranks have
 * nothing to do. */
static void check_steps(const struct param_sync_options *options, double tolerance)
{
    const bool rounded = options->weight_type == TYPE_BFLOAT16;
    struct fixture fixture;
    fixture_init(&fixture, options);
    if (fixture.apart != (dist_nodes(ranks) > 1 && !options->fixed_point))
        fail_msg("on %d nodes, rows %s apart", dist_nodes(ranks), fixture.apart ? "go" : "stay");
    for (int step = 0; step < 6; step++) {
        expect_gradient(&fixture, rounded);
        make_gradient(&fixture, step == 2 || step == 5);
        double off = distance(&fixture);
        if (!(off <= tolerance))
            fail_msg("the gradient of step %d is %g off", step, off);
        update(&fixture);
        if (step == 1 || step == 4)
            assert_settled(&fixture);
    }
    assert_settled(&fixture);
    assert_settled(&fixture); /* settled twice */
    fixture_release(&fixture);
}

/* Weights to compute with are rounded ones: with whole ones the gradient is another. */
static void check_rounding_shows(void)
{
    const struct param_sync_options options = {.weight_type = TYPE_BFLOAT16};
    struct fixture fixture;
    fixture_init(&fixture, &options);
    for (int step = 0; step < 2; step++) {
        expect_gradient(&fixture, false);
        make_gradient(&fixture, false);
        assert_true(distance(&fixture) > 1e-4);
        update(&fixture);
    }
    assert_settled(&fixture);
    fixture_release(&fixture);
}

/* A gradient may be all that is wanted, and an update may be called off. */
static void check_without_update(const struct param_sync_options *options)
{
    const bool rounded = options->weight_type == TYPE_BFLOAT16;
    struct fixture fixture;
    fixture_init(&fixture, options);
    expect_gradient(&fixture, rounded);
    for (int step = 0; step < 3; step++) {
        make_gradient(&fixture, false);
        assert_true(distance(&fixture) < 1e-5);
        if (step == 1) {
            param_sync_begin_update(fixture.sync);
            param_sync_publish(fixture.sync, false);
            dist_barrier(ranks);
        }
    }
    assert_settled(&fixture);
    fixture_release(&fixture);
}

/* Whether the next rank made of its first micro-batch what this one did; it is not asked where it has none. */
static void assert_same_results(const struct result_hashes *mine,
                                const struct result_hashes *theirs, bool alone)
{
    const int rank = dist_rank(ranks), size = dist_size(ranks), next = (rank + 1) % size;
    struct result_hashes of_next = *mine;
    struct buffer in = {0};
    int begin, end;
    dist_pass(ranks, (rank + size - 1) % size, mine->values,
              (size_t)result_hashes_count(mine->table) * sizeof *mine->values, next, &in);
    of_next.values = (uint64_t *)(void *)in.data;
    share_of(next, alone, &begin, &end);
    const struct result_difference difference = result_hashes_compare(theirs, &of_next);
    if (begin < end && (difference.losses || difference.tensors > 0))
        fail_msg("%d tensors differ, the first of them is %s", difference.tensors,
                 difference.first < 0 ? "none" : mine->table->infos[difference.first].name);
    buffer_release(&in);
}

/* Another rank makes the same bits of a micro-batch, and that it does so shows nowhere. */
static void check_computing_again(const struct param_sync_options *options)
{
    struct result_hashes mine, theirs;
    struct fixture watched, other;
    fixture_init(&watched, options);
    fixture_init(&other, options);
    result_hashes_init(&mine, bert_params(watched.bert));
    result_hashes_init(&theirs, bert_params(watched.bert));
    for (int step = 0; step < 5; step++) {
        const bool alone = step == 1 || step == 3;
        make_hashed_gradient(&watched, alone, &mine, &theirs);
        make_gradient(&other, alone);
        assert_same_results(&mine, &theirs, alone);
        assert_memory_equal(param_sync_shard(watched.sync), param_sync_shard(other.sync),
                            sharding_count(&watched.sharding, dist_rank(ranks)) * sizeof(real));
        update(&watched);
        update(&other);
        if (step == 2) {
            assert_settled(&watched);
            assert_settled(&other);
        }
    }
    result_hashes_release(&mine);
    result_hashes_release(&theirs);
    fixture_release(&watched);
    fixture_release(&other);
}

/* Where there are several nodes bytes travel, and each call tells of what was sent since the last. */
static void check_report(void)
{
    const struct param_sync_options options = {0};
    struct fixture fixture;
    fixture_init(&fixture, &options);
    make_gradient(&fixture, false);
    struct exchange_report report = param_sync_report(fixture.sync);
    assert_true((report.bytes_sent > 0) == (dist_nodes(ranks) > 1));
    report = param_sync_report(fixture.sync);
    assert_int_equal(report.bytes_sent, 0);
    assert_true(report.wait_seconds == 0 && report.work_seconds == 0);
    fixture_release(&fixture);
}

/* What the options ask for is in the plan. */
static void check_memory(void)
{
    struct param_sync_options options = {0};
    struct fixture fixture;
    fixture_init(&fixture, &options);
    const int rank = dist_rank(ranks);
    const size_t own = sharding_count(&fixture.sharding, rank) * sizeof(real);
    const size_t all = fixture.size * sizeof(real);
    struct param_sync_memory plain = param_sync_memory(&fixture.sharding, rank, true, &options);
    assert_true(plain.weights >= all && plain.gradients >= all);
    options.weight_type = TYPE_BFLOAT16;
    assert_int_equal(param_sync_memory(&fixture.sharding, rank, true, &options).shard,
                     plain.shard + own);
    options = (struct param_sync_options){.fixed_point = true};
    assert_true(param_sync_memory(&fixture.sharding, rank, true, &options).gradients >= 3 * all);
    options = fixture.options;
    assert_true((param_sync_memory(&fixture.sharding, rank, true, &options).buffers >
                 plain.buffers) == (dist_nodes(ranks) > 1));
    fixture_release(&fixture);
}

static void check_layout(void)
{
    const struct param_sync_options plain = {0};
    const struct param_sync_options rounded = {.weight_type = TYPE_BFLOAT16};
    const struct param_sync_options narrow = {.gradient_wire = TYPE_BFLOAT16,
                                              .weight_type = TYPE_BFLOAT16};
    const struct param_sync_options fixed = {.fixed_point = true};
    const struct param_sync_options fixed_rounded = {.fixed_point = true,
                                                     .weight_type = TYPE_BFLOAT16};
    check_steps(&plain, 1e-5);
    check_steps(&rounded, 1e-5);
    check_steps(&narrow, 1e-2);
    check_steps(&fixed, 0);
    check_steps(&fixed_rounded, 0);
    check_rounding_shows();
    check_without_update(&plain);
    check_without_update(&rounded);
    check_computing_again(&plain);
    check_computing_again(&narrow);
    check_computing_again(&fixed_rounded);
    check_report();
    check_memory();
}

static void every_layout_of_the_ranks(void **state)
{
    (void)state;
    for (int local = dist_size(ranks); local > 0; local--)
        if (dist_divide_nodes(ranks, local))
            check_layout();
    assert_int_equal(dist_nodes(ranks), dist_size(ranks));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {RANKS_TEST(every_layout_of_the_ranks)};
    return RANKS_RUN(tests, &argc, &argv);
}

/* ranks: 1 3 */
/* A trainer is made from options and random batches: no corpus, no configuration, no run. */
#include "lambert/trainer/trainer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dist/ranks.h"
#include "lambert/base/float16.h"
#include "lambert/base/hash.h"
#include "lambert/base/memory.h"
#include "lambert/base/minmax.h"
#include "model/random_batch.h"
#include "store/sample.h"
#include "trainer/fixed_point.h"

enum { SEQUENCES = 12, GROUP = 2, VOCAB = 50, TOKENS = 40, STEPS = 4 };

static const double RATE = 0.02;

/* This rank's share of a global batch that is the same for any number of ranks. */
struct fixture {
    struct packed_batch whole, share;
    struct batch batch;
};

static void fixture_init(struct fixture *fixture, uint64_t seed)
{
    struct sequence_shape shapes[SEQUENCES];
    const int begin = SEQUENCES * dist_rank(ranks) / dist_size(ranks);
    const int end = SEQUENCES * (dist_rank(ranks) + 1) / dist_size(ranks);
    for (int n = 0; n < SEQUENCES; n++)
        shapes[n] =
            (struct sequence_shape){.tokens = 6 + n, .masked = 1 + n % 3, .label = n % 3 - 1};
    random_batch(&fixture->whole, shapes, SEQUENCES, VOCAB, seed);
    packed_batch_init(&fixture->share);
    packed_batch_reserve(&fixture->share, fixture->whole.sequences, fixture->whole.tokens,
                         fixture->whole.labelled);
    packed_batch_slice(&fixture->whole, begin, end - begin, &fixture->share);
    fixture->batch = (struct batch){.share = &fixture->share, .global_batch = SEQUENCES};
}

static void fixture_release(struct fixture *fixture)
{
    packed_batch_release(&fixture->whole);
    packed_batch_release(&fixture->share);
}

static struct trainer_options plain_options(void)
{
    return (struct trainer_options){
        .model = {.layers = 2,
                  .hidden = 16,
                  .heads = 2,
                  .intermediate = 24,
                  .vocab = VOCAB,
                  .positions = 20,
                  .types = 2,
                  .layer_norm_eps = 1e-12,
                  .hidden_dropout = 0.1,
                  .attention_dropout = 0.1,
                  .initializer_range = 0.05},
        .bert.capacity = {.tokens = TOKENS, .sequences = SEQUENCES, .labelled = 40, .longest = 20},
        .optimizer = {.rule = RULE_LAMB,
                      .beta1 = 0.9,
                      .beta2 = 0.999,
                      .epsilon = 1e-6,
                      .weight_decay = 0.01,
                      .max_grad_norm = 1,
                      .bias_correction = true,
                      .trust_coefficient = 0.001},
        .reports_tensors = true};
}

static struct trainer *open_trainer(const struct trainer_options *options, uint64_t seed)
{
    struct trainer *trainer;
    struct error err;
    if (trainer_new(&trainer, ranks, options, &err) < 0)
        fail_msg("%s", err.text);
    trainer_initialise(trainer, seed);
    return trainer;
}

static double loss_of(const struct step_report *report)
{
    double loss = 0;
    for (int o = 0; o < report->objectives.count; o++)
        loss += report->sums[o].loss / report->sums[o].terms;
    return loss;
}

/* Settled weights, which all ranks have alike. */
static uint64_t weights_hash(struct trainer *trainer)
{
    struct error err;
    trainer_settle(trainer);
    uint64_t hash =
        hash_bytes(trainer_weights(trainer), trainer_params(trainer)->size * sizeof(real));
    if (dist_same(ranks, "the weights", hash, &err) < 0)
        fail_msg("%s", err.text);
    return hash;
}

static void train(struct trainer *trainer, const struct fixture *fixture, int steps)
{
    struct step_report report;
    struct error err;
    for (int i = 0; i < steps; i++) {
        assert_int_equal(trainer_step(trainer, &fixture->batch, RATE, false, &report, &err), 0);
        assert_true(report.updated);
    }
}

static struct bert *reference_bert(const struct trainer_options *options,
                                   const struct packed_batch *batch, double *scales)
{
    struct bert_options room = options_for(batch);
    struct bert *bert;
    struct error err;
    assert_int_equal(bert_new(&bert, &options->model, &room, &err), 0);
    bert_count_terms(bert, batch, scales);
    for (int o = 0; o < PRETRAINING_OBJECTIVES; o++)
        scales[o] = 1 / scales[o];
    return bert;
}

/* --- the gradient ----------------------------------------------------------------------------- */

static void gradient_is_that_of_the_whole_batch(void **state)
{
    struct trainer_options options = plain_options();
    struct trainer *trainer = open_trainer(&options, 1);
    struct objective_sums sums[PRETRAINING_OBJECTIVES] = {0};
    struct fixture fixture;
    struct step_report report;
    struct error err;
    const real *gradient;
    double scales[OBJECTIVE_MOST], distance = 0, squares = 0;
    (void)state;
    fixture_init(&fixture, 7);
    struct bert *bert = reference_bert(&options, &fixture.whole, scales);
    const size_t size = trainer_params(trainer)->size;
    real *expected = memory_new(size, sizeof *expected);
    bert_train(bert, trainer_weights(trainer), &fixture.whole, scales, expected, sums);
    assert_int_equal(trainer_gradient(trainer, &fixture.batch, &gradient, &report, &err), 0);
    for (size_t i = 0; i < size; i++) {
        distance += pow((double)gradient[i] - (double)expected[i], 2);
        squares += pow((double)expected[i], 2);
    }
    assert_true(squares > 0);
    assert_true(sqrt(distance / squares) < 1e-5);
    assert_int_equal(report.sequences, SEQUENCES);
    assert_int_equal(report.tokens, fixture.whole.tokens);
    for (int o = 0; o < PRETRAINING_OBJECTIVES; o++) {
        assert_true(report.sums[o].terms == sums[o].terms);
        assert_true(report.sums[o].correct == sums[o].correct);
        assert_true(fabs(report.sums[o].loss - sums[o].loss) < 1e-5 * sums[o].loss);
    }
    free(expected);
    bert_free(bert);
    fixture_release(&fixture);
    trainer_free(trainer);
}

/* Exactly: the same bits on any number of ranks, for each computes here what all groups sum up to. */
static void reproducible_gradient_is_the_sum_of_groups(void **state)
{
    struct trainer_options options = plain_options();
    options.reproducible = true;
    struct trainer *trainer = open_trainer(&options, 1);
    struct objective_sums sums[PRETRAINING_OBJECTIVES];
    struct fixture fixture;
    struct packed_batch micro;
    struct step_report report;
    struct error err;
    const real *gradient;
    double scales[OBJECTIVE_MOST];
    (void)state;
    fixture_init(&fixture, 7);
    fixture.batch.group = GROUP;
    packed_batch_init(&micro);
    packed_batch_reserve(&micro, SEQUENCES, fixture.whole.tokens, fixture.whole.labelled);
    struct bert *bert = reference_bert(&options, &fixture.whole, scales);
    const size_t size = trainer_params(trainer)->size;
    real *part = memory_new(size, sizeof *part), *expected = memory_new(size, sizeof *expected);
    int64_t *total = memory_new(size, sizeof *total);
    for (int n = 0; n < SEQUENCES; n += GROUP) {
        memset(part, 0, size * sizeof *part);
        packed_batch_slice(&fixture.whole, n, GROUP, &micro);
        bert_train(bert, trainer_weights(trainer), &micro, scales, part, sums);
        fixed_point_add(part, size, fixed_point_limit(SEQUENCES / GROUP), total);
    }
    fixed_point_read(total, size, expected);
    assert_int_equal(trainer_gradient(trainer, &fixture.batch, &gradient, &report, &err), 0);
    assert_memory_equal(gradient, expected, size * sizeof *expected);
    free(part);
    free(expected);
    free(total);
    packed_batch_release(&micro);
    bert_free(bert);
    fixture_release(&fixture);
    trainer_free(trainer);
}

/* --- steps ------------------------------------------------------------------------------------ */

static void check_learning(const struct trainer_options *options, int group)
{
    struct trainer *trainer = open_trainer(options, 3);
    struct fixture fixture;
    struct step_report report;
    struct error err;
    double first = 0;
    fixture_init(&fixture, 5);
    fixture.batch.group = group;
    const uint64_t before = weights_hash(trainer);
    for (int i = 0; i < 40; i++) {
        assert_int_equal(trainer_step(trainer, &fixture.batch, RATE, false, &report, &err), 0);
        assert_true(report.updated);
        assert_null(report.tensors);
        first = i == 0 ? loss_of(&report) : first;
    }
    assert_true(loss_of(&report) < 0.7 * first);
    assert_int_equal(trainer_updates(trainer), 40);
    assert_true(weights_hash(trainer) != before);
    assert_true(trainer_is_finite(trainer));
    fixture_release(&fixture);
    trainer_free(trainer);
}

static void steps_lower_the_loss(void **state)
{
    struct trainer_options options = plain_options();
    (void)state;
    check_learning(&options, 0);
}

static void reproducible_steps_lower_the_loss(void **state)
{
    struct trainer_options options = plain_options();
    (void)state;
    options.reproducible = true;
    check_learning(&options, GROUP);
}

static void rounded_weights_lower_the_loss(void **state)
{
    struct trainer_options options = plain_options();
    (void)state;
    options.weight_type = options.gradient_wire = TYPE_BFLOAT16;
    check_learning(&options, 0);
}

/* What is computed with is rounded; what is settled is not. */
static void settled_weights_are_whole(void **state)
{
    struct trainer_options options = plain_options();
    options.weight_type = TYPE_BFLOAT16;
    struct trainer *trainer = open_trainer(&options, 3);
    struct fixture fixture;
    int rounded = 0, count = 0;
    (void)state;
    fixture_init(&fixture, 5);
    train(trainer, &fixture, 1);
    const uint64_t once = weights_hash(trainer);
    assert_true(weights_hash(trainer) == once); /* settled twice */
    const struct param_info *words = &trainer_params(trainer)->infos[0];
    for (size_t i = 0; i < words->count; i++, count++) {
        float value = (float)trainer_weights(trainer)[words->offset + i];
        rounded += bfloat16_to_float(bfloat16_from_float(value)) == value;
    }
    assert_true(rounded < count / 10);
    fixture_release(&fixture);
    trainer_free(trainer);
}

static void tensors_are_reported_where_they_are_wanted(void **state)
{
    struct trainer_options options = plain_options();
    struct trainer *trainer = open_trainer(&options, 3);
    struct fixture fixture;
    struct step_report report;
    struct error err;
    double squares = 0;
    (void)state;
    fixture_init(&fixture, 5);
    assert_int_equal(trainer_step(trainer, &fixture.batch, RATE, true, &report, &err), 0);
    assert_non_null(report.tensors);
    for (int t = 0; t < trainer_params(trainer)->count; t++)
        squares += pow(report.tensors[t].gradient_norm, 2);
    assert_true(fabs(sqrt(squares) / report.gradient.gradient_norm - 1) < 1e-6);
    fixture_release(&fixture);
    trainer_free(trainer);
}

static void what_is_not_finite_changes_nothing(void **state)
{
    struct trainer_options options = plain_options();
    struct trainer *trainer = open_trainer(&options, 3), *untouched = open_trainer(&options, 3);
    struct fixture fixture;
    struct step_report report;
    struct error err;
    (void)state;
    fixture_init(&fixture, 5);
    train(trainer, &fixture, 2);
    train(untouched, &fixture, 2);
    trainer_settle(trainer);
    real *weight = trainer_weights(trainer) + trainer_params(trainer)->infos[0].offset;
    const real kept = *weight;
    dist_barrier(ranks);
    *weight = (real)INFINITY; /* of the word embeddings, which the head reads on every rank */
    dist_barrier(ranks);
    assert_int_equal(trainer_step(trainer, &fixture.batch, RATE, true, &report, &err), 0);
    assert_false(report.updated);
    assert_null(report.tensors);
    assert_int_equal(report.nonfinite.rank, 0);
    assert_true(report.nonfinite.sequences > 0);
    assert_int_equal(report.nonfinite.sample, 0);
    assert_int_equal(trainer_updates(trainer), 2);
    assert_false(trainer_is_finite(trainer));
    trainer_settle(trainer);
    dist_barrier(ranks);
    *weight = kept;
    dist_barrier(ranks);
    train(trainer, &fixture, 2);
    train(untouched, &fixture, 2);
    assert_true(weights_hash(trainer) == weights_hash(untouched));
    fixture_release(&fixture);
    trainer_free(trainer);
    trainer_free(untouched);
}

/* The last rank has none: no rank takes part in a step, and all can go on. */
static void a_rank_without_a_batch_fails_all(void **state)
{
    struct trainer_options options = plain_options();
    struct trainer *trainer = open_trainer(&options, 3);
    struct fixture fixture;
    struct step_report report;
    struct error err;
    const bool last = dist_rank(ranks) == dist_size(ranks) - 1;
    (void)state;
    fixture_init(&fixture, 5);
    const uint64_t before = weights_hash(trainer);
    if (last)
        error_set(&err, "the disk is full");
    const struct batch *batch = last ? NULL : &fixture.batch;
    assert_int_equal(trainer_step(trainer, batch, RATE, false, &report, &err), -1);
    assert_non_null(strstr(err.text, "the disk is full"));
    assert_true(weights_hash(trainer) == before);
    assert_int_equal(trainer_updates(trainer), 0);
    train(trainer, &fixture, 1);
    fixture_release(&fixture);
    trainer_free(trainer);
}

/* --- steps that are given up ------------------------------------------------------------------ */

static int asked, told_at; /* how often this rank was asked, and when it is told */

static bool told(void)
{
    return ++asked == told_at;
}

static bool never(void)
{
    return false;
}

/* By the rank `teller` before its micro-batch `at`, 1 or 2. Nothing shows of it, neither at once nor later. */
static void check_giving_up(const struct trainer_options *options, int teller, int at)
{
    struct trainer *trainer = open_trainer(options, 1), *other = open_trainer(options, 1);
    struct fixture fixture;
    struct step_report report;
    struct error err;
    fixture_init(&fixture, 5);
    fixture.batch.group = options->reproducible ? GROUP : 0;
    train(trainer, &fixture, 2);
    train(other, &fixture, 2);
    asked = 0;
    told_at = dist_rank(ranks) == teller ? at : 0;
    trainer_listen(trainer, told);
    assert_int_equal(trainer_step(trainer, &fixture.batch, RATE, false, &report, &err), 0);
    assert_true(report.given_up);
    assert_int_equal(trainer_updates(trainer), 2);
    trainer_listen(trainer, never);
    if (at % 2 == 0) /* looked at in between, or not */
        assert_true(weights_hash(trainer) == weights_hash(other));
    train(trainer, &fixture, 2);
    train(other, &fixture, 2);
    assert_true(weights_hash(trainer) == weights_hash(other));
    fixture_release(&fixture);
    trainer_free(trainer);
    trainer_free(other);
}

static void a_step_that_is_given_up_leaves_no_trace(void **state)
{
    (void)state;
    /* 12 sequences of 6 to 17 tokens: micro-batches of 20 tokens are several on each of three ranks. */
    for (int type = 0; type < 3; type++)
        for (int at = 1; at <= 2; at++)
            for (int teller = dist_size(ranks) - 1; teller >= 0; teller -= 2) {
                struct trainer_options options = plain_options();
                options.bert.capacity.tokens = type == 1 ? TOKENS : 20; /* groups stay whole */
                options.reproducible = type == 1;
                options.weight_type = type == 2 ? TYPE_BFLOAT16 : TYPE_FLOAT32;
                check_giving_up(&options, teller, at);
            }
}

static bool told_here;

static bool is_told_here(void)
{
    return told_here;
}

/* The rank `teller` is told, which waits for its batch or has it, and of the others those that wait hear of it. */
static void a_step_that_is_called_off_does_not_begin(void **state)
{
    (void)state;
    const int all = (1 << dist_size(ranks)) - 1;
    for (int waiting = 1; waiting <= all; waiting += max_int(all - 1, 1)) /* the first, or all */
        for (int teller = 0; teller < dist_size(ranks); teller++) {
            const struct trainer_options options = plain_options();
            struct trainer *trainer = open_trainer(&options, 1), *other = open_trainer(&options, 1);
            const bool waits = waiting >> dist_rank(ranks) & 1;
            struct fixture fixture;
            struct step_report report;
            struct error err;
            fixture_init(&fixture, 5);
            train(trainer, &fixture, 1);
            train(other, &fixture, 1);
            told_here = dist_rank(ranks) == teller;
            trainer_hear(trainer, is_told_here);
            while (waits && !trainer_is_called_off(trainer))
                ;
            assert_int_equal(
                trainer_step(trainer, waits ? NULL : &fixture.batch, RATE, false, &report, &err),
                0);
            assert_true(report.given_up);
            told_here = false;
            dist_barrier(ranks);
            assert_false(trainer_is_called_off(trainer)); /* nothing of it is left */
            train(trainer, &fixture, 2);
            train(other, &fixture, 2);
            assert_true(weights_hash(trainer) == weights_hash(other));
            fixture_release(&fixture);
            trainer_free(trainer);
            trainer_free(other);
        }
}

/* As often as there are micro-batches, where any rank has several; else not at all: whoever listens waits for weights
 * that would come during the forward pass. */
static void only_steps_of_several_micro_batches_listen(void **state)
{
    const int rooms[] = {SEQUENCES * 17, 17 + 16 + 15 + 14, 30, 20};
    struct fixture fixture;
    (void)state;
    fixture_init(&fixture, 5);
    for (size_t room = 0; room < sizeof rooms / sizeof *rooms; room++) {
        struct trainer_options options = plain_options();
        options.bert.capacity.tokens = rooms[room];
        struct trainer *trainer = open_trainer(&options, 1);
        int micro_batches = 0;
        for (int first = 0; first < fixture.share.sequences; micro_batches++)
            first += packed_batch_fit(&fixture.share, first, rooms[room]);
        double most = micro_batches;
        dist_max_double(ranks, &most, 1);
        asked = told_at = 0;
        trainer_listen(trainer, told);
        train(trainer, &fixture, 1);
        assert_int_equal(asked, most > 1 ? micro_batches : 0);
        trainer_free(trainer);
    }
    fixture_release(&fixture);
}

/* --- replays ---------------------------------------------------------------------------------- */

/* Every other step has one, in which each rank with a micro-batch has it computed again. */
static void check_replays(const struct trainer_options *options, int group)
{
    struct trainer *trainer = open_trainer(options, 1), *other = open_trainer(options, 1);
    struct fixture fixture;
    struct step_report report;
    struct error err;
    fixture_init(&fixture, 5);
    fixture.batch.group = group;
    trainer_begin_replays(trainer);
    for (int step = 0; step < 6; step++) {
        if (step % 2 == 1)
            trainer_replay(trainer, step / 2);
        assert_int_equal(trainer_step(trainer, &fixture.batch, RATE, false, &report, &err), 0);
        assert_true(report.updated);
        assert_int_equal(report.replay.made, step % 2 == 1 ? dist_size(ranks) : 0);
        assert_int_equal(report.replay.alone, step % 2 == 1 && dist_size(ranks) == 1);
        assert_int_equal(report.replay.different, 0);
    }
    train(other, &fixture, 6);
    assert_true(weights_hash(trainer) == weights_hash(other));
    fixture_release(&fixture);
    trainer_free(trainer);
    trainer_free(other);
}

/* With several micro-batches a rank, and with one. */
static void replays_leave_no_trace(void **state)
{
    (void)state;
    for (int room = 20; room <= 400; room *= 20)
        for (int type = 0; type < 4; type++) {
            struct trainer_options options = plain_options();
            const bool reproducible = type == 1;
            options.bert.capacity.tokens = reproducible && room < TOKENS ? TOKENS : room;
            options.bert.capacity.labelled = 60;
            options.reproducible = reproducible;
            options.weight_type = type == 2 ? TYPE_BFLOAT16 : TYPE_FLOAT32;
            options.bert.compute_type = type == 3 ? TYPE_BFLOAT16 : TYPE_FLOAT32;
            options.bert.recompute = type == 3;
            check_replays(&options, reproducible ? GROUP : 0);
        }
}

/* A step that is given up takes its replay with it. */
static void a_replay_is_given_up_with_its_step(void **state)
{
    struct trainer_options options = plain_options();
    struct fixture fixture;
    struct step_report report;
    struct error err;
    (void)state;
    options.bert.capacity.tokens = 20;
    struct trainer *trainer = open_trainer(&options, 1), *other = open_trainer(&options, 1);
    fixture_init(&fixture, 5);
    asked = 0;
    told_at = dist_rank(ranks) == 0 ? 2 : 0;
    trainer_listen(trainer, told);
    trainer_begin_replays(trainer);
    trainer_replay(trainer, 0);
    assert_int_equal(trainer_step(trainer, &fixture.batch, RATE, false, &report, &err), 0);
    assert_true(report.given_up);
    assert_int_equal(report.replay.made, 0);
    trainer_listen(trainer, NULL);
    trainer_replay(trainer, 0);
    assert_int_equal(trainer_step(trainer, &fixture.batch, RATE, false, &report, &err), 0);
    assert_int_equal(report.replay.made, dist_size(ranks));
    train(other, &fixture, 1);
    assert_true(weights_hash(trainer) == weights_hash(other));
    fixture_release(&fixture);
    trainer_free(trainer);
    trainer_free(other);
}

/* A node to each rank, for the rest of these tests: a weight of the last one is another in memory that the others do
 * not see. The step is not made, or as any other is. */
static void a_replay_finds_wrong_weights(void **state)
{
    struct trainer_options options = plain_options();
    const int size = dist_size(ranks), wrong = size - 1;
    struct fixture fixture;
    struct step_report report;
    struct error err;
    (void)state;
    if (size == 1)
        return;
    assert_true(dist_divide_nodes(ranks, 1));
    fixture_init(&fixture, 5);
    for (int anyway = 0; anyway < 2; anyway++) {
        options.updates_anyway = anyway;
        struct trainer *trainer = open_trainer(&options, 1);
        real *weight = trainer_weights(trainer) + trainer_params(trainer)->infos[0].offset;
        const real right = *weight; /* of the word embeddings, and another rank's to update */
        if (dist_rank(ranks) == wrong)
            *weight *= 2;
        trainer_begin_replays(trainer);
        trainer_replay(trainer, 0);
        assert_int_equal(trainer_step(trainer, &fixture.batch, RATE, false, &report, &err), 0);
        assert_int_equal(report.replay.made, size);
        assert_int_equal(report.replay.different, 2);
        for (int d = 0; d < 2; d++) {
            const struct replay_difference *difference = &report.replay.differences[d];
            assert_true(difference->owner == wrong || difference->checker == wrong);
            assert_true(difference->result.losses);
            assert_true(difference->result.tensors > trainer_params(trainer)->count / 2);
        }
        assert_int_equal(report.updated, anyway);
        assert_int_equal(trainer_updates(trainer), anyway);
        if (!anyway) {
            *weight = right;
            train(trainer, &fixture, 1);
        }
        weights_hash(trainer);
        trainer_free(trainer);
    }
    fixture_release(&fixture);
}

/* --- several trainers; checkpoints ------------------------------------------------------------ */

static void two_trainers_do_not_know_of_each_other(void **state)
{
    struct trainer_options small = plain_options(), large = plain_options();
    struct fixture one, two;
    uint64_t alone[2];
    (void)state;
    large.model.hidden = 32;
    large.model.layers = 3;
    large.weight_type = TYPE_BFLOAT16;
    fixture_init(&one, 5);
    fixture_init(&two, 6);
    struct trainer *a = open_trainer(&small, 1);
    train(a, &one, STEPS);
    alone[0] = weights_hash(a);
    trainer_free(a);
    struct trainer *b = open_trainer(&large, 2);
    train(b, &two, STEPS);
    alone[1] = weights_hash(b);
    trainer_free(b);

    a = open_trainer(&small, 1);
    b = open_trainer(&large, 2);
    for (int i = 0; i < STEPS; i++) {
        train(a, &one, 1);
        train(b, &two, 1);
    }
    assert_true(weights_hash(a) == alone[0]);
    assert_true(weights_hash(b) == alone[1]);
    trainer_free(a);
    trainer_free(b);
    fixture_release(&one);
    fixture_release(&two);
}

/* Through a checkpoint: `to` goes on as `from` does. */
static struct run_state carry_over(struct trainer *from, struct trainer *to)
{
    char config[] = "", vocabulary[] = "[PAD]\n";
    struct checkpoint_meta meta = {
        .state = {.tokenizer = TOKENIZER_DEFAULTS, .total_steps = 3, .tokens = 77},
        .config = config,
        .vocabulary = vocabulary,
        .vocabulary_size = sizeof vocabulary - 1};
    struct checkpoint_file file = {0};
    struct run_state state;
    struct error err;
    scratch_open(ranks);
    assert_int_equal(trainer_save(from, scratch_path("saved"), &meta, &err), 0);
    if (dist_rank(ranks) == 0)
        assert_int_equal(checkpoint_file_open(&file, scratch_path("saved"), &err), 0);
    assert_int_equal(trainer_load(to, &file, &state, &err), 0);
    checkpoint_file_close(&file);
    scratch_close(ranks);
    return state;
}

static void check_saving(const struct trainer_options *options)
{
    struct trainer *trainer = open_trainer(options, 1), *other = open_trainer(options, 2);
    struct fixture fixture;
    fixture_init(&fixture, 5);
    train(trainer, &fixture, 3);
    train(other, &fixture, 1); /* what it was is forgotten */
    const struct run_state state = carry_over(trainer, other);
    assert_int_equal(state.total_steps, 3);
    assert_int_equal(state.tokens, 77);
    assert_int_equal(trainer_updates(other), 3);
    train(trainer, &fixture, STEPS);
    train(other, &fixture, STEPS);
    assert_true(weights_hash(other) == weights_hash(trainer));
    fixture_release(&fixture);
    trainer_free(trainer);
    trainer_free(other);
}

static void a_checkpoint_goes_on_bit_for_bit(void **state)
{
    struct trainer_options options = plain_options();
    (void)state;
    check_saving(&options);
    options.weight_type = TYPE_BFLOAT16;
    check_saving(&options);
}

/* With the step that is made next: one that is given up before it leaves them to who saves the state. */
static void moments_begin_anew_with_a_step(void **state)
{
    struct trainer_options options = plain_options();
    struct fixture fixture;
    struct step_report report;
    struct error err;
    (void)state;
    options.bert.capacity.tokens = 20; /* several micro-batches on each rank */
    struct trainer *trainer = open_trainer(&options, 1), *keeps = open_trainer(&options, 1);
    struct trainer *resets = open_trainer(&options, 1), *saved = open_trainer(&options, 2);
    fixture_init(&fixture, 5);
    train(trainer, &fixture, 2);
    train(keeps, &fixture, 2);
    train(resets, &fixture, 2);
    trainer_reset_moments(trainer);
    trainer_reset_moments(resets);
    asked = 0;
    told_at = dist_rank(ranks) == 0 ? 1 : 0;
    trainer_listen(trainer, told);
    assert_int_equal(trainer_step(trainer, &fixture.batch, RATE, false, &report, &err), 0);
    assert_true(report.given_up);
    trainer_listen(trainer, never);
    carry_over(trainer, saved);
    train(trainer, &fixture, 2);
    train(keeps, &fixture, 2);
    train(resets, &fixture, 2);
    train(saved, &fixture, 2);
    assert_true(weights_hash(saved) == weights_hash(keeps));
    assert_true(weights_hash(trainer) == weights_hash(resets));
    assert_true(weights_hash(trainer) != weights_hash(keeps));
    assert_int_equal(trainer_updates(trainer), 4);
    fixture_release(&fixture);
    trainer_free(trainer);
    trainer_free(keeps);
    trainer_free(resets);
    trainer_free(saved);
}

int main(int argc, char **argv)
{
    struct error err;
    const struct CMUnitTest tests[] = {
        RANKS_TEST(gradient_is_that_of_the_whole_batch),
        RANKS_TEST(reproducible_gradient_is_the_sum_of_groups),
        RANKS_TEST(steps_lower_the_loss),
        RANKS_TEST(reproducible_steps_lower_the_loss),
        RANKS_TEST(rounded_weights_lower_the_loss),
        RANKS_TEST(settled_weights_are_whole),
        RANKS_TEST(tensors_are_reported_where_they_are_wanted),
        RANKS_TEST(what_is_not_finite_changes_nothing),
        RANKS_TEST(a_rank_without_a_batch_fails_all),
        RANKS_TEST(a_step_that_is_given_up_leaves_no_trace),
        RANKS_TEST(a_step_that_is_called_off_does_not_begin),
        RANKS_TEST(only_steps_of_several_micro_batches_listen),
        RANKS_TEST(replays_leave_no_trace),
        RANKS_TEST(a_replay_is_given_up_with_its_step),
        RANKS_TEST(two_trainers_do_not_know_of_each_other),
        RANKS_TEST(a_checkpoint_goes_on_bit_for_bit),
        RANKS_TEST(moments_begin_anew_with_a_step),
        RANKS_TEST(a_replay_finds_wrong_weights),
    };
    if (kernels_select(&err) < 0)
        return 1;
    return RANKS_RUN(tests, &argc, &argv);
}

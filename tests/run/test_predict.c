/* ranks: 1 2 3 */
/* What a model says of features, whatever ranks and micro-batches make of them, and what its outputs mean. */
#include "lambert/run/predict.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dist/ranks.h"
#include "features/fixture.h"
#include "lambert/base/log.h"
#include "lambert/base/memory.h"
#include "lambert/model/task_objectives.h"
#include "lib/scratch.h"
#include "store/sample.h"

static const char *const label_names[] = {"a", "b", "c"};
enum { LABELS = 3, ROWS = 5 };

struct fixture {
    struct vocabulary *vocabulary;
    struct label_set labels;
    struct config_task task;
    struct task_set set;
};

static const char rows[] = "text\tlabel\n"
                           "one two\ta\n"
                           "three\tb\n"
                           "one two three one two\tc\n"
                           "two\ta\n"
                           "three three\tb\n";
static const char words[] = "one\ta\ntwo\tb\n\nthree\tc\none\ta\ntwo\ta\n\n";

static void fixture_init(struct fixture *fixture, enum task_kind kind, const char *text)
{
    struct config standard;
    struct error err;
    *fixture = (struct fixture){.vocabulary = vocabulary_of("one two three")};
    scratch_open(ranks);
    if (dist_rank(ranks) == 0)
        scratch_write(scratch_path("file"), text, strlen(text));
    dist_barrier(ranks);
    log_set_level(LOG_ERROR);
    config_defaults(&standard);
    fixture->task = standard.task;
    fixture->task.kind = kind;
    if (task_is_of_texts(kind)) {
        strcpy(fixture->task.text, "text");
        strcpy(fixture->task.label, "label");
    }
    label_set_collect(&fixture->labels, (const char **)label_names, LABELS);
    const struct task_reader reader = {.task = &fixture->task,
                                       .vocabulary = fixture->vocabulary,
                                       .tokenizer = TOKENIZER_DEFAULTS,
                                       .sequence_length = 16,
                                       .labels = &fixture->labels};
    if (task_set_read(&fixture->set, &reader, scratch_path("file"), TASK_EVALUATES, &err) < 0)
        fail_msg("%s", err.text);
}

static void fixture_release(struct fixture *fixture)
{
    task_set_release(&fixture->set);
    label_set_release(&fixture->labels);
    vocabulary_free(fixture->vocabulary);
    log_set_level(LOG_INFO);
    scratch_close(ranks);
}

/* --- outputs ---------------------------------------------------------------------------------- */

static const struct bert_config shape = {.layers = 1,
                                         .hidden = 8,
                                         .heads = 2,
                                         .intermediate = 12,
                                         .vocab = 8,
                                         .positions = 16,
                                         .types = 2,
                                         .layer_norm_eps = 1e-12,
                                         .initializer_range = 0.5};

/* Who is told to end, by which all give up. */
static bool the_last(void)
{
    return dist_rank(ranks) == dist_size(ranks) - 1;
}

/* The outputs for the set, of micro-batches of so many tokens: of [rows, LABELS] logits. */
static struct task_outputs outputs_of(const struct fixture *fixture, const struct dist *dist,
                                      const struct objective *objective, int tokens)
{
    const struct objective *objectives[] = {objective};
    struct bert_config config = shape;
    struct bert_options options = {.capacity = {.tokens = tokens}};
    struct task_outputs outputs;
    struct bert *bert;
    struct error err;
    config.objectives = objectives;
    config.objective_count = 1;
    capacity_for(&options.capacity, fixture->set.features);
    if (bert_new(&bert, &config, &options, &err) < 0)
        fail_msg("%s", err.text);
    real *params = memory_new(bert_params(bert)->size, sizeof *params);
    param_table_initialise(bert_params(bert), config.initializer_range, 3, params);
    assert_false(predict_features(&outputs, dist, bert, params, fixture->set.features,
                                  options.capacity.tokens, the_last));
    assert_true(predict_features(&outputs, dist, bert, params, fixture->set.features,
                                 options.capacity.tokens, NULL));
    free(params);
    bert_free(bert);
    return outputs;
}

/* In the order of the features, the same from all ranks together as from each sequence by itself. */
static void check_outputs(enum task_kind kind, const char *text, int count)
{
    struct fixture fixture;
    fixture_init(&fixture, kind, text);
    const struct objective objective = task_objective(kind, LABELS);
    struct task_outputs alone = outputs_of(&fixture, ranks, &objective, 1);
    struct task_outputs packed = outputs_of(&fixture, ranks, &objective, 64);
    if (dist_rank(ranks) == 0) {
        double spread = 0;
        for (int i = 0; i < count * LABELS; i++) {
            assert_true(fabs((double)alone.logits[i] - (double)packed.logits[i]) < 1e-5);
            spread = fmax(spread, fabs((double)alone.logits[i] - (double)alone.logits[i % LABELS]));
        }
        assert_true(spread > 0.01); /* else their order would not show */
    }
    double loss = dist_rank(ranks) == 0 ? packed.loss : 0;
    dist_sum_double(ranks, &loss, 1);
    assert_true(fabs(loss - packed.loss) < 1e-12 && fabs(loss - alone.loss) < 1e-5 && loss > 0);
    task_outputs_release(&alone);
    task_outputs_release(&packed);
    fixture_release(&fixture);
}

static void ranks_and_batches_change_nothing(void **state)
{
    (void)state;
    check_outputs(TASK_CLASSIFICATION, rows, ROWS);
    check_outputs(TASK_TAGGING, words, 5);
}

/* --- what they say ---------------------------------------------------------------------------- */

static void a_class_is_the_largest(void **state)
{
    (void)state;
    /* log of 1, 2, 5; of 1, 1, 2; and rows that are as large as floats allow */
    float logits[ROWS * LABELS] = {0,         0.693147f, 1.609438f, 0, 0,      0.693147f, 5,     5,
                                   -INFINITY, 3e38f,     -3e38f,    0, -3e38f, -3e38f,    -3e38f};
    const struct task_outputs outputs = {.logits = logits};
    struct predictions said;
    struct fixture fixture;
    fixture_init(&fixture, TASK_CLASSIFICATION, rows);
    predictions_of(&said, &fixture.task, 0, &fixture.set, &fixture.labels, &outputs);
    static const int32_t classes[] = {2, 2, 0, 0, 0}; /* the first of equal ones */
    static const double probabilities[] = {0.125, 0.25, 0.625, 0.25, 0.25,   0.5,    0.5,   0.5,
                                           0,     1,    0,     0,    1. / 3, 1. / 3, 1. / 3};
    assert_int_equal(said.count, ROWS);
    assert_memory_equal(said.classes, classes, sizeof classes);
    for (int i = 0; i < ROWS * LABELS; i++)
        assert_true(fabs((double)said.probabilities[i] - probabilities[i]) < 1e-6);
    assert_string_equal(said.ids[4], "4");
    predictions_release(&said);
    fixture_release(&fixture);
}

static void labels_are_said_one_by_one(void **state)
{
    (void)state;
    float logits[ROWS * LABELS] = {1.098612f, 0, -1.098612f, 200, -200}; /* log 3 */
    const struct task_outputs outputs = {.logits = logits};
    struct predictions said;
    struct fixture fixture;
    fixture_init(&fixture, TASK_MULTILABEL, rows);
    predictions_of(&said, &fixture.task, 0, &fixture.set, &fixture.labels, &outputs);
    static const uint8_t marks[] = {1, 0, 0, 1, 0, 0};
    static const double probabilities[] = {0.75, 0.5, 0.25, 1, 0, 0.5};
    assert_memory_equal(said.marks, marks, sizeof marks);
    for (size_t i = 0; i < sizeof marks; i++)
        assert_true(fabs((double)said.probabilities[i] - probabilities[i]) < 1e-6);
    predictions_release(&said);
    fixture_release(&fixture);
}

static void words_have_their_tags(void **state)
{
    (void)state;
    float logits[5 * LABELS] = {0, 1, 0, 0, 0, 1, 1, 0, 0, 0, 1, 0, 0, 0, 1};
    const struct task_outputs outputs = {.logits = logits};
    struct predictions said;
    struct fixture fixture;
    fixture_init(&fixture, TASK_TAGGING, words);
    predictions_of(&said, &fixture.task, 0, &fixture.set, &fixture.labels, &outputs);
    static const int32_t classes[] = {1, 2, 0, 1, 2};
    assert_int_equal(said.count, 5);
    assert_memory_equal(said.classes, classes, sizeof classes);
    assert_ptr_equal(said.sentences, &fixture.set.examples.sentences);
    predictions_release(&said);
    fixture_release(&fixture);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        RANKS_TEST(ranks_and_batches_change_nothing),
        RANKS_TEST(a_class_is_the_largest),
        RANKS_TEST(labels_are_said_one_by_one),
        RANKS_TEST(words_have_their_tags),
    };
    return RANKS_RUN(tests, &argc, &argv);
}

/* The model computing in bfloat16, with each table of row kernels and each way to make products:
 * gradients and losses beside those of float32, on sequences and widths that are odd; the same bits
 * with any number of threads; a batch in pieces; and how much memory it works in. */
#include "lib/unit.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>

#include "lambert/base/memory.h"
#include "lambert/kernels/kernels.h"
#include "published.h"
#include "random_batch.h"
#include "two_types.h"
#include "ways.h"

#define COMMON                                                                                     \
    .vocab = 301, .positions = 128, .types = 2, .layer_norm_eps = 1e-12, .hidden_dropout = 0.1,    \
    .attention_dropout = 0.1

static const struct objective *const mlm_alone[] = {&objective_mlm};

static const struct shape {
    const char *name;
    struct bert_config config;
} shapes[] = {
    {"three layers", {.layers = 3, .hidden = 48, .heads = 3, .intermediate = 100, COMMON}},
    {"an odd size of heads, tanh",
     {.layers = 2, .hidden = 45, .heads = 3, .intermediate = 65, .gelu = GELU_TANH, COMMON}},
    {"one head, one layer, MLM alone",
     {.layers = 1,
      .hidden = 33,
      .heads = 1,
      .intermediate = 77,
      .objectives = mlm_alone,
      .objective_count = 1,
      COMMON}},
};

enum { SHAPES = sizeof shapes / sizeof shapes[0] };

static const struct sequence_shape sequences[] = {{33, 5, 0}, {128, 19, 1}, {1, 0, 1},  {2, 1, 0},
                                                  {7, 2, 1},  {70, 10, 0},  {99, 15, 1}};

enum { SEQUENCES = sizeof sequences / sizeof sequences[0] };

static const double scales[PRETRAINING_OBJECTIVES] = {0.02, 0.2};

static struct packed_batch batch; /* of the sequences, for all tests */

static void check_types(void)
{
    for (int s = 0; s < SHAPES; s++)
        expect_types_agree(shapes[s].name, &shapes[s].config, &batch, scales);
}

static void gradients_differ_by_rounding_alone(void **state)
{
    (void)state;
    omp_set_num_threads(2);
    for_each_way(check_types);
}

static void check_bits(void)
{
    const struct bert_config *config = &shapes[1].config;
    struct bert_options options = options_for(&batch);
    struct param_table table;
    real *one = NULL;
    options.compute_type = TYPE_BFLOAT16;
    param_table_init(&table, config);
    for (int threads = 1; threads <= 4; threads++) {
        struct objective_sums sums[OBJECTIVE_MOST] = {{0}};
        omp_set_num_threads(threads);
        real *grads = gradient_of(config, &options, &batch, scales, sums);
        if (!one) {
            one = grads;
            continue;
        }
        assert_memory_equal(grads, one, table.size * sizeof *one);
        free(grads);
    }
    free(one);
    param_table_release(&table);
}

static void threads_change_no_bit(void **state)
{
    (void)state;
    for_each_way(check_bits);
}

/* A gradient is linear in the scales of its losses, and a power of two changes exponents alone: the
 * bits of all others stay, unless something comes so near to 0 that it is flushed. The smaller scale
 * is that of a masked position in a global batch of 65,536 sequences of 512 tokens. */
static void check_small_scales(void)
{
    enum { SMALLER = 22 };
    const struct bert_config *config = &shapes[0].config;
    const double as_they_are[PRETRAINING_OBJECTIVES] = {1, 1};
    const double small[PRETRAINING_OBJECTIVES] = {ldexp(1, -SMALLER), ldexp(1, -SMALLER)};
    struct objective_sums sums[2][OBJECTIVE_MOST] = {{{0}}};
    struct bert_options options = options_for(&batch);
    struct param_table table;
    param_table_init(&table, config);
    options.compute_type = TYPE_BFLOAT16;
    real *large = gradient_of(config, &options, &batch, as_they_are, sums[0]);
    real *scaled = gradient_of(config, &options, &batch, small, sums[1]);
    for (size_t i = 0; i < table.size; i++)
        if (scaled[i] != (real)ldexp((double)large[i], -SMALLER))
            fail_msg("%s kernels: %g became %g, which is not 2^-%d of it", kernels->name,
                     (double)large[i], (double)scaled[i], SMALLER);
    free(large);
    free(scaled);
    param_table_release(&table);
}

static void nothing_is_flushed_in_a_large_batch(void **state)
{
    (void)state;
    omp_set_num_threads(2);
    for_each_way(check_small_scales);
}

/* A sequence at a time, in training and evaluation: rows are computed as in the whole batch, but for
 * the order in which a BLAS sums, and what that makes of a value between two of bfloat16. */
static void check_pieces(void)
{
    const struct bert_config *config = &shapes[0].config;
    struct bert_options options = options_for(&batch);
    struct objective_sums whole[2][OBJECTIVE_MOST] = {{{0}}}, pieces[2][OBJECTIVE_MOST] = {{{0}}};
    struct packed_batch piece;
    struct bert *bert;
    struct error err;
    options.compute_type = TYPE_BFLOAT16;
    packed_batch_init(&piece);
    assert_int_equal(bert_new(&bert, config, &options, &err), 0);
    const size_t size = bert_params(bert)->size;
    real *params = memory_new(size, sizeof *params), *grads = memory_new(size, sizeof *grads);
    random_params(bert_params(bert), 0.1, 4, params);
    bert_train(bert, params, &batch, scales, grads, whole[0]);
    bert_evaluate(bert, params, &batch, whole[1]);
    for (int n = SEQUENCES - 1; n >= 0; n--) {
        packed_batch_slice(&batch, n, 1, &piece);
        bert_train(bert, params, &piece, scales, grads, pieces[0]);
        bert_evaluate(bert, params, &piece, pieces[1]);
    }
    for (int way = 0; way < 2; way++)
        for (int o = 0; o < PRETRAINING_OBJECTIVES; o++) {
            assert_true(pieces[way][o].terms == whole[way][o].terms);
            assert_true(fabs(pieces[way][o].loss - whole[way][o].loss) <=
                        0x1p-12 * whole[way][o].loss);
        }
    packed_batch_release(&piece);
    free(params);
    free(grads);
    bert_free(bert);
}

static void pieces_have_the_losses_of_the_batch(void **state)
{
    (void)state;
    for_each_way(check_pieces);
}

/* --- memory ----------------------------------------------------------------------------------- */

/* Bytes of a BERT-Large of so many layers on 4,096 tokens of sequences of up to 512, as many of them
 * and of masked positions as there may be. */
static size_t large_memory(int layers, enum float_type type)
{
    struct bert_config config = bert_large;
    config.layers = layers;
    const struct bert_options options = {
        .capacity = {.tokens = 4096, .sequences = 819, .labelled = 1434, .longest = 512},
        .compute_type = type};
    return bert_memory(&config, &options);
}

/* In bytes a token and layer with H = 1024, F = 4 H: qkv 6 H, a 8 H, and 2 H each of context, z1,
 * y1, z2, y2. */
static void activations_take_half_the_memory(void **state)
{
    (void)state;
    omp_set_num_threads(16);
    const size_t layer = large_memory(25, TYPE_BFLOAT16) - large_memory(24, TYPE_BFLOAT16);
    const size_t real_layer = large_memory(25, TYPE_FLOAT32) - large_memory(24, TYPE_FLOAT32);
    assert_true(layer < (size_t)4096 * 1024 * 24 * 101 / 100);
    assert_true(24 * layer < 2450000000);
    assert_true(large_memory(24, TYPE_BFLOAT16) < 2800000000);
    assert_true(real_layer > 2 * layer - layer / 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradients_differ_by_rounding_alone),
        cmocka_unit_test(threads_change_no_bit),
        cmocka_unit_test(nothing_is_flushed_in_a_large_batch),
        cmocka_unit_test(pieces_have_the_losses_of_the_batch),
        cmocka_unit_test(activations_take_half_the_memory),
    };
    random_batch(&batch, sequences, SEQUENCES, shapes[0].config.vocab, 3);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    packed_batch_release(&batch);
    return failed;
}

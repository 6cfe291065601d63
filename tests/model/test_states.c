/* States in single precision and in bfloat16, with each table of row kernels and each way to make matrix
 * products: real rows that differ by rounding alone, and the same bits however few layers are kept. */
#include "lib/unit.h"

#include <math.h>
#include <omp.h>

#include "kept_states.h"
#include "lambert/kernels/kernels.h"
#include "random_batch.h"
#include "ways.h"

static const struct bert_config shape = {.layers = 4,
                                         .hidden = 48,
                                         .heads = 3,
                                         .intermediate = 100,
                                         .vocab = 301,
                                         .positions = 128,
                                         .types = 2,
                                         .layer_norm_eps = 1e-12};
static const struct sequence_shape sequences[] = {{33, 5, 0}, {128, 19, 1}, {1, 0, 1}, {70, 10, 0}};
enum { SEQUENCES = sizeof sequences / sizeof *sequences };

static struct packed_batch batch;

static double distance(const real *x, const real *y, size_t count)
{
    double difference = 0, norm = 0;
    for (size_t i = 0; i < count; i++) {
        difference += pow((double)x[i] - (double)y[i], 2);
        norm += (double)y[i] * (double)y[i];
    }
    return sqrt(difference / norm);
}

/* Rows are off by what rounding the operands of each layer adds up to, and are not rounded themselves:
 * the embeddings, in which nothing is multiplied, not at all. */
static void check_types(void)
{
    struct kept_states exact, rounded;
    struct bert_options options = options_for(&batch);
    const size_t size = (size_t)batch.tokens * (size_t)shape.hidden;
    kept_states_init(&exact, &shape, &options, &batch, true);
    options.compute_type = TYPE_BFLOAT16;
    kept_states_init(&rounded, &shape, &options, &batch, true);
    assert_memory_equal(exact.rows, rounded.rows, size * sizeof *exact.rows);
    for (int layer = 1; layer <= shape.layers; layer++) {
        const size_t at = (size_t)layer * size;
        const double apart = distance(rounded.rows + at, exact.rows + at, size);
        if (!(apart < 4 * 0x1p-8 * sqrt(layer + 1)) || apart == 0)
            fail_msg("%s kernels: layer %d is off by %g", kernels->name, layer, apart);
        int finer = 0; /* than bfloat16 has numbers */
        for (size_t i = 0; i < size; i++)
            finer += ((union {
                          float x;
                          uint32_t bits;
                      }){rounded.rows[at + i]}
                          .bits &
                      0xffff) != 0;
        assert_true(finer > (int)size / 2);
    }
    const double apart = distance(rounded.pooled, exact.pooled, (size_t)(SEQUENCES * shape.hidden));
    assert_true(apart > 0 && apart < 4 * 0x1p-8 * sqrt(shape.layers + 2));
    kept_states_release(&exact);
    kept_states_release(&rounded);
}

static void bfloat16_differs_by_rounding_alone(void **state)
{
    (void)state;
    omp_set_num_threads(2);
    for_each_way(check_types);
}

static void check_segments(void)
{
    for (enum float_type type = TYPE_FLOAT32; type <= TYPE_BFLOAT16; type++) {
        struct kept_states all, few;
        struct bert_options options = options_for(&batch);
        const size_t size = (size_t)batch.tokens * (size_t)shape.hidden;
        options.compute_type = type;
        kept_states_init(&all, &shape, &options, &batch, false);
        for (options.recompute = 1; options.recompute < shape.layers; options.recompute++) {
            kept_states_init(&few, &shape, &options, &batch, false);
            assert_memory_equal(all.rows, few.rows,
                                (size_t)(shape.layers + 1) * size * sizeof *all.rows);
            kept_states_release(&few);
        }
        kept_states_release(&all);
    }
}

static void layers_that_are_not_kept_are_seen_too(void **state)
{
    (void)state;
    omp_set_num_threads(2);
    for_each_way(check_segments);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bfloat16_differs_by_rounding_alone),
        cmocka_unit_test(layers_that_are_not_kept_are_seen_too),
    };
    random_batch(&batch, sequences, SEQUENCES, shape.vocab, 3);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    packed_batch_release(&batch);
    return failed;
}

/* bfloat16 with exact sums: in double only what is stored as operand is rounded, so that the distance
 * from the gradient without rounding is that of the rounding which is meant, and of nothing else. */
#include "lib/unit.h"

#include "random_batch.h"
#include "two_types.h"

#define COMMON                                                                                     \
    .vocab = 37, .positions = 80, .types = 2, .layer_norm_eps = 1e-12, .hidden_dropout = 0.1,      \
    .attention_dropout = 0.2

static const struct case_shape {
    const char *name;
    struct bert_config config;
    struct sequence_shape sequences[4];
    int count;
} cases[] = {
    {"two layers, erf",
     {.layers = 2, .hidden = 12, .heads = 3, .intermediate = 20, COMMON},
     {{9, 2, 0}, {1, 0, 1}, {13, 4, 0}},
     3},
    {"one head, tanh",
     {.layers = 3, .hidden = 17, .heads = 1, .intermediate = 31, .gelu = GELU_TANH, COMMON},
     {{6, 1, 1}, {17, 3, 0}},
     2},
    {"one layer: the first is the last",
     {.layers = 1, .hidden = 24, .heads = 2, .intermediate = 16, COMMON},
     {{8, 2, 1}, {2, 1, 0}},
     2},
    {"longer than a block of queries",
     {.layers = 2, .hidden = 16, .heads = 2, .intermediate = 12, COMMON},
     {{71, 68, 0}, {66, 3, 1}},
     2},
};

enum { CASES = sizeof cases / sizeof cases[0] };

static void gradients_differ_by_rounding_alone(void **state)
{
    (void)state;
    for (int c = 0; c < CASES; c++) {
        struct packed_batch batch;
        random_batch(&batch, cases[c].sequences, cases[c].count, cases[c].config.vocab, 7);
        const double scales[PRETRAINING_OBJECTIVES] = {1.0 / batch.labelled, 0.7 / batch.sequences};
        expect_types_agree(cases[c].name, &cases[c].config, &batch, scales);
        packed_batch_release(&batch);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradients_differ_by_rounding_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Texts with masks as sequences, and the best tokens of logits that are known. */
#include "lambert/run/fill_masks.h"

#include <math.h>
#include <string.h>

#include "features/fixture.h"
#include "lib/unit.h"

struct made {
    struct vocabulary *vocabulary;
    struct tokenizer *tokenizer;
    struct packed_batch batch;
};

static int setup(void **state)
{
    static struct made made;
    made.vocabulary = vocabulary_of("the king saw un ##do [ ] mask cls ,");
    made.tokenizer = tokenizer_new(made.vocabulary, &tokenizer_defaults);
    packed_batch_init(&made.batch);
    *state = &made;
    return 0;
}

static int teardown(void **state)
{
    struct made *made = *state;
    packed_batch_release(&made->batch);
    tokenizer_free(made->tokenizer);
    vocabulary_free(made->vocabulary);
    return 0;
}

static int append(struct made *made, const char *text, int positions, struct error *err)
{
    return fill_masks_append(&made->batch, made->tokenizer, made->vocabulary, text, positions, err);
}

/* Sequence n of the batch has these pieces. */
static void assert_pieces(const struct made *made, int n, const char *wanted)
{
    const int first = made->batch.sequence_start[n];
    const struct feature feature = {.tokens = made->batch.sequence_start[n + 1] - first,
                                    .input_ids = made->batch.input_ids + first};
    assert_string_equal(pieces_of(made->vocabulary, &feature), wanted);
}

static void assert_fails(struct made *made, const char *text, int positions, const char *sentence)
{
    struct error err;
    assert_int_equal(append(made, text, positions, &err), -1);
    if (!strstr(err.text, sentence))
        fail_msg("'%s' does not say '%s'", err.text, sentence);
}

static void masks_are_tokens_between_texts(void **state)
{
    struct made *made = *state;
    const struct packed_batch *batch = &made->batch;
    struct error err;
    assert_int_equal(append(made, "The [MASK], un[MASK]do undo", 12, &err), 0);
    assert_int_equal(append(made, "[MASK]", 3, &err), 0);
    assert_int_equal(append(made, "[mask] [CLS][MASK][MASK]", 10, &err), 0);
    assert_pieces(made, 0, "[CLS] the [MASK] , un [MASK] [UNK] un ##do [SEP]");
    assert_pieces(made, 1, "[CLS] [MASK] [SEP]");
    assert_pieces(made, 2, "[CLS] [ mask ] [ cls ] [MASK] [MASK] [SEP]");
    const int32_t rows[] = {2, 5, 11, 20, 21};
    assert_int_equal(batch->labelled, 5);
    assert_memory_equal(batch->labelled_rows, rows, sizeof rows);
    for (int m = 0; m < batch->labelled; m++)
        assert_int_equal(batch->row_labels[m], -1);
    for (int t = 0; t < batch->tokens; t++)
        assert_int_equal(batch->token_type_ids[t], 0);
}

static void what_cannot_be_filled_is_told(void **state)
{
    struct made *made = *state;
    assert_fails(made, "the king", 12, "it has no [MASK]");
    assert_fails(made, "", 12, "it has no [MASK]");
    assert_fails(made, "the king [MASK] the king", 6, "it has 7 tokens with [CLS] and [SEP]");
    assert_fails(made, "the \xff [MASK]", 12, "not UTF-8");
    assert_int_equal(made->batch.sequences, 0);
}

/* The logits are logarithms of eighths, moved by a constant that softmax does not see. */
static void the_best_tokens_have_their_probabilities(void **state)
{
    const double eighths[] = {1, 0.5, 2, 0.5, 1, 3};
    const int32_t order[] = {5, 2, 0, 4, 1, 3};
    real logits[6];
    struct guess best[6];
    (void)state;
    for (int i = 0; i < 6; i++)
        logits[i] = (real)(log(eighths[i]) + 90);
    for (int count = 1; count <= 6; count++) {
        fill_masks_best(logits, 6, best, count);
        for (int b = 0; b < count; b++) {
            assert_int_equal(best[b].token, order[b]);
            assert_true(fabs(best[b].probability - eighths[order[b]] / 8) < 1e-5);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(masks_are_tokens_between_texts, setup, teardown),
        cmocka_unit_test_setup_teardown(what_cannot_be_filled_is_told, setup, teardown),
        cmocka_unit_test(the_best_tokens_have_their_probabilities),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "lib/unit.h"

#include <math.h>
#include <string.h>

#include "features/fixture.h"

static struct feature_set *set_of_questions(struct made_questions *made,
                                            struct vocabulary *vocabulary, const char *answer)
{
    struct feature_set *set;
    struct feature_report report;
    struct error err;
    const struct feature_options options = {.vocabulary = vocabulary,
                                            .tokenizer = TOKENIZER_DEFAULTS,
                                            .sequence_length = 16,
                                            .stride = 4,
                                            .question_length = 4};
    questions_begin(made);
    questions_context(made, "a b c d");
    questions_ask(made, "e f", answer);
    questions_ask(made, "g", "d");
    assert_int_equal(feature_set_of_questions(&set, &made->set, true, &options, &report, &err), 0);
    return set;
}

static void windows_are_appended(void **state)
{
    (void)state;
    static const int32_t types[] = {0, 0, 0, 1, 1, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1, 1, 1};
    struct made_questions made;
    struct packed_batch batch;
    struct vocabulary *vocabulary = vocabulary_of("a b c d e f g");
    struct feature_set *set = set_of_questions(&made, vocabulary, "b c");
    packed_batch_init(&batch);
    packed_batch_set_label_width(&batch, 2);
    feature_set_append(set, 1, 70, 700, &batch);
    feature_set_append(set, 0, 71, 710, &batch);
    assert_int_equal(batch.sequences, 2);
    assert_int_equal(batch.tokens, 8 + 9);
    assert_int_equal(batch.labelled, 0);
    assert_memory_equal(batch.input_ids, feature_set_at(set, 1)->input_ids, 8 * sizeof(int32_t));
    assert_memory_equal(batch.input_ids + 8, feature_set_at(set, 0)->input_ids,
                        9 * sizeof(int32_t));
    for (int r = 0; r < batch.tokens; r++)
        assert_int_equal(batch.token_type_ids[r], types[r]);
    assert_memory_equal(batch.labels, ((int32_t[]){6, 6, 5, 6}), 4 * sizeof(int32_t));
    assert_true(isnan(batch.values[0]) && isnan(batch.values[1]));
    assert_int_equal(batch.next_sentence_label[0], -1);
    assert_int_equal(batch.sample_index[0], 70);
    assert_int_equal(batch.sample_index[1], 71);
    assert_int_equal(batch.sample_key[1], 710);
    packed_batch_release(&batch);
    feature_set_free(set);
    vocabulary_free(vocabulary);
}

static struct feature_set *set_of_words(struct vocabulary *vocabulary, const char *tag)
{
    static char *names[] = {"B", "O"};
    static int by_name[] = {0, 1};
    const struct label_set labels = {.names = names, .count = 2, .by_name = by_name};
    const struct tagged_word words[] = {{"a", "O", 1}, {"bb", tag, 2}, {"c", "O", 3}};
    struct tagged_sentence sentence = {words, 3};
    const struct tagged_sentences sentences = {
        .at = &sentence, .count = 1, .words = 3, .labelled = true, .path = "made"};
    const struct feature_options options = {
        .vocabulary = vocabulary, .tokenizer = TOKENIZER_DEFAULTS, .sequence_length = 16};
    struct feature_set *set;
    struct feature_report report;
    struct error err;
    assert_int_equal(feature_set_of_sentences(&set, &sentences, &labels, &options, &report, &err),
                     0);
    return set;
}

static void labelled_rows_are_appended(void **state)
{
    (void)state;
    struct packed_batch batch;
    struct vocabulary *vocabulary = vocabulary_of("a b ##b c");
    struct feature_set *set = set_of_words(vocabulary, "B");
    packed_batch_init(&batch);
    for (int n = 0; n < 2; n++)
        feature_set_append(set, 0, 0, 0, &batch);
    assert_int_equal(batch.tokens, 12);
    assert_memory_equal(batch.labelled_rows, ((int32_t[]){1, 2, 4, 7, 8, 10}), 24);
    assert_memory_equal(batch.row_labels, ((int32_t[]){1, 0, 1, 1, 0, 1}), 24);
    packed_batch_release(&batch);
    feature_set_free(set);
    vocabulary_free(vocabulary);
}

/* A label or an answer makes another hash; the same set made again does not. */
static void hashes_tell_sets_apart(void **state)
{
    (void)state;
    struct made_questions made;
    struct vocabulary *vocabulary = vocabulary_of("a b ##b c d e f g");
    struct feature_set *sets[] = {set_of_words(vocabulary, "B"),
                                  set_of_words(vocabulary, "O"),
                                  set_of_questions(&made, vocabulary, "b"),
                                  set_of_questions(&made, vocabulary, "c"),
                                  set_of_questions(&made, vocabulary, "c"),
                                  set_of_words(vocabulary, "B")};
    static const int same[] = {0, 1, 2, 3, 3, 0}; /* those of one number are made alike */
    for (int a = 0; a < 6; a++)
        for (int b = 0; b < 6; b++)
            assert_int_equal(feature_set_hash(sets[a]) == feature_set_hash(sets[b]),
                             same[a] == same[b]);
    for (int s = 0; s < 6; s++)
        feature_set_free(sets[s]);
    vocabulary_free(vocabulary);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(windows_are_appended),
        cmocka_unit_test(labelled_rows_are_appended),
        cmocka_unit_test(hashes_tell_sets_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

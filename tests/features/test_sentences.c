#include "lib/unit.h"

#include <math.h>
#include <string.h>

#include "features/fixture.h"

static char *names[] = {"O", "B-PER", "I-PER"};
static int by_name[] = {1, 2, 0};
static const struct label_set labels = {.names = names, .count = 3, .by_name = by_name};

struct made {
    struct tagged_word words[64];
    struct tagged_sentence at[8];
    struct tagged_sentences sentences;
    struct vocabulary *vocabulary;
    struct feature_options options;
    struct feature_set *set;
    struct feature_report report;
};

static void begin(struct made *made, int sequence_length)
{
    memset(made, 0, sizeof *made);
    made->vocabulary = vocabulary_of("un ##want ##ed a b c d , .");
    made->options = (struct feature_options){.vocabulary = made->vocabulary,
                                             .tokenizer = TOKENIZER_DEFAULTS,
                                             .sequence_length = sequence_length};
    made->sentences =
        (struct tagged_sentences){.at = made->at, .labelled = true, .path = "made.conll"};
}

/* The words of a sentence; NULL ends them. */
static void add(struct made *made, const char *const *words, const char *const *tags)
{
    struct tagged_sentence *sentence = &made->at[made->sentences.count++];
    struct tagged_word *first = made->words + made->sentences.words;
    sentence->words = first;
    for (int w = 0; words[w]; w++) {
        first[w] = (struct tagged_word){
            .word = words[w], .tag = tags ? tags[w] : "O", .line = (int)made->sentences.words + 1};
        sentence->count++;
        made->sentences.words++;
    }
}

static int make(struct made *made, struct error *err)
{
    return feature_set_of_sentences(&made->set, &made->sentences, &labels, &made->options,
                                    &made->report, err);
}

static void make_well(struct made *made)
{
    struct error err;
    assert_int_equal(make(made, &err), 0);
}

static void release(struct made *made)
{
    feature_set_free(made->set);
    vocabulary_free(made->vocabulary);
}

static void assert_feature(const struct made *made, int number, const char *pieces,
                           const int32_t *rows, const int32_t *row_labels, int row_count,
                           int first_word)
{
    const struct feature *feature = feature_set_at(made->set, number);
    assert_string_equal(pieces_of(made->vocabulary, feature), pieces);
    assert_int_equal(feature->first_b, feature->tokens);
    assert_int_equal(feature->row_count, row_count);
    assert_memory_equal(feature->rows, rows, (size_t)row_count * sizeof *rows);
    assert_memory_equal(feature->row_labels, row_labels, (size_t)row_count * sizeof *rows);
    assert_int_equal(feature->first_word, first_word);
    assert_true(isnan(feature->value));
}

#define WORDS(...)   ((const char *const[]){__VA_ARGS__, NULL})
#define NUMBERS(...) ((const int32_t[]){__VA_ARGS__})

static void first_pieces_are_labelled(void **state)
{
    (void)state;
    struct made made;
    begin(&made, 16);
    add(&made, WORDS("A", "unwanted", "b,", "c"), WORDS("O", "B-PER", "I-PER", "O"));
    make_well(&made);
    assert_int_equal(feature_set_count(made.set), 1);
    assert_int_equal(feature_set_label_width(made.set), 0);
    assert_feature(&made, 0, "[CLS] a un ##want ##ed b , c [SEP]", NUMBERS(1, 2, 5, 7),
                   NUMBERS(0, 1, 2, 0), 4, 0);
    assert_int_equal(made.report.truncated, 0);
    const struct feature_extent extent = feature_set_extent(made.set);
    assert_true(extent.labelled_rows_a_token == 4 / 9.0);
    release(&made);
}

/* Room for four pieces: words that do not fit any more begin the next sequence. */
static void long_sentences_become_several(void **state)
{
    (void)state;
    struct made made;
    begin(&made, 6);
    add(&made, WORDS("a", "b"), NULL);
    add(&made, WORDS("a", "b", "unwanted", "c", "d", "a"),
        WORDS("O", "B-PER", "I-PER", "O", "O", "O"));
    make_well(&made);
    assert_int_equal(feature_set_count(made.set), 4);
    assert_int_equal(made.report.truncated, 1);
    assert_int_equal(feature_set_at(made.set, 0)->example, 0);
    for (int f = 1; f < 4; f++)
        assert_int_equal(feature_set_at(made.set, f)->example, 1);
    assert_feature(&made, 1, "[CLS] a b [SEP]", NUMBERS(1, 2), NUMBERS(0, 1), 2, 0);
    assert_feature(&made, 2, "[CLS] un ##want ##ed c [SEP]", NUMBERS(1, 4), NUMBERS(2, 0), 2, 2);
    assert_feature(&made, 3, "[CLS] d a [SEP]", NUMBERS(1, 2), NUMBERS(0, 0), 2, 4);
    release(&made);
}

/* A word of no pieces is unknown, one of more pieces than there is room for is cut: each word has a row. */
static void no_word_is_lost(void **state)
{
    (void)state;
    struct made made;
    begin(&made, 5);
    add(&made, WORDS("\xC2\xAD", "a.b.c.d", "b"), NULL);
    make_well(&made);
    assert_int_equal(feature_set_count(made.set), 3);
    assert_feature(&made, 0, "[CLS] [UNK] [SEP]", NUMBERS(1), NUMBERS(0), 1, 0);
    assert_feature(&made, 1, "[CLS] a . b [SEP]", NUMBERS(1), NUMBERS(0), 1, 1);
    assert_feature(&made, 2, "[CLS] b [SEP]", NUMBERS(1), NUMBERS(0), 1, 2);
    release(&made);
}

static void what_is_not_labelled_says_so(void **state)
{
    (void)state;
    struct made made;
    begin(&made, 16);
    made.sentences.labelled = false;
    add(&made, WORDS("a", "b"), NULL);
    make_well(&made);
    assert_feature(&made, 0, "[CLS] a b [SEP]", NUMBERS(1, 2), NUMBERS(-1, -1), 2, 0);
    release(&made);
}

static void an_unknown_tag_is_named(void **state)
{
    (void)state;
    struct made made;
    struct error err;
    begin(&made, 16);
    add(&made, WORDS("a", "b"), WORDS("O", "B-LOC"));
    assert_int_equal(make(&made, &err), -1);
    assert_null(made.set);
    assert_string_equal(
        err.text, "made.conll:2: 'B-LOC' is none of the 3 labels of the task: O, B-PER, I-PER");
    release(&made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_pieces_are_labelled),
        cmocka_unit_test(long_sentences_become_several),
        cmocka_unit_test(no_word_is_lost),
        cmocka_unit_test(what_is_not_labelled_says_so),
        cmocka_unit_test(an_unknown_tag_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "lib/unit.h"

#include <stdio.h>
#include <string.h>

#include <omp.h>

#include "features/fixture.h"
#include "lambert/base/rng.h"

static const char words[] =
    "the man went to store and bought a gallon of milk who which year was john "
    "smith born leader ( 1895 - 1943 ) . , japan ##ese japanese";

struct made {
    struct made_questions questions;
    struct vocabulary *vocabulary;
    struct feature_options options;
    struct feature_set *set;
    struct feature_report report;
};

static void begin(struct made *made)
{
    made->vocabulary = vocabulary_of(words);
    made->set = NULL;
    made->options = (struct feature_options){.vocabulary = made->vocabulary,
                                             .tokenizer = TOKENIZER_DEFAULTS,
                                             .sequence_length = 64,
                                             .stride = 16,
                                             .question_length = 8};
    questions_begin(&made->questions);
}

static int make(struct made *made, bool training, struct error *err)
{
    feature_set_free(made->set);
    return feature_set_of_questions(&made->set, &made->questions.set, training, &made->options,
                                    &made->report, err);
}

static void make_well(struct made *made, bool training)
{
    struct error err;
    assert_int_equal(make(made, training, &err), 0);
}

static void release(struct made *made)
{
    feature_set_free(made->set);
    vocabulary_free(made->vocabulary);
}

static void assert_feature(const struct made *made, int number, const char *pieces, int start,
                           int end)
{
    const struct feature *feature = feature_set_at(made->set, number);
    assert_string_equal(pieces_of(made->vocabulary, feature), pieces);
    assert_int_equal(feature->labels[0], start);
    assert_int_equal(feature->labels[1], end);
}

/* Windows of six, one every three pieces: the example that run_squad.py gives for them, by hand. */
static void paragraphs_are_cut_into_windows(void **state)
{
    (void)state;
    struct made made;
    begin(&made);
    made.options.sequence_length = 11;
    made.options.stride = 3;
    made.options.question_length = 2;
    questions_context(&made.questions, "the man went to the store and bought a gallon of milk");
    questions_ask(&made.questions, "Who bought milk", "bought a gallon");
    make_well(&made, true);
    assert_int_equal(feature_set_count(made.set), 3);
    assert_int_equal(feature_set_label_width(made.set), 2);
    assert_feature(&made, 0, "[CLS] who bought [SEP] the man went to the store [SEP]", 0, 0);
    assert_feature(&made, 1, "[CLS] who bought [SEP] to the store and bought a [SEP]", 0, 0);
    assert_feature(&made, 2, "[CLS] who bought [SEP] and bought a gallon of milk [SEP]", 5, 7);
    static const int first_piece[] = {0, 3, 6};
    for (int w = 0; w < 3; w++) {
        assert_int_equal(feature_set_at(made.set, w)->first_piece, first_piece[w]);
        assert_int_equal(feature_set_at(made.set, w)->first_b, 4);
        assert_int_equal(feature_set_at(made.set, w)->example, 0);
    }

    /* Of every piece, the window with most surroundings; 4 and 7 have the same in two, the first counts. */
    static const int best[] = {0, 0, 0, 0, 0, 1, 1, 1, 2, 2, 2, 2};
    for (int piece = 0; piece < 12; piece++)
        for (int w = 0; w < 3; w++) {
            const int row = piece - first_piece[w] + 4;
            if (row >= 4 && row < 10)
                assert_int_equal(feature_set_most_context(made.set, w, row), best[piece] == w);
        }
    assert_false(feature_set_most_context(made.set, 1, 3));
    assert_false(feature_set_most_context(made.set, 1, 10));
    release(&made);
}

/* A shorter window has less score: piece 129 has nothing to its right in the first window, and in the second,
 * of 12 pieces, one to its left; but 0 + 0.01 * 130 is more than 1 + 0.01 * 12. */
static void the_longer_window_wins(void **state)
{
    (void)state;
    char context[140 * 4 + 1] = "";
    struct made made;
    begin(&made);
    made.options.sequence_length = 134;
    made.options.stride = 128;
    made.options.question_length = 1;
    for (int w = 0; w < 140; w++)
        memcpy(context + (size_t)4 * (size_t)w, "the ", 5);
    questions_context(&made.questions, context);
    questions_ask(&made.questions, "who", "the");
    make_well(&made, true);
    assert_int_equal(feature_set_count(made.set), 2);
    assert_int_equal(feature_set_at(made.set, 1)->first_piece, 128);
    assert_int_equal(feature_set_at(made.set, 1)->tokens, 3 + 12 + 1);
    assert_true(feature_set_most_context(made.set, 0, 3 + 129));
    assert_false(feature_set_most_context(made.set, 1, 3 + 1));
    assert_true(feature_set_most_context(made.set, 1, 3 + 2));
    release(&made);
}

/* A stride beyond a window's end leaves nothing out. */
static void strides_do_not_skip(void **state)
{
    (void)state;
    struct made made;
    begin(&made);
    made.options.sequence_length = 8;
    made.options.question_length = 1;
    made.options.stride = 100;
    questions_context(&made.questions, "the man went to the store and bought");
    questions_ask(&made.questions, "who", "man");
    make_well(&made, true);
    assert_int_equal(feature_set_count(made.set), 2);
    assert_feature(&made, 0, "[CLS] who [SEP] the man went to [SEP]", 4, 4);
    assert_feature(&made, 1, "[CLS] who [SEP] the store and bought [SEP]", 0, 0);
    release(&made);
}

/* The two examples of run_squad.py's _improve_answer_span, and answers of several words. */
static void answers_are_narrowed(void **state)
{
    (void)state;
    struct made made;
    begin(&made);
    questions_context(&made.questions,
                      "The leader was John  Smith (1895-1943). The Japanese (man).");
    questions_ask(&made.questions, "which year", "1895");
    questions_ask(&made.questions, "who", "Japan");
    questions_ask(&made.questions, "who", "John  Smith");
    questions_ask(&made.questions, "who", "Smith (1895");
    make_well(&made, true);
    const char *paragraph = "the leader was john smith ( 1895 - 1943 ) . the japanese ( man ) .";
    char pieces[256];
    snprintf(pieces, sizeof pieces, "[CLS] which year [SEP] %s [SEP]", paragraph);
    assert_feature(&made, 0, pieces, 10, 10);
    snprintf(pieces, sizeof pieces, "[CLS] who [SEP] %s [SEP]", paragraph);
    assert_feature(&made, 1, pieces, 15, 15);
    assert_feature(&made, 2, pieces, 6, 7);
    assert_feature(&made, 3, pieces, 7, 9);
    assert_int_equal(made.report.left_out, 0);
    release(&made);
}

/* Paragraphs and questions are tokenised as any text: case, accents, and the whole question cut. */
static void questions_are_cut(void **state)
{
    (void)state;
    struct made made;
    begin(&made);
    made.options.question_length = 3;
    questions_context(&made.questions, "M\xC3\xA5n");
    questions_ask(&made.questions,
                  "Which ye\xCC\x81"
                  "ar was John born",
                  "M\xC3\xA5n");
    questions_ask(&made.questions, "", "M\xC3\xA5n");
    make_well(&made, true);
    assert_feature(&made, 0, "[CLS] which year was [SEP] man [SEP]", 5, 5);
    assert_feature(&made, 1, "[CLS] [SEP] man [SEP]", 2, 2);
    release(&made);
}

static void impossible_questions_point_at_cls(void **state)
{
    (void)state;
    struct made made;
    begin(&made);
    questions_context(&made.questions, "the man went");
    questions_ask(&made.questions, "who bought", NULL);
    questions_ask(&made.questions, "who went", "man");
    make_well(&made, true);
    assert_feature(&made, 0, "[CLS] who bought [SEP] the man went [SEP]", 0, 0);
    assert_feature(&made, 1, "[CLS] who went [SEP] the man went [SEP]", 5, 5);
    make_well(&made, false);
    assert_feature(&made, 0, "[CLS] who bought [SEP] the man went [SEP]", -1, -1);
    assert_feature(&made, 1, "[CLS] who went [SEP] the man went [SEP]", -1, -1);
    release(&made);
}

/* Enough good ones that a bad one is less than one in a hundred. */
static void add_good(struct made *made, int count)
{
    for (int i = 0; i < count; i++)
        questions_ask(&made->questions, "who", "man");
}

/* Answers that are a little beside their place are found as far as Google's program finds them: in the
 * words where they are said to be. White space in them counts as one blank; another character than the
 * five that end words does not, and so the answer is not found. */
static void answers_are_looked_for(void **state)
{
    (void)state;
    static const struct {
        const char *answer;
        size_t start;
        bool found;
    } tries[] = {
        {"man", 4, true},
        {"man", 5, true},        /* "an(", in the same word */
        {"man", 7, true},        /* "(to" */
        {"man", 3, true},        /* " ma": the blank is of the word before it */
        {"man", 0, false},       /* "the" */
        {"man", 12, false},      /* behind the word */
        {"man", 4000, false},    /* behind the paragraph */
        {"man(to)", 8, true},    /* reaches into the next word, but begins in this */
        {"bought  a", 16, true}, /* two blanks there, one when cleaned */
        {"bought a", 16, false}, /* so it ends before the "a" */
        {"bought \t\n a", 16, true},
        {"bought", 12, true},
        {"  bought  ", 14, true},
        {"milk\xC2\xA0store", 26, false}, /* the paragraph has it, cleaned it is "milk store" */
        {"milk", 26, true},
        {"", 4, false},
        {" ", 11, true}, /* nothing, which is found in any word */
        {"store and more", 32, false} /* beyond the end */,
    };
    struct made made;
    for (size_t t = 0; t < sizeof tries / sizeof tries[0]; t++) {
        begin(&made);
        questions_context(&made.questions, "the man(to) the bought  a milk\xC2\xA0store");
        add_good(&made, 120);
        questions_add(&made.questions, "who", tries[t].answer, tries[t].start);
        make_well(&made, true);
        assert_int_equal(made.report.left_out, tries[t].found ? 0 : 1);
        assert_int_equal(feature_set_count(made.set), tries[t].found ? 121 : 120);
        if (!tries[t].found)
            assert_non_null(strstr(made.report.first, "made.json: question q120: "));
        make_well(&made, false); /* all are to be answered */
        assert_int_equal(feature_set_count(made.set), 121);
        assert_int_equal(made.report.left_out, 0);
        release(&made);
    }
}

static void too_many_lost_answers_are_an_error(void **state)
{
    (void)state;
    struct made made;
    struct error err;
    for (int good = 98; good <= 99; good++) {
        begin(&made);
        questions_context(&made.questions, "the man went");
        questions_add(&made.questions, "who", "john", 4);
        add_good(&made, good);
        assert_int_equal(make(&made, true, &err), good == 98 ? -1 : 0);
        assert_int_equal(made.report.left_out, 1);
        if (good == 98) {
            assert_null(made.set);
            assert_non_null(strstr(err.text, "made.json: question q0: its answer 'john' is not"));
            assert_non_null(strstr(err.text, "1 of 99 questions"));
        }
        release(&made);
    }
}

static void what_cannot_be_is_said(void **state)
{
    (void)state;
    struct made made;
    struct error err;
    begin(&made);
    questions_context(&made.questions, "the man went");
    questions_ask(&made.questions, "who", "man");
    made.questions.at[0].answer_count = 0;
    assert_int_equal(make(&made, true, &err), -1);
    assert_non_null(strstr(err.text, "made.json: question q0 has no answer to learn from"));
    make_well(&made, false);
    made.options.question_length = 61;
    assert_int_equal(make(&made, false, &err), -1);
    assert_non_null(strstr(err.text, "sequences of 64 pieces have no room"));
    made.options.question_length = 60;
    make_well(&made, false);
    release(&made);
}

static void empty_paragraphs_have_no_window(void **state)
{
    (void)state;
    struct made made;
    begin(&made);
    questions_context(&made.questions, " \xC2\xAD ");
    questions_ask(&made.questions, "who", NULL);
    questions_context(&made.questions, "the man went");
    questions_ask(&made.questions, "who", "man");
    make_well(&made, true);
    assert_int_equal(feature_set_count(made.set), 1);
    assert_int_equal(feature_set_at(made.set, 0)->example, 1);
    release(&made);
}

/* Words of the paragraph, in bytes, by way of pieces: "smith" and "(1895-1943)." of a narrowed window. */
static void rows_have_words(void **state)
{
    (void)state;
    struct made made;
    begin(&made);
    made.options.sequence_length = 10;
    made.options.question_length = 1;
    made.options.stride = 4;
    questions_context(&made.questions, "John\tSmith (1895-1943). was");
    questions_ask(&made.questions, "who", "1943");
    make_well(&made, false);
    static const uint32_t starts[] = {0, 5, 11, 11, 11, 11, 11, 11, 24};
    static const uint32_t sizes[] = {4, 5, 12, 12, 12, 12, 12, 12, 3};
    assert_int_equal(feature_set_count(made.set), 2);
    for (int w = 0; w < 2; w++)
        for (int row = 3; row < feature_set_at(made.set, w)->tokens - 1; row++) {
            const struct word_place place = feature_set_word(made.set, &made.questions.set, w, row);
            assert_int_equal(place.start, starts[4 * w + row - 3]);
            assert_int_equal(place.size, sizes[4 * w + row - 3]);
        }
    release(&made);
}

/* Many paragraphs with many windows, on one thread and on several. */
static void threads_change_nothing(void **state)
{
    (void)state;
    enum { WORDS = 400 };
    static char contexts[8][WORDS * 8 + 1];
    static const char *const some[] = {"the", "man,", "(1895-1943).", "Japanese", "other", "Smith"};
    struct made made;
    struct rng rng;
    uint64_t hash = 0;
    begin(&made);
    rng_init(&rng, 7);
    for (int c = 0; c < 8; c++) {
        size_t used = 0;
        for (int w = 0; w < WORDS && used < sizeof contexts[c] - 32; w++)
            used += (size_t)snprintf(contexts[c] + used, sizeof contexts[c] - used, "%s ",
                                     some[rng_below(&rng, 6)]);
        questions_context(&made.questions, contexts[c]);
        for (int q = 0; q < 20; q++)
            questions_ask(&made.questions, q % 3 ? "who was the leader" : "which",
                          some[rng_below(&rng, 6)]);
    }
    for (int threads = 1; threads <= 4; threads++) {
        omp_set_num_threads(threads);
        make_well(&made, true);
        assert_true(feature_set_count(made.set) > 1000);
        if (threads == 1)
            hash = feature_set_hash(made.set);
        assert_true(feature_set_hash(made.set) == hash);
    }
    release(&made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paragraphs_are_cut_into_windows),
        cmocka_unit_test(the_longer_window_wins),
        cmocka_unit_test(strides_do_not_skip),
        cmocka_unit_test(answers_are_narrowed),
        cmocka_unit_test(questions_are_cut),
        cmocka_unit_test(impossible_questions_point_at_cls),
        cmocka_unit_test(answers_are_looked_for),
        cmocka_unit_test(too_many_lost_answers_are_an_error),
        cmocka_unit_test(what_cannot_be_is_said),
        cmocka_unit_test(empty_paragraphs_have_no_window),
        cmocka_unit_test(rows_have_words),
        cmocka_unit_test(threads_change_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "lib/unit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <omp.h>

#include "features/fixture.h"
#include "lambert/base/memory.h"
#include "lambert/base/rng.h"
#include "lambert/features/answers.h"

static const char words[] =
    "the leader was john smith ( 1895 - 1943 ) . who a b c d e f g h i j k ##s";

struct made {
    struct made_questions questions;
    struct vocabulary *vocabulary;
    struct feature_options features;
    struct feature_set *set;
    float *logits; /* [rows, 2] */
    size_t rows;
    struct answer_options options;
    struct question_answers *answers;
};

static void begin(struct made *made)
{
    memset(made, 0, sizeof *made);
    made->vocabulary = vocabulary_of(words);
    made->features = (struct feature_options){.vocabulary = made->vocabulary,
                                              .tokenizer = TOKENIZER_DEFAULTS,
                                              .sequence_length = 32,
                                              .stride = 8,
                                              .question_length = 4};
    made->options = (struct answer_options){.n_best = 20, .answer_length = 30};
    questions_begin(&made->questions);
}

/* All logits are low, and fall with the row, so that ties are none of a test's that does not want them. */
static void encode(struct made *made)
{
    struct feature_report report;
    struct error err;
    assert_int_equal(feature_set_of_questions(&made->set, &made->questions.set, false,
                                              &made->features, &report, &err),
                     0);
    for (int f = 0; f < feature_set_count(made->set); f++)
        made->rows += (size_t)feature_set_at(made->set, f)->tokens;
    made->logits = memory_new(made->rows * 2, sizeof *made->logits);
    for (size_t r = 0; r < 2 * made->rows; r++)
        made->logits[r] = -100 - (float)r / 16;
}

static void set_logit(struct made *made, int window, int row, int end, float logit)
{
    size_t first = 0;
    for (int f = 0; f < window; f++)
        first += (size_t)feature_set_at(made->set, f)->tokens;
    made->logits[2 * (first + (size_t)row) + (size_t)end] = logit;
}

static void find(struct made *made)
{
    answers_free(made->answers, made->questions.set.count);
    answers_find(&made->answers, made->set, &made->questions.set, made->logits, &made->options);
}

static void release(struct made *made)
{
    answers_free(made->answers, made->questions.set.count);
    free(made->logits);
    feature_set_free(made->set);
    vocabulary_free(made->vocabulary);
}

static void assert_answer(const struct made *made, int number, const char *text, double start,
                          double end)
{
    assert_true(number < made->answers[0].count);
    const struct spoken_answer *answer = &made->answers[0].at[number];
    assert_string_equal(answer->text, text);
    assert_true(answer->start_logit == start && answer->end_logit == end);
}

/* [CLS] who [SEP] the leader was john smith ( 1895 - 1943 ) . [SEP] in rows 0 to 14 */
static void begin_leader(struct made *made)
{
    begin(made);
    questions_context(&made->questions, "The leader was John Smith (1895-1943).");
    questions_ask(&made->questions, "who", "John");
    encode(made);
    set_logit(made, 0, 6, 0, 5);
    set_logit(made, 0, 9, 0, 4);
    set_logit(made, 0, 7, 1, 6);
    set_logit(made, 0, 9, 1, 3);
}

static void the_best_spans_are_texts(void **state)
{
    (void)state;
    struct made made;
    begin_leader(&made);
    made.options.n_best = 2; /* starts 6 and 9, ends 7 and 9 */
    find(&made);
    assert_int_equal(made.answers[0].count, 2);
    assert_answer(&made, 0, "John Smith", 5, 6);
    assert_answer(&made, 1, "John Smith (1895", 5, 3);
    assert_string_equal(made.answers[0].chosen, "John Smith");
    assert_true(fabs(made.answers[0].at[0].probability - 1 / (1 + exp(-3))) < 1e-15);
    assert_true(fabs(made.answers[0].at[1].probability - exp(-3) / (1 + exp(-3))) < 1e-15);
    assert_true(made.answers[0].null_difference == 0);
    made.options.answer_length = 3; /* "John Smith (1895" has four pieces */
    find(&made);
    assert_answer(&made, 0, "John Smith", 5, 6);
    assert_answer(&made, 1, "1895", 4, 3);
    made.options.answer_length = 4;
    find(&made);
    assert_answer(&made, 1, "John Smith (1895", 5, 3);
    release(&made);
}

/* The question, [CLS] and [SEP] are no answers, however high, but they take the places of some. */
static void only_the_paragraph_answers(void **state)
{
    (void)state;
    struct made made;
    begin_leader(&made);
    made.options.n_best = 3;
    for (int row = 0; row < 15; row++)
        if (row < 3 || row == 14)
            for (int end = 0; end < 2; end++)
                set_logit(&made, 0, row, end, 50 + (float)row);
    find(&made);
    assert_int_equal(made.answers[0].count, 1);
    assert_answer(&made, 0, "empty", 0, 0);
    assert_string_equal(made.answers[0].chosen, "empty");
    assert_true(made.answers[0].at[0].probability == 1);
    made.options.n_best = 5; /* one place is left */
    find(&made);
    assert_int_equal(made.answers[0].count, 1);
    assert_answer(&made, 0, "John Smith", 5, 6);
    release(&made);
}

/* Paragraph of 11 pieces, windows of 8 from 0 and 4 on: rows 3 to 10. Pieces 0 to 5 have most surroundings in
 * the first, where 5 has 2 to the right and in the second 1 to the left. */
static void starts_count_where_they_have_surroundings(void **state)
{
    (void)state;
    struct made made;
    begin(&made);
    made.features.sequence_length = 12;
    made.features.question_length = 1;
    made.features.stride = 4;
    questions_context(&made.questions, "a b c d e f g h i j k");
    questions_ask(&made.questions, "who", "a");
    encode(&made);
    assert_int_equal(feature_set_count(made.set), 2);
    set_logit(&made, 0, 8, 0, 1);  /* f, counts */
    set_logit(&made, 0, 9, 1, 1);  /* g */
    set_logit(&made, 1, 4, 0, 90); /* f, does not */
    set_logit(&made, 1, 5, 1, 90);
    made.options.n_best = 1;
    find(&made);
    assert_int_equal(made.answers[0].count, 1);
    assert_answer(&made, 0, "f g", 1, 1);
    set_logit(&made, 1, 6, 0, 95); /* h, counts here; the end may be any row */
    set_logit(&made, 1, 8, 1, 95); /* j */
    find(&made);
    assert_answer(&made, 0, "h i j", 95, 95);
    release(&made);
}

/* Two places with one text: the better one stands for both. Equal scores stay in the order in which they are
 * found: by window, then by start and end from the best down, the lower row among equals. */
static void texts_come_once_and_ties_in_order(void **state)
{
    (void)state;
    struct made made;
    begin(&made);
    questions_context(&made.questions, "a b a c");
    questions_ask(&made.questions, "who", "a");
    encode(&made);
    for (int row = 3; row < 7; row++) {
        set_logit(&made, 0, row, 0, row == 5 ? 2 : 1);
        set_logit(&made, 0, row, 1, 1);
    }
    made.options.answer_length = 2;
    find(&made);
    static const char *const wanted[] = {"a", "a c", "a b", "b", "b a", "c"};
    for (int a = 0; a < 6; a++)
        assert_answer(&made, a, wanted[a], a < 2 ? 2 : 1, 1);
    release(&made);
}

static void pieces_are_joined(void **state)
{
    (void)state;
    struct made made;
    begin(&made);
    questions_context(&made.questions, "The Leaders's");
    questions_ask(&made.questions, "who", "The");
    encode(&made);
    made.options.n_best = 1;
    set_logit(&made, 0, 4, 0, 9); /* leader */
    set_logit(&made, 0, 5, 1, 9); /* ##s */
    find(&made);
    assert_answer(&made, 0, "Leaders", 9, 9);
    set_logit(&made, 0, 5, 0, 10);
    find(&made);
    assert_answer(&made, 0, "s", 10, 9);
    release(&made);
}

/* Two windows, of which the second says least that there is no answer: 2 + 1. */
static void no_answer_has_a_score(void **state)
{
    (void)state;
    struct made made;
    begin(&made);
    made.features.sequence_length = 12;
    made.features.question_length = 1;
    made.features.stride = 4;
    questions_context(&made.questions, "a b c d e f g h i j k");
    questions_ask(&made.questions, "who", "a");
    encode(&made);
    for (int w = 0; w < 2; w++)
        for (int end = 0; end < 2; end++) {
            set_logit(&made, w, 0, end, (float)(w == 0 ? 8 : 2 - end));
            set_logit(&made, w, 3 + 6 * w, end, (float)(w == 0 ? 1 : 3 - end)); /* a: 2, k: 5 */
        }
    made.options.n_best = 3;
    made.options.may_be_none = true;
    find(&made);
    assert_int_equal(made.answers[0].count, 3);
    assert_answer(&made, 0, "k", 3, 2);
    assert_answer(&made, 1, "", 2, 1);
    assert_answer(&made, 2, "a", 1, 1);
    made.options.n_best = 1; /* and "" besides */
    find(&made);
    assert_int_equal(made.answers[0].count, 2);
    assert_answer(&made, 0, "k", 3, 2);
    assert_answer(&made, 1, "", 2, 1);
    assert_true(made.answers[0].null_difference == -2);
    assert_string_equal(made.answers[0].chosen, "k");
    made.options.null_threshold = -2;
    find(&made);
    assert_string_equal(made.answers[0].chosen, "k"); /* not more than that */
    made.options.null_threshold = -2.5;
    find(&made);
    assert_string_equal(made.answers[0].chosen, "");
    release(&made);
}

static void an_empty_paragraph_is_answered(void **state)
{
    (void)state;
    struct made made;
    begin(&made);
    questions_context(&made.questions, " ");
    questions_ask(&made.questions, "who", NULL);
    encode(&made);
    find(&made);
    assert_answer(&made, 0, "empty", 0, 0);
    made.options.may_be_none = true;
    find(&made);
    assert_int_equal(made.answers[0].count, 1);
    assert_answer(&made, 0, "", 0, 0);
    assert_string_equal(made.answers[0].chosen, "");
    assert_true(made.answers[0].null_difference == 1000000);
    release(&made);
}

static void print(const struct made *made, struct buffer *text)
{
    for (int q = 0; q < made->questions.set.count; q++)
        for (int a = 0; a < made->answers[q].count; a++)
            buffer_print(text, "%d %s %.17g\n", q, made->answers[q].at[a].text,
                         made->answers[q].at[a].probability);
}

static void threads_change_nothing(void **state)
{
    (void)state;
    struct made made;
    struct rng rng;
    struct buffer first = {0};
    begin(&made);
    questions_context(&made.questions,
                      "The leader was John Smith (1895-1943). A, b, c, d. E: f g h.");
    for (int q = 0; q < 100; q++)
        questions_ask(&made.questions, q % 2 ? "who was" : "a", "a");
    encode(&made);
    rng_init(&rng, 3);
    for (size_t r = 0; r < 2 * made.rows; r++)
        made.logits[r] = (float)rng_below(&rng, 8);
    for (int threads = 1; threads <= 4; threads++) {
        struct buffer text = {0};
        omp_set_num_threads(threads);
        find(&made);
        print(&made, threads == 1 ? &first : &text);
        if (threads > 1)
            assert_string_equal(buffer_text(&first), buffer_text(&text));
        buffer_release(&text);
    }
    assert_true(first.size > 10000);
    buffer_release(&first);
    release(&made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_best_spans_are_texts),
        cmocka_unit_test(only_the_paragraph_answers),
        cmocka_unit_test(starts_count_where_they_have_surroundings),
        cmocka_unit_test(texts_come_once_and_ties_in_order),
        cmocka_unit_test(pieces_are_joined),
        cmocka_unit_test(no_answer_has_a_score),
        cmocka_unit_test(an_empty_paragraph_is_answered),
        cmocka_unit_test(threads_change_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

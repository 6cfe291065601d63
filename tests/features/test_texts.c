#include "lib/unit.h"

#include <math.h>
#include <string.h>

#include "features/fixture.h"

static char *names[] = {"bad", "fine", "good"};
static int by_name[] = {0, 1, 2};
static const struct label_set labels = {.names = names, .count = 3, .by_name = by_name};

struct made {
    struct text_example at[8];
    struct text_examples examples;
    struct vocabulary *vocabulary;
    struct feature_options options;
    struct task_format format;
    struct feature_set *set;
    struct feature_report report;
};

static void begin(struct made *made, enum task_kind kind)
{
    memset(made, 0, sizeof *made);
    made->vocabulary = vocabulary_of("a b c d e f g h ##x");
    made->format.kind = kind;
    made->options = (struct feature_options){
        .vocabulary = made->vocabulary, .tokenizer = TOKENIZER_DEFAULTS, .sequence_length = 9};
    made->examples = (struct text_examples){.at = made->at, .labelled = true, .path = "made.tsv"};
}

static struct text_example *add(struct made *made, const char *text, const char *pair)
{
    struct text_example *example = &made->at[made->examples.count++];
    *example = (struct text_example){.text = text, .pair = pair, .line = made->examples.count + 1};
    return example;
}

static void add_labelled(struct made *made, const char *text, const char *const *label, int count)
{
    struct text_example *example = add(made, text, NULL);
    example->labels = label;
    example->label_count = count;
}

static int make(struct made *made, const struct label_set *set, struct error *err)
{
    return feature_set_of_texts(&made->set, &made->examples, &made->format, set, &made->options,
                                &made->report, err);
}

static void make_well(struct made *made, const struct label_set *set)
{
    struct error err;
    assert_int_equal(make(made, set, &err), 0);
    assert_int_equal(feature_set_count(made->set), made->examples.count);
}

static void release(struct made *made)
{
    feature_set_free(made->set);
    vocabulary_free(made->vocabulary);
}

static void assert_pieces(const struct made *made, int number, const char *pieces, int first_b)
{
    const struct feature *feature = feature_set_at(made->set, number);
    assert_string_equal(pieces_of(made->vocabulary, feature), pieces);
    assert_int_equal(feature->first_b, first_b);
    assert_int_equal(feature->example, number);
    assert_int_equal(feature->row_count, 0);
}

/* The longer of the two is cut at its end, the second on a tie. */
static void texts_are_cut(void **state)
{
    (void)state;
    struct made made;
    begin(&made, TASK_REGRESSION);
    add(&made, "A B, \xC3\xA4x", NULL);
    add(&made, "a b c d e f g h", NULL);
    add(&made, "a b c d e f g", NULL);
    add(&made, "a", "b");
    add(&made, "a b c d e f g h", "a b c d e f g h"); /* 3 and 3 */
    add(&made, "a b", "a b c d e f g h");             /* 2 and 4 */
    add(&made, "a b c d e f g h", "");
    add(&made, "", NULL);
    make_well(&made, NULL);
    assert_pieces(&made, 0, "[CLS] a b [UNK] a ##x [SEP]", 7);
    assert_pieces(&made, 1, "[CLS] a b c d e f g [SEP]", 9);
    assert_pieces(&made, 2, "[CLS] a b c d e f g [SEP]", 9);
    assert_pieces(&made, 3, "[CLS] a [SEP] b [SEP]", 3);
    assert_pieces(&made, 4, "[CLS] a b c [SEP] a b c [SEP]", 5);
    assert_pieces(&made, 5, "[CLS] a b [SEP] a b c d [SEP]", 4);
    assert_pieces(&made, 6, "[CLS] a b c d e f [SEP] [SEP]", 8);
    assert_pieces(&made, 7, "[CLS] [SEP]", 2);
    assert_int_equal(made.report.truncated, 4);
    const struct feature_extent extent = feature_set_extent(made.set);
    assert_int_equal(extent.longest, 9);
    assert_int_equal(extent.shortest, 2);
    assert_true(extent.labelled_rows_a_token == 0);
    release(&made);
}

static void odd_room_goes_to_the_first(void **state)
{
    (void)state;
    struct made made;
    begin(&made, TASK_REGRESSION);
    made.options.sequence_length = 8;
    add(&made, "a b c d", "e f g h");
    make_well(&made, NULL);
    assert_pieces(&made, 0, "[CLS] a b c [SEP] e f [SEP]", 5);
    release(&made);
}

static void cased_texts_keep_case(void **state)
{
    (void)state;
    struct made made;
    begin(&made, TASK_REGRESSION);
    made.options.tokenizer.lower_case = false;
    add(&made, "A b", NULL);
    make_well(&made, NULL);
    assert_pieces(&made, 0, "[CLS] [UNK] b [SEP]", 4);
    release(&made);
}

static const char *const good[] = {"good"}, *const bad[] = {"bad"}, *const both[] = {"good", "bad"},
                         *const awful[] = {"awful"};

static void classes_are_numbered(void **state)
{
    (void)state;
    struct made made;
    begin(&made, TASK_CLASSIFICATION);
    add_labelled(&made, "a", good, 1);
    add_labelled(&made, "b", bad, 1);
    make_well(&made, &labels);
    assert_int_equal(feature_set_label_width(made.set), 1);
    assert_int_equal(feature_set_at(made.set, 0)->labels[0], 2);
    assert_int_equal(feature_set_at(made.set, 1)->labels[0], 0);
    assert_true(isnan(feature_set_at(made.set, 0)->value));
    release(&made);
}

static void several_labels_are_marks(void **state)
{
    (void)state;
    struct made made;
    begin(&made, TASK_MULTILABEL);
    add_labelled(&made, "a", both, 2);
    add_labelled(&made, "b", NULL, 0);
    make_well(&made, &labels);
    assert_int_equal(feature_set_label_width(made.set), 3);
    assert_memory_equal(feature_set_at(made.set, 0)->labels, ((int32_t[]){1, 0, 1}), 12);
    assert_memory_equal(feature_set_at(made.set, 1)->labels, ((int32_t[]){0, 0, 0}), 12);
    release(&made);
}

static void what_is_not_labelled_says_so(void **state)
{
    (void)state;
    struct made made;
    begin(&made, TASK_MULTILABEL);
    made.examples.labelled = false;
    add(&made, "a", NULL);
    make_well(&made, &labels);
    assert_memory_equal(feature_set_at(made.set, 0)->labels, ((int32_t[]){-1, -1, -1}), 12);
    release(&made);
    begin(&made, TASK_CLASSIFICATION);
    made.examples.labelled = false;
    add(&made, "a", NULL);
    make_well(&made, NULL);
    assert_int_equal(feature_set_at(made.set, 0)->labels[0], -1);
    release(&made);
}

static void values_are_kept(void **state)
{
    (void)state;
    struct made made;
    begin(&made, TASK_REGRESSION);
    add(&made, "a", NULL)->value = 2.5;
    make_well(&made, NULL);
    assert_int_equal(feature_set_label_width(made.set), 0);
    assert_true(feature_set_at(made.set, 0)->value == 2.5F);
    feature_set_free(made.set);
    made.examples.labelled = false;
    make_well(&made, NULL);
    assert_true(isnan(feature_set_at(made.set, 0)->value));
    release(&made);
}

static void an_unknown_label_is_named(void **state)
{
    (void)state;
    struct made made;
    struct error err;
    begin(&made, TASK_CLASSIFICATION);
    add_labelled(&made, "a", good, 1);
    add_labelled(&made, "b", awful, 1);
    assert_int_equal(make(&made, &labels, &err), -1);
    assert_null(made.set);
    assert_string_equal(err.text,
                        "made.tsv:3: 'awful' is none of the 3 labels of the task: bad, fine, good");
    made.format.kind = TASK_MULTILABEL;
    assert_int_equal(make(&made, &labels, &err), -1);
    assert_non_null(strstr(err.text, "made.tsv:3: 'awful'"));
    release(&made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_cut),
        cmocka_unit_test(odd_room_goes_to_the_first),
        cmocka_unit_test(cased_texts_keep_case),
        cmocka_unit_test(classes_are_numbered),
        cmocka_unit_test(several_labels_are_marks),
        cmocka_unit_test(what_is_not_labelled_says_so),
        cmocka_unit_test(values_are_kept),
        cmocka_unit_test(an_unknown_label_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

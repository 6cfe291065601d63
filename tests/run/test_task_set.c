/* Files of tasks as sets of examples and features, and what a micro-batch of them holds. */
#include "lambert/run/task_set.h"

#include <string.h>

#include "features/fixture.h"
#include "lambert/base/log.h"
#include "lib/scratch.h"

struct made {
    struct vocabulary *vocabulary;
    struct config config;
    struct label_set labels;
};

static int setup(void **state)
{
    static struct made made;
    config_defaults(&made.config);
    made.vocabulary = vocabulary_of("one two three what ?");
    log_set_level(LOG_ERROR);
    *state = &made;
    return scratch_setup(NULL);
}

static int teardown(void **state)
{
    struct made *made = *state;
    label_set_release(&made->labels);
    vocabulary_free(made->vocabulary);
    return scratch_teardown(NULL);
}

/* The task of that kind, whose file is this text; its labels are those of the file. */
static const char *begin(struct made *made, enum task_kind kind, const char *text)
{
    const char *path = scratch_path("file");
    struct config_task *task = &made->config.task;
    task->kind = kind;
    task->question_length = 4;
    strcpy(task->text, task_is_of_texts(kind) ? "text" : "");
    strcpy(task->label, task_is_of_texts(kind) ? "label" : "");
    scratch_write(path, text, strlen(text));
    label_set_release(&made->labels);
    return path;
}

static int read_set(struct made *made, const char *path, enum task_use use, struct task_set *set,
                    struct error *err)
{
    const struct task_reader reader = {.task = &made->config.task,
                                       .vocabulary = made->vocabulary,
                                       .tokenizer = TOKENIZER_DEFAULTS,
                                       .sequence_length = 12,
                                       .labels = made->labels.count > 0 ? &made->labels : NULL};
    return task_set_read(set, &reader, path, use, err);
}

static void find_labels(struct made *made, const char *path, const char *wanted)
{
    struct buffer text = {0};
    struct task_set set;
    struct error err;
    if (task_set_read_examples(&set, &made->config.task, path, TASK_TRAINS, &err) < 0)
        fail_msg("%s", err.text);
    gold_labels(&set.examples, NULL, 0, &made->labels);
    task_set_release(&set);
    label_set_print(&made->labels, &text);
    assert_string_equal(buffer_text(&text), wanted);
    buffer_release(&text);
}

static void texts(void **state)
{
    struct made *made = *state;
    struct task_set set;
    struct bert_capacity capacity = {.tokens = 20};
    struct error err;
    const char *path =
        begin(made, TASK_MULTILABEL, "text\tlabel\none two three\tz,b\ntwo\t\none\ta\n");
    find_labels(made, path, "a\nb\nz\n");
    assert_int_equal(read_set(made, path, TASK_TRAINS, &set, &err), 0);
    assert_int_equal(task_set_count(&set), 3);
    assert_int_equal(feature_set_label_width(set.features), 3);
    capacity_for(&capacity, set.features);
    assert_int_equal(capacity.longest, 5);
    assert_int_equal(capacity.tokens, 20);
    assert_int_equal(capacity.sequences, 20 / 3); /* [CLS] two [SEP] */
    assert_int_equal(capacity.labelled, 0);
    task_set_release(&set);

    capacity = (struct bert_capacity){.tokens = 2}; /* one sequence is to fit, whatever it says */
    assert_int_equal(read_set(made, path, TASK_TRAINS, &set, &err), 0);
    capacity_for(&capacity, set.features);
    assert_int_equal(capacity.tokens, 5);
    task_set_release(&set);
}

/* Whoever predicts needs no labels, and does not mind those that the task has not. */
static void labels_are_looked_at_where_they_are_wanted(void **state)
{
    struct made *made = *state;
    struct task_set set;
    struct error err;
    const char *path = begin(made, TASK_CLASSIFICATION, "text\tlabel\none\tyes\ntwo\tno\n");
    find_labels(made, path, "no\nyes\n");
    scratch_write(path, "text\tlabel\none\tmaybe\n", 21);
    assert_int_equal(read_set(made, path, TASK_EVALUATES, &set, &err), -1);
    assert_non_null(strstr(err.text, "file:2: 'maybe'"));
    assert_int_equal(read_set(made, path, TASK_PREDICTS, &set, &err), 0);
    assert_false(set.examples.texts.labelled);
    task_set_release(&set);
    scratch_write(path, "text\none\n", 9);
    assert_int_equal(read_set(made, path, TASK_TRAINS, &set, &err), -1);
    assert_non_null(strstr(err.text, "no column label"));
    assert_int_equal(read_set(made, path, TASK_PREDICTS, &set, &err), 0);
    task_set_release(&set);
}

static void sentences(void **state)
{
    struct made *made = *state;
    struct task_set set;
    struct bert_capacity capacity = {.tokens = 24};
    struct error err;
    const char *path = begin(made, TASK_TAGGING, "one\tO\ntwo\tB-X\n\nthree\tO\n");
    find_labels(made, path, "B-X\nO\n");
    assert_int_equal(read_set(made, path, TASK_TRAINS, &set, &err), 0);
    assert_int_equal(task_set_count(&set), 2);
    assert_string_equal(task_units(TASK_TAGGING), "sentences");
    capacity_for(&capacity, set.features);
    assert_int_equal(capacity.sequences, 24 / 3);
    assert_int_equal(capacity.labelled, 24 * 2 / 4); /* [CLS] one two [SEP] */
    task_set_release(&set);
}

/* A question whose answer is not there is one to evaluate on, not one to learn from; one of a paragraph
 * without words is neither. */
static void questions(void **state)
{
    struct made *made = *state;
    struct task_set set;
    struct error err;
    const char *path = begin(
        made, TASK_QUESTIONS,
        "{\"version\": \"1.1\", \"data\": [{\"paragraphs\": [{\"context\": \"one two\", \"qas\": "
        "[{\"id\": \"q\", \"question\": \"what?\", \"answers\": "
        "[{\"text\": \"three\", \"answer_start\": 4}]}]}]}]}");
    assert_int_equal(read_set(made, path, TASK_TRAINS, &set, &err), -1);
    assert_non_null(strstr(err.text, "'three'"));
    assert_int_equal(read_set(made, path, TASK_EVALUATES, &set, &err), 0);
    assert_int_equal(task_set_count(&set), 1);
    task_set_release(&set);

    begin(made, TASK_QUESTIONS,
          "{\"version\": \"1.1\", \"data\": [{\"paragraphs\": [{\"context\": \" \", \"qas\": "
          "[{\"id\": \"q\", \"question\": \"what?\", \"answers\": []}]}]}]}");
    assert_int_equal(read_set(made, path, TASK_PREDICTS, &set, &err), -1);
    assert_non_null(strstr(err.text, "no question has a paragraph with words in it"));
}

static void a_head_for_each_kind(void **state)
{
    (void)state;
    static const struct {
        enum task_kind kind;
        const char *name;
        int outputs; /* of 3 labels */
    } heads[] = {{TASK_CLASSIFICATION, "classes", 3},
                 {TASK_REGRESSION, "value", 1},
                 {TASK_MULTILABEL, "labels", 3},
                 {TASK_TAGGING, "tags", 3},
                 {TASK_QUESTIONS, "span", 2}};
    for (size_t h = 0; h < sizeof heads / sizeof *heads; h++) {
        const struct objective objective = task_objective(heads[h].kind, 3);
        assert_string_equal(objective.name, heads[h].name);
        assert_int_equal(objective.outputs, heads[h].outputs);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts),
        cmocka_unit_test(labels_are_looked_at_where_they_are_wanted),
        cmocka_unit_test(sentences),
        cmocka_unit_test(questions),
        cmocka_unit_test(a_head_for_each_kind),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}

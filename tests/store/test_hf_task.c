/* What a config.json says of the task: the classes, the names, and what transformers takes for
 * granted where nothing is said. */
#include "store/hf_task.h"

#include <stdlib.h>
#include <string.h>

#include "lambert/base/buffer.h"
#include "lambert/base/json.h"
#include "lib/unit.h"

#define SEQUENCE "\"architectures\":[\"BertForSequenceClassification\"]"
#define TOKEN    "\"architectures\":[\"BertForTokenClassification\"]"
#define QUESTION "\"architectures\":[\"BertForQuestionAnswering\"]"

/* The labels in one line; buffer_release() */
static const char *joined(const struct label_set *labels, struct buffer *text)
{
    for (int i = 0; i < labels->count; i++)
        buffer_print(text, "%s%s", i > 0 ? "|" : "", labels->names[i]);
    return buffer_text(text);
}

static void what_is_said(void **state)
{
    (void)state;
    static const struct {
        const char *config;
        enum task_kind kind;
        const char *labels;
    } cases[] = {
        {"{}", TASK_NONE, ""},
        {"{\"architectures\":[]}", TASK_NONE, ""},
        {"{\"architectures\":[7]}", TASK_NONE, ""},
        {"{\"architectures\":[\"BertForPreTraining\"]}", TASK_NONE, ""},
        {"{\"architectures\":[\"BertForMaskedLM\"],\"num_labels\":-1}", TASK_NONE, ""},
        {"{\"architectures\":[\"BertModel\"],\"id2label\":{\"0\":\"a\"}}", TASK_NONE, ""},
        {"{" SEQUENCE "}", TASK_CLASSIFICATION, "LABEL_0|LABEL_1"},
        {"{" SEQUENCE ",\"problem_type\":null,\"id2label\":null,\"num_labels\":3}",
         TASK_CLASSIFICATION, "LABEL_0|LABEL_1|LABEL_2"},
        {"{" SEQUENCE ",\"id2label\":{\"1\":\"yes\",\"0\":\"no\"}}", TASK_CLASSIFICATION, "no|yes"},
        {"{" SEQUENCE ",\"id2label\":{\"0\":\"score\"}}", TASK_REGRESSION, ""},
        {"{" SEQUENCE ",\"num_labels\":1}", TASK_REGRESSION, ""},
        {"{" SEQUENCE ",\"problem_type\":\"regression\",\"id2label\":{\"0\":\"LABEL_0\"}}",
         TASK_REGRESSION, ""},
        {"{" SEQUENCE ",\"problem_type\":\"multi_label_classification\",\"num_labels\":2,"
         "\"id2label\":{\"0\":\"a\",\"1\":\"b c\"}}",
         TASK_MULTILABEL, "a|b c"},
        {"{" SEQUENCE ",\"problem_type\":\"multi_label_classification\",\"num_labels\":1}",
         TASK_MULTILABEL, "LABEL_0"},
        {"{" SEQUENCE ",\"problem_type\":\"single_label_classification\"}", TASK_CLASSIFICATION,
         "LABEL_0|LABEL_1"},
        {"{" TOKEN ",\"id2label\":{\"0\":\"O\",\"1\":\"B-PER\",\"2\":\"I-PER\"}}", TASK_TAGGING,
         "O|B-PER|I-PER"},
        {"{" QUESTION "}", TASK_QUESTIONS, ""},
        {"{" QUESTION ",\"id2label\":{\"0\":\"LABEL_0\",\"1\":\"LABEL_1\"}}", TASK_QUESTIONS, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        enum task_kind kind;
        struct label_set labels;
        struct error err;
        struct buffer text = {0};
        cJSON *config = cJSON_Parse(cases[i].config);
        assert_non_null(config);
        if (hf_task_get(config, "config.json", &kind, &labels, &err) < 0)
            fail_msg("%s: %s", cases[i].config, err.text);
        if (kind != cases[i].kind || strcmp(joined(&labels, &text), cases[i].labels) != 0)
            fail_msg("%s: kind %d, labels %s", cases[i].config, (int)kind, buffer_text(&text));
        buffer_release(&text);
        label_set_release(&labels);
        cJSON_Delete(config);
    }
}

static void what_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *config, *words;
    } cases[] = {
        {"{" SEQUENCE ",\"problem_type\":\"ranking\"}", "problem_type is ranking"},
        {"{" SEQUENCE ",\"problem_type\":3}", "problem_type is not a name"},
        {"{" SEQUENCE ",\"problem_type\":\"regression\"}", "regression of 2 label"},
        {"{" SEQUENCE ",\"problem_type\":\"single_label_classification\",\"num_labels\":1}",
         "single_label_classification of 1 label"},
        {"{" TOKEN ",\"id2label\":{\"0\":\"O\"}}", "BertForTokenClassification of 1 label"},
        {"{" SEQUENCE ",\"id2label\":[\"a\",\"b\"]}", "id2label is not an object"},
        {"{" SEQUENCE ",\"id2label\":{}}", "id2label is not an object"},
        {"{" SEQUENCE ",\"id2label\":{\"0\":\"a\",\"2\":\"b\"}}", "'2'"},
        {"{" SEQUENCE ",\"id2label\":{\"0\":\"a\",\"0\":\"b\"}}", "'0'"},
        {"{" SEQUENCE ",\"id2label\":{\"0\":\"a\",\"-1\":\"b\"}}", "'-1'"},
        {"{" SEQUENCE ",\"id2label\":{\"0\":\"a\",\"1x\":\"b\"}}", "'1x'"},
        {"{" SEQUENCE ",\"id2label\":{\"0\":\"a\",\"\":\"b\"}}", "''"},
        {"{" SEQUENCE ",\"id2label\":{\"0\":\"a\",\"1\":7}}", "label 1 "},
        {"{" SEQUENCE ",\"id2label\":{\"0\":\"a\",\"1\":\"b\\nc\"}}", "label 1 "},
        {"{" SEQUENCE ",\"id2label\":{\"0\":\"same\",\"1\":\"same\"}}", "same"},
        {"{" SEQUENCE ",\"id2label\":{\"0\":\"a\",\"1\":\"b\"},\"num_labels\":3}",
         "num_labels is 3"},
        {"{" SEQUENCE ",\"num_labels\":0}", "num_labels is not a whole number"},
        {"{" TOKEN ",\"num_labels\":2.5}", "num_labels is not a whole number"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        enum task_kind kind;
        struct label_set labels;
        struct error err;
        cJSON *config = cJSON_Parse(cases[i].config);
        assert_non_null(config);
        if (hf_task_get(config, "DIR/config.json", &kind, &labels, &err) == 0)
            fail_msg("taken: %s", cases[i].config);
        if (!strstr(err.text, cases[i].words) || !strstr(err.text, "DIR/config.json"))
            fail_msg("%s: %s", cases[i].config, err.text);
        cJSON_Delete(config);
    }
}

static void what_is_written(void **state)
{
    (void)state;
    static const struct {
        enum task_kind kind;
        const char *labels, *architecture, *config;
    } cases[] = {
        {TASK_NONE, NULL, "BertForPreTraining", "{}"},
        {TASK_CLASSIFICATION, "no\nyes \"so\"\n", "BertForSequenceClassification",
         "{\"id2label\":{\"0\":\"no\",\"1\":\"yes \\\"so\\\"\"},"
         "\"label2id\":{\"no\":0,\"yes \\\"so\\\"\":1},"
         "\"problem_type\":\"single_label_classification\"}"},
        {TASK_REGRESSION, NULL, "BertForSequenceClassification",
         "{\"id2label\":{\"0\":\"LABEL_0\"},\"label2id\":{\"LABEL_0\":0},"
         "\"problem_type\":\"regression\"}"},
        {TASK_MULTILABEL, "a\n", "BertForSequenceClassification",
         "{\"id2label\":{\"0\":\"a\"},\"label2id\":{\"a\":0},"
         "\"problem_type\":\"multi_label_classification\"}"},
        {TASK_TAGGING, "O\nB-\xc3\x85\n", "BertForTokenClassification",
         "{\"id2label\":{\"0\":\"O\",\"1\":\"B-\xc3\x85\"},\"label2id\":{\"O\":0,\"B-\xc3\x85\":1}}"},
        {TASK_QUESTIONS, NULL, "BertForQuestionAnswering", "{}"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct label_set labels = {0};
        struct error err;
        cJSON *config = cJSON_CreateObject();
        assert_int_equal(hf_task_names_labels(cases[i].kind), cases[i].labels != NULL);
        if (cases[i].labels)
            assert_int_equal(
                label_set_parse(&labels, cases[i].labels, strlen(cases[i].labels), "labels", &err),
                0);
        hf_task_add(config, cases[i].kind, &labels);
        char *text = json_print(config);
        assert_string_equal(text, cases[i].config);
        assert_string_equal(hf_task_architecture(cases[i].kind), cases[i].architecture);
        free(text);
        label_set_release(&labels);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_said),
        cmocka_unit_test(what_is_refused),
        cmocka_unit_test(what_is_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Folders of fine-tuned models: out and in again with kind, labels and weights; and weights taken for
 * another task than the folder's, as run.start_from does. */
#include "sample.h"

#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "lambert/base/file.h"
#include "lambert/base/memory.h"
#include "lambert/store/hugging_face.h"
#include "store/hf_tensors.h"

static struct dist *ranks;

static const char vocabulary[] = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nword\n##s\n";

static const struct bert_config shape = {.layers = 1,
                                         .hidden = 4,
                                         .heads = 2,
                                         .intermediate = 5,
                                         .vocab = 7,
                                         .positions = 8,
                                         .types = 2,
                                         .layer_norm_eps = 1e-12,
                                         .initializer_range = 0.02};

/* A task, and what its model is stored as: the class, and which tensors stand behind the encoder. */
struct task {
    enum task_kind kind;
    int labels;
    const char *names; /* a line each; NULL: it has none */
    const char *architecture;
    bool pooler;
    const char *head; /* the beginning of its tensors' names */
};

static const struct task tasks[] = {
    {TASK_NONE, 0, NULL, "BertForPreTraining", true, "cls."},
    {TASK_CLASSIFICATION, 3, "contradiction\nentailment\nneutral\n",
     "BertForSequenceClassification", true, "classifier."},
    {TASK_REGRESSION, 1, NULL, "BertForSequenceClassification", true, "classifier."},
    {TASK_MULTILABEL, 2, "joy\nanger\n", "BertForSequenceClassification", true, "classifier."},
    {TASK_TAGGING, 3, "B-PER\nI-PER\nO\n", "BertForTokenClassification", false, "classifier."},
    {TASK_QUESTIONS, 2, NULL, "BertForQuestionAnswering", false, "qa_outputs."},
};
enum { TASKS = sizeof tasks / sizeof *tasks };

static void table_of(const struct task *task, struct param_table *table)
{
    struct sample_head head;
    const struct bert_config config = sample_with_head(&shape, task->kind, task->labels, &head);
    param_table_init(table, &config);
}

static float value_of(int tensor, size_t i)
{
    return sample_value(SAMPLE_WEIGHTS, tensor, i);
}

static void make_checkpoint(const struct task *task, struct checkpoint_file *file)
{
    struct param_table table;
    struct error err;
    const char *path = scratch_path("task.checkpoint");
    struct checkpoint_meta meta = {.state = {.tokenizer = TOKENIZER_DEFAULTS},
                                   .config = (char *)"[model]\n",
                                   .vocabulary = (char *)vocabulary,
                                   .vocabulary_size = sizeof vocabulary - 1,
                                   .labels = (char *)task->names,
                                   .labels_size = task->names ? strlen(task->names) : 0};
    table_of(task, &table);
    real *params = memory_new(table.size, sizeof *params);
    for (int t = 0; t < table.count; t++)
        for (size_t i = 0; i < table.infos[t].count; i++)
            params[table.infos[t].offset + i] = value_of(t, i);
    assert_int_equal(checkpoint_write_weights(path, &table, &meta, params, &err), 0);
    assert_int_equal(checkpoint_file_open(file, path, &err), 0);
    free(params);
    param_table_release(&table);
}

static char *export_task(const struct task *task, const char *name)
{
    struct checkpoint_file file;
    struct error err;
    char *folder = memory_copy_text(scratch_path(name));
    make_checkpoint(task, &file);
    const struct hf_export request = {
        .checkpoint = &file, .shape = shape, .kind = task->kind, .card = "# card\n"};
    if (hf_export(&request, folder, &err) < 0)
        fail_msg("%s", err.text);
    checkpoint_file_close(&file);
    return folder;
}

static cJSON *read_config(const char *folder)
{
    struct buffer text = {0};
    char *path = path_join(folder, "config.json");
    scratch_read(path, &text);
    cJSON *json = cJSON_ParseWithLength((const char *)text.data, text.size);
    assert_non_null(json);
    buffer_release(&text);
    free(path);
    return json;
}

/* Every tensor of the file belongs to this task's class, and none is missing. */
static void expect_tensors(const struct task *task, const struct hf_tensors *weights)
{
    int encoder = 5 + 16, pooler = 0, head = 0;
    for (int i = 0; i < weights->count; i++) {
        const char *name = weights->rows[i].name;
        if (strncmp(name, "bert.pooler.", 12) == 0)
            pooler++;
        else if (strncmp(name, task->head, strlen(task->head)) == 0)
            head++;
        else if (strncmp(name, "bert.", 5) == 0)
            encoder--;
        else
            fail_msg("%s in a folder of %s", name, task->architecture);
    }
    assert_int_equal(encoder, 0);
    assert_int_equal(pooler, task->pooler ? 2 : 0);
    assert_int_equal(head, task->kind == TASK_NONE ? 7 : 2);
}

static void there_and_back(void **state)
{
    (void)state;
    for (int k = 0; k < TASKS; k++) {
        const struct task *task = &tasks[k];
        struct hf_model model;
        struct param_table table;
        struct buffer names = {0};
        struct error err;
        char name[32];
        snprintf(name, sizeof name, "back-%d", k);
        char *folder = export_task(task, name);
        cJSON *config = read_config(folder);
        const cJSON *architectures = cJSON_GetObjectItemCaseSensitive(config, "architectures");
        assert_string_equal(architectures->child->valuestring, task->architecture);
        cJSON_Delete(config);

        assert_int_equal(hf_model_open(&model, folder, &err), 0);
        assert_int_equal(model.kind, task->kind);
        label_set_print(&model.labels, &names);
        assert_string_equal(buffer_text(&names), task->names ? task->names : "");
        expect_tensors(task, model.weights);

        table_of(task, &table);
        real *params = memory_new(table.size, sizeof *params);
        assert_int_equal(hf_model_weights(&model, &table, 1, params, &err), 0);
        for (int t = 0; t < table.count; t++)
            for (size_t i = 0; i < table.infos[t].count; i++)
                assert_true(params[table.infos[t].offset + i] == value_of(t, i));
        free(params);
        param_table_release(&table);
        buffer_release(&names);
        hf_model_close(&model);
        free(folder);
    }
}

/* --- for another task ------------------------------------------------------------------------- */

enum { SEED = 9 };

/* The folder's weights for a task; its first `kept` tensors are the folder's, the rest those of a new
 * run. What was said is in `said`. */
static void take_for(const char *folder, const struct task *task, int kept, struct buffer *said)
{
    struct hf_model model;
    struct param_table table;
    struct error err;
    assert_int_equal(hf_model_open(&model, folder, &err), 0);
    table_of(task, &table);
    real *params = memory_new(table.size, sizeof *params);
    real *fresh = memory_new(table.size, sizeof *fresh);
    param_table_initialise(&table, shape.initializer_range, SEED, fresh);
    catch_begin();
    int status = hf_model_weights(&model, &table, SEED, params, &err);
    catch_end(said);
    assert_int_equal(status, 0);
    for (int t = 0; t < table.count; t++) {
        const struct param_info *info = &table.infos[t];
        for (size_t i = 0; i < info->count; i++)
            if (params[info->offset + i] != (t < kept ? value_of(t, i) : fresh[info->offset + i]))
                fail_msg("%s is not what it should be", info->name);
    }
    free(params);
    free(fresh);
    param_table_release(&table);
    hf_model_close(&model);
}

static void a_folder_begins_another_task(void **state)
{
    (void)state;
    enum { ENCODER = 21, POOLED = 23 }; /* tensors, without and with the pooler */
    static const struct task two_classes = {.kind = TASK_CLASSIFICATION, .labels = 2};
    static const struct {
        const struct task *from, *to;
        int kept;
        const char *fresh, *unused;
    } moves[] = {
        {&tasks[0], &tasks[1], POOLED, "no classifier.weight, classifier.bias: initialised afresh",
         "left out: cls.predictions, cls.seq_relationship\n"},
        {&tasks[0], &tasks[5], ENCODER, "no qa_outputs.weight, qa_outputs.bias: initialised afresh",
         "left out: bert.pooler, cls.predictions, cls.seq_relationship\n"},
        {&tasks[1], &two_classes, POOLED,
         "classifier.weight, classifier.bias for another number of labels: initialised afresh",
         NULL},
        {&tasks[4], &tasks[5], ENCODER, "no qa_outputs.weight", "left out: classifier\n"},
        {&tasks[5], &tasks[4], ENCODER, "no classifier.weight", "left out: qa_outputs\n"},
        {&tasks[4], &tasks[0], ENCODER,
         "no bert.pooler.dense.weight, bert.pooler.dense.bias: initialised afresh",
         "left out: classifier\n"},
        {&tasks[3], &two_classes, POOLED + 2, NULL, NULL},
    };
    for (size_t m = 0; m < sizeof moves / sizeof *moves; m++) {
        struct buffer said = {0};
        char name[32];
        snprintf(name, sizeof name, "move-%zu", m);
        char *folder = export_task(moves[m].from, name);
        take_for(folder, moves[m].to, moves[m].kept, &said);
        const char *text = buffer_text(&said);
        if (moves[m].fresh && !strstr(text, moves[m].fresh))
            fail_msg("no '%s' in: %s", moves[m].fresh, text);
        if (moves[m].unused && !strstr(text, moves[m].unused))
            fail_msg("no '%s' in: %s", moves[m].unused, text);
        assert_int_equal(strstr(text, "afresh") != NULL, moves[m].fresh != NULL);
        assert_int_equal(strstr(text, "left out") != NULL, moves[m].unused != NULL);
        assert_null(strstr(text, "warning"));
        buffer_release(&said);
        free(folder);
    }
}

/* --- what is refused -------------------------------------------------------------------------- */

static void write_config(const char *folder, const char *task_members)
{
    char *path = path_join(folder, "config.json");
    char *text = memory_text("{\"vocab_size\":7,\"hidden_size\":4,\"num_hidden_layers\":1,"
                             "\"num_attention_heads\":2,\"intermediate_size\":5,"
                             "\"max_position_embeddings\":8,%s}",
                             task_members);
    scratch_write(path, text, strlen(text));
    free(text);
    free(path);
}

static void a_config_that_does_not_fit_its_head(void **state)
{
    (void)state;
    static const struct {
        const char *members, *words;
    } configs[] = {
        {"\"architectures\":[\"BertForSequenceClassification\"]", "of 2 label(s), but "
                                                                  "classifier.weight is [3, 4]"},
        {"\"architectures\":[\"BertForTokenClassification\"],\"num_labels\":4",
         "of 4 label(s), but classifier.weight is [3, 4]"},
        {"\"architectures\":[\"BertForSequenceClassification\"],\"num_labels\":1",
         "of 1 label(s), but classifier.weight is [3, 4]"},
        {"\"architectures\":[\"BertForSequenceClassification\"],\"problem_type\":\"regression\"",
         "config.json: regression of 2 label"},
    };
    char *folder = export_task(&tasks[1], "unfit");
    for (size_t i = 0; i < sizeof configs / sizeof *configs; i++) {
        struct hf_model model;
        struct error err;
        write_config(folder, configs[i].members);
        assert_int_equal(hf_model_open(&model, folder, &err), -1);
        if (!strstr(err.text, configs[i].words) || !strstr(err.text, folder))
            fail_msg("'%s' says not '%s'", err.text, configs[i].words);
    }
    free(folder);
}

/* Nothing is written of a model that should say labels and has none. */
static void labels_that_are_not_there(void **state)
{
    (void)state;
    static const struct task nameless = {.kind = TASK_CLASSIFICATION, .labels = 2};
    struct checkpoint_file file;
    struct error err;
    const char *folder = scratch_path("nameless");
    make_checkpoint(&nameless, &file);
    const struct hf_export request = {
        .checkpoint = &file, .shape = shape, .kind = TASK_CLASSIFICATION, .card = ""};
    assert_int_equal(hf_export(&request, folder, &err), -1);
    assert_non_null(strstr(err.text, checkpoint_file_path(&file)));
    assert_false(folder_exists(folder));
    checkpoint_file_close(&file);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_and_back),
        cmocka_unit_test(a_folder_begins_another_task),
        cmocka_unit_test(a_config_that_does_not_fit_its_head),
        cmocka_unit_test(labels_that_are_not_there),
    };
    struct error err;
    if (dist_open(&ranks, &argc, &argv, &err) != 0)
        return 1;
    scratch_open(ranks);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    scratch_close(ranks);
    dist_close(ranks);
    return failed;
}

/* The model card of a fine-tuned model: what it is for, what it learned from, how good it is, with and
 * without the run's folder around the checkpoint. */
#include "cli/model_card.h"

#include <stdlib.h>
#include <string.h>

#include "lambert/base/file.h"
#include "lambert/base/memory.h"
#include "lambert/store/checkpoint.h"
#include "lib/scratch.h"

static const struct bert_config shape = {.layers = 4, .hidden = 256, .vocab = 7, .positions = 128};

/* A checkpoint of one tensor after `steps` steps. */
static void make_checkpoint(const char *path, int64_t steps, const char *labels,
                            struct checkpoint_file *file)
{
    struct error err;
    struct param_info info = {.name = "classifier.bias", .dimensions = 1, .shape = {2}, .count = 2};
    const struct param_table table = {.infos = &info, .count = 1};
    const real values[2] = {1, 2};
    const struct checkpoint_meta meta = {.state = {.total_steps = steps,
                                                   .sequences = 960,
                                                   .tokens = 4242,
                                                   .corpus_hash = 0xabc,
                                                   .tokenizer = TOKENIZER_DEFAULTS},
                                         .config = (char *)"[task]\nkind = classification\n",
                                         .vocabulary = (char *)"",
                                         .labels = (char *)labels,
                                         .labels_size = labels ? strlen(labels) : 0};
    assert_int_equal(checkpoint_write_weights(path, &table, &meta, values, &err), 0);
    assert_int_equal(checkpoint_file_open(file, path, &err), 0);
}

static void write_text(const char *path, const char *text)
{
    scratch_write(path, text, strlen(text));
}

/* The folder of a run that was fine-tuned and evaluated, twice up to step 30. */
static void make_run(const char *folder)
{
    struct error err;
    char *metrics = path_join(folder, "metrics.jsonl"), *config = path_join(folder, "config.ini");
    assert_int_equal(folder_create(folder, &err), 0);
    write_text(metrics,
               "{\"kind\":\"evaluation\",\"total_step\":15,\"task\":\"classification\",\"file\":"
               "\"dev.tsv\",\"examples\":872,\"loss\":0.5,\"metrics\":{\"accuracy\":0.75}}\n"
               "{\"kind\":\"evaluation\",\"total_step\":30,\"task\":\"classification\",\"file\":"
               "\"/data/glue/SST-2/dev.tsv\",\"examples\":872,\"loss\":0.25,"
               "\"metrics\":{\"accuracy\":0.91284,\"f1\":null,\"matthews\":0.5}}\n"
               "{\"kind\":\"step\",\"total_step\":30}\n"
               "{\"kind\":\"evaluation\",\"total_step\":45,\"task\":\"classification\",\"file\":"
               "\"dev.tsv\",\"examples\":872,\"loss\":0.125,\"metrics\":{\"accuracy\":0.99}}\n");
    write_text(config, "[run]\nfolder = tuned\nstart_from = /models/mini\n"
                       "[task]\nkind = classification\ntrain = /data/glue/SST-2/train.tsv\n");
    free(metrics);
    free(config);
}

static void expect_lines(const char *card, const char *const *lines)
{
    for (int i = 0; lines[i]; i++)
        if (!strstr(card, lines[i]))
            fail_msg("no '%s' in:\n%s", lines[i], card);
}

static void of_a_run(void **state)
{
    (void)state;
    static const char *const places[] = {"tuned/best.checkpoint",
                                         "tuned/checkpoints/step-00000030.checkpoint"};
    static const char *const lines[] = {
        "---\ntags:\n- bert\n- text-classification\nlibrary_name: transformers\n"
        "pipeline_tag: text-classification\n---\n\n# BERT, 4 layers, width 256, uncased\n\n",
        "for `BertForSequenceClassification` of transformers.\n",
        "\n2 labels: `good`, `bad`.\n",
        "\n30 steps, 960 sequences, 4242 tokens, of fine-tuning for classification on "
        "`SST-2/train.tsv`, from `models/mini`. Training set 0000000000000abc,",
        "\nAfter step 30, on 872 examples of `SST-2/dev.tsv`:\n\n| metric | value |\n|---|---|\n"
        "| accuracy | 0.9128 |\n| matthews | 0.5000 |\n| loss | 0.2500 |\n\n",
        "```ini\n[task]\nkind = classification\n```\n",
        NULL};
    make_run(scratch_path("tuned"));
    for (int p = 0; p < 2; p++) {
        struct checkpoint_file file;
        struct buffer card = {0};
        make_checkpoint(scratch_path(places[p]), 30, "good\nbad\n", &file);
        model_card_print(&file, TASK_CLASSIFICATION, &shape, &card);
        expect_lines(buffer_text(&card), lines);
        buffer_release(&card);
        checkpoint_file_close(&file);
    }
}

/* A file by itself says what is in it, though it lies beside another run's metrics. */
static void of_a_file(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "pipeline_tag: token-classification\n", "of fine-tuning for tagging. Training set",
        "for `BertForTokenClassification` of transformers.\n", NULL};
    struct checkpoint_file file;
    struct buffer card = {0};
    make_run(scratch_path("other"));
    make_checkpoint(scratch_path("other/mine.checkpoint"), 30, "B\nO\n", &file);
    model_card_print(&file, TASK_TAGGING, &shape, &card);
    expect_lines(buffer_text(&card), lines);
    assert_null(strstr(buffer_text(&card), "Evaluation"));
    assert_null(strstr(buffer_text(&card), "train.tsv"));
    buffer_release(&card);
    checkpoint_file_close(&file);
}

static void many_labels_are_not_all_listed(void **state)
{
    (void)state;
    struct checkpoint_file file;
    struct buffer labels = {0}, card = {0};
    for (int i = 0; i < 30; i++)
        buffer_print(&labels, "label %d\n", i);
    make_checkpoint(scratch_path("many.checkpoint"), 0, buffer_text(&labels), &file);
    model_card_print(&file, TASK_MULTILABEL, &shape, &card);
    assert_non_null(strstr(buffer_text(&card), "30 labels: `label 0`, "));
    assert_non_null(strstr(buffer_text(&card), "`label 19` and others, which config.json has.\n"));
    assert_null(strstr(buffer_text(&card), "label 20"));
    assert_non_null(strstr(buffer_text(&card), "no training step"));
    buffer_release(&labels);
    buffer_release(&card);
    checkpoint_file_close(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_a_run),
        cmocka_unit_test(of_a_file),
        cmocka_unit_test(many_labels_are_not_all_listed),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}

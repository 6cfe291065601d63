/* Models of google-research/bert as TensorFlow saved them (tests/golden/tensorflow): each weight comes to its place,
 * and what cannot be read is refused by name. */
#include "lambert/store/tensorflow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/scratch.h"

#include "golden.h"
#include "lambert/model/task_objectives.h"
#include "store/sstable.h"
#include "tables.h"

#define GOLDEN "tests/golden/tensorflow"

/* --- weights ---------------------------------------------------------------------------------- */

/* The place of TensorFlow's tensor among its names in alphabetical order, and whether it is [in, out]. */
static const struct {
    const char *name;
    uint32_t number;
    bool turned;
} places[] = {
    {"bert.embeddings.word_embeddings.weight", 4, false},
    {"bert.embeddings.position_embeddings.weight", 2, false},
    {"bert.embeddings.token_type_embeddings.weight", 3, false},
    {"bert.embeddings.LayerNorm.weight", 1, false},
    {"bert.embeddings.LayerNorm.bias", 0, false},
    {"bert.encoder.layer.0.attention.self.query.weight", 12, true},
    {"bert.encoder.layer.0.attention.self.key.weight", 10, true},
    {"bert.encoder.layer.0.attention.self.value.weight", 14, true},
    {"bert.encoder.layer.0.attention.self.query.bias", 11, false},
    {"bert.encoder.layer.0.attention.self.key.bias", 9, false},
    {"bert.encoder.layer.0.attention.self.value.bias", 13, false},
    {"bert.encoder.layer.0.attention.output.dense.weight", 8, true},
    {"bert.encoder.layer.0.attention.output.dense.bias", 7, false},
    {"bert.encoder.layer.0.attention.output.LayerNorm.weight", 6, false},
    {"bert.encoder.layer.0.attention.output.LayerNorm.bias", 5, false},
    {"bert.encoder.layer.0.intermediate.dense.weight", 16, true},
    {"bert.encoder.layer.0.intermediate.dense.bias", 15, false},
    {"bert.encoder.layer.0.output.dense.weight", 20, true},
    {"bert.encoder.layer.0.output.dense.bias", 19, false},
    {"bert.encoder.layer.0.output.LayerNorm.weight", 18, false},
    {"bert.encoder.layer.0.output.LayerNorm.bias", 17, false},
    {"bert.pooler.dense.weight", 22, true},
    {"bert.pooler.dense.bias", 21, false},
    {"cls.predictions.transform.dense.weight", 27, true},
    {"cls.predictions.transform.dense.bias", 26, false},
    {"cls.predictions.transform.LayerNorm.weight", 25, false},
    {"cls.predictions.transform.LayerNorm.bias", 24, false},
    {"cls.predictions.bias", 23, false},
    {"cls.seq_relationship.weight", 29, false},
    {"cls.seq_relationship.bias", 28, false},
};
enum { PLACES = sizeof places / sizeof *places };

/* All values of a parameter, of which a padded vocabulary has more. */
static void check_values(const struct param_info *info, const real *values)
{
    int p = 0;
    while (p < PLACES && strcmp(places[p].name, info->name) != 0)
        p++;
    if (p == PLACES)
        fail_msg("the test knows no %s", info->name);
    const int64_t rows = info->shape[0], columns = info->dimensions == 2 ? info->shape[1] : 1;
    for (int64_t r = 0; r < rows; r++)
        for (int64_t c = 0; c < columns; c++) {
            const int64_t e = places[p].turned ? c * rows + r : r * columns + c;
            const float wanted = (float)golden_number(0, places[p].number, (uint32_t)e);
            if (values[r * columns + c] != (real)wanted)
                fail_msg("%s [%d, %d] is %.9g, not %.9g", info->name, (int)r, (int)c,
                         (double)values[r * columns + c], (double)wanted);
        }
}

/* Opens, reads all weights, checks them, and closes; what the log said is in `said` unless that is NULL. */
static void check_model(const char *path, int vocabulary, struct buffer *said)
{
    struct tf_model model;
    struct param_table table;
    struct error err;
    if (tf_model_open(&model, path, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(model.shape.vocab, vocabulary);
    assert_int_equal(model.shape.layers, 1);
    assert_int_equal(model.shape.intermediate, 6);
    assert_int_equal(model.shape.gelu, GELU_ERF);
    assert_int_equal(model.kind, TASK_NONE);
    param_table_init(&table, &model.shape);
    assert_int_equal(table.count, PLACES);
    real *params = memory_new(table.size, sizeof *params);
    if (said)
        catch_begin();
    const int status = tf_model_weights(&model, &table, 1, params, &err);
    if (said)
        catch_end(said);
    if (status < 0)
        fail_msg("%s", err.text);
    for (int t = 0; t < table.count; t++)
        check_values(&table.infos[t], params + table.infos[t].offset);
    free(params);
    param_table_release(&table);
    tf_model_close(&model);
}

static void every_weight_comes_to_its_place(void **state)
{
    (void)state;
    struct buffer said = {0};
    check_model(GOLDEN "/bert_model.ckpt", 9, &said);
    assert_string_equal(buffer_text(&said),
                        ""); /* the optimizer's things and the step are no surprise */
    buffer_release(&said);
    check_model(GOLDEN "/sharded.ckpt", 9, NULL);
    check_model(GOLDEN "/bert_model.ckpt.index", 9, NULL);
    check_model(GOLDEN "/sharded.ckpt.data-00001-of-00003", 9, NULL);
}

/* --- folders ---------------------------------------------------------------------------------- */

static void copy(const char *folder, const char *name, const char *as)
{
    struct buffer bytes = {0};
    char *from = path_join(GOLDEN, name), *to = path_join(folder, as);
    scratch_read(from, &bytes);
    scratch_write(to, bytes.data, bytes.size);
    buffer_release(&bytes);
    free(from);
    free(to);
}

static void write_text(const char *folder, const char *name, const char *text)
{
    char *path = path_join(folder, name);
    scratch_write(path, text, strlen(text));
    free(path);
}

static char *folder_of(const char *name)
{
    struct error err;
    char *folder = memory_copy_text(scratch_path(name));
    assert_int_equal(folder_create(folder, &err), 0);
    copy(folder, "bert_config.json", "bert_config.json");
    copy(folder, "vocab.txt", "vocab.txt");
    copy(folder, "bert_model.ckpt.index", "bert_model.ckpt.index");
    copy(folder, "bert_model.ckpt.data-00000-of-00001", "bert_model.ckpt.data-00000-of-00001");
    return folder;
}

/* The result of tf_model_open(), or of tf_model_weights() for the model's own shape. */
static void assert_refused(const char *path, const char *sentence)
{
    struct tf_model model;
    struct param_table table;
    struct error err = {""};
    if (tf_model_open(&model, path, &err) == 0) {
        param_table_init(&table, &model.shape);
        real *params = memory_new(table.size, sizeof *params);
        assert_int_equal(tf_model_weights(&model, &table, 1, params, &err), -1);
        free(params);
        param_table_release(&table);
        tf_model_close(&model);
    }
    if (!strstr(err.text, sentence))
        fail_msg("'%s' does not say '%s'", err.text, sentence);
}

static void a_folder_names_its_weights(void **state)
{
    (void)state;
    char *folder = folder_of("folder");
    assert_true(tf_model_is(folder));
    check_model(folder, 9, NULL);
    copy(folder, "bert_model.ckpt.index", "model.ckpt-10.index");
    copy(folder, "bert_model.ckpt.data-00000-of-00001", "model.ckpt-10.data-00000-of-00001");
    assert_refused(
        folder,
        "has several checkpoints of TensorFlow (bert_model.ckpt, model.ckpt-10); name one of them");
    write_text(folder, "checkpoint",
               "model_checkpoint_path: \"/another/machine/model.ckpt-10\"\n"
               "all_model_checkpoint_paths: \"model.ckpt-0\"\n");
    check_model(folder, 9, NULL);
    write_text(folder, "checkpoint", "model_checkpoint_path: \"model.ckpt-20\"\n");
    assert_refused(folder, "has several checkpoints of TensorFlow");
    free(folder);

    assert_false(tf_model_is(scratch_folder()));
    assert_false(tf_model_is(scratch_path("nowhere")));
    assert_false(tf_model_is(GOLDEN "/vocab.txt"));
    assert_true(tf_model_is(GOLDEN "/bert_model.ckpt"));
    assert_true(tf_model_is(GOLDEN "/bert_model.ckpt.index"));
    assert_refused(GOLDEN "/nowhere", "there are no weights of TensorFlow at " GOLDEN "/nowhere");
}

static void a_folder_lacks_something(void **state)
{
    (void)state;
    struct error err;
    char *folder = folder_of("lacking");
    char *vocabulary = path_join(folder, "vocab.txt"),
         *config = path_join(folder, "bert_config.json");
    char *index = path_join(folder, "bert_model.ckpt.index");
    assert_int_equal(file_remove(vocabulary, &err), 0);
    assert_refused(folder, "vocab.txt; put the model's vocab.txt beside its weights");
    copy(folder, "vocab.txt", "vocab.txt");
    assert_int_equal(file_remove(index, &err), 0);
    assert_true(tf_model_is(folder));
    assert_refused(folder, "has a bert_config.json but no weights of TensorFlow");
    copy(folder, "bert_model.ckpt.index", "bert_model.ckpt.index");
    assert_int_equal(file_remove(config, &err), 0);
    assert_true(tf_model_is(folder));
    assert_refused(folder, "bert_config.json; put the model's bert_config.json beside its weights");
    free(folder);
    free(vocabulary);
    free(config);
    free(index);
}

static void write_config(const char *folder, const char *change, int vocab_size)
{
    struct buffer text = {0};
    buffer_print(&text,
                 "{\"vocab_size\": %d, \"hidden_size\": 4, \"num_attention_heads\": 2, "
                 "\"type_vocab_size\": 2, %s}",
                 vocab_size, change);
    write_text(folder, "bert_config.json", buffer_text(&text));
    buffer_release(&text);
}

/* Which of the two forms `gelu` is depends on who trained the model, and nothing there tells. */
static void which_gelu_is_told(void **state)
{
    (void)state;
    char *folder = folder_of("gelu");
    for (int tanh = 0; tanh < 2; tanh++) {
        struct tf_model model;
        struct error err;
        struct buffer said = {0};
        write_config(folder,
                     tanh ? "\"num_hidden_layers\": 1, \"hidden_act\": \"gelu_new\""
                          : "\"num_hidden_layers\": 1, \"hidden_act\": \"gelu\"",
                     9);
        catch_begin();
        const int status = tf_model_open(&model, folder, &err);
        catch_end(&said);
        assert_int_equal(status, 0);
        assert_int_equal(model.shape.gelu, tanh ? GELU_TANH : GELU_ERF);
        const bool told = strstr(buffer_text(&said), "gelu is the exact form (erf)") != NULL;
        assert_int_equal(told, !tanh);
        buffer_release(&said);
        tf_model_close(&model);
    }
    free(folder);
}

/* --- vocabulary and case ---------------------------------------------------------------------- */

#define LINES "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n"

/* How its text is read, and what is said of that. */
static void expect_case(const char *folder, const char *options, const char *word)
{
    struct tf_model model;
    struct error err;
    struct buffer said = {0};
    char text[TOKENIZER_OPTIONS_TEXT];
    catch_begin();
    const int status = tf_model_open(&model, folder, &err);
    catch_end(&said);
    if (status < 0)
        fail_msg("%s", err.text);
    assert_string_equal(tokenizer_options_text(&model.tokenizer, text), options);
    if (!strstr(buffer_text(&said), word))
        fail_msg("'%s' was said, not '%s'", buffer_text(&said), word);
    buffer_release(&said);
    tf_model_close(&model);
}

static void the_vocabulary_tells_the_case(void **state)
{
    (void)state;
    static const struct {
        const char *vocabulary, *config, *options, *word;
    } cases[] = {
        {LINES "the\nking\n##s\n<S>\n", NULL, "uncased",
         "bert_model.ckpt is taken for uncased by its vocabulary: of 3 tokens 0 have capitals"},
        {LINES "the\nKing\n##s\n<S>\n", NULL, "cased",
         "cased by its vocabulary: of 3 tokens 1 have"},
        {LINES "the\n\xd0\x9a\xd0\xbe\n", NULL, "cased", "do_lower_case\": false} in "},
        {LINES "\xd8\xa3\n\xd8\xa7\n", NULL, "cased", "0 have capitals and 1 accents"}, /* Arabic */
        {LINES "\xe6\x9d\xb1\napp\n", NULL, "uncased", "0 accents"}, /* Chinese */
        {LINES "\xe6\x9d\xb1\napp\nA\n", NULL, "cased", "1 have capitals"},
        {LINES "\xea\xb0\x80\n", NULL, "cased", "1 accents"}, /* Korean */
        {LINES "caf\xc3\xa9\nthe\n", NULL, "uncased, accents kept", "1 accents"},
        /* a file that is silent on case says nothing of it */
        {LINES "King\nthe\n", "{}", "cased", "1 have capitals"},
        {LINES "King\nthe\n", "{\"do_lower_case\": null, \"model_max_length\": 512}", "cased", ""},
        {LINES "king\nthe\n", "{\"tokenize_chinese_chars\": false}",
         "uncased, Chinese characters not set apart", "is taken for uncased by its vocabulary"},
        {LINES "King\nthe\n", "{\"strip_accents\": true}", "cased, accents stripped", "1 have"},
        {LINES "king\nthe\n", "{\"strip_accents\": false}", "uncased, accents kept", "0 have"},
        /* what it says holds, and is held against the vocabulary */
        {LINES "King\nthe\n", "{\"do_lower_case\": true}", "uncased", "warning: "},
        {LINES "King\nthe\n", "{\"do_lower_case\": true}", "uncased",
         "1 of 2 tokens of the vocabulary have capitals, as 'King'"},
        {LINES "king\nthe\n", "{\"do_lower_case\": false}", "cased", "a word with one is [UNK]"},
        {LINES "caf\xc3\xa9\nthe\n", "{\"do_lower_case\": true}", "uncased",
         "1 of 2 tokens of the vocabulary have some, as 'caf\xc3\xa9'"},
        {LINES "\xe6\x9d\xb1\n", "{\"do_lower_case\": false}", "cased", ""},
    };
    char *folder = folder_of("case"), *path = path_join(folder, "tokenizer_config.json");
    struct error err;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_text(folder, "vocab.txt", cases[i].vocabulary);
        assert_int_equal(file_remove(path, &err), 0);
        if (cases[i].config)
            write_text(folder, "tokenizer_config.json", cases[i].config);
        expect_case(folder, cases[i].options, cases[i].word);
    }
    write_text(folder, "tokenizer_config.json", "{\"do_lower_case\": 3}\n");
    assert_refused(folder, "do_lower_case");
    free(folder);
    free(path);
}

static void a_padded_vocabulary(void **state)
{
    (void)state;
    char *folder = folder_of("padded");
    write_text(folder, "vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nthe\nking\n");
    check_model(folder, 7, NULL);
    write_config(folder,
                 "\"num_hidden_layers\": 1, \"intermediate_size\": 6, "
                 "\"max_position_embeddings\": 8",
                 7);
    assert_refused(folder,
                   "embeddings is [9, 4], of 9 rows, and vocab_size in bert_config.json is 7");
    write_config(folder, "\"num_hidden_layers\": 1", 9);
    write_text(folder, "vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\nb\nc\nd\ne\n");
    assert_refused(folder, "vocab.txt has 10 entries, but vocab_size in bert_config.json is 9");
    free(folder);
}

/* --- what does not fit ------------------------------------------------------------------------ */

static void a_misfit_is_named(void **state)
{
    (void)state;
    char *folder = folder_of("misfit");
    write_config(folder,
                 "\"num_hidden_layers\": 1, \"intermediate_size\": 7, "
                 "\"max_position_embeddings\": 8",
                 9);
    assert_refused(folder,
                   "tensor bert/encoder/layer_0/intermediate/dense/kernel is [4, 6], where the "
                   "configured model has [7, 4] (the other way round)");
    write_config(folder,
                 "\"num_hidden_layers\": 2, \"intermediate_size\": 6, "
                 "\"max_position_embeddings\": 8",
                 9);
    assert_refused(folder, "bert_model.ckpt.index has no tensor bert/encoder/layer_1/");
    write_config(folder,
                 "\"num_hidden_layers\": 1, \"intermediate_size\": 6, "
                 "\"max_position_embeddings\": 16",
                 9);
    assert_refused(folder,
                   "tensor bert/embeddings/position_embeddings is [8, 4], where the configured "
                   "model has [16, 4]");
    write_config(folder, "\"num_hidden_layers\": 1, \"hidden_act\": \"relu\"", 9);
    assert_refused(folder, "hidden_act is relu");
    free(folder);
}

static void a_task_takes_what_it_can_use(void **state)
{
    (void)state;
    struct tf_model model;
    struct param_table table;
    struct error err;
    struct buffer said = {0};
    const struct objective objective = objective_classes(3);
    const struct objective *const objectives[] = {&objective};
    assert_int_equal(tf_model_open(&model, GOLDEN "/bert_model.ckpt", &err), 0);
    assert_true(tf_model_has(&model, "cls.seq_relationship.weight"));
    assert_false(tf_model_has(&model, "classifier.weight"));
    assert_false(tf_model_has(&model, "qa_outputs.weight"));
    model.shape.objectives = objectives;
    model.shape.objective_count = 1;
    param_table_init(&table, &model.shape);
    real *params = memory_new(table.size, sizeof *params);
    real *fresh = memory_new(table.size, sizeof *fresh);
    catch_begin();
    const int status = tf_model_weights(&model, &table, 5, params, &err);
    catch_end(&said);
    assert_int_equal(status, 0);
    assert_non_null(strstr(buffer_text(&said),
                           "has no classifier.weight, classifier.bias: initialised afresh"));
    assert_non_null(strstr(buffer_text(&said), "left out: cls.predictions, cls.seq_relationship"));
    const struct param_info *classifier =
        &table.infos[param_table_find(&table, "classifier.weight")];
    param_table_initialise(&table, model.shape.initializer_range, 5, fresh);
    assert_memory_equal(params + classifier->offset, fresh + classifier->offset,
                        classifier->count * sizeof *params);
    check_values(&table.infos[0], params);
    free(params);
    free(fresh);
    buffer_release(&said);
    param_table_release(&table);
    tf_model_close(&model);
}

/* The golden index with one tensor more, of no elements. */
struct insertion {
    const char *name;
    bool done;
    struct buffer block;
};

static void insert(struct insertion *insertion)
{
    static const char entry[] = {0x08, 0x01, 0x12, 0x04, 0x12, 0x02, 0x08, 0x00}; /* float32, [0] */
    table_entry(&insertion->block, 0, insertion->name, strlen(insertion->name), entry,
                sizeof entry);
    insertion->done = true;
}

static int copy_entry(void *context, const struct sstable_entry *entry, struct error *err)
{
    struct insertion *insertion = context;
    (void)err;
    if (!insertion->done && strcmp(entry->key, insertion->name) > 0)
        insert(insertion);
    table_entry(&insertion->block, 0, entry->key, entry->key_size, entry->value, entry->value_size);
    return 0;
}

static char *folder_with(const char *tensor)
{
    struct insertion insertion = {.name = tensor};
    struct buffer golden = {0}, file = {0};
    struct error err;
    char *folder = folder_of("more"), *index = path_join(folder, "bert_model.ckpt.index");
    scratch_read(GOLDEN "/bert_model.ckpt.index", &golden);
    assert_int_equal(sstable_read(golden.data, golden.size, copy_entry, &insertion, &err), 0);
    if (!insertion.done)
        insert(&insertion);
    table_of(&file, &insertion.block);
    scratch_write(index, file.data, file.size);
    buffer_release(&insertion.block);
    buffer_release(&golden);
    buffer_release(&file);
    free(index);
    return folder;
}

static void what_the_model_has_no_place_for(void **state)
{
    (void)state;
    static const struct {
        const char *tensor, *said;
    } others[] = {
        {"bert/encoder/layer_7/output/dense/bias",
         "1 tensor(s) not of this model, which has 1 layers, are left out: "
         "bert/encoder/layer_7/output/dense/bias"},
        {"output_bias", "heads that this model has no use for are left out: classifier"},
        {"cls/squad_more/bias", "1 tensor(s) not of this model"},
        {"bert/pooler/dense/bias/LAMB/m", ""},
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        struct buffer said = {0};
        char *folder = folder_with(others[i].tensor);
        check_model(folder, 9, &said);
        if (others[i].said[0] ? !strstr(buffer_text(&said), others[i].said) : said.size > 0)
            fail_msg("%s: '%s'", others[i].tensor, buffer_text(&said));
        buffer_release(&said);
        free(folder);
    }
    char *folder = folder_with("bert/embeddings/more/kernel");
    assert_refused(folder, "computes nothing with the tensor bert/embeddings/more/kernel");
    free(folder);
    folder = folder_with("bert/encoder/layer_0/attention/self/more");
    assert_refused(folder, "so it is another model than BERT");
    free(folder);
}

/* --- other kinds ------------------------------------------------------------------------------ */

static void checkpoints_of_one_file(void **state)
{
    (void)state;
    struct buffer file = {0}, block = {0};
    char *path = memory_copy_text(scratch_path("it's old.ckpt"));
    table_of(&file, &block);
    scratch_write(path, file.data, file.size);
    assert_true(tf_model_is(path));
    assert_refused(path, "old.ckpt is a checkpoint of TensorFlow before 0.12, in one file");
    assert_refused(path, "tf.train.load_checkpoint(p)");
    assert_refused(path, "/it'\\''s old.ckpt'"); /* one word of the line that is to be typed */
    buffer_release(&file);
    free(path);
}

static void checkpoints_of_objects(void **state)
{
    (void)state;
    struct buffer file = {0}, block = {0};
    char *folder = folder_of("objects"), *path = path_join(folder, "bert_model.ckpt.index");
    static const char header[] = {0x08, 0x01}, string[] = {0x08, 0x07}; /* one file; of type 7 */
    table_entry(&block, 0, "", 0, header, sizeof header);
    table_entry(&block, 0, "_CHECKPOINTABLE_OBJECT_GRAPH", 28, string, sizeof string);
    table_entry(&block, 0, "model/layer/.ATTRIBUTES/VARIABLE_VALUE", 38, string, sizeof string);
    table_of(&file, &block);
    scratch_write(path, file.data, file.size);
    assert_refused(folder,
                   "bert_model.ckpt.index is a checkpoint of objects, as TensorFlow 2 and Keras");
    buffer_release(&file);
    buffer_release(&block);
    free(folder);
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_weight_comes_to_its_place),
        cmocka_unit_test(a_folder_names_its_weights),
        cmocka_unit_test(a_folder_lacks_something),
        cmocka_unit_test(which_gelu_is_told),
        cmocka_unit_test(the_vocabulary_tells_the_case),
        cmocka_unit_test(a_padded_vocabulary),
        cmocka_unit_test(a_misfit_is_named),
        cmocka_unit_test(a_task_takes_what_it_can_use),
        cmocka_unit_test(what_the_model_has_no_place_for),
        cmocka_unit_test(checkpoints_of_one_file),
        cmocka_unit_test(checkpoints_of_objects),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}

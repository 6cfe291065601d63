/* The names that writers give a BERT's tensors, and the files that they put them into: every way comes
 * to the names of the parameter table, and what contradicts itself is refused by name. */
#include "store/hf_tensors.h"

#include <stdlib.h>
#include <string.h>

#include "lambert/base/error.h"
#include "lambert/base/file.h"
#include "lambert/base/memory.h"
#include "lib/scratch.h"

/* --- names ------------------------------------------------------------------------------------ */

static void each_name_is_the_tables(void **state)
{
    (void)state;
    static const struct {
        const char *encoder, *name, *wanted;
    } cases[] = {
        {"bert.", "bert.encoder.layer.3.output.dense.weight",
         "bert.encoder.layer.3.output.dense.weight"},
        {"bert.", "bert.pooler.dense.bias", "bert.pooler.dense.bias"},
        {"bert.", "cls.predictions.bias", "cls.predictions.bias"},
        {"bert.", "classifier.weight", "classifier.weight"},
        {"", "embeddings.LayerNorm.gamma", "bert.embeddings.LayerNorm.weight"},
        {"", "encoder.layer.0.attention.output.LayerNorm.beta",
         "bert.encoder.layer.0.attention.output.LayerNorm.bias"},
        {"", "pooler.dense_act.weight", "bert.pooler.dense.weight"},
        {"", "qa_outputs.bias", "qa_outputs.bias"},
        {"module.bert.", "module.bert.embeddings.position_embeddings.weight",
         "bert.embeddings.position_embeddings.weight"},
        {"module.bert.", "module.cls.predictions.transform.LayerNorm.gamma",
         "cls.predictions.transform.LayerNorm.weight"},
        {"module.bert.", "module.optimizer.step", "module.optimizer.step"},
        {"module.bert.", "cls.seq_relationship.bias", "cls.seq_relationship.bias"},
        {"a.b.bert.", "a.b.classifier.bias", "classifier.bias"},
        {"a.b.bert.", "a.classifier.bias", "classifier.bias"},
        {"a.b.bert.", "a.bc.classifier.bias", "a.bc.classifier.bias"},
        {"encoder.", "encoder.encoder.layer.1.intermediate.dense_act.bias",
         "bert.encoder.layer.1.intermediate.dense.bias"},
        {"encoder.", "encoder.embeddings.word_embeddings.weight",
         "bert.embeddings.word_embeddings.weight"},
        {"encoder.", "encoder.cls.predictions.decoder.weight", "cls.predictions.decoder.weight"},
        {"0.auto_model.", "0.auto_model.pooler.dense.weight", "bert.pooler.dense.weight"},
        {"0.auto_model.", "2.linear.weight", "2.linear.weight"},
        {"bert.", "bert.embeddings_project.weight", "bert.embeddings_project.weight"},
        {"bert.", "bert.classifiers.weight", "bert.classifiers.weight"},
        {"bert.", "head.LayerNorm.gamma", "head.LayerNorm.gamma"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *name = hf_tensor_name(cases[i].encoder, cases[i].name);
        assert_string_equal(name, cases[i].wanted);
        free(name);
    }
}

/* --- folders ---------------------------------------------------------------------------------- */

/* A new folder of this name. */
static char *make_folder(const char *name)
{
    struct error err;
    char *folder = memory_copy_text(scratch_path(name));
    assert_int_equal(folder_create(folder, &err), 0);
    return folder;
}

/* A file of tensors of two values, names parted by blanks; the first value is the tensor's number. */
static void put_tensors(const char *folder, const char *file, const char *names)
{
    enum { MOST = 8 };
    static const float values[MOST + 1] = {0, 1, 2, 3, 4, 5, 6, 7, 8};
    struct safetensors_entry entries[MOST];
    struct error err;
    char *path = path_join(folder, file), *list = memory_copy_text(names), *rest = list;
    int count = 0;
    for (char *name; (name = strtok_r(rest, " ", &rest)) != NULL; count++)
        entries[count] = (struct safetensors_entry){
            .name = name, .dimensions = 1, .shape = {2}, .values = values + count};
    assert_int_equal(safetensors_write(path, SAFETENSORS_F32, entries, count, &err), 0);
    free(list);
    free(path);
}

static void put_text(const char *folder, const char *file, const char *text)
{
    char *path = path_join(folder, file);
    scratch_write(path, text, strlen(text));
    free(path);
}

static void expect_open(const char *folder, int count)
{
    struct hf_tensors tensors;
    struct error err;
    if (hf_tensors_open(&tensors, folder, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(tensors.count, count);
    assert_non_null(hf_tensors_find(&tensors, "bert.embeddings.word_embeddings.weight"));
    assert_null(hf_tensors_find(&tensors, "bert.embeddings.word_embeddings"));
    hf_tensors_close(&tensors);
}

static void expect_refused(const char *folder, const char *word, const char *other)
{
    struct hf_tensors tensors;
    struct error err = {""};
    assert_int_equal(hf_tensors_open(&tensors, folder, &err), -1);
    if (!strstr(err.text, word) || !strstr(err.text, other) || !strstr(err.text, folder))
        fail_msg("'%s' names not '%s' and '%s'", err.text, word, other);
    assert_null(strchr(err.text, '\n'));
    assert_null(tensors.rows);
    hf_tensors_close(&tensors);
}

#define WORDS "embeddings.word_embeddings.weight"

static void folders_of_one_file(void **state)
{
    (void)state;
    char *folder = make_folder("single");
    put_tensors(folder, "model.safetensors", "module." WORDS " classifier.bias");
    expect_open(folder, 2);
    put_tensors(folder, "model.safetensors", "bert." WORDS);
    expect_open(folder, 1);
    put_tensors(folder, "model.safetensors", "bert.pooler.dense.bias my" WORDS);
    expect_refused(folder, "holds no BERT", "bert.pooler.dense.bias");
    put_tensors(folder, "model.safetensors", "question." WORDS " context." WORDS);
    expect_refused(folder, "two encoders", "question." WORDS);
    put_tensors(folder, "model.safetensors",
                WORDS " embeddings.LayerNorm.gamma embeddings.LayerNorm.weight");
    expect_refused(folder, "embeddings.LayerNorm.gamma and embeddings.LayerNorm.weight are both",
                   "bert.embeddings.LayerNorm.weight");
    put_tensors(folder, "model.safetensors", "");
    expect_refused(folder, "holds no BERT", "none");
    free(folder);
}

static void folders_of_shards(void **state)
{
    (void)state;
    static const struct {
        const char *index, *word, *other;
    } cases[] = {
        {"{\"weight_map\":{\"bert." WORDS "\":\"a.safetensors\",\"x\":\"b.safetensors\","
         "\"y\":\"b.safetensors\"}}",
         NULL, NULL},
        {"{\"weight_map\":{\"bert." WORDS "\":\"a.safetensors\",\"x\":\"c.safetensors\"}}",
         "the shard c.safetensors", "not there"},
        {"{\"weight_map\":{\"bert." WORDS "\":\"a.safetensors\",\"y\":\"b.safetensors\"}}",
         "holds tensor x", "does not tell of"},
        {"{\"weight_map\":{\"bert." WORDS "\":\"a.safetensors\",\"x\":\"a.safetensors\"}}",
         "tensor x is in a.safetensors", "it is not"},
        {"{\"weight_map\":{\"bert." WORDS "\":\"a.safetensors\",\"x\":\"b.safetensors\","
         "\"y\":\"b.safetensors\",\"z\":\"b.safetensors\"}}",
         "tensor z is in b.safetensors", "it is not"},
        {"{\"weight_map\":{\"x\":\"../b.safetensors\"}}", "tensor x", "name of a file"},
        {"{\"weight_map\":{\"x\":\"\"}}", "tensor x", "name of a file"},
        {"{\"weight_map\":{\"x\":3}}", "tensor x", "name of a file"},
        {"{\"weight_map\":{\"x\":\"b.safetensors\",\"x\":\"a.safetensors\"}}", "tensor x", "twice"},
        {"{\"weight_map\":{}}", "weight_map", "fetch it again"},
        {"{\"weight_map\":[]}", "weight_map", "fetch it again"},
        {"{}", "weight_map", "fetch it again"},
        {"[]", "not a JSON object", "index.json"},
        {"", "not a JSON object", "index.json"},
    };
    char *folder = make_folder("shards");
    put_tensors(folder, "a.safetensors", "bert." WORDS);
    put_tensors(folder, "b.safetensors", "x y");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        put_text(folder, "model.safetensors.index.json", cases[i].index);
        if (cases[i].word)
            expect_refused(folder, cases[i].word, cases[i].other);
        else
            expect_open(folder, 3);
    }
    put_text(folder, "model.safetensors.index.json",
             "{\"weight_map\":{\"bert." WORDS "\":\"a.safetensors\",\"x\":\"b.safetensors\","
             "\"y\":\"b.safetensors\",\"w\":\"d.safetensors\"}}");
    put_tensors(folder, "d.safetensors", "w y");
    expect_refused(folder, "tensor y is in two shards", "b.safetensors and d.safetensors");
    put_text(folder, "b.safetensors", "damaged");
    expect_refused(folder, "b.safetensors", "not a sound");
    free(folder);
}

/* A single file goes before an index, as in transformers. */
static void both_of_them(void **state)
{
    (void)state;
    char *folder = make_folder("both");
    struct buffer said = {0};
    struct hf_tensors tensors;
    struct error err;
    put_tensors(folder, "model.safetensors", WORDS " x y z");
    put_text(folder, "model.safetensors.index.json", "nonsense");
    catch_begin();
    const int status = hf_tensors_open(&tensors, folder, &err);
    catch_end(&said);
    assert_int_equal(status, 0);
    assert_int_equal(tensors.count, 4);
    assert_non_null(strstr(buffer_text(&said), "the first is taken"));
    hf_tensors_close(&tensors);
    buffer_release(&said);
    free(folder);
}

static void weights_of_other_forms(void **state)
{
    (void)state;
    char *folder = make_folder("it's pickled");
    expect_refused(folder, "no weights", "model.safetensors");
    put_text(folder, "flax_model.msgpack", "x");
    expect_refused(folder, "flax_model.msgpack is of Flax", "load_flax_checkpoint");
    put_text(folder, "tf_model.h5", "x");
    expect_refused(folder, "tf_model.h5 is of TensorFlow", "load_tf2_checkpoint");
    put_text(folder, "pytorch_model.bin.index.json", "x");
    expect_refused(folder, "pytorch_model.bin.index.json is pickled", "save_file");
    put_text(folder, "pytorch_model.bin", "x");
    expect_refused(folder, "pytorch_model.bin is pickled", "it'\\''s pickled'");
    free(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_name_is_the_tables), cmocka_unit_test(folders_of_one_file),
        cmocka_unit_test(folders_of_shards),       cmocka_unit_test(both_of_them),
        cmocka_unit_test(weights_of_other_forms),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}

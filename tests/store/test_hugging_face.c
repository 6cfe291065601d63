/* Hugging Face folders: what export writes import reads back to the same bytes; the spellings of
 * other writers; and what is refused, with the name of the tensor or key. */
#include "sample.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "lambert/base/file.h"
#include "lambert/base/hash.h"
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
                                         .gelu = GELU_TANH,
                                         .layer_norm_eps = 1e-12,
                                         .hidden_dropout = 0.1,
                                         .attention_dropout = 0,
                                         .initializer_range = 0.02};

/* Writes a checkpoint of weights, one of which has this value, and opens it; tensor NULL: none has. */
static void make_checkpoint_with(struct checkpoint_file *file, struct param_table *table,
                                 const char *tensor, int element, float value)
{
    struct error err;
    struct checkpoint_meta meta = {.state = {.tokenizer = TOKENIZER_DEFAULTS, .total_steps = 3},
                                   .config = (char *)"[model]\n",
                                   .vocabulary = (char *)vocabulary,
                                   .vocabulary_size = sizeof vocabulary - 1};
    const char *path = scratch_path("model.checkpoint");
    param_table_init(table, &shape);
    real *params = memory_new(table->size, sizeof *params);
    for (int t = 0; t < table->count; t++)
        for (size_t i = 0; i < table->infos[t].count; i++)
            params[table->infos[t].offset + i] = (real)sample_value(SAMPLE_WEIGHTS, t, i) / 3.0f;
    if (tensor)
        params[table->infos[param_table_find(table, tensor)].offset + (size_t)element] = value;
    assert_int_equal(checkpoint_write_weights(path, table, &meta, params, &err), 0);
    assert_int_equal(checkpoint_file_open(file, path, &err), 0);
    free(params);
}

static void make_checkpoint(struct checkpoint_file *file, struct param_table *table)
{
    make_checkpoint_with(file, table, NULL, 0, 0);
}

static char *export_sample(const char *name, enum safetensors_dtype dtype)
{
    struct checkpoint_file file;
    struct param_table table;
    struct error err;
    char *folder = memory_copy_text(scratch_path(name));
    make_checkpoint(&file, &table);
    struct hf_export request = {
        .checkpoint = &file, .shape = shape, .dtype = dtype, .card = "# card\n"};
    assert_int_equal(hf_export(&request, folder, &err), 0);
    assert_int_equal(hf_export(&request, folder, &err), -1);
    assert_non_null(strstr(err.text, "already holds a model.safetensors"));
    checkpoint_file_close(&file);
    param_table_release(&table);
    return folder;
}

static void there_and_back(void **state)
{
    (void)state;
    struct checkpoint_file file;
    struct param_table table;
    struct hf_model model;
    struct error err;
    char *folder = export_sample("folder", SAFETENSORS_F32);
    make_checkpoint(&file, &table);
    assert_int_equal(hf_model_open(&model, folder, &err), 0);
    assert_int_equal(model.shape.vocab, 7);
    assert_int_equal(model.shape.hidden, 4);
    assert_int_equal(model.shape.heads, 2);
    assert_int_equal(model.shape.gelu, GELU_TANH);
    assert_true(model.shape.hidden_dropout == 0.1);
    assert_true(model.tokenizer.lower_case);
    assert_int_equal(model.vocabulary_size, sizeof vocabulary - 1);
    assert_true(model.vocabulary_hash == hash_bytes(vocabulary, sizeof vocabulary - 1));
    assert_int_equal(model.weights->count, file.tensor_count);
    real *params = memory_new(table.size, sizeof *params);
    assert_int_equal(hf_model_weights(&model, &table, 1, params, &err), 0);
    for (int t = 0; t < table.count; t++)
        assert_memory_equal(params + table.infos[t].offset, file.weights + file.tensors[t].offset,
                            table.infos[t].count * sizeof *params);
    free(params);
    hf_model_close(&model);
    checkpoint_file_close(&file);
    param_table_release(&table);
    free(folder);
}

/* Tokens that a checkpoint carries go out, and come in as they were. */
static void added_tokens_go_through(void **state)
{
    (void)state;
    static char added[] = "[{\"id\":4,\"content\":\"[MASK]\",\"single_word\":false,\"lstrip\":true,"
                          "\"rstrip\":false,\"normalized\":false,\"special\":true},"
                          "{\"id\":6,\"content\":\"##s\",\"single_word\":true,\"lstrip\":false,"
                          "\"rstrip\":false,\"normalized\":true,\"special\":true}]";
    struct checkpoint_file file;
    struct param_table table;
    struct hf_model model;
    struct error err;
    const char *path = scratch_path("added.checkpoint");
    make_checkpoint(&file, &table);
    struct checkpoint_meta meta = checkpoint_meta_copy(&file.meta);
    real *params = memory_new(table.size, sizeof *params);
    free(meta.added_tokens);
    meta.added_tokens = memory_copy_text(added);
    checkpoint_file_close(&file);
    assert_int_equal(checkpoint_write_weights(path, &table, &meta, params, &err), 0);
    assert_int_equal(checkpoint_file_open(&file, path, &err), 0);
    assert_string_equal(file.meta.added_tokens, added);
    struct hf_export request = {
        .checkpoint = &file, .shape = shape, .dtype = SAFETENSORS_F32, .card = "# card\n"};
    char *folder = memory_copy_text(scratch_path("added"));
    assert_int_equal(hf_export(&request, folder, &err), 0);
    if (hf_model_open(&model, folder, &err) < 0)
        fail_msg("%s", err.text);
    assert_string_equal(model.added_tokens, added);
    hf_model_close(&model);
    free(folder);
    checkpoint_file_close(&file);
    checkpoint_meta_release(&meta);
    param_table_release(&table);
    free(params);
}

static cJSON *read_json(const char *folder, const char *name)
{
    struct buffer text = {0};
    char *path = path_join(folder, name);
    scratch_read(path, &text);
    cJSON *json = cJSON_ParseWithLength((const char *)text.data, text.size);
    assert_non_null(json);
    buffer_release(&text);
    free(path);
    return json;
}

static const cJSON *at(const cJSON *json, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, name);
    assert_non_null(item);
    return item;
}

static void what_the_files_say(void **state)
{
    (void)state;
    char *folder = export_sample("files", SAFETENSORS_BF16);
    cJSON *config = read_json(folder, "config.json");
    assert_string_equal(at(config, "hidden_act")->valuestring, "gelu_new");
    assert_string_equal(at(config, "torch_dtype")->valuestring, "bfloat16");
    assert_string_equal(at(config, "architectures")->child->valuestring, "BertForPreTraining");
    cJSON_Delete(config);
    cJSON *tokenizer = read_json(folder, "tokenizer_config.json");
    assert_true(cJSON_IsTrue(at(tokenizer, "do_lower_case")));
    assert_int_equal(at(tokenizer, "model_max_length")->valueint, 8);
    cJSON_Delete(tokenizer);
    tokenizer = read_json(folder, "tokenizer.json");
    assert_int_equal(at(at(at(tokenizer, "model"), "vocab"), "##s")->valueint, 6);
    assert_int_equal(cJSON_GetArraySize(at(tokenizer, "added_tokens")), 5);
    cJSON_Delete(tokenizer);
    struct buffer text = {0};
    char *path = path_join(folder, "vocab.txt");
    scratch_read(path, &text);
    assert_int_equal(text.size, sizeof vocabulary - 1);
    assert_memory_equal(text.data, vocabulary, text.size);
    buffer_release(&text);
    free(path);
    free(folder);
}

/* --- folders of other writers ----------------------------------------------------------------- */

/* A model.safetensors written anew: each tensor of the table goes through `change`, which may
 * rename it, give it another shape, or return false to leave it out. */
typedef bool change_entry(struct safetensors_entry *entry, char name[160]);

static char *folder_of(const char *name, change_entry *change, int extra_rows)
{
    struct param_table table;
    struct error err;
    static float values[64];
    char *folder = export_sample(name, SAFETENSORS_F32);
    char *path = path_join(folder, "model.safetensors");
    param_table_init(&table, &shape);
    struct safetensors_entry *entries = memory_new((size_t)table.count, sizeof *entries);
    char(*names)[160] = memory_new((size_t)table.count, sizeof *names);
    int count = 0;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        values[i] = (float)i + 0.5f;
    for (int t = 0; t < table.count; t++) {
        const struct param_info *info = &table.infos[t];
        snprintf(names[t], sizeof names[t], "%s", info->name);
        entries[count] = (struct safetensors_entry){.name = names[t],
                                                    .dimensions = info->dimensions,
                                                    .shape = {info->shape[0], info->shape[1]},
                                                    .values = values};
        if (info->shape[0] == shape.vocab)
            entries[count].shape[0] += extra_rows;
        count += !change || change(&entries[count], names[t]);
    }
    assert_int_equal(file_remove(path, &err), 0);
    assert_int_equal(safetensors_write(path, SAFETENSORS_F32, entries, count, &err), 0);
    param_table_release(&table);
    free(entries);
    free(names);
    free(path);
    return folder;
}

/* Reads the folder's weights; the result of hf_model_open() or hf_model_weights(). */
static int read_folder(const char *folder, real **params, struct error *err)
{
    struct param_table table;
    struct hf_model model;
    if (hf_model_open(&model, folder, err) != 0)
        return -1;
    assert_int_equal(model.shape.vocab, 7);
    param_table_init(&table, &shape);
    *params = memory_new(table.size, sizeof **params);
    int status = hf_model_weights(&model, &table, 1, *params, err);
    param_table_release(&table);
    hf_model_close(&model);
    return status;
}

static void expect_first_values(const real *params, const char *tensor, float first)
{
    struct param_table table;
    param_table_init(&table, &shape);
    int t = param_table_find(&table, tensor);
    assert_true(t >= 0);
    assert_true(params[table.infos[t].offset] == first);
    param_table_release(&table);
}

static bool spell_as_tensorflow(struct safetensors_entry *entry, char name[160])
{
    (void)entry;
    char *norm = strstr(name, "LayerNorm.weight");
    if (norm)
        strcpy(norm, "LayerNorm.gamma");
    norm = strstr(name, "LayerNorm.bias");
    if (norm)
        strcpy(norm, "LayerNorm.beta");
    return true;
}

/* As BertModel saves it. */
static bool encoder_only(struct safetensors_entry *entry, char name[160])
{
    (void)entry;
    if (strncmp(name, "bert.", 5) != 0)
        return false;
    memmove(name, name + 5, strlen(name + 5) + 1);
    return true;
}

static bool spell_as_nvidia(struct safetensors_entry *entry, char name[160])
{
    (void)entry;
    const char *activated[] = {".intermediate.dense.", ".pooler.dense.", ".transform.dense."};
    for (int i = 0; i < 3; i++) {
        char *found = strstr(name, activated[i]), rest[160];
        if (found) {
            found += strlen(activated[i]) - 1;
            snprintf(rest, sizeof rest, "_act%s", found);
            strcpy(found, rest);
        }
    }
    return true;
}

/* With a row of padding in the word table. */
static const char padded_config[] =
    "{\"vocab_size\":8,\"hidden_size\":4,\"num_hidden_layers\":1,\"num_attention_heads\":2,"
    "\"intermediate_size\":5,\"max_position_embeddings\":8}";

static void other_spellings(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        change_entry *change;
        int extra_rows;
        bool heads;
    } folders[] = {{"plain", NULL, 0, true},
                   {"tensorflow", spell_as_tensorflow, 0, true},
                   {"nvidia", spell_as_nvidia, 1, true},
                   {"encoder", encoder_only, 0, false}};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        struct error err;
        struct buffer said = {0};
        real *params = NULL;
        char *folder = folder_of(folders[i].name, folders[i].change, folders[i].extra_rows);
        char *config = path_join(folder, "config.json");
        if (folders[i].extra_rows)
            scratch_write(config, padded_config, strlen(padded_config));
        catch_begin();
        int status = read_folder(folder, &params, &err);
        catch_end(&said);
        assert_int_equal(status, 0);
        expect_first_values(params, "bert.embeddings.word_embeddings.weight", 0.5f);
        expect_first_values(params, "bert.encoder.layer.0.output.LayerNorm.weight", 0.5f);
        expect_first_values(params, "bert.encoder.layer.0.intermediate.dense.bias", 0.5f);
        expect_first_values(params, "cls.predictions.transform.LayerNorm.weight",
                            folders[i].heads ? 0.5f : 1);
        expect_first_values(params, "cls.predictions.bias", folders[i].heads ? 0.5f : 0);
        assert_int_equal(strstr(buffer_text(&said), "initialised afresh") != NULL,
                         !folders[i].heads);
        assert_null(strstr(buffer_text(&said), "warning"));
        buffer_release(&said);
        free(params);
        free(config);
        free(folder);
    }
}

/* The entries with a prefix, in one file or dealt out to shards, in one dtype; the folder's own weights go. */
static void put_weights(const char *folder, const struct safetensors_entry *entries, int count,
                        int shards, enum safetensors_dtype dtype)
{
    struct buffer index = {0};
    struct safetensors_entry *dealt = memory_new((size_t)count, sizeof *dealt);
    char *single = path_join(folder, "model.safetensors"),
         *list = path_join(folder, "model.safetensors.index.json");
    struct error err;
    assert_int_equal(file_remove(single, &err), 0);
    assert_int_equal(file_remove(list, &err), 0);
    for (int s = 0; s < shards; s++) {
        char name[48];
        int taken = 0;
        snprintf(name, sizeof name, "model-%05d-of-%05d.safetensors", s + 1, shards);
        for (int i = s; i < count; i += shards) {
            dealt[taken++] = entries[i];
            buffer_print(&index, "%s\"%s\":\"%s\"", index.size > 0 ? "," : "", entries[i].name,
                         name);
        }
        char *path = shards == 1 ? memory_copy_text(single) : path_join(folder, name);
        assert_int_equal(safetensors_write(path, dtype, dealt, taken, &err), 0);
        free(path);
    }
    char *map = memory_text("{\"weight_map\":{%s}}", buffer_text(&index));
    if (shards > 1)
        scratch_write(list, map, strlen(map));
    free(map);
    free(single);
    free(list);
    free(dealt);
    buffer_release(&index);
}

/* Values that every dtype holds, other ones in each place. */
static const float *values_of(int tensor, int count)
{
    static float values[64][64];
    require(tensor < 64 && count <= 64);
    for (int i = 0; i < count; i++)
        values[tensor][i] = (float)(tensor % 8 * 16 + i % 16) / 8.0f * (i < 16 ? 1.0f : -2.0f);
    return values[tensor];
}

/* Shards, dtype, and rows of padding, all with all; and each of them with each prefix. */
static void everything_at_once(void **state)
{
    (void)state;
    static const char *const prefixes[] = {"", "module.", "0.auto_model."};
    static const enum safetensors_dtype dtypes[] = {SAFETENSORS_F32, SAFETENSORS_F16,
                                                    SAFETENSORS_BF16};
    static const int shards[] = {1, 2, 5}, extra[] = {0, 1, 9};
    struct param_table table;
    char *folder = export_sample("all-at-once", SAFETENSORS_F32);
    char *config = path_join(folder, "config.json");
    param_table_init(&table, &shape);
    struct safetensors_entry *entries = memory_new((size_t)table.count, sizeof *entries);
    char(*names)[160] = memory_new((size_t)table.count, sizeof *names);
    for (int variant = 0; variant < 27; variant++) {
        const int rows = extra[variant / 9], prefix = (variant + variant / 3 + variant / 9) % 3;
        struct error err;
        real *params = NULL;
        char text[160];
        snprintf(text, sizeof text, "%.*s%d%s", (int)strlen("{\"vocab_size\":"), padded_config,
                 rows == 0   ? 7
                 : rows == 1 ? 8
                             : 9,
                 padded_config + strlen("{\"vocab_size\":8"));
        scratch_write(config, text, strlen(text));
        for (int t = 0; t < table.count; t++) {
            const struct param_info *info = &table.infos[t];
            const bool padded = info->shape[0] == shape.vocab;
            snprintf(names[t], sizeof names[t], "%s%s", prefixes[prefix], info->name);
            entries[t] = (struct safetensors_entry){.name = names[t],
                                                    .dimensions = info->dimensions,
                                                    .shape = {info->shape[0], info->shape[1]},
                                                    .values = values_of(t, 64)};
            entries[t].shape[0] += padded ? rows : 0;
        }
        put_weights(folder, entries, table.count, shards[variant / 3 % 3], dtypes[variant % 3]);
        if (read_folder(folder, &params, &err) < 0)
            fail_msg("variant %d: %s", variant, err.text);
        for (int t = 0; t < table.count; t++)
            assert_memory_equal(params + table.infos[t].offset, values_of(t, 64),
                                table.infos[t].count * sizeof *params);
        free(params);
    }
    free(names);
    free(entries);
    param_table_release(&table);
    free(config);
    free(folder);
}

/* vocab_size from the 7 entries on, and as many rows or those padded; all else is of several models. */
static void rows_beyond_the_vocabulary(void **state)
{
    (void)state;
    static const struct {
        int vocab_size, extra_rows;
        const char *said; /* NULL: it is refused */
    } cases[] = {
        {7, 0, ""},
        {7, 1, "has 8 rows: those beyond vocab_size 7 are left out as padding"},
        {8, 1, "has 7 entries: rows of the weights beyond them, up to vocab_size 8, are left out"},
        {9, 9, "has 7 entries, and vocab_size in its config.json is 9: more than padding"},
        {9, 9, "has 16 rows: those beyond vocab_size 9"},
        {12, 5, "more than padding accounts for"},
        {7, -1, NULL},
        {7, 2, NULL},
        {7, 9, NULL},
        {8, 0, NULL},
        {8, 8, NULL},
        {12, 4, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct error err;
        struct buffer said = {0};
        real *params = NULL;
        char numbers[2][32], text[160], name[32];
        snprintf(name, sizeof name, "rows-%d", (int)i);
        char *folder = folder_of(name, NULL, cases[i].extra_rows);
        char *config = path_join(folder, "config.json");
        snprintf(text, sizeof text, "%.*s%d%s", (int)strlen("{\"vocab_size\":"), padded_config,
                 cases[i].vocab_size, padded_config + strlen("{\"vocab_size\":8"));
        scratch_write(config, text, strlen(text));
        catch_begin();
        const int status = read_folder(folder, &params, &err);
        catch_end(&said);
        assert_int_equal(status, cases[i].said ? 0 : -1);
        snprintf(numbers[0], sizeof numbers[0], "of %d rows", 7 + cases[i].extra_rows);
        snprintf(numbers[1], sizeof numbers[1], "config.json is %d;", cases[i].vocab_size);
        if (cases[i].said ? !strstr(buffer_text(&said), cases[i].said)
                          : !strstr(err.text, numbers[0]) || !strstr(err.text, numbers[1]))
            fail_msg("%d: '%s', and '%s' was said", (int)i, err.text, buffer_text(&said));
        if (cases[i].said) {
            expect_first_values(params, "bert.embeddings.word_embeddings.weight", 0.5f);
            expect_first_values(params, "cls.predictions.bias", 0.5f);
        }
        buffer_release(&said);
        free(params);
        free(config);
        free(folder);
    }
}

static void remove_from(const char *folder, const char *name)
{
    struct error err;
    char *path = path_join(folder, name);
    assert_int_equal(file_remove(path, &err), 0);
    free(path);
}

static void a_vocabulary_in_tokenizer_json(void **state)
{
    (void)state;
    struct error err;
    struct hf_model model;
    char *folder = export_sample("json", SAFETENSORS_F32);
    remove_from(folder, "vocab.txt");
    assert_int_equal(hf_model_open(&model, folder, &err), 0);
    assert_int_equal(model.vocabulary_size, sizeof vocabulary - 1);
    assert_memory_equal(model.vocabulary, vocabulary, sizeof vocabulary - 1);
    hf_model_close(&model);
    free(folder);
}

/* --- what is refused -------------------------------------------------------------------------- */

static bool drop_a_bias(struct safetensors_entry *entry, char name[160])
{
    (void)entry;
    return strcmp(name, "bert.encoder.layer.0.attention.self.key.bias") != 0;
}

static bool turn_a_weight(struct safetensors_entry *entry, char name[160])
{
    if (strcmp(name, "bert.encoder.layer.0.output.dense.weight") == 0) {
        entry->shape[0] = shape.intermediate;
        entry->shape[1] = shape.hidden;
    }
    return true;
}

static void expect_refusal(char *folder, const char *word, const char *other)
{
    struct error err = {""};
    real *params = NULL;
    assert_int_equal(read_folder(folder, &params, &err), -1);
    if (!strstr(err.text, word) || !strstr(err.text, other) || !strstr(err.text, folder))
        fail_msg("'%s' names not '%s' and '%s'", err.text, word, other);
    free(params);
}

/* A decoder of its own is fine where it is the word table all the same, as some writers have it. */
static bool spell_out_the_decoder(struct safetensors_entry *entry, char name[160])
{
    if (strcmp(name, "cls.seq_relationship.weight") == 0) {
        strcpy(name, "cls.predictions.decoder.weight");
        entry->shape[0] = shape.vocab;
    }
    return true;
}

static bool spell_out_another_decoder(struct safetensors_entry *entry, char name[160])
{
    static const float other[64] = {1, 2, 3};
    const bool decoder = strcmp(name, "cls.seq_relationship.weight") == 0;
    spell_out_the_decoder(entry, name);
    if (decoder)
        entry->values = other;
    return true;
}

/* The head's bias under both its names, with other values. */
static bool spell_out_another_bias(struct safetensors_entry *entry, char name[160])
{
    static const float other[64] = {1, 2, 3};
    spell_out_the_decoder(entry, name);
    if (strcmp(name, "cls.seq_relationship.bias") == 0) {
        strcpy(name, "cls.predictions.decoder.bias");
        entry->shape[0] = shape.vocab;
        entry->values = other;
    }
    return true;
}

static char *untied(char *folder)
{
    static const char text[] =
        "{\"vocab_size\":7,\"hidden_size\":4,\"num_hidden_layers\":1,\"num_attention_heads\":2,"
        "\"intermediate_size\":5,\"max_position_embeddings\":8,\"tie_word_embeddings\":false}";
    char *path = path_join(folder, "config.json");
    scratch_write(path, text, strlen(text));
    free(path);
    return folder;
}

static void decoders_of_their_own(void **state)
{
    (void)state;
    struct error err;
    struct buffer said = {0};
    real *params = NULL;
    char *folder = untied(folder_of("tied-after-all", spell_out_the_decoder, 0));
    assert_int_equal(read_folder(folder, &params, &err), 0);
    free(params);
    params = NULL;
    free(folder);
    folder = untied(folder_of("untied", spell_out_another_decoder, 0));
    expect_refusal(folder, "tie_word_embeddings is false", "word table");
    free(folder);
    folder = untied(folder_of("biased", spell_out_another_bias, 0));
    expect_refusal(folder, "tie_word_embeddings is false", "its bias not that of the head");
    free(folder);
    folder = untied(folder_of("lost", NULL, 0));
    expect_refusal(folder, "tie_word_embeddings is false", "word table");
    free(folder);
    folder = folder_of("tied", spell_out_another_decoder, 0);
    catch_begin();
    const int status = read_folder(folder, &params, &err);
    catch_end(&said);
    assert_int_equal(status, 0);
    assert_non_null(strstr(buffer_text(&said), "cls.predictions.decoder.weight is not the word"));
    buffer_reset(&said);
    free(params);
    free(folder);
    folder = folder_of("biased-and-tied", spell_out_another_bias, 0);
    catch_begin();
    const int again = read_folder(folder, &params, &err);
    catch_end(&said);
    assert_int_equal(again, 0);
    assert_non_null(strstr(buffer_text(&said),
                           "cls.predictions.decoder.bias is not cls.predictions.bias, which"));
    expect_first_values(params, "cls.predictions.bias", 0.5f);
    buffer_release(&said);
    free(params);
    free(folder);
}

/* What the encoder has beyond BERT is refused; layers beyond those of config.json are told. */
static bool add_a_gate(struct safetensors_entry *entry, char name[160])
{
    if (strcmp(name, "cls.seq_relationship.bias") == 0) {
        strcpy(name, "bert.encoder.layer.0.attention.self.gate");
        entry->shape[0] = 2;
    }
    return true;
}

static bool add_a_layer(struct safetensors_entry *entry, char name[160])
{
    if (strcmp(name, "cls.seq_relationship.bias") == 0) {
        strcpy(name, "bert.encoder.layer.1.attention.self.key.bias");
        entry->shape[0] = 2;
    }
    return true;
}

static void tensors_that_are_left_over(void **state)
{
    (void)state;
    struct error err;
    struct buffer said = {0};
    real *params = NULL;
    char *folder = folder_of("gated", add_a_gate, 0);
    expect_refusal(folder, "bert.encoder.layer.0.attention.self.gate", "another model");
    free(folder);
    folder = folder_of("deeper", add_a_layer, 0);
    catch_begin();
    const int status = read_folder(folder, &params, &err);
    catch_end(&said);
    assert_int_equal(status, 0);
    assert_non_null(strstr(buffer_text(&said), "which has 1 layers, are left out: "
                                               "bert.encoder.layer.1.attention.self.key.bias"));
    buffer_release(&said);
    free(params);
    free(folder);
}

static bool break_a_weight(struct safetensors_entry *entry, char name[160])
{
    static float values[64];
    values[5] = (float)NAN;
    values[7] = (float)INFINITY;
    if (strcmp(name, "bert.encoder.layer.0.output.dense.weight") == 0)
        entry->values = values;
    return true;
}

static void weights_that_are_not_finite(void **state)
{
    (void)state;
    char *folder = folder_of("broken", break_a_weight, 0);
    expect_refusal(folder, "tensor bert.encoder.layer.0.output.dense.weight has 2 of 20",
                   "the first at [1, 0]");
    free(folder);
}

/* A checkpoint cannot hold them either way; what f16 cannot is refused before anything is written. */
static void weights_that_cannot_go_out(void **state)
{
    (void)state;
    static const struct {
        float value;
        enum safetensors_dtype dtype;
        const char *word;
    } cases[] = {{(float)NAN, SAFETENSORS_F32, "not finite numbers, the first at [2] ("},
                 {1e6f, SAFETENSORS_F16, "beyond the range of f16"},
                 {0x1.FFp127f, SAFETENSORS_F16, "--dtype f32 holds them"},
                 {0x1.FFp127f, SAFETENSORS_BF16, "beyond the range of bf16"},
                 {1e6f, SAFETENSORS_BF16, NULL}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct checkpoint_file file;
        struct param_table table;
        struct error err;
        make_checkpoint_with(&file, &table, "cls.predictions.bias", 2, cases[i].value);
        char *folder = memory_copy_text(scratch_path("cannot"));
        struct hf_export request = {
            .checkpoint = &file, .shape = shape, .dtype = cases[i].dtype, .card = "# card\n"};
        assert_int_equal(hf_export(&request, folder, &err), cases[i].word ? -1 : 0);
        if (cases[i].word &&
            (!strstr(err.text, cases[i].word) || !strstr(err.text, "tensor cls.predictions.bias")))
            fail_msg("'%s' says not '%s'", err.text, cases[i].word);
        assert_int_equal(folder_exists(folder), !cases[i].word);
        checkpoint_file_close(&file);
        param_table_release(&table);
        free(folder);
    }
}

static void tensors_that_do_not_fit(void **state)
{
    (void)state;
    char *folder = folder_of("missing", drop_a_bias, 0);
    expect_refusal(folder, "no tensor", "bert.encoder.layer.0.attention.self.key.bias");
    free(folder);
    folder = folder_of("turned", turn_a_weight, 0);
    expect_refusal(folder, "output.dense.weight is [5, 4]", "has [4, 5]");
    free(folder);
    folder = folder_of("fewer", NULL, -1);
    expect_refusal(folder, "word_embeddings.weight is [6, 4], of 6 rows", "config.json is 7;");
    free(folder);
}

static void configurations_that_are_not_ours(void **state)
{
    (void)state;
    static const struct {
        const char *text, *word, *other;
    } configs[] = {
        {"{\"hidden_act\":\"relu\"}", "hidden_act", "relu"},
        {"{\"hidden_act\":3}", "hidden_act", "not a name"},
        {"{\"model_type\":\"roberta\"}", "model_type", "roberta"},
        {"{\"position_embedding_type\":\"relative_key\"}", "position_embedding_type",
         "relative_key"},
        {"{\"position_embedding_type\":\"relative_key_query\"}", "position_embedding_type",
         "relative_key_query"},
        {"{\"is_decoder\":true}", "is_decoder", "encoders only"},
        {"{\"add_cross_attention\":true}", "add_cross_attention", "encoders only"},
        {"{\"is_encoder_decoder\":1}", "is_encoder_decoder", "encoders only"},
        {"{\"pruned_heads\":{\"0\":[1]}}", "pruned_heads", "all their heads"},
        {"{\"quantization_config\":{\"bits\":8}}", "quantization_config", "not quantized"},
        {"{\"auto_map\":{\"AutoModel\":\"m.M\"}}", "auto_map", "code"},
        {"{\"type_vocab_size\":1}", "type_vocab_size", "from 2"},
        {"{\"max_position_embeddings\":4}", "max_position_embeddings", "from 8"},
        {"{\"layer_norm_eps\":0}", "layer_norm_eps", "above 0"},
        {"{\"hidden_dropout_prob\":1}", "hidden_dropout_prob", "below 1"},
        {"{\"hidden_size\":10,\"num_attention_heads\":3}", "num_attention_heads 3",
         "hidden_size 10"},
        {"{\"hidden_size\":1.5}", "hidden_size", "whole number"},
        {"{\"hidden_size\":-4}", "hidden_size", "whole number"},
        {"{\"num_hidden_layers\":1e99}", "num_hidden_layers", "whole number"},
        {"{\"layer_norm_eps\":\"x\"}", "layer_norm_eps", "number"},
        {"{\"vocab_size\":6}", "has 7 entries", "vocab_size"},
        {"[1]", "config.json", "not a JSON object"},
        {"", "config.json", "not a JSON object"},
    };
    char *folder = export_sample("configs", SAFETENSORS_F32);
    char *path = path_join(folder, "config.json");
    for (size_t i = 0; i < sizeof configs / sizeof *configs; i++) {
        scratch_write(path, configs[i].text, strlen(configs[i].text));
        expect_refusal(folder, configs[i].word, configs[i].other);
    }
    free(path);
    free(folder);
}

static void a_case_that_cannot_be_read(void **state)
{
    (void)state;
    static const char *const texts[] = {"{\"do_lower_case\": false,}",
                                        "{\"do_lower_case\":\"false\"}", "{\"do_lower_case\":0}",
                                        "[]", ""};
    char *folder = export_sample("case", SAFETENSORS_F32);
    char *path = path_join(folder, "tokenizer_config.json");
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        scratch_write(path, texts[i], strlen(texts[i]));
        expect_refusal(folder, "tokenizer_config.json", "");
    }
    free(path);
    free(folder);
}

static void folders_that_lack_a_file(void **state)
{
    (void)state;
    char *folder = export_sample("lacking", SAFETENSORS_F32);
    remove_from(folder, "model.safetensors");
    expect_refusal(folder, "model.safetensors", "save_pretrained");
    remove_from(folder, "vocab.txt");
    remove_from(folder, "tokenizer.json");
    expect_refusal(folder, "vocab.txt", "tokenizer.json");
    remove_from(folder, "config.json");
    expect_refusal(folder, "config.json", "");
    free(folder);
}

#define KIND                                                                                       \
    ",\"normalizer\":{\"type\":\"BertNormalizer\"},"                                               \
    "\"pre_tokenizer\":{\"type\":\"BertPreTokenizer\"}"

static void vocabularies_that_are_not_ours(void **state)
{
    (void)state;
    static const struct {
        const char *text, *word;
    } tokenizers[] = {
        {"", "not a JSON object"},
        {"{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0}}}", "model.type"},
        {"{\"model\":{\"continuing_subword_prefix\":\"@@\",\"vocab\":{}}}",
         "model.continuing_subword_prefix"},
        {"{\"model\":{}" KIND "}", "no WordPiece"},
        {"{\"model\":{\"vocab\":{\"a\":0}}}", "normalizer"},
        {"{\"model\":{\"vocab\":{\"a\":0,\"b\":2}}" KIND "}", "'b'"},
        {"{\"model\":{\"vocab\":{\"a\":0,\"b\":0}}" KIND "}", "'b'"},
        {"{\"model\":{\"vocab\":{\"a\":-1}}" KIND "}", "'a'"},
        {"{\"model\":{\"vocab\":{\"a\":1.5,\"b\":0}}" KIND "}", "'a'"},
        {"{\"model\":{\"vocab\":{\"a\\nb\":0}}" KIND "}", "line break"},
        {"{\"model\":{\"vocab\":{\"a\":0}}" KIND "}", "[PAD]"},
    };
    char *folder = export_sample("foreign", SAFETENSORS_F32);
    char *path = path_join(folder, "tokenizer.json");
    remove_from(folder, "vocab.txt");
    for (size_t i = 0; i < sizeof tokenizers / sizeof *tokenizers; i++) {
        scratch_write(path, tokenizers[i].text, strlen(tokenizers[i].text));
        expect_refusal(folder, "tokenizer.json", tokenizers[i].word);
    }
    free(path);
    free(folder);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_and_back),
        cmocka_unit_test(added_tokens_go_through),
        cmocka_unit_test(what_the_files_say),
        cmocka_unit_test(other_spellings),
        cmocka_unit_test(everything_at_once),
        cmocka_unit_test(rows_beyond_the_vocabulary),
        cmocka_unit_test(decoders_of_their_own),
        cmocka_unit_test(tensors_that_are_left_over),
        cmocka_unit_test(weights_that_are_not_finite),
        cmocka_unit_test(weights_that_cannot_go_out),
        cmocka_unit_test(tensors_that_do_not_fit),
        cmocka_unit_test(configurations_that_are_not_ours),
        cmocka_unit_test(a_case_that_cannot_be_read),
        cmocka_unit_test(folders_that_lack_a_file),
        cmocka_unit_test(a_vocabulary_in_tokenizer_json),
        cmocka_unit_test(vocabularies_that_are_not_ours),
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

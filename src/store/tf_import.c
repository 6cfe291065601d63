/* Which files a TensorFlow model has, and what those say that are not weights. */
#include "lambert/base/strings.h"
#include "lambert/store/tensorflow.h"

#include <stdlib.h>
#include <string.h>

#include "hf_config.h"
#include "hf_tokenizer.h"
#include "lambert/base/file.h"
#include "lambert/base/hash.h"
#include "lambert/base/json.h"
#include "lambert/base/log.h"
#include "lambert/base/memory.h"
#include "lambert/text/vocabulary.h"
#include "model_case.h"
#include "model_vocabulary.h"
#include "sstable.h"
#include "tensor_bundle.h"

/* --- paths ------------------------------------------------------------------------------------ */

/* An ending alone is no name with one. */
static bool has_ending(const char *name, const char *ending)
{
    return strlen(name) > strlen(ending) && string_ends_with(name, ending);
}

static bool has_index(const char *prefix)
{
    char *index = memory_text("%s.index", prefix);
    const bool there = file_exists(index);
    free(index);
    return there;
}

/* The path without .index, .meta or .data-00000-of-00001, which a shell's completion puts behind it, where what
 * is left is a checkpoint; free(). */
static char *without_ending(const char *path)
{
    char *prefix = memory_copy_text(path);
    const char *name = strrchr(path, '/');
    char *data = strstr(prefix + (name ? name - path : 0), ".data-");
    if (has_ending(path, ".index"))
        prefix[strlen(path) - strlen(".index")] = '\0';
    else if (has_ending(path, ".meta"))
        prefix[strlen(path) - strlen(".meta")] = '\0';
    else if (data)
        *data = '\0';
    if (!has_index(prefix))
        strcpy(prefix, path);
    return prefix;
}

/* A table of sorted keys that is a checkpoint by itself: of before TensorFlow 0.12. */
static bool is_single_file(const char *path)
{
    struct file_map map;
    struct error err;
    if (folder_exists(path) || file_map_open(&map, path, &err) < 0)
        return false;
    const bool is = sstable_is(map.data, map.size);
    file_map_close(&map);
    return is;
}

/* The prefixes of a folder's checkpoints; folder_list_close(). */
static int list_prefixes(const char *folder, struct folder_list *list, struct error *err)
{
    int kept = 0;
    if (folder_list_open(list, folder, err) < 0)
        return -1;
    for (int i = 0; i < list->count; i++) {
        char *name = list->names[i];
        if (has_ending(name, ".index")) {
            name[strlen(name) - strlen(".index")] = '\0';
            list->names[kept++] = name;
        } else {
            free(name);
        }
    }
    list->count = kept;
    return 0;
}

bool tf_model_is(const char *path)
{
    struct folder_list list;
    struct error err;
    if (folder_exists(path)) {
        char *config = path_join(path, "bert_config.json");
        bool is = file_exists(config);
        free(config);
        if (!is && list_prefixes(path, &list, &err) == 0) {
            is = list.count > 0;
            folder_list_close(&list);
        }
        return is;
    }
    char *prefix = without_ending(path);
    const bool is = has_index(prefix) || is_single_file(path);
    free(prefix);
    return is;
}

/* --- which weights ---------------------------------------------------------------------------- */

/* What stands between the quotes behind "model_checkpoint_path:" in TensorFlow's file `checkpoint`, without its
 * folders, which were those of the machine that wrote it; NULL where there is none. */
static char *latest_name(const char *folder)
{
    static const char key[] = "model_checkpoint_path:";
    struct buffer text = {0};
    struct error err;
    char *path = path_join(folder, "checkpoint"), *latest = NULL;
    if (file_exists(path) && file_read(path, &text, &err) == 0) {
        const char *line = buffer_text(&text);
        if (!string_begins_with(line, key)) {
            line = strstr(line, "\nmodel_checkpoint_path:");
            line = line ? line + 1 : NULL;
        }
        const char *begin = line ? strchr(line, '"') : NULL;
        const char *end = begin ? strchr(begin + 1, '"') : NULL;
        if (end) {
            latest = memory_text("%.*s", (int)(end - begin - 1), begin + 1);
            const char *slash = strrchr(latest, '/');
            if (slash)
                memmove(latest, slash + 1, strlen(slash));
        }
    }
    buffer_release(&text);
    free(path);
    return latest;
}

static void refuse_choice(const char *folder, const struct folder_list *list, struct error *err)
{
    struct buffer names = {0};
    for (int i = 0; i < list->count; i++)
        buffer_print(&names, "%s%s", i > 0 ? ", " : "", list->names[i]);
    error_set(err, "%s has several checkpoints of TensorFlow (%.1000s); name one of them, as %s/%s",
              folder, buffer_text(&names), folder, list->names[0]);
    buffer_release(&names);
}

/* The prefix of a folder's weights: there is one, or the file `checkpoint` says which; free(). NULL: neither. */
static char *choose_weights(const char *folder, struct error *err)
{
    struct folder_list list;
    char *prefix = NULL;
    if (list_prefixes(folder, &list, err) < 0)
        return NULL;
    char *latest = latest_name(folder);
    for (int i = 0; i < list.count && !prefix; i++)
        if (list.count == 1 || (latest && strcmp(list.names[i], latest) == 0))
            prefix = path_join(folder, list.names[i]);
    if (list.count == 0)
        error_set(err,
                  "%s has a bert_config.json but no weights of TensorFlow "
                  "(NAME.index, NAME.data-00000-of-00001)",
                  folder);
    else if (!prefix)
        refuse_choice(folder, &list, err);
    free(latest);
    folder_list_close(&list);
    return prefix;
}

/* Python that reads a checkpoint of one file and writes it as one of today. */
static void refuse_single_file(const char *path, struct error *err)
{
    char *word = shell_word(path);
    error_set(
        err,
        "%s is a checkpoint of TensorFlow before 0.12, in one file, which is not read; write it again, with "
        "any newer TensorFlow: python3 -c \"import sys, tensorflow as tf; p = sys.argv[1]; r = "
        "tf.train.load_checkpoint(p); n = sorted(r.get_variable_to_shape_map()); "
        "tf.raw_ops.SaveV2(prefix=p + '-v2', tensor_names=n, shape_and_slices=['']*len(n), "
        "tensors=[r.get_tensor(k) for k in n])\" %s",
        path, word);
    free(word);
}

/* free(); NULL with a sentence where there are none. */
static char *find_weights(const char *path, struct error *err)
{
    if (folder_exists(path))
        return choose_weights(path, err);
    char *prefix = without_ending(path);
    if (has_index(prefix))
        return prefix;
    free(prefix);
    if (is_single_file(path))
        refuse_single_file(path, err);
    else
        error_set(err, "there are no weights of TensorFlow at %s: no %s.index", path, path);
    return NULL;
}

/* --- what is no weight ------------------------------------------------------------------------ */

static char *path_beside(const struct tf_model *model, const char *name)
{
    const char *slash = strrchr(model->prefix, '/');
    return slash ? memory_text("%.*s/%s", (int)(slash - model->prefix), model->prefix, name)
                 : memory_copy_text(name);
}

static int need_file(const struct tf_model *model, const char *path, const char *name,
                     struct error *err)
{
    return file_exists(path)
               ? 0
               : error_set(err, "there is no %s; put the model's %s beside its weights (%s.index)",
                           path, name, model->prefix);
}

static int read_config(struct tf_model *model, struct error *err)
{
    static const char name[] = "bert_config.json";
    struct buffer text = {0};
    struct hf_config config;
    char *path = path_beside(model, name);
    int status = need_file(model, path, name, err);
    if (status == 0)
        status = json_file_read(path, &text, err);
    if (status == 0)
        status = hf_config_parse(buffer_text(&text), text.size, path, &config, err);
    if (status == 0) {
        model->shape = config.shape;
        model->vocab_size = config.shape.vocab;
        label_set_release(&config.labels);
    }
    buffer_release(&text);
    free(path);
    return status;
}

/* tokenizer_config.json, or what the vocabulary looks like. */
static int read_case(struct tf_model *model, const struct vocabulary *vocabulary, struct error *err)
{
    struct buffer text = {0};
    struct model_case said = {0};
    char *path = path_beside(model, "tokenizer_config.json");
    int status = 0;
    model->tokenizer = tokenizer_defaults;
    if (file_exists(path))
        status = json_file_read(path, &text, err) < 0
                     ? -1
                     : hf_tokenizer_config_parse(buffer_text(&text), text.size, path,
                                                 &model->tokenizer, &said, err);
    if (status == 0)
        model_case_settle(&said, vocabulary, model->prefix, path, &model->tokenizer);
    buffer_release(&text);
    free(path);
    return status;
}

/* The shape's vocab becomes the number of entries; weights may have more rows (padding). */
static int read_vocabulary(struct tf_model *model, struct error *err)
{
    static const char name[] = "vocab.txt";
    struct vocabulary *vocabulary = NULL;
    char *path = path_beside(model, name);
    int status = need_file(model, path, name, err);
    if (status == 0)
        status = vocabulary_load(&vocabulary, path, err);
    if (status < 0)
        goto done;
    status = model_vocabulary_take(vocabulary, path, "bert_config.json", &model->shape.vocab,
                                   &model->vocabulary, &model->vocabulary_size, err);
    if (status == 0)
        status = read_case(model, vocabulary, err);
done:
    vocabulary_free(vocabulary);
    free(path);
    return status;
}

/* --- the model -------------------------------------------------------------------------------- */

static int refuse_objects(const struct tf_model *model, struct error *err)
{
    if (!tensor_bundle_find(model->weights, "_CHECKPOINTABLE_OBJECT_GRAPH") ||
        tf_model_has(model, "bert.embeddings.word_embeddings.weight"))
        return 0;
    return error_set(
        err,
        "%s.index is a checkpoint of objects, as TensorFlow 2 and Keras save them; what is "
        "read are variables under the names of google-research/bert "
        "(bert/embeddings/word_embeddings). Save the model for transformers "
        "(save_pretrained()), whose folders are read as well",
        model->prefix);
}

int tf_model_open(struct tf_model *model, const char *path, struct error *err)
{
    *model = (struct tf_model){.prefix = find_weights(path, err)};
    if (!model->prefix)
        return -1;
    model->weights = memory_new(1, sizeof *model->weights);
    if (tensor_bundle_open(model->weights, model->prefix, err) < 0 ||
        refuse_objects(model, err) < 0 || read_config(model, err) < 0 ||
        read_vocabulary(model, err) < 0) {
        tf_model_close(model);
        return -1;
    }
    if (tf_model_has(model, "qa_outputs.weight"))
        model->kind = TASK_QUESTIONS;
    if (model->shape.gelu == GELU_ERF)
        log_info(
            "%s: gelu is the exact form (erf), as models of 2018 have it and transformers read it; for "
            "one that Google's code of 2019 or later trained (MLPerf's), hidden_act in its "
            "bert_config.json is to be gelu_new",
            model->prefix);
    return 0;
}

void tf_model_close(struct tf_model *model)
{
    if (model->weights)
        tensor_bundle_close(model->weights);
    free(model->weights);
    free(model->vocabulary);
    free(model->prefix);
    *model = (struct tf_model){0};
}

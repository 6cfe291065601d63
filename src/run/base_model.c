#include "lambert/run/base_model.h"

#include <stdlib.h>
#include <string.h>

#include "lambert/base/file.h"
#include "lambert/base/log.h"
#include "lambert/base/memory.h"
#include "lambert/run/options.h"
#include "lambert/store/checkpoint.h"
#include "lambert/store/checkpoint_folder.h"

/* --- opening, on rank 0 ----------------------------------------------------------------------- */

/* What the other ranks are told, in this order, and of this size. */
struct description {
    struct config_model shape;
    struct config_task task;
    enum float_type compute_type;
    int sequence_length;
    struct tokenizer_options tokenizer;
    size_t labels_size, vocabulary_size;
};

/* Models of others are known by the names of their files; anything else is opened as a checkpoint. A config.json alone
 * makes no Hugging Face model of a folder of TensorFlow: people copy one there. */
static enum base_source source_of(const char *path)
{
    char *config = path_join(path, "config.json");
    const bool has_config = file_exists(config);
    free(config);
    return has_config && (hf_model_has_weights(path) || !tf_model_is(path)) ? BASE_HUGGING_FACE
           : tf_model_is(path)                                              ? BASE_TENSORFLOW
                                                                            : BASE_CHECKPOINT;
}

/* What the models of others say; the rest is as a configuration has it. */
static void describe_model(const struct bert_config *shape, enum task_kind kind,
                           const struct tokenizer_options *tokenizer, struct description *said)
{
    struct config standard;
    config_defaults(&standard);
    said->shape = config_model_of(shape);
    said->task = standard.task;
    said->task.kind = kind;
    said->compute_type = TYPE_FLOAT32;
    said->sequence_length = said->shape.max_position_embeddings;
    said->tokenizer = *tokenizer;
}

static int open_folder(struct base_model *model, const char *path, struct description *said,
                       struct error *err)
{
    const struct hf_model *folder = &model->folder;
    if (hf_model_open(&model->folder, path, err) < 0)
        return -1;
    describe_model(&folder->shape, folder->kind, &folder->tokenizer, said);
    return 0;
}

static int open_tensorflow(struct base_model *model, const char *path, struct description *said,
                           struct error *err)
{
    const struct tf_model *found = &model->tensorflow;
    if (tf_model_open(&model->tensorflow, path, err) < 0)
        return -1;
    describe_model(&found->shape, found->kind, &found->tokenizer, said);
    return 0;
}

/* What the open checkpoint says. */
static int describe_file(const struct base_model *model, struct description *said,
                         struct error *err)
{
    struct config stored;
    const struct checkpoint_meta *meta = &model->file.meta;
    if (config_read(&stored, meta->config, checkpoint_file_path(&model->file), err) < 0)
        return -1;
    said->shape = stored.model;
    said->task = stored.task;
    said->compute_type = stored.train.compute_type;
    said->sequence_length = stored.phase_count > 0
                                ? stored.phases[stored.phase_count - 1].sequence_length
                                : stored.model.max_position_embeddings;
    said->tokenizer = meta->state.tokenizer;
    return 0;
}

static int open_file(struct base_model *model, const char *path, struct description *said,
                     struct error *err)
{
    if (checkpoint_find(path, &model->file, err) < 0)
        return -1;
    if (!checkpoint_file_path(&model->file))
        return error_set(
            err, "it is neither a Hugging Face model (no config.json), nor one of TensorFlow (no "
                 ".index), nor a run folder with checkpoints");
    return describe_file(model, said, err);
}

/* Labels and vocabulary as texts, which are the other half of what is told. */
static void gather_texts(const struct base_model *model, struct buffer *labels,
                         struct buffer *vocabulary)
{
    const struct checkpoint_meta *meta = &model->file.meta;
    switch (model->source) {
    case BASE_HUGGING_FACE:
        label_set_print(&model->folder.labels, labels);
        buffer_put(vocabulary, model->folder.vocabulary, model->folder.vocabulary_size);
        break;
    case BASE_TENSORFLOW: /* which has no names of labels */
        buffer_put(vocabulary, model->tensorflow.vocabulary, model->tensorflow.vocabulary_size);
        break;
    case BASE_CHECKPOINT:
        buffer_put(labels, meta->labels, meta->labels_size);
        buffer_put(vocabulary, meta->vocabulary, meta->vocabulary_size);
        break;
    }
}

/* --- telling the others ----------------------------------------------------------------------- */

static void broadcast_text(const struct dist *dist, struct buffer *text, size_t size)
{
    if (dist_rank(dist) != 0)
        buffer_grow(text, size);
    dist_broadcast(dist, 0, text->data, size);
}

static int take_texts(struct base_model *model, const char *path, const struct buffer *labels,
                      const struct buffer *vocabulary, struct error *err)
{
    if (labels->size > 0 &&
        label_set_parse(&model->labels, (const char *)labels->data, labels->size, path, err) < 0)
        return -1;
    return vocabulary_parse(&model->vocabulary, path, vocabulary->data, vocabulary->size, err);
}

/* Collective. Rank 0's model, which is open and described there, to all. */
static int share(struct base_model *model, const struct dist *dist, struct description *said,
                 const char *path, struct error *err)
{
    struct buffer labels = {0}, vocabulary = {0};
    if (dist_rank(dist) == 0)
        gather_texts(model, &labels, &vocabulary);
    said->labels_size = labels.size;
    said->vocabulary_size = vocabulary.size;
    dist_broadcast(dist, 0, said, sizeof *said);
    dist_broadcast(dist, 0, &model->source, sizeof model->source);
    broadcast_text(dist, &labels, said->labels_size);
    broadcast_text(dist, &vocabulary, said->vocabulary_size);
    model->shape = said->shape;
    model->task = said->task;
    model->compute_type = said->compute_type;
    model->sequence_length = said->sequence_length;
    model->tokenizer = said->tokenizer;
    const int status = dist_agree(dist, take_texts(model, path, &labels, &vocabulary, err), err);
    buffer_release(&labels);
    buffer_release(&vocabulary);
    return status;
}

int base_model_open(struct base_model *model, const struct dist *dist, const char *path,
                    struct error *err)
{
    struct description said = {0};
    *model = (struct base_model){0};
    int status = 0;
    if (dist_rank(dist) == 0) {
        static int (*const opening[])(struct base_model *, const char *, struct description *,
                                      struct error *) = {[BASE_CHECKPOINT] = open_file,
                                                         [BASE_HUGGING_FACE] = open_folder,
                                                         [BASE_TENSORFLOW] = open_tensorflow};
        model->source = source_of(path);
        status = opening[model->source](model, path, &said, err);
    }
    if (dist_agree(dist, status, err) == 0 && share(model, dist, &said, path, err) == 0)
        return 0;
    base_model_close(model);
    return -1;
}

int base_model_open_newest(struct base_model *model, const struct dist *dist,
                           const char *run_folder, bool *found, struct error *err)
{
    struct description said = {0};
    *model = (struct base_model){0};
    *found = false;
    int status = 0;
    if (dist_rank(dist) == 0) {
        status = checkpoint_newest(run_folder, &model->file, err);
        *found = status == 0 && checkpoint_file_path(&model->file);
        if (*found)
            status = describe_file(model, &said, err);
    }
    status = dist_agree(dist, status, err);
    dist_broadcast(dist, 0, found, sizeof *found);
    if (status == 0 && *found)
        status = share(model, dist, &said, run_folder, err);
    if (status < 0)
        base_model_close(model);
    return status;
}

void base_model_close_files(struct base_model *model)
{
    hf_model_close(&model->folder);
    tf_model_close(&model->tensorflow);
    checkpoint_file_close(&model->file);
}

void base_model_close(struct base_model *model)
{
    base_model_close_files(model);
    label_set_release(&model->labels);
    vocabulary_free(model->vocabulary);
    *model = (struct base_model){0};
}

/* --- weights ---------------------------------------------------------------------------------- */

bool base_model_has(const struct base_model *model, const char *name)
{
    switch (model->source) {
    case BASE_HUGGING_FACE:
        return hf_model_has(&model->folder, name);
    case BASE_TENSORFLOW:
        return tf_model_has(&model->tensorflow, name);
    case BASE_CHECKPOINT:
        break;
    }
    return checkpoint_file_tensor(&model->file, name) != NULL;
}

const char *base_model_path(const struct base_model *model)
{
    switch (model->source) {
    case BASE_HUGGING_FACE:
        return model->folder.folder;
    case BASE_TENSORFLOW:
        return model->tensorflow.prefix;
    case BASE_CHECKPOINT:
        break;
    }
    return checkpoint_file_path(&model->file);
}

int base_model_weights(const struct base_model *model, const struct param_table *table,
                       uint64_t seed, real *params, struct error *err)
{
    switch (model->source) {
    case BASE_HUGGING_FACE:
        return hf_model_weights(&model->folder, table, seed, params, err);
    case BASE_TENSORFLOW:
        return tf_model_weights(&model->tensorflow, table, seed, params, err);
    case BASE_CHECKPOINT:
        break;
    }
    return checkpoint_file_weights(&model->file, table, model->shape.initializer_range, seed,
                                   params, err);
}

const char *base_model_added_tokens(const struct base_model *model)
{
    const char *added = model->source == BASE_HUGGING_FACE ? model->folder.added_tokens
                        : model->source == BASE_CHECKPOINT ? model->file.meta.added_tokens
                                                           : NULL;
    return added ? added : "";
}

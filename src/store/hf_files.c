#include "hf_files.h"

#include <stdlib.h>
#include <string.h>

#include "lambert/base/array.h"
#include "lambert/base/buffer.h"
#include "lambert/base/file.h"
#include "lambert/base/json.h"
#include "lambert/base/log.h"
#include "lambert/base/memory.h"
#include "lambert/base/strings.h"

static const char single_name[] = "model.safetensors";
static const char index_name[] = "model.safetensors.index.json";

static bool holds(const char *folder, const char *name)
{
    char *path = path_join(folder, name);
    const bool there = file_exists(path);
    free(path);
    return there;
}

/* --- weights of other forms ------------------------------------------------------------------- */

/* The tensors by the names that they have, each with memory of its own: safetensors refuses tied
 * ones. Nothing but tensors is unpickled. */
static const char from_pickle[] =
    "python3 -c \"import glob, sys, torch; from safetensors.torch import save_file; d = "
    "sys.argv[1]; w = {}; [w.update(torch.load(f, map_location='cpu', weights_only=True)) for f in "
    "sorted(glob.glob(glob.escape(d) + '/pytorch_model*.bin'))]; save_file({k: v.clone()"
    ".contiguous() for k, v in w.items() if torch.is_tensor(v)}, d + '/model.safetensors', "
    "{'format': 'pt'})\"";

/* By transformers' own readers: from_pretrained(from_tf=True) of its last versions that have one fails. */
#define WITH_TRANSFORMERS(module, load, file)                                                      \
    "python3 -c \"import sys, transformers as t; from transformers." module " import " load        \
    " as load; d = sys.argv[1]; c = t.AutoConfig.from_pretrained(d); "                             \
    "m = getattr(t, (c.architectures or ['BertForPreTraining'])[0])(c); "                          \
    "load(m, d + '/" file "').save_pretrained(d)\""

static const char from_tensorflow[] = WITH_TRANSFORMERS(
    "modeling_tf_pytorch_utils", "load_tf2_checkpoint_in_pytorch_model", "tf_model.h5");
static const char from_flax[] = WITH_TRANSFORMERS(
    "modeling_flax_pytorch_utils", "load_flax_checkpoint_in_pytorch_model", "flax_model.msgpack");

static const struct {
    const char *name, *form, *line, *needs;
} others[] = {
    {"pytorch_model.bin", "pickled by PyTorch", from_pickle, "torch and safetensors"},
    {"pytorch_model.bin.index.json", "pickled by PyTorch in shards", from_pickle,
     "torch and safetensors"},
    {"tf_model.h5", "of TensorFlow", from_tensorflow,
     "transformers 4, torch, tensorflow and tf-keras"},
    {"flax_model.msgpack", "of Flax", from_flax, "transformers 4, torch and flax"},
};

static int refuse_other_form(const char *folder, struct error *err)
{
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        if (!holds(folder, others[i].name))
            continue;
        char *word = shell_word(folder);
        error_set(err,
                  "%s has no model.safetensors; its %s is %s, which this program does not read. "
                  "With %s from PyPI this line makes a model.safetensors of it: %s %s",
                  folder, others[i].name, others[i].form, others[i].needs, others[i].line, word);
        free(word);
        return -1;
    }
    return error_set(
        err,
        "%s has no weights: neither model.safetensors nor model.safetensors.index.json "
        "with its shards (save_pretrained() of transformers writes them)",
        folder);
}

/* --- shards ----------------------------------------------------------------------------------- */

struct index {
    const char *path, *folder;
    const cJSON *map; /* tensor -> shard */
};

/* A shard lies in the folder itself. */
static bool is_plain_name(const char *name)
{
    return name && name[0] != '\0' && name[0] != '.' && !strchr(name, '/');
}

static int check_map(const struct index *index, struct error *err)
{
    if (!cJSON_IsObject(index->map) || !index->map->child)
        return error_set(err, "%s has no weight_map of tensors and their shards; fetch it again",
                         index->path);
    const char *repeated = json_repeated_name(index->map);
    if (repeated)
        return error_set(err, "%s: its weight_map has tensor %.128s twice; fetch it again",
                         index->path, repeated);
    for (const cJSON *item = index->map->child; item; item = item->next)
        if (!is_plain_name(cJSON_GetStringValue(item)))
            return error_set(err,
                             "%s: the shard of tensor %.128s is not the name of a file in the "
                             "folder",
                             index->path, item->string);
    return 0;
}

static struct safetensors *find_shard(const struct hf_files *files, const char *folder,
                                      const char *name)
{
    struct safetensors *found = NULL;
    char *path = path_join(folder, name);
    for (int i = 0; i < files->count && !found; i++)
        if (strcmp(files->files[i].path, path) == 0)
            found = &files->files[i];
    free(path);
    return found;
}

/* Each shard once, in the order in which the index first tells of it. */
static int open_shards(struct hf_files *files, const struct index *index, struct error *err)
{
    size_t capacity = 0;
    for (const cJSON *item = index->map->child; item; item = item->next) {
        const char *name = item->valuestring;
        if (find_shard(files, index->folder, name))
            continue;
        if (!holds(index->folder, name))
            return error_set(err, "%s names the shard %s, which is not there; fetch it",
                             index->path, name);
        char *path = path_join(index->folder, name);
        ARRAY_RESERVE(files->files, (size_t)files->count + 1, capacity);
        const int status = safetensors_open(&files->files[files->count], path, err);
        files->count += status == 0;
        free(path);
        if (status < 0)
            return -1;
    }
    return 0;
}

/* Each tensor lies where the index says. */
static int check_index(const struct hf_files *files, const struct index *index, struct error *err)
{
    for (const cJSON *item = index->map->child; item; item = item->next)
        if (!safetensors_find(find_shard(files, index->folder, item->valuestring), item->string))
            return error_set(err,
                             "%s says that tensor %.128s is in %s, and it is not; fetch the folder "
                             "again",
                             index->path, item->string, item->valuestring);
    return 0;
}

/* The other way: what lies in a shard is told of, as lying there. */
static int check_shard(const struct safetensors *shard, const struct index *index,
                       struct error *err)
{
    const char *slash = strrchr(shard->path, '/');
    const char *name = slash ? slash + 1 : shard->path;
    for (int i = 0; i < shard->count; i++) {
        const char *tensor = shard->tensors[i].name;
        const char *said =
            cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(index->map, tensor));
        if (!said)
            return error_set(err,
                             "%s holds tensor %.128s, which %s does not tell of; fetch the folder "
                             "again",
                             shard->path, tensor, index_name);
        if (strcmp(said, name) != 0)
            return error_set(err, "%s: tensor %.128s is in two shards, %s and %s", index->path,
                             tensor, said, name);
    }
    return 0;
}

static int open_index(struct hf_files *files, const char *folder, struct error *err)
{
    struct buffer text = {0};
    cJSON *root = NULL;
    int status = -1;
    if (json_file_read(files->path, &text, err) < 0)
        goto done;
    root = json_has_nul(buffer_text(&text), text.size)
               ? NULL
               : cJSON_ParseWithLength(buffer_text(&text), text.size);
    if (!cJSON_IsObject(root)) {
        error_set(err, "%s is not a JSON object; fetch it again", files->path);
        goto done;
    }
    const struct index index = {.path = files->path,
                                .folder = folder,
                                .map = cJSON_GetObjectItemCaseSensitive(root, "weight_map")};
    if (check_map(&index, err) < 0 || open_shards(files, &index, err) < 0 ||
        check_index(files, &index, err) < 0)
        goto done;
    for (int i = 0; i < files->count; i++)
        if (check_shard(&files->files[i], &index, err) < 0)
            goto done;
    status = 0;
done:
    cJSON_Delete(root);
    buffer_release(&text);
    return status;
}

bool hf_files_are_there(const char *folder)
{
    bool there = holds(folder, single_name) || holds(folder, index_name);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        there |= holds(folder, others[i].name);
    return there;
}

/* --- either ----------------------------------------------------------------------------------- */

int hf_files_open(struct hf_files *files, const char *folder, struct error *err)
{
    const bool single = holds(folder, single_name), index = holds(folder, index_name);
    int status;
    *files = (struct hf_files){0};
    if (!single && !index)
        return refuse_other_form(folder, err);
    if (single && index)
        log_info("%s has a %s and an index of shards: the first is taken, as transformers do",
                 folder, single_name);
    files->path = path_join(folder, single ? single_name : index_name);
    if (single) {
        files->files = memory_new(1, sizeof *files->files);
        status = safetensors_open(files->files, files->path, err);
        files->count = status == 0;
    } else {
        status = open_index(files, folder, err);
    }
    if (status < 0)
        hf_files_close(files);
    return status;
}

void hf_files_close(struct hf_files *files)
{
    for (int i = 0; i < files->count; i++)
        safetensors_close(&files->files[i]);
    free(files->files);
    free(files->path);
    *files = (struct hf_files){0};
}

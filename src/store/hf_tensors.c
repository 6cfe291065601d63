#include "hf_tensors.h"

#include <stdlib.h>
#include <string.h>

#include "lambert/base/memory.h"
#include "lambert/base/strings.h"

static const char word_table[] = "embeddings.word_embeddings.weight";

static bool begins_with_any(const char *text, const char *const *starts)
{
    for (; *starts; starts++)
        if (string_begins_with(text, *starts))
            return true;
    return false;
}

/* --- names ------------------------------------------------------------------------------------ */

/* `name` with its last `from` replaced by `to`, or as it is; free(). */
static char *replaced(char *name, const char *from, const char *to)
{
    char *found = NULL;
    for (char *at = strstr(name, from); at; at = strstr(at + 1, from))
        found = at;
    if (!found)
        return name;
    char *other = memory_text("%.*s%s%s", (int)(found - name), name, to, found + strlen(from));
    free(name);
    return other;
}

/* What others call a tensor inside a layer; free(). */
static char *respelt(char *name)
{
    static const char *const spellings[][2] = {
        {".intermediate.dense_act.", ".intermediate.dense."},
        {".pooler.dense_act.", ".pooler.dense."},
        {".transform.dense_act.", ".transform.dense."},
    };
    if (string_ends_with(name, ".LayerNorm.gamma"))
        name = replaced(name, ".gamma", ".weight");
    else if (string_ends_with(name, ".LayerNorm.beta"))
        name = replaced(name, ".beta", ".bias");
    for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++)
        name = replaced(name, spellings[i][0], spellings[i][1]);
    return name;
}

/* The encoder's tensors stand behind its prefix. A head stands there too, or in front of "bert.", or
 * before any other part of the prefix: "model.bert.embeddings...", "model.cls...". */
char *hf_tensor_name(const char *encoder, const char *name)
{
    static const char *const parts[] = {"embeddings.", "encoder.", "pooler.", NULL};
    static const char *const heads[] = {"cls.", "classifier.", "qa_outputs.", NULL};
    const char *behind = name + strlen(encoder);
    if (string_begins_with(name, encoder) && begins_with_any(behind, parts))
        return respelt(memory_text("bert.%s", behind));
    for (const char *at = encoder;; at++) {
        const size_t length = (size_t)(at - encoder);
        const bool whole = length == 0 || at[-1] == '.';
        if (whole && strncmp(name, encoder, length) == 0 && begins_with_any(name + length, heads))
            return respelt(memory_copy_text(name + length));
        if (*at == '\0')
            return memory_copy_text(name);
    }
}

/* Whether the name is the word table of an encoder. */
static bool is_word_table(const char *name)
{
    const size_t length = strlen(name), table = sizeof word_table - 1;
    return string_ends_with(name, word_table) &&
           (length == table || name[length - table - 1] == '.');
}

/* What the names of the encoder begin with; free(). NULL: there is none, or not one alone. */
static char *find_encoder(const struct hf_files *files, struct error *err)
{
    const char *found = NULL;
    for (int f = 0; f < files->count; f++)
        for (int i = 0; i < files->files[f].count; i++) {
            const char *name = files->files[f].tensors[i].name;
            if (!is_word_table(name))
                continue;
            if (found) {
                error_set(err,
                          "%s holds two encoders, of %.128s and of %.128s; save the one that is "
                          "wanted by itself",
                          files->path, found, name);
                return NULL;
            }
            found = name;
        }
    if (!found) {
        error_set(err, "%s holds no BERT: no tensor's name ends in %s (its first one is %.128s)",
                  files->path, word_table,
                  files->count > 0 && files->files[0].count > 0 ? files->files[0].tensors[0].name
                                                                : "none");
        return NULL;
    }
    return memory_text("%.*s", (int)(strlen(found) - (sizeof word_table - 1)), found);
}

/* --- the list --------------------------------------------------------------------------------- */

static int compare_rows(const void *a, const void *b)
{
    const struct hf_tensor *left = a, *right = b;
    const int order = strcmp(left->name, right->name);
    return order != 0 ? order : strcmp(left->tensor->name, right->tensor->name);
}

static void add_rows(struct hf_tensors *tensors, const char *encoder)
{
    const struct hf_files *files = &tensors->files;
    size_t count = 0;
    for (int f = 0; f < files->count; f++)
        count += (size_t)files->files[f].count;
    tensors->rows = memory_new(count, sizeof *tensors->rows);
    for (int f = 0; f < files->count; f++)
        for (int i = 0; i < files->files[f].count; i++) {
            const struct safetensors_tensor *tensor = &files->files[f].tensors[i];
            tensors->rows[tensors->count++] =
                (struct hf_tensor){.name = hf_tensor_name(encoder, tensor->name),
                                   .tensor = tensor,
                                   .path = files->files[f].path};
        }
    qsort(tensors->rows, (size_t)tensors->count, sizeof *tensors->rows, compare_rows);
}

static int check_names(const struct hf_tensors *tensors, struct error *err)
{
    for (int i = 1; i < tensors->count; i++) {
        const struct hf_tensor *row = &tensors->rows[i], *before = row - 1;
        if (strcmp(row->name, before->name) == 0)
            return error_set(err, "%s: %.128s and %.128s are both %.128s; take one of them out",
                             tensors->files.path, before->tensor->name, row->tensor->name,
                             row->name);
    }
    return 0;
}

int hf_tensors_open(struct hf_tensors *tensors, const char *folder, struct error *err)
{
    *tensors = (struct hf_tensors){0};
    if (hf_files_open(&tensors->files, folder, err) < 0)
        return -1;
    char *encoder = find_encoder(&tensors->files, err);
    int status = -1;
    if (encoder) {
        add_rows(tensors, encoder);
        status = check_names(tensors, err);
    }
    if (status < 0)
        hf_tensors_close(tensors);
    free(encoder);
    return status;
}

void hf_tensors_close(struct hf_tensors *tensors)
{
    for (int i = 0; i < tensors->count; i++)
        free(tensors->rows[i].name);
    free(tensors->rows);
    hf_files_close(&tensors->files);
    *tensors = (struct hf_tensors){0};
}

static int compare_name(const void *name, const void *row)
{
    return strcmp(name, ((const struct hf_tensor *)row)->name);
}

static const struct hf_tensor *find(const struct hf_tensors *tensors, const char *name)
{
    return tensors->count == 0 ? NULL
                               : bsearch(name, tensors->rows, (size_t)tensors->count,
                                         sizeof *tensors->rows, compare_name);
}

const struct hf_tensor *hf_tensors_find(const struct hf_tensors *tensors, const char *name)
{
    const struct hf_tensor *found = find(tensors, name);
    if (!found && strcmp(name, "cls.predictions.bias") == 0)
        found = find(tensors, "cls.predictions.decoder.bias");
    return found;
}

static bool same_bytes(const struct safetensors_tensor *a, const struct safetensors_tensor *b)
{
    return a->dtype == b->dtype && a->bytes == b->bytes &&
           (a->bytes == 0 || memcmp(a->data, b->data, a->bytes) == 0);
}

const struct hf_tensor *hf_tensors_untied(const struct hf_tensors *tensors, int number)
{
    static const char *const pairs[HF_TIED][2] = {
        {"cls.predictions.decoder.weight", "bert.embeddings.word_embeddings.weight"},
        {"cls.predictions.decoder.bias", "cls.predictions.bias"}};
    const struct hf_tensor *decoder = find(tensors, pairs[number][0]);
    const struct hf_tensor *other = find(tensors, pairs[number][1]);
    return decoder && other && !same_bytes(decoder->tensor, other->tensor) ? decoder : NULL;
}

bool hf_tensors_are_tied(const struct hf_tensors *tensors)
{
    for (int i = 0; i < HF_TIED; i++)
        if (hf_tensors_untied(tensors, i))
            return false;
    return true;
}

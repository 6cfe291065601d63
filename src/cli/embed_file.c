#include "embed_file.h"

#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lambert/base/json.h"
#include "lambert/base/memory.h"
#include "lambert/base/strings.h"

static const char array_end[] = ".npy";
static const char array_begin[] = "\x93NUMPY", line_begin[] = "{\"linex_index\": ";

bool embed_file_is_named(const char *path)
{
    return string_ends_with(path, array_end) || string_ends_with(path, ".jsonl") ||
           string_ends_with(path, ".json");
}

/* --- arrays ----------------------------------------------------------------------------------- */

/* NAME.npy's NAME.WORD.npy; free() it. */
static char *path_beside(const char *path, const char *word)
{
    return memory_text("%.*s.%s%s", (int)(strlen(path) - strlen(array_end)), path, word, array_end);
}

static int write_beside(const char *path, const char *word, enum npy_type type, const void *values,
                        size_t count, struct error *err)
{
    char *name = path_beside(path, word);
    const int status = npy_write(name, type, values, count, err);
    free(name);
    return status;
}

/* The ids of all tokens, and at which row each text begins (and the last one ends). */
static int write_places(const char *path, const struct feature_set *features, struct error *err)
{
    const size_t count = (size_t)feature_set_count(features);
    int64_t *offsets = memory_new(count + 1, sizeof *offsets);
    struct buffer ids = {0};
    for (size_t f = 0; f < count; f++) {
        const struct feature *feature = feature_set_at(features, (int)f);
        offsets[f + 1] = offsets[f] + feature->tokens;
        buffer_put(&ids, feature->input_ids, (size_t)feature->tokens * sizeof(int32_t));
    }
    int status = write_beside(path, "offsets", NPY_INT64, offsets, count + 1, err);
    if (status == 0)
        status = write_beside(path, "ids", NPY_INT32, ids.data, (size_t)offsets[count], err);
    buffer_release(&ids);
    free(offsets);
    return status;
}

/* [rows, H], or with several layers [rows, layers, H]. */
static int open_array(struct embed_file *file, const char *path, struct error *err)
{
    const struct embed_contents *contents = &file->contents;
    const struct embed_options *options = contents->options;
    uint64_t shape[NPY_DIMENSIONS] = {0};
    int dimensions = 1;
    for (int f = 0; f < feature_set_count(contents->features); f++)
        shape[0] += (uint64_t)embed_rows(options->pool, feature_set_at(contents->features, f));
    if (options->layer_count > 1)
        shape[dimensions++] = (uint64_t)options->layer_count;
    shape[dimensions++] = (uint64_t)options->hidden;
    if (options->pool == EMBED_TOKENS && write_places(path, contents->features, err) < 0)
        return -1;
    return npy_writer_open(&file->array, path, NPY_FLOAT32, shape, dimensions, err);
}

/* --- JSON lines ------------------------------------------------------------------------------- */

/* Nine digits say which float it is. */
static void print_values(struct buffer *text, const float *vector, int hidden)
{
    buffer_print(text, "\"values\": [");
    for (int h = 0; h < hidden; h++)
        buffer_print(text, "%s%.9g", h > 0 ? ", " : "", (double)vector[h]);
    buffer_print(text, "]");
}

static void print_layers(struct buffer *text, const struct embed_contents *contents,
                         const float *vectors /* [layers, H] */)
{
    const struct embed_options *options = contents->options;
    buffer_print(text, "\"layers\": [");
    for (int k = 0; k < options->layer_count; k++) {
        buffer_print(text, "%s{\"index\": %d, ", k > 0 ? ", " : "", contents->names[k]);
        print_values(text, vectors + (size_t)k * (size_t)options->hidden, options->hidden);
        buffer_print(text, "}");
    }
    buffer_print(text, "]");
}

static void print_tokens(struct buffer *text, const struct embed_contents *contents,
                         const struct feature *feature, const float *vectors)
{
    const struct embed_options *options = contents->options;
    const size_t row = (size_t)options->layer_count * (size_t)options->hidden;
    buffer_print(text, "\"features\": [");
    for (int t = 0; t < feature->tokens; t++) {
        const char *piece = vocabulary_token(contents->vocabulary, feature->input_ids[t]);
        char *token = json_print(cJSON_CreateString(piece)); /* with quotes */
        buffer_print(text, "%s{\"token\": %s, ", t > 0 ? ", " : "", token);
        print_layers(text, contents, vectors + (size_t)t * row);
        buffer_print(text, "}");
        free(token);
    }
    buffer_print(text, "]");
}

/* As extract_features.py has it, whose word for a text's number is linex_index. */
static int write_line(struct embed_file *file, int number, const float *vectors, struct error *err)
{
    const struct embed_contents *contents = &file->contents;
    const struct embed_options *options = contents->options;
    struct buffer *text = &file->text;
    buffer_reset(text);
    buffer_print(text, "%s%d, ", line_begin, number);
    if (options->pool == EMBED_TOKENS)
        print_tokens(text, contents, feature_set_at(contents->features, number), vectors);
    else if (options->pool == EMBED_POOLER)
        print_values(text, vectors, options->hidden);
    else
        print_layers(text, contents, vectors);
    buffer_print(text, "}\n");
    return file_writer_write(&file->lines, text->data, text->size, err);
}

/* --- both ------------------------------------------------------------------------------------- */

int embed_file_check_replaced(const char *path, struct error *err)
{
    const char *begin = string_ends_with(path, array_end) ? array_begin : line_begin;
    char head[sizeof line_begin] = {0};
    struct stat status;
    if (stat(path, &status) < 0 ||
        !S_ISREG(status.st_mode)) /* what cannot be written is said there */
        return 0;
    const int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0)
        return error_errno(err, "cannot open %s, which is to be replaced", path);
    const ssize_t got = read(descriptor, head, sizeof head - 1);
    close(descriptor);
    if (got == 0 || (got > 0 && string_begins_with(head, begin)))
        return 0;
    return error_set(
        err,
        "%s is there already, and is no file of vectors that could be replaced; name another "
        "file, or remove it",
        path);
}

int embed_file_open(struct embed_file *file, const char *path,
                    const struct embed_contents *contents, struct error *err)
{
    require(embed_file_is_named(path));
    *file = (struct embed_file){.contents = *contents, .json = !string_ends_with(path, array_end)};
    return file->json ? file_writer_open(&file->lines, path, err) : open_array(file, path, err);
}

int embed_file_add(void *context, int first, int end, const float *vectors, struct error *err)
{
    struct embed_file *file = context;
    const struct embed_options *options = file->contents.options;
    const size_t row = (size_t)options->layer_count * (size_t)options->hidden;
    for (int f = first; f < end; f++) {
        const struct feature *feature = feature_set_at(file->contents.features, f);
        const size_t count = (size_t)embed_rows(options->pool, feature) * row;
        for (size_t i = 0; i < count; i++)
            if (!isfinite(vectors[i]))
                return error_set(
                    err,
                    "what the model makes of text %d is not finite, so its weights are "
                    "beyond use",
                    f + 1);
        if ((file->json ? write_line(file, f, vectors, err)
                        : npy_writer_add(&file->array, vectors, count, err)) < 0)
            return -1;
        vectors += count;
    }
    return 0;
}

int embed_file_commit(struct embed_file *file, struct error *err)
{
    buffer_release(&file->text);
    return file->json ? file_writer_commit(&file->lines, err)
                      : npy_writer_commit(&file->array, err);
}

void embed_file_discard(struct embed_file *file)
{
    buffer_release(&file->text);
    npy_writer_discard(&file->array);
    file_writer_discard(&file->lines);
}

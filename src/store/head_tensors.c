#include "head_tensors.h"

#include <stddef.h>
#include <string.h>

#include "lambert/base/buffer.h"
#include "lambert/base/log.h"
#include "lambert/base/strings.h"

static const char *const heads[] = {"bert.pooler.", "cls.predictions.", "cls.seq_relationship.",
                                    "classifier.", "qa_outputs."};
enum { HEADS = sizeof heads / sizeof *heads };

const char *head_of(const char *tensor)
{
    static const char encoder[] = "bert.";
    for (int h = 0; h < HEADS; h++) {
        const char *head = heads[h];
        if (string_begins_with(tensor, head) ||
            (string_begins_with(head, encoder) &&
             string_begins_with(tensor, head + strlen(encoder))))
            return head;
    }
    return NULL;
}

enum tensor_fit tensor_fit(const struct param_info *info, int dimensions, const int64_t *shape)
{
    if (dimensions != info->dimensions || (dimensions == 2 && shape[1] != info->shape[1]))
        return TENSOR_MISFITS;
    if (shape[0] == info->shape[0])
        return TENSOR_FITS;
    return string_begins_with(info->name, "classifier.") ? TENSOR_OF_OTHER_LABELS : TENSOR_MISFITS;
}

bool tensor_has_a_row_an_entry(const struct param_info *info)
{
    return strcmp(info->name, "bert.embeddings.word_embeddings.weight") == 0 ||
           strcmp(info->name, "cls.predictions.bias") == 0;
}

static bool is_padded(const struct param_info *info, int dimensions, const int64_t *shape)
{
    return tensor_has_a_row_an_entry(info) && dimensions == info->dimensions &&
           shape[0] > info->shape[0] && (dimensions == 1 || shape[1] == info->shape[1]);
}

enum tensor_fit tensor_fit_padded(const struct param_info *info, int dimensions,
                                  const int64_t *shape)
{
    return is_padded(info, dimensions, shape) ? TENSOR_FITS : tensor_fit(info, dimensions, shape);
}

void prepare_params(const struct param_table *table, const enum tensor_fit *fits,
                    double initializer_range, uint64_t seed, real *params)
{
    bool all_fit = true;
    for (int i = 0; i < table->count; i++)
        all_fit &= fits[i] == TENSOR_FITS;
    if (all_fit)
        memset(params, 0, table->size * sizeof *params);
    else
        param_table_initialise(table, initializer_range, seed, params);
}

static void add_name(struct buffer *list, const char *name, size_t length)
{
    buffer_print(list, "%s%.*s", list->size > 0 ? ", " : "", (int)length, name);
}

/* The tensors of one head that met the source this way. */
static void log_fresh(const char *path, const struct param_table *table,
                      const enum tensor_fit *fits, const char *head, enum tensor_fit fit)
{
    struct buffer names = {0};
    for (int i = 0; i < table->count; i++) {
        const char *name = table->infos[i].name;
        if (fits[i] == fit && string_begins_with(name, head))
            add_name(&names, name, strlen(name));
    }
    if (names.size > 0)
        log_info("%s has %s%s%s: initialised afresh", path, fit == TENSOR_MISSING ? "no " : "",
                 buffer_text(&names), fit == TENSOR_MISSING ? "" : " for another number of labels");
    buffer_release(&names);
}

void log_fresh_heads(const char *path, const struct param_table *table, const enum tensor_fit *fits)
{
    for (int h = 0; h < HEADS; h++) {
        log_fresh(path, table, fits, heads[h], TENSOR_MISSING);
        log_fresh(path, table, fits, heads[h], TENSOR_OF_OTHER_LABELS);
    }
}

void log_unused_heads(const char *path, const char *const *names, int count)
{
    struct buffer list = {0};
    for (int h = 0; h < HEADS; h++) {
        bool found = false;
        for (int i = 0; i < count; i++)
            found |= head_of(names[i]) == heads[h];
        if (found)
            add_name(&list, heads[h], strlen(heads[h]) - 1); /* without the dot */
    }
    if (list.size > 0)
        log_info("%s: heads that this model has no use for are left out: %s", path,
                 buffer_text(&list));
    buffer_release(&list);
}

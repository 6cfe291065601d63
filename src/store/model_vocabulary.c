#include "model_vocabulary.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "head_tensors.h"
#include "lambert/base/log.h"
#include "lambert/base/memory.h"
#include "shape_text.h"

/* `padded` is `count`, or that rounded up as matrices are padded. */
static bool is_padding_of(int64_t count, int64_t padded)
{
    static const int64_t multiples[] = {1, 8, 64, 128};
    for (size_t i = 0; i < sizeof multiples / sizeof *multiples; i++)
        if ((count + multiples[i] - 1) / multiples[i] * multiples[i] == padded)
            return true;
    return false;
}

int model_vocabulary_take(const struct vocabulary *vocabulary, const char *whose,
                          const char *config, int *rows, char **bytes, size_t *size,
                          struct error *err)
{
    const char *text = vocabulary_text(vocabulary, size);
    const int entries = vocabulary_size(vocabulary), wanted = *rows;
    *bytes = memory_new(*size + 1, 1);
    memcpy(*bytes, text, *size);
    *rows = entries;
    if (entries > wanted)
        return error_set(err, "%s has %d entries, but vocab_size in %s is %d", whose, entries,
                         config, wanted);
    if (entries < wanted && is_padding_of(entries, wanted))
        log_info(
            "%s has %d entries: rows of the weights beyond them, up to vocab_size %d, are left "
            "out as padding",
            whose, entries, wanted);
    else if (entries < wanted)
        log_warning(
            "%s has %d entries, and vocab_size in %s is %d: more than padding accounts for. "
            "The rows beyond the entries are left out; look whether this vocabulary is the "
            "model's",
            whose, entries, config, wanted);
    return 0;
}

int model_vocabulary_check_rows(const struct model_rows *rows, const struct param_info *info,
                                const char *name, int dimensions, const int64_t *shape,
                                struct error *err)
{
    char text[SHAPE_TEXT];
    const int64_t count = dimensions > 0 ? shape[0] : 0;
    if (!tensor_has_a_row_an_entry(info) || dimensions != info->dimensions)
        return 0;
    if (!is_padding_of(rows->vocab_size, count))
        return error_set(
            err,
            "%s: tensor %s is %s, of %" PRId64
            " rows, and vocab_size in %s is %d; weights have as many "
            "rows, or these rounded up to a multiple of 8, 64 or 128. Fetch weights and "
            "configuration from one place; where the weights are right, vocab_size is %" PRId64,
            rows->path, name, shape_text(dimensions, shape, text), count, rows->config,
            rows->vocab_size, count);
    if (count > rows->vocab_size && dimensions == 2)
        log_info("%s: tensor %s has %" PRId64 " rows: those beyond vocab_size %d are left out as "
                 "padding",
                 rows->path, name, count, rows->vocab_size);
    return 0;
}

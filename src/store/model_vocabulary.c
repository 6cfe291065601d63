#include "model_vocabulary.h"

#include <string.h>

#include "lambert/base/log.h"
#include "lambert/base/memory.h"

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
    if (entries < wanted)
        log_info(
            "%s has %d entries: rows of the weights beyond them, up to vocab_size %d, are left "
            "out as padding",
            whose, entries, wanted);
    return 0;
}

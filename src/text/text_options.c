#include "lambert/text/text_options.h"

#include <string.h>

const char *const text_documents_names[TEXT_DOCUMENTS] = {[DOCUMENTS_BLANK_LINES] = "blank-lines",
                                                          [DOCUMENTS_LINES] = "lines",
                                                          [DOCUMENTS_FILES] = "files"};

static int check_keys(const char *keys, struct error *err)
{
    int count = 0;
    for (const char *key = keys; key; count++) {
        const char *comma = strchr(key, ',');
        if (*key == '\0' || *key == ',')
            return error_set(err, "--text-key '%s' names an empty key", keys);
        key = comma ? comma + 1 : NULL;
    }
    if (count > TEXT_KEYS_MOST)
        return error_set(err, "--text-key names %d keys; it can have %d", count, TEXT_KEYS_MOST);
    return 0;
}

int text_options_check(const struct text_options *options, struct error *err)
{
    if (options->wrapped && options->documents == DOCUMENTS_LINES)
        return error_set(
            err, "with --documents lines each line is a document, and with --wrapped lines are "
                 "joined: only one of them can be right");
    return options->text_keys ? check_keys(options->text_keys, err) : 0;
}

#include "lambert/text/text_options.h"

#include <string.h>

const char *const text_documents_names[TEXT_DOCUMENTS] = {[DOCUMENTS_BLANK_LINES] = "blank-lines",
                                                          [DOCUMENTS_LINES] = "lines",
                                                          [DOCUMENTS_FILES] = "files"};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static int check_keys(const char *keys, struct error *err)
{
    int count = 0;
    for (const char *key = keys; key; count++) {
        const char *comma = strchr(key, ',');
        const size_t size = comma ? (size_t)(comma - key) : strlen(key);
        if (size == 0)
            return error_set(err, "--text-key '%s' names an empty key", keys);
        if (is_blank(key[0]) || is_blank(key[size - 1]))
            return error_set(
                err,
                "--text-key '%s' has blanks beside its commas, which no key has: leave "
                "them out",
                keys);
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

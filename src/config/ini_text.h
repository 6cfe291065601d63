/* Walks an INI text (inih) and keeps count of its lines.
 *
 * Beyond what inih checks: lines too long for it (8 KB, where its limit may be set) are refused by their keys' names instead of cut, so are bytes behind a
 * section's bracket, and sections are told when they begin, keys or not. Lines may be indented. */
#ifndef LAMBERT_CONFIG_INI_TEXT_H
#define LAMBERT_CONFIG_INI_TEXT_H

#include "lambert/base/error.h"

/* A callback that gives -1 ends the walk; its sentence gets "FILE:LINE: " in front. */
struct ini_visitor {
    int (*section)(void *user, const char *section, int line, struct error *err);
    int (*key)(void *user, const char *section, const char *key, const char *value, int line,
               struct error *err);
    void *user;
};

/* `file` names the text in errors. */
int ini_text_visit(const char *text, const char *file, const struct ini_visitor *visitor,
                   struct error *err);

#endif

/* What a user says of text that cannot be seen in it, the same for every command that reads text. Zeroed
 * is what holds where nothing is said. */
#ifndef LAMBERT_TEXT_TEXT_OPTIONS_H
#define LAMBERT_TEXT_TEXT_OPTIONS_H

#include <stdbool.h>

#include "lambert/base/error.h"

/* Where a document of plain text ends. */
enum text_documents { DOCUMENTS_BLANK_LINES, DOCUMENTS_LINES, DOCUMENTS_FILES, TEXT_DOCUMENTS };

extern const char *const text_documents_names[TEXT_DOCUMENTS];

enum { TEXT_KEYS_MOST = 16 };

struct text_options {
    const char *encoding; /* of files without a byte-order mark, as iconv has it; NULL: UTF-8 */
    /* Of JSON: the keys whose texts make up a document, parted by commas. An object may have some of
     * them only: the texts that are there are paragraphs of the document, in the order of the keys.
     * "a.b" is the key of that very name, or else b of the object a; of a key that stands several times in
     * an object the last one counts. NULL: the first of text, content, raw_content that holds more than
     * blanks. */
    const char *text_keys;
    /* Of JSON: each string that is a value is a text, whatever its key, so that none is missed. No option of
     * a command, but what test sets are looked at with. */
    bool every_string;
    enum text_documents documents; /* of plain text */
    /* Lines are not paragraphs but were broken to fit a page: those up to the next blank line are
     * joined (document_reader.h). */
    bool wrapped;
};

/* Fails where keys are empty, have blanks around them or are more than TEXT_KEYS_MOST, or where each line is a document and lines
 * are to be joined. */
int text_options_check(const struct text_options *options, struct error *err);

#endif

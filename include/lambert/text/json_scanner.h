/* Finds where the values of a JSON text lie, without building anything: objects are looked through in
 * place, one after another, so that an array of any length takes the memory of one element, and each
 * document's text is copied once.
 *
 * What people's JSON has beyond the standard is taken: NaN and Infinity, control characters in strings
 * (but no line ends), numbers with leading zeros. Half surrogates and \u0000 become U+FFFD.
 *
 *     size_t position = 0;
 *     while ((found = json_next_value(text, size, &position, NULL, &value)) != JSON_END) ... */
#ifndef LAMBERT_TEXT_JSON_SCANNER_H
#define LAMBERT_TEXT_JSON_SCANNER_H

#include <stdbool.h>
#include <stddef.h>

#include "lambert/base/buffer.h"
#include "lambert/text/text_layout.h"

enum json_kind { JSON_TEXT, JSON_OBJECT, JSON_ARRAY, JSON_OTHER /* numbers, true, false, null */ };

/* A value in the text: of a JSON_TEXT what lies between its quotes, of others the whole. */
struct json_value {
    enum json_kind kind;
    const char *text;
    size_t size;
};

enum json_found {
    JSON_END,    /* nothing but what parts values is left */
    JSON_VALUE,  /* a whole one */
    JSON_BROKEN, /* what begins here is no JSON, or longer than JSON_LONGEST */
    JSON_CUT     /* a value begins here, and the text ends inside it */
};

/* Bytes of a value. What has no end before that is taken for damage, a bracket or quote that is missing: so memory
 * stays bounded, and what follows is not lost with it. */
#define JSON_LONGEST ((size_t)TEXT_LONGEST_VALUE)

/* The next of values that stand one after another, or in arrays: white space, byte-order marks, commas
 * and brackets between them are passed over. *position goes behind the value. Behind what is
 * broken it goes to where values are seen to begin again, or to the end; of a value that is cut to the
 * end. *start (NULL: not asked for) is where the value begins, whatever was found. Time grows with what
 * *position passes over. */
enum json_found json_next_value(const char *text, size_t size, size_t *position, size_t *start,
                                struct json_value *value);

/* The same, however long a value is. */
enum json_found json_next_whole(const char *text, size_t size, size_t *position, size_t *start,
                                struct json_value *value);

/* json_next_value() for a text of a sequential layout: `texts` says that texts stand by themselves in its arrays, so that
 * values begin again where one does. A value that is cut is damage where the text `ends` a file, or goes on with
 * another value: *position goes to where values are seen to begin again inside it. Else what is broken up
 * to the end is cut too, for where it goes on is not seen. */
enum json_found json_next_element(const char *text, size_t size, bool texts, bool ends,
                                  size_t *position, size_t *start, struct json_value *value);

/* The members of an object that json_next_value() gave, in their order: *cursor begins at 0. */
bool json_next_member(const struct json_value *object, size_t *cursor, struct json_value *name,
                      struct json_value *value);

/* Whether the text begins as an object with a member does, { "name" : , whatever follows. */
bool json_begins_object(const char *text, size_t size);

/* Appends the text that a JSON_TEXT stands for. */
void json_decode(const struct json_value *text, struct buffer *out);

/* Whether that is `name`. */
bool json_text_is(const struct json_value *text, const char *name, size_t size);

#endif

/* What Lambert's JSON has in common, over cJSON. All is for objects of cJSON's, which is included
 * here and nowhere told apart.
 *
 * cJSON keeps every number in a double, so counts go up to 2^53 (JSON_COUNTS), and what needs all
 * 64 bits, a hash, is text: 16 hexadecimal digits (base/hash.h). Readers give false, and leave what
 * is to be filled in as it was, where a value is missing or is not what it should be: the caller
 * knows the file, and says so. */
#ifndef LAMBERT_BASE_JSON_H
#define LAMBERT_BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "lambert/base/buffer.h"
#include "lambert/base/error.h"

/* Appends the bytes of a file of JSON by others, as models have it. A file of more than JSON_LONGEST_FILE bytes is an
 * error: cJSON takes forty times as much memory as some JSON has bytes, and the largest real one, a tokenizer.json of
 * half a million pieces, has a third of that. */
enum { JSON_LONGEST_FILE = 32 << 20 };
int json_file_read(const char *path, struct buffer *text, struct error *err);

/* The first whole number that is not a count: from here on doubles leave some out. */
#define JSON_COUNTS (UINT64_C(1) << 53)

void json_add_count(cJSON *object, const char *name, uint64_t count); /* below JSON_COUNTS */
void json_add_hash(cJSON *object, const char *name, uint64_t hash);

/* A number that is read back as the same double, which is finite: cJSON itself may round its last bit away. It is kept as its
 * text, so what looks at the tree, and not at the text, finds no number there. */
void json_add_exact(cJSON *object, const char *name, double value);

/* The text of root, which is deleted; free(). In one line, or indented for people. JSON is UTF-8 (RFC 8259, 8.1): bytes of
 * strings that are not, as in names of folders, are U+FFFD in it. */
char *json_print(cJSON *root);
char *json_print_indented(cJSON *root);

/* A whole number from 0 to below JSON_COUNTS. item NULL: there is none. */
bool json_count(const cJSON *item, uint64_t *count);

/* A member of an object, or NULL. Names are case-sensitive. */
const cJSON *json_get(const cJSON *object, const char *name);

/* What it is, as above. */
bool json_get_count(const cJSON *object, const char *name, uint64_t *count);
bool json_get_hash(const cJSON *object, const char *name, uint64_t *hash);
const char *json_get_text(const cJSON *object, const char *name); /* NULL where it is no text */
double json_get_number(const cJSON *object, const char *name,
                       double otherwise); /* `otherwise` where it is no number */

/* A name that the object has more than once, or NULL: cJSON keeps all of them, and readers differ
 * in which one they take. */
const char *json_repeated_name(const cJSON *object);

/* Whether strings of the text would be cut: cJSON's end at a NUL, a byte or \u0000. */
bool json_has_nul(const char *text, size_t size);

#endif

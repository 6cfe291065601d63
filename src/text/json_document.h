/* Which texts of a JSON object make up a document (text_options.h has the keys and their meaning). */
#ifndef LAMBERT_TEXT_JSON_DOCUMENT_H
#define LAMBERT_TEXT_JSON_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lambert/text/json_scanner.h"
#include "lambert/text/text_options.h"

/* The keys, in their order. */
struct json_keys {
    struct {
        const char *name; /* not terminated: part of the option */
        size_t size;
    } keys[TEXT_KEYS_MOST];
    int count;
    bool first_only; /* the known keys, of which an object's first with something in it counts */
};

/* The option must be one that text_options_check() passed, and outlive the keys. */
void json_keys_init(struct json_keys *keys, const struct text_options *options);

enum json_outcome {
    JSON_IS_DOCUMENT,
    JSON_HAS_NO_KEY,  /* none of the keys */
    JSON_HAS_NO_TEXT, /* the value of each key that it has is something else than a text */
    JSON_IS_ACTION /* {"index": {...}}, {"create": {...}}, {"update": {...}} or {"delete": {...}}, which
                      Elasticsearch's bulk form has before each document */
};

struct json_document {
    struct json_value texts[TEXT_KEYS_MOST]; /* [count] */
    int count;
    uint32_t lacking; /* bit k: there is no key k */
    int title_text;   /* number of the one whose key is "title"; -1: none */
    bool null;        /* there is a key whose value is null */
    bool has_title;
    struct json_value title; /* the text of "title" */
    /* WikiExtractor 3 writes HTML's entities for & < > into JSON too; it is known by "revid", which the
     * Wikipedias of others have not. */
    bool escaped;
};

enum json_outcome json_document_find(struct json_document *document, const struct json_keys *keys,
                                     const struct json_value *object);

/* Appends the keys that objects of a text have, "a, b.c, d": those with texts, or all where none has one;
 * dotted, some of many. */
void json_list_keys(const char *text, size_t size, struct buffer *out);

#endif

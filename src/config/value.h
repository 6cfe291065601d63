/* A key's value, or its list of values, between its text and its place in a section's struct. */
#ifndef LAMBERT_CONFIG_VALUE_H
#define LAMBERT_CONFIG_VALUE_H

#include "schema.h"

/* Puts the text's value in its place in `entry`, the section's struct; on failure, -1 with "'name'
 * cannot be 'text'; it must be ...". */
int value_parse(const struct key *key, const char *name, const char *text, void *entry,
                struct error *err);

/* Appends the text that value_parse() reads back to the very same value. */
void value_print(const struct key *key, const void *entry, struct buffer *out);

/* The word for a choice's value. */
const char *value_word(const struct key *key, unsigned value);

/* Whether a key without default was left alone. */
bool value_missing(const struct key *key, const void *entry);

/* Whether the value is the key's default. */
bool value_is_standard(const struct key *key, const void *entry);

/* What the key accepts, in words: "a whole number in [1, 8)", "one of: gelu, gelu_new". */
void value_describe(const struct key *key, struct buffer *out);

#endif

/* A file of examples as text in memory: inflated where it is gzip, without a byte-order mark, UTF-8 and
 * without NULs, so that whoever reads it need not look again. */
#ifndef LAMBERT_EXAMPLES_EXAMPLE_FILE_H
#define LAMBERT_EXAMPLES_EXAMPLE_FILE_H

#include <stddef.h>

#include <cjson/cJSON.h>

#include "lambert/base/buffer.h"
#include "lambert/base/error.h"

/* The whole text into an empty buffer; fails on a file that has none. path "-": standard input. */
int example_file_read(struct buffer *text, const char *path, struct error *err);

/* JSON of a file, from its line `line` on; cJSON_Delete(*root). What follows it must be white space. */
int example_json_parse(cJSON **root, const char *text, size_t size, const char *path, int line,
                       struct error *err);

#endif

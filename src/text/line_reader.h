/* A file line by line, in memory for one block and the longest line. Lines end in '\n' (one before
 * the end of the file is not needed); a byte-order mark at the beginning of the file is left out.
 */
#ifndef LAMBERT_SRC_TEXT_LINE_READER_H
#define LAMBERT_SRC_TEXT_LINE_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lambert/base/buffer.h"
#include "lambert/base/error.h"

struct line_reader {
    char *path;
    int file;
    char *block;
    size_t position, filled; /* in block */
    bool at_end;
    struct buffer partial; /* a line that spans blocks */
    uint64_t line;         /* number of the last line handed out, from 1 */
    uint64_t bytes;        /* of the lines handed out, their ends included */
};

int line_reader_open(struct line_reader *reader, const char *path, struct error *err);
void line_reader_close(struct line_reader *reader);

/* 1: a line, trimmed of white space at both ends, valid until the next call; 0: the end; -1: the
 * file could not be read on. */
int line_reader_next(struct line_reader *reader, const char **line, size_t *length,
                     struct error *err);

#endif

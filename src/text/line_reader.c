#include "line_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lambert/base/memory.h"
#include "unicode.h"

enum { BLOCK = 256 * 1024 };

static const char byte_order_mark[] = "\xEF\xBB\xBF";

int line_reader_open(struct line_reader *reader, const char *path, struct error *err)
{
    struct stat status;
    *reader = (struct line_reader){.file = open(path, O_RDONLY | O_CLOEXEC)};
    if (reader->file < 0)
        return error_errno(err, "cannot open the text file %s", path);
    if (fstat(reader->file, &status) == 0 && S_ISDIR(status.st_mode)) {
        close(reader->file);
        return error_set(err, "%s is a folder where a text file is needed", path);
    }
    reader->path = memory_copy_text(path);
    reader->block = memory_new(BLOCK, 1);
    return 0;
}

void line_reader_close(struct line_reader *reader)
{
    close(reader->file);
    free(reader->path);
    free(reader->block);
    buffer_release(&reader->partial);
    *reader = (struct line_reader){.file = -1};
}

/* The next block; at the end of the file at_end is set and nothing is filled. */
static int read_block(struct line_reader *reader, struct error *err)
{
    ssize_t got;
    do
        got = read(reader->file, reader->block, BLOCK);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return error_errno(err, "cannot read the text file %s beyond line %llu", reader->path,
                           (unsigned long long)reader->line);
    reader->position = 0;
    reader->filled = (size_t)got;
    reader->at_end = got == 0;
    return 0;
}

/* The rest of the block up to a line's end, which is consumed; true: the end was there. */
static bool take_part(struct line_reader *reader, const char **part, size_t *length)
{
    *part = reader->block + reader->position;
    size_t left = reader->filled - reader->position;
    const char *newline = memchr(*part, '\n', left);
    *length = newline ? (size_t)(newline - *part) : left;
    reader->position += *length + (newline != NULL);
    return newline != NULL;
}

/* As line_reader_next(), with its white space. */
static int take_line(struct line_reader *reader, const char **line, size_t *length,
                     struct error *err)
{
    bool whole = false;
    buffer_reset(&reader->partial);
    while (!whole) {
        if (reader->position == reader->filled && !reader->at_end && read_block(reader, err))
            return -1;
        if (reader->at_end)
            break;
        whole = take_part(reader, line, length);
        reader->bytes += *length + whole;
        if (whole && reader->partial.size == 0)
            return 1; /* in place */
        buffer_put(&reader->partial, *line, *length);
    }
    *line = (const char *)reader->partial.data;
    *length = reader->partial.size;
    return whole || *length > 0;
}

int line_reader_next(struct line_reader *reader, const char **line, size_t *length,
                     struct error *err)
{
    int status = take_line(reader, line, length, err);
    if (status <= 0)
        return status;
    if (reader->line++ == 0 && *length >= 3 && memcmp(*line, byte_order_mark, 3) == 0) {
        *line += 3;
        *length -= 3;
    }
    unicode_trim(line, length);
    return 1;
}

#include "rows.h"

#include <stdbool.h>
#include <string.h>

#include "lambert/base/array.h"

static void begin_cell(struct row *row)
{
    ARRAY_RESERVE(row->starts, (size_t)row->count + 1, row->capacity);
    row->starts[row->count++] = row->cells->size;
}

static void end_cell(struct row *row)
{
    buffer_put_u8(row->cells, 0);
}

int row_read_tsv(struct row *row, struct error *err)
{
    (void)err; /* any line is a row */
    const char *at = row->text + row->position;
    const size_t left = row->size - row->position;
    const char *newline = memchr(at, '\n', left), *end = newline ? newline : at + left;
    row->position = (size_t)(end - row->text) + (newline != NULL);
    row->line++;
    if (end > at && end[-1] == '\r')
        end--;
    buffer_reset(row->cells);
    for (bool more = true; more;) {
        const char *tab = memchr(at, '\t', (size_t)(end - at));
        const char *cell_end = tab ? tab : end;
        begin_cell(row);
        buffer_put(row->cells, at, (size_t)(cell_end - at));
        end_cell(row);
        more = tab != NULL;
        at = cell_end + 1;
    }
    return 0;
}

/* --- CSV -------------------------------------------------------------------------------------- */

/* Whether a line ends at the position, and of how many bytes its end is. */
static size_t line_end(const struct row *row)
{
    const char *at = row->text + row->position;
    const size_t left = row->size - row->position;
    if (left >= 2 && at[0] == '\r' && at[1] == '\n')
        return 2;
    return left >= 1 && at[0] == '\n';
}

/* From behind the quote that opens a cell to behind the one that closes it; "" is a quote inside. */
static int read_quoted(struct row *row, struct error *err)
{
    const int opened = row->line;
    while (row->position < row->size) {
        const char c = row->text[row->position++];
        if (c == '"' && (row->position == row->size || row->text[row->position] != '"'))
            return 0;
        row->position += c == '"';
        row->line += c == '\n';
        buffer_put_u8(row->cells, (uint8_t)c);
    }
    return error_set(err,
                     "%s:%d: a quote is opened here and not closed; within quotes a quote is "
                     "written twice",
                     row->path, opened);
}

static int read_cell(struct row *row, struct error *err)
{
    const bool quoted = row->position < row->size && row->text[row->position] == '"';
    begin_cell(row);
    if (quoted) {
        row->position++;
        if (read_quoted(row, err) < 0)
            return -1;
    }
    while (row->position < row->size && row->text[row->position] != ',' && line_end(row) == 0) {
        if (quoted)
            return error_set(err,
                             "%s:%d: text behind the quote that closes a cell; within quotes a "
                             "quote is written twice",
                             row->path, row->line);
        buffer_put_u8(row->cells, (uint8_t)row->text[row->position++]);
    }
    end_cell(row);
    return 0;
}

int row_read_csv(struct row *row, struct error *err)
{
    buffer_reset(row->cells);
    for (;;) {
        if (read_cell(row, err) < 0)
            return -1;
        if (row->position == row->size || row->text[row->position] != ',')
            break;
        row->position++;
    }
    row->position += line_end(row);
    row->line++;
    return 0;
}

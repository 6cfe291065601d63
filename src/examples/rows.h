/* One row of TSV or CSV (RFC 4180) as cells. What a caller of table.h never sees. */
#ifndef LAMBERT_EXAMPLES_ROWS_H
#define LAMBERT_EXAMPLES_ROWS_H

#include <stddef.h>
#include <stdint.h>

#include "lambert/base/buffer.h"
#include "lambert/base/error.h"

#define NO_TEXT SIZE_MAX

struct row {
    const char *path; /* for sentences */
    const char *text; /* of the file [size] */
    size_t size;
    size_t position; /* where the row begins; afterwards, behind it */
    int line;        /* the line of `position` */

    struct buffer *cells; /* replaced by the texts, with a NUL behind each */
    size_t *starts;       /* [count] in cells; free() */
    size_t capacity;
    int count;
};

/* position < size. */
int row_read_tsv(struct row *row, struct error *err);
int row_read_csv(struct row *row, struct error *err);

#endif

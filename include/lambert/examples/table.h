/* Rows of texts in a file, one after another, in the forms of task.h: TSV, CSV, JSON lines.
 *
 *     table_open(&table, path, form, header, err);
 *     table_column(&table, "label", &label, err);         once for each column that is wanted
 *     while ((more = table_next(&table, err)) > 0)
 *         const char *text = table_text(&table, label, err);
 *     table_close(&table);
 *
 * The first row says how many columns there are; of TSV and CSV all others must have as many, for a row
 * that has not is shifted somewhere. JSON objects may have any members, but must have those that are
 * wanted. Line ends are "\n" or "\r\n"; empty lines at the end of the file are none. A row of TSV is a line,
 * whatever quotes it has; one of CSV ends where no quotes are open.
 *
 * Nothing is collective; texts are the table's, and good until the next row. */
#ifndef LAMBERT_EXAMPLES_TABLE_H
#define LAMBERT_EXAMPLES_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include <cjson/cJSON.h>

#include "lambert/base/buffer.h"
#include "lambert/base/error.h"
#include "lambert/base/pool.h"
#include "lambert/examples/task.h"

struct table {
    const char *path; /* the caller's */
    enum table_form form;
    int line; /* where the row at hand begins, from 1 */

    struct buffer text; /* of the file */
    size_t position;    /* in text: what is not yet read */
    int next_line;      /* of the file, at `position` */

    const char **names; /* [columns] of the columns; NULL: they have none */
    int columns;
    struct pool memory; /* of names */

    /* The row at hand: */
    struct buffer cells; /* texts with a NUL behind each */
    size_t *starts;      /* [columns] in cells; NO_TEXT: none, or not a text */
    cJSON *object;       /* JSON */
};

/* header: the first row of TSV and CSV has the names of the columns. A file without rows is an error.
 * After a failure there is nothing to close. */
int table_open(struct table *table, const char *path, enum table_form form, bool header,
               struct error *err);
void table_close(struct table *table); /* fine on a zeroed one */

/* The form that a file's name says, with .gz behind it or without. */
enum table_form table_form_of(const char *path);

/* Whether there is a column of that name, or of that number from 1 where rows have one. */
bool table_has(const struct table *table, const char *column);

/* Its number from 0; the error names the columns that there are. */
int table_column(const struct table *table, const char *column, int *number, struct error *err);

/* Reads a row: 1, or 0 at the end, or -1. */
int table_next(struct table *table, struct error *err);

/* The text of a column in the row at hand; of JSON numbers, true and false as well. NULL: it has none, which
 * is an error. */
const char *table_text(const struct table *table, int column, struct error *err);

/* The same as a number. */
int table_number(const struct table *table, int column, double *number, struct error *err);

/* JSON: the member itself; else NULL. */
const cJSON *table_member(const struct table *table, int column);

#endif

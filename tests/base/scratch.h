/* What several tests of base need: a temporary folder, and standard error caught in a file. */
#ifndef LAMBERT_TESTS_BASE_SCRATCH_H
#define LAMBERT_TESTS_BASE_SCRATCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lambert/base/buffer.h"

/* Group set-up and tear-down: a new folder under $TMPDIR or /tmp, removed with all that is in it.
 */
int scratch_setup(void **state);
int scratch_teardown(void **state);
const char *scratch_folder(void);

/* A path in that folder, good until the 8th call after this one. */
const char *scratch_path(const char *name);

/* Puts a file there without the care (and the time) of file_write(). */
void scratch_write(const char *path, const void *data, size_t size);

/* Between the two calls standard error goes to a file; then what was said is in `said`. Nothing may
 * be asserted between them. */
void catch_begin(void);
void catch_end(struct buffer *said);

/* Runs `body` in a child process; gives the signal that ended it (0: none) and what it said. */
int signal_of(void (*body)(void), struct buffer *said);

#endif

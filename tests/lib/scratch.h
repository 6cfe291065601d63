/* A place to write in, and standard error caught: linked into every test.
 *
 *     cmocka_run_group_tests(tests, scratch_setup, scratch_teardown)
 *     ... scratch_path("a file") ...
 *
 * Folders are made under $TMPDIR, or /tmp where that is not set. */
#ifndef LAMBERT_TESTS_LIB_SCRATCH_H
#define LAMBERT_TESTS_LIB_SCRATCH_H

#include "lambert/base/buffer.h"
#include "lib/unit.h"

/* A new folder, and its removal with all that is in it, which frees the name too. */
char *scratch_folder_new(void);
void scratch_folder_free(char *folder);

/* Group set-up and tear-down: the folder of this process; scratch_enter() makes it the current one as
 * well. They return 0, or -1. */
int scratch_setup(void **state);
int scratch_enter(void **state);
int scratch_teardown(void **state);

const char *scratch_folder(void);

/* For processes with one folder: from now on it is this one, which another of them made and removes. */
void scratch_share(const char *folder);

/* A path in that folder, good until the 8th call after this one. */
const char *scratch_path(const char *name);

/* A file of these bytes, without the care (and the time) of file_write(); and a file's bytes. */
void scratch_write(const char *path, const void *data, size_t size);
void scratch_read(const char *path, struct buffer *bytes);

/* A text in a folder, which is made if need be; and that a folder holds just these names, in their order, with spaces
 * between. */
void scratch_put(const char *in, const char *name, const char *text);
void assert_names(const char *in, const char *wanted);

/* Between the two calls standard error goes to a file; then what was said is in `said`. Nothing may
 * be asserted between them. */
void catch_begin(void);
void catch_end(struct buffer *said);

/* Runs `body` in a child process; gives the signal that ended it (0: none) and what it said. */
int signal_of(void (*body)(void), struct buffer *said);

/* The same of a child that ends by itself: its exit code (-1: a signal ended it). */
int exit_code_of(void (*body)(void), struct buffer *said);

#endif

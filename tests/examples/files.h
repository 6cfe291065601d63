/* Small files to read, in the scratch folder (lib/scratch.h). */
#ifndef LAMBERT_TESTS_EXAMPLES_FILES_H
#define LAMBERT_TESTS_EXAMPLES_FILES_H

#include "lib/scratch.h"

/* The text as a file of that name: its path, good until the 8th call after this one. */
const char *file_of(const char *name, const char *text);

/* The same, compressed with gzip. */
const char *gzip_of(const char *name, const char *text);

#endif

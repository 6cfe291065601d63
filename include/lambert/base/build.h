/* Which binary this is: what it was made of, and with what. main() says it once, before anything else, as it
 * stands for the whole process; a program that does not, as a test, has none. The version alone: base/version.h.
 *
 * It is the same for every run of the binary on a cluster, and so may stand in files whose bytes do not depend on
 * ranks or time. What differs from run to run (kernels, command line, date) is in the log and in metrics.jsonl. */
#ifndef LAMBERT_BASE_BUILD_H
#define LAMBERT_BASE_BUILD_H

#include "lambert/base/buffer.h"

struct build {
    const char *commit; /* of git, "-dirty" behind it where sources were changed since; "unknown" */
    const char *compiler; /* the first line of its --version */
    const char *flags;    /* that who built it chose: CPPFLAGS, CFLAGS, LDFLAGS */
    const char *mpi;      /* the library and its version, as it is loaded */
    const char *blas;
};

/* The strings live for ever. */
void build_set(const struct build *build);

/* NULL: nobody has said. */
const struct build *build_get(void);

/* Appends lines: "lambert 1.0.0", "commit ...", "compiler ...", "flags ...", "MPI ...", "BLAS ..."; only the first where
 * nobody has said. */
void build_print(struct buffer *text);

#endif

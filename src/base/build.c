#include "lambert/base/build.h"

#include <stddef.h>

#include "lambert/base/version.h"

static struct build own;

void build_set(const struct build *build)
{
    own = *build;
}

const struct build *build_get(void)
{
    return own.commit ? &own : NULL;
}

void build_print(struct buffer *text)
{
    buffer_print(text, "%s\n", LAMBERT_PROGRAM);
    if (own.commit)
        buffer_print(text, "commit %s\ncompiler %s\nflags %s\nMPI %s\nBLAS %s\n", own.commit,
                     own.compiler, own.flags, own.mpi, own.blas);
}

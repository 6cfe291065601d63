#include "this_build.h"

#include <stdio.h>

/* Of the build folder. Nothing else includes it, so that a commit compiles and links this program alone anew. */
#include <cli/build.h>

#include "lambert/base/build.h"
#include "lambert/dist/dist.h"
#include "lambert/kernels/blas.h"
#include "lambert/kernels/gemm.h"
#include "lambert/kernels/kernels.h"

void this_build_tell(void)
{
    static struct blas_info blas;
    blas_describe(&blas);
    build_set(&(struct build){.commit = BUILD_COMMIT,
                              .compiler = BUILD_COMPILER,
                              .flags = BUILD_FLAGS,
                              .mpi = dist_library(),
                              .blas = blas.library});
}

int this_build_print(struct error *err)
{
    struct buffer text = {0};
    if (kernels_select(err) < 0)
        return -1;
    build_print(&text);
    printf("%skernels %s; matrix products by %s, of bfloat16 by %s\n", buffer_text(&text),
           kernels->name, gemm_maker(TYPE_FLOAT32), gemm_maker(TYPE_BFLOAT16));
    buffer_release(&text);
    return 0;
}

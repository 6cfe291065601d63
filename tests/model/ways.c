#include "ways.h"

#include "lambert/kernels/gemm.h"
#include "lambert/kernels/kernels.h"

void for_each_way(void (*check)(void))
{
    for (const struct kernels *const *table = kernels_available(); *table; table++)
        for (int blas = (*table)->gemm ? 0 : 1; blas < 2; blas++) {
            kernels = *table;
            gemm_use_blas(blas);
            check();
        }
}

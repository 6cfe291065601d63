/* A processor that is wrong and does not say so, for LD_PRELOAD with LAMBERT_GEMM=blas: on the ranks WRONG_RANKS ("1" or
 * "0,2") each product of the BLAS that has WRONG_EVERY for a divisor of its number has one bit that it should not have. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static int is_wrong(void)
{
    const char *wrong = getenv("WRONG_RANKS"), *open_mpi = getenv("OMPI_COMM_WORLD_RANK"),
               *rank = open_mpi ? open_mpi : getenv("PMI_RANK");
    const size_t length = rank ? strlen(rank) : 0;
    for (; wrong && rank && *wrong; wrong += strcspn(wrong, ","), wrong += *wrong == ',')
        if (strcspn(wrong, ",") == length && strncmp(wrong, rank, length) == 0)
            return 1;
    return 0;
}

void cblas_sgemm(int order, int trans_a, int trans_b, int m, int n, int k, float alpha,
                 const float *a, int lda, const float *b, int ldb, float beta, float *c, int ldc)
{
    static atomic_long products;
    void (*real)(int, int, int, int, int, int, float, const float *, int, const float *, int, float,
                 float *, int);
    const char *every = getenv("WRONG_EVERY");
    unsigned bits;
    *(void **)&real = dlsym(RTLD_NEXT, "cblas_sgemm");
    real(order, trans_a, trans_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
    if (!is_wrong() || ++products % (every ? atol(every) : 1) != 0)
        return;
    memcpy(&bits, c, sizeof bits);
    bits ^= 1u << 12;
    memcpy(c, &bits, sizeof bits);
}

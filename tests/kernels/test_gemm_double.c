/* All of test_gemm.c in double precision, where cblas makes every product. */
#include "test_gemm.c"

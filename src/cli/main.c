#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "lambert.h"
#include "lambert/base/version.h"
#include "lambert/bench/bench.h"
#include "lambert/kernels/blas.h"

int main(int argc, char **argv)
{
    /* Beyond the limit on a file's size (ulimit -f) a write fails, and the sentence names the file. */
    signal(SIGXFSZ, SIG_IGN);
    /* bench measures the BLAS's products beside Lambert's own. */
    if (blas_needed() || (argc > 1 && strcmp(argv[1], command_bench.name) == 0))
        blas_mend(argv);
    if (argc > 1 && strcmp(argv[1], "--version") == 0) {
        puts(LAMBERT_PROGRAM);
        return EXIT_DONE;
    }
    return command_main(&command_lambert, argc, argv);
}

#include <stdio.h>
#include <string.h>

#include "lambert.h"
#include "lambert/base/version.h"
#include "lambert/kernels/blas.h"

int main(int argc, char **argv)
{
    blas_mend(argv);
    if (argc > 1 && strcmp(argv[1], "--version") == 0) {
        puts(LAMBERT_PROGRAM);
        return EXIT_DONE;
    }
    return command_main(&command_lambert, argc, argv);
}

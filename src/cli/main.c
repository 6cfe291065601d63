#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "lambert.h"
#include "lambert/base/log.h"
#include "lambert/bench/bench.h"
#include "lambert/kernels/blas.h"
#include "this_build.h"

static int print_version(void)
{
    struct error err;
    int status = this_build_print(&err);
    if (status == 0 && fflush(stdout) != 0)
        status = error_errno(&err, "cannot write to standard output");
    if (status < 0)
        log_error("lambert --version: %s", err.text);
    return status == 0 ? EXIT_DONE : EXIT_FAILED;
}

int main(int argc, char **argv)
{
    /* Beyond the limit on a file's size (ulimit -f) a write fails, and the sentence names the file. */
    signal(SIGXFSZ, SIG_IGN);
    /* bench measures the BLAS's products beside Lambert's own. */
    if (blas_needed() || (argc > 1 && strcmp(argv[1], command_bench.name) == 0))
        blas_mend(argv);
    this_build_tell();
    if (argc > 1 && strcmp(argv[1], "--version") == 0)
        return print_version();
    return command_main(&command_lambert, argc, argv);
}

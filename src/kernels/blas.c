#define _GNU_SOURCE
#include "lambert/kernels/blas.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core_type.h"
#include "lambert/kernels/kernels.h"

static const char CORE_VARIABLE[] = "OPENBLAS_CORETYPE";
static const char MENDED_VARIABLE[] = "LAMBERT_CORETYPE_SET"; /* marks a program started again */

/* OpenBLAS's own functions, looked up at run time: another BLAS does not have them. */
typedef char *text_function(void);

static text_function *find_function(const char *name)
{
    text_function *function = NULL;
    void *symbol = dlsym(RTLD_DEFAULT, name);
    memcpy(&function, &symbol, sizeof function); /* C has no cast from object to function */
    return function;
}

bool blas_needed(void)
{
    const struct kernels *table = kernels_wanted();
    const char *engine = getenv("LAMBERT_GEMM");
    return table && (!table->gemm || (engine && strcmp(engine, "blas") == 0));
}

void blas_mend(char **argv)
{
    text_function *core_name = find_function("openblas_get_corename");
    if (!core_name || getenv(CORE_VARIABLE) || getenv(MENDED_VARIABLE))
        return;
    const char *wanted = core_type_wanted(core_name(), cpu_level());
    if (!wanted || setenv(CORE_VARIABLE, wanted, 1) != 0 || setenv(MENDED_VARIABLE, "1", 1) != 0)
        return;
    execv("/proc/self/exe", argv);
    unsetenv(CORE_VARIABLE); /* it could not be started again: go on slowly, as found */
    unsetenv(MENDED_VARIABLE);
}

/* "OpenBLAS 0.3.21" of "OpenBLAS 0.3.21 NO_LAPACK DYNAMIC_ARCH ..." */
static void describe_openblas(text_function *config, struct blas_info *info)
{
    char name[64] = "", version[32] = "";
    sscanf(config(), "%63s %31s", name, version);
    snprintf(info->library, sizeof info->library, "%s %s", name, version);
    text_function *core_name = find_function("openblas_get_corename");
    if (core_name)
        snprintf(info->core, sizeof info->core, "%.63s", core_name());
}

void blas_describe(struct blas_info *info)
{
    Dl_info found;
    text_function *config = find_function("openblas_get_config");
    *info = (struct blas_info){.mended = getenv(MENDED_VARIABLE) != NULL};
    if (config)
        describe_openblas(config, info);
    else if (dladdr(dlsym(RTLD_DEFAULT, "cblas_sgemm"), &found) && found.dli_fname)
        snprintf(info->library, sizeof info->library, "%.127s", found.dli_fname);
    else
        snprintf(info->library, sizeof info->library, "a cblas of unknown name");
}

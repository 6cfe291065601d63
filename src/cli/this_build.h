/* This binary, as its makefile and its libraries know it. */
#ifndef LAMBERT_CLI_THIS_BUILD_H
#define LAMBERT_CLI_THIS_BUILD_H

#include "lambert/base/error.h"

/* Once, first thing in main(): build_get() has it from then on (base/build.h). */
void this_build_tell(void);

/* What `lambert --version` prints: the lines of build_print(), and which kernels this machine's would be, chosen
 * as a run chooses them. -1 where LAMBERT_ISA names none that there are. */
int this_build_print(struct error *err);

#endif

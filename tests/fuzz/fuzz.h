/* Fuzz targets: each tests/fuzz/fuzz_NAME.c is one entry function, as libFuzzer calls it, that
 * reads the bytes with a part of the text layer and ends the process where something promised in
 * its header does not hold. `make fuzz` runs them under libFuzzer with sanitizers, beginning with
 * the files of tests/fuzz/corpus/NAME; replay.c calls them for those files alone, in `make check`.
 */
#ifndef LAMBERT_TESTS_FUZZ_FUZZ_H
#define LAMBERT_TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

#include "lambert/base/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif

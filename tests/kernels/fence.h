/* Memory that ends at a page which cannot be touched: who reads or writes behind it crashes. */
#ifndef LAMBERT_TESTS_KERNELS_FENCE_H
#define LAMBERT_TESTS_KERNELS_FENCE_H

#include <stddef.h>

/* All zero; may be 0 bytes. fence_free() wants the same number of bytes. */
void *fence_new(size_t bytes);
void fence_free(void *memory, size_t bytes);

#endif

#include "lambert/base/array.h"

#include <stdint.h>

#include "lambert/base/error.h"
#include "lambert/base/memory.h"
#include "lambert/base/minmax.h"

enum { FEWEST = 8 };

void *array_reserve(void *array, size_t wanted, size_t element, size_t *capacity)
{
    if (wanted <= *capacity)
        return array;
    require(*capacity <= SIZE_MAX / 2);
    *capacity = max_size(max_size(wanted, *capacity + *capacity / 2), FEWEST);
    return memory_resize(array, *capacity, element);
}

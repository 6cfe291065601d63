/* Arrays that grow: a pointer, a count and a capacity that the caller keeps beside each other.
 *
 *     struct span *spans = NULL;
 *     size_t count = 0, capacity = 0;
 *     ARRAY_RESERVE(spans, count + 1, capacity);
 *     spans[count++] = span;
 *     free(spans);
 *
 * The capacity grows by half at least, so that adding one by one costs a constant time each.
 * Running out of memory ends the program (base/memory.h). Bytes go into a struct buffer
 * (base/buffer.h). */
#ifndef LAMBERT_BASE_ARRAY_H
#define LAMBERT_BASE_ARRAY_H

#include <stddef.h>

/* Makes room for `wanted` elements; array and capacity (a size_t) are lvalues. All are evaluated
 * more than once. */
#define ARRAY_RESERVE(array, wanted, capacity)                                                     \
    do {                                                                                           \
        if ((wanted) > (capacity))                                                                 \
            (array) = array_reserve((array), (wanted), sizeof *(array), &(capacity));              \
    } while (0)

void *array_reserve(void *array, size_t wanted, size_t element, size_t *capacity);

#endif

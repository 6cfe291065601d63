#include "shape_text.h"

#include <inttypes.h>
#include <stdio.h>

const char *shape_text(int dimensions, const int64_t *shape, char text[SHAPE_TEXT])
{
    enum { LONGEST_NUMBER = 24 };
    int length = snprintf(text, SHAPE_TEXT, "[");
    for (int d = 0; d < dimensions && length < SHAPE_TEXT - LONGEST_NUMBER; d++)
        length += snprintf(text + length, SHAPE_TEXT - (size_t)length, "%s%" PRId64,
                           d > 0 ? ", " : "", shape[d]);
    snprintf(text + length, SHAPE_TEXT - (size_t)length, "]");
    return text;
}

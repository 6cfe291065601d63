/* The shape of a tensor as messages show it: "[30522, 768]". */
#ifndef LAMBERT_STORE_SHAPE_TEXT_H
#define LAMBERT_STORE_SHAPE_TEXT_H

#include <stdint.h>

enum { SHAPE_TEXT = 128 };

/* Into text, which is returned; a shape that is too long for it is cut. */
const char *shape_text(int dimensions, const int64_t *shape, char text[SHAPE_TEXT]);

#endif

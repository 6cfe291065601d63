/* Text for man pages, in the language of roff. */
#ifndef LAMBERT_BASE_ROFF_H
#define LAMBERT_BASE_ROFF_H

#include <stddef.h>

#include "lambert/base/buffer.h"

/* Text of UTF-8, put so that nothing in it is a request, an escape, or a sign that groff prints as another one.
 * Characters beyond ASCII go by their numbers, as groff reads bytes as Latin-1 unless it is told otherwise. */
void roff_put(struct buffer *out, const char *text, size_t size);

#endif

/* Lines that were broken to fit a page, put together again (lambert/text/document_reader.h has the rule). */
#ifndef LAMBERT_TEXT_WRAPPED_LINES_H
#define LAMBERT_TEXT_WRAPPED_LINES_H

#include <stddef.h>

#include "lambert/base/buffer.h"

/* Appends a trimmed line, which is not empty, to the line that the text ends with: lines are followed by
 * '\n' each. */
void wrapped_lines_join(struct buffer *text, const char *line, size_t length);

#endif

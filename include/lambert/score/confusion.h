/* Which classes are taken for which: how often each was said where each is right. */
#ifndef LAMBERT_SCORE_CONFUSION_H
#define LAMBERT_SCORE_CONFUSION_H

#include <stdint.h>

#include "lambert/base/buffer.h"
#include "lambert/examples/label_set.h"

/* counts [classes, classes]: a row for what is right, a column for what was said. */
void confusion_count(const int32_t *gold, const int32_t *said, int examples, int classes,
                     uint64_t *counts);

/* As a table for people: what is right goes down, what was said across. */
void confusion_print(const uint64_t *counts, const struct label_set *labels, struct buffer *out);

#endif

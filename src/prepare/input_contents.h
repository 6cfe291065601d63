/* What the inputs of a preparation are: text, or samples that others made. It is told by looking
 * into each file, not by its name; further kinds of input are to be known here. */
#ifndef LAMBERT_PREPARE_INPUT_CONTENTS_H
#define LAMBERT_PREPARE_INPUT_CONTENTS_H

#include "lambert/base/error.h"
#include "lambert/corpus/shard_format.h"
#include "lambert/text/input_list.h"

/* SHARD_READY_SAMPLES where all inputs are TFRecords; some of them being is an error. */
int input_contents_find(const struct input_list *inputs, enum shard_contents *contents,
                        struct error *err);

#endif

/* Examples to pieces over threads: each thread has an encoder, and each example is made by itself, so that
 * what comes out does not depend on the threads. */
#ifndef LAMBERT_FEATURES_ENCODER_H
#define LAMBERT_FEATURES_ENCODER_H

#include <stdbool.h>
#include <stdint.h>

#include "lambert/base/buffer.h"
#include "lambert/features/feature_set.h"
#include "lambert/text/tokenizer.h"

/* A thread's. */
struct encoder {
    const struct feature_options *options;
    struct special_tokens special;
    struct tokenizer *tokenizer;
    struct buffer ids; /* pieces of the example that is being made, int32_t */
    struct buffer
        ends; /* sentences: how many pieces there are up to the end of each word, int32_t */
};

/* What became of an example; memory is taken over by set_gather() (set.h). */
struct encoding {
    struct feature *features; /* [count] */
    int count;
    int32_t *numbers; /* what they point to */
    bool cut;         /* for feature_report.truncated */
};

/* Appends the pieces of a text to encoder->ids; returns how many they are. */
int encoder_put(struct encoder *encoder, const char *text);

/* encoder->ids from piece `first` on. */
const int32_t *encoder_ids(const struct encoder *encoder, int first);

/* Memory for so many features, and for the numbers that they point to. */
void encoding_reserve(struct encoding *encoding, int features, size_t numbers);

/* Writes pieces and the [SEP] behind them; returns where to go on. */
int32_t *encoder_put_part(const struct encoder *encoder, int32_t *to, const int32_t *pieces,
                          int count);

/* Calls encode() for each number below count, over threads, with encoder->ids empty. */
void encode_all(const struct feature_options *options, int count,
                void (*encode)(void *context, struct encoder *encoder, int number), void *context);

#endif

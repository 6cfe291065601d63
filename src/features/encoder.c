#include "encoder.h"

#include <string.h>

#include "lambert/base/memory.h"

int encoder_put(struct encoder *encoder, const char *text)
{
    return (int)tokenizer_encode(encoder->tokenizer, text, strlen(text), &encoder->ids);
}

const int32_t *encoder_ids(const struct encoder *encoder, int first)
{
    return (const int32_t *)encoder->ids.data + first;
}

void encoding_reserve(struct encoding *encoding, int features, size_t numbers)
{
    encoding->features = memory_new((size_t)features, sizeof *encoding->features);
    encoding->numbers = memory_new(numbers, sizeof *encoding->numbers);
    encoding->count = features;
}

int32_t *encoder_put_part(const struct encoder *encoder, int32_t *to, const int32_t *pieces,
                          int count)
{
    if (count > 0)
        memcpy(to, pieces, (size_t)count * sizeof *to);
    to[count] = encoder->special.sep;
    return to + count + 1;
}

static void encoder_init(struct encoder *encoder, const struct feature_options *options)
{
    *encoder =
        (struct encoder){.options = options,
                         .special = vocabulary_special_tokens(options->vocabulary),
                         .tokenizer = tokenizer_new(options->vocabulary, &options->tokenizer)};
    buffer_reserve(&encoder->ids, 4096); /* so that there is an address where there are no pieces */
}

static void encoder_release(struct encoder *encoder)
{
    tokenizer_free(encoder->tokenizer);
    buffer_release(&encoder->ids);
    buffer_release(&encoder->ends);
}

void encode_all(const struct feature_options *options, int count,
                void (*encode)(void *context, struct encoder *encoder, int number), void *context)
{
#pragma omp parallel
    {
        struct encoder encoder;
        encoder_init(&encoder, options);
#pragma omp for schedule(dynamic, 16)
        for (int number = 0; number < count; number++) {
            buffer_reset(&encoder.ids);
            encode(context, &encoder, number);
        }
        encoder_release(&encoder);
    }
}

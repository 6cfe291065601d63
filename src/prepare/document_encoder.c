#include "document_encoder.h"

#include <stdlib.h>

#include "lambert/base/array.h"
#include "lambert/base/error.h"
#include "lambert/text/sentence_splitter.h"

void document_encoder_init(struct document_encoder *encoder, const struct vocabulary *vocabulary,
                           const struct tokenizer_options *tokenizer, bool split_sentences)
{
    *encoder = (struct document_encoder){.tokenizer = tokenizer_new(vocabulary, tokenizer),
                                         .split_sentences = split_sentences};
}

void document_encoder_release(struct document_encoder *encoder)
{
    if (encoder->tokenizer)
        tokenizer_free(encoder->tokenizer);
    buffer_release(&encoder->ids);
    free(encoder->lengths);
    *encoder = (struct document_encoder){0};
}

static void add_sentence(struct document_encoder *encoder, const char *text, size_t size)
{
    size_t tokens = tokenizer_encode(encoder->tokenizer, text, size, &encoder->ids);
    require(tokens <= UINT32_MAX);
    if (tokens == 0)
        return;
    ARRAY_RESERVE(encoder->lengths, encoder->sentences + (size_t)1, encoder->length_capacity);
    encoder->lengths[encoder->sentences++] = (uint32_t)tokens;
}

uint32_t document_encoder_encode(struct document_encoder *encoder, const struct document *document)
{
    struct sentence_splitter splitter;
    const char *line, *sentence;
    size_t cursor = 0, size, length;
    buffer_reset(&encoder->ids);
    encoder->sentences = 0;
    while (document_line(document, &cursor, &line, &size)) {
        if (!encoder->split_sentences) {
            add_sentence(encoder, line, size);
            continue;
        }
        sentence_splitter_init(&splitter, line, size);
        while (sentence_splitter_next(&splitter, &sentence, &length))
            add_sentence(encoder, sentence, length);
    }
    return encoder->sentences;
}

const int32_t *document_encoder_ids(const struct document_encoder *encoder, size_t *count)
{
    *count = encoder->ids.size / sizeof(int32_t);
    return (const int32_t *)(const void *)encoder->ids.data;
}

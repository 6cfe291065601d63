#include "document_encoder.h"

#include "lambert/base/error.h"
#include "lambert/text/sentence_splitter.h"

void document_encoder_init(struct document_encoder *encoder, const struct vocabulary *vocabulary,
                           bool lower_case, bool split_sentences)
{
    struct tokenizer_options options = tokenizer_defaults;
    options.lower_case = lower_case;
    *encoder = (struct document_encoder){.tokenizer = tokenizer_new(vocabulary, &options),
                                         .split_sentences = split_sentences};
}

void document_encoder_release(struct document_encoder *encoder)
{
    if (encoder->tokenizer)
        tokenizer_free(encoder->tokenizer);
    buffer_release(&encoder->ids);
    buffer_release(&encoder->lengths);
    *encoder = (struct document_encoder){0};
}

static void add_sentence(struct document_encoder *encoder, const char *text, size_t size)
{
    size_t tokens = tokenizer_encode(encoder->tokenizer, text, size, &encoder->ids);
    require(tokens <= UINT32_MAX);
    uint32_t length = (uint32_t)tokens;
    if (length > 0)
        buffer_put(&encoder->lengths, &length, sizeof length);
}

static void add_line(struct document_encoder *encoder, const char *line, size_t size)
{
    struct sentence_splitter splitter;
    const char *sentence;
    size_t length;
    if (!encoder->split_sentences) {
        add_sentence(encoder, line, size);
        return;
    }
    sentence_splitter_init(&splitter, line, size);
    while (sentence_splitter_next(&splitter, &sentence, &length))
        add_sentence(encoder, sentence, length);
}

uint32_t document_encoder_encode(struct document_encoder *encoder, const struct document *document)
{
    const char *line;
    size_t cursor = 0, length;
    buffer_reset(&encoder->ids);
    buffer_reset(&encoder->lengths);
    while (document_line(document, &cursor, &line, &length))
        add_line(encoder, line, length);
    return (uint32_t)(encoder->lengths.size / sizeof(uint32_t));
}

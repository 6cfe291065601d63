#include "document_encoder.h"

#include <stdlib.h>

#include "lambert/base/array.h"
#include "lambert/base/error.h"
#include "lambert/text/sentence_splitter.h"

void document_encoder_init(struct document_encoder *encoder, const struct vocabulary *vocabulary,
                           const struct tokenizer_options *tokenizer, bool split_sentences,
                           bool segmented)
{
    *encoder = (struct document_encoder){.tokenizer = tokenizer_new(vocabulary, tokenizer),
                                         .split_sentences = split_sentences,
                                         .segmented = segmented};
    if (segmented)
        tokenizer_tell_words(encoder->tokenizer);
}

void document_encoder_release(struct document_encoder *encoder)
{
    if (encoder->tokenizer)
        tokenizer_free(encoder->tokenizer);
    buffer_release(&encoder->ids);
    buffer_release(&encoder->begins_word);
    free(encoder->lengths);
    *encoder = (struct document_encoder){0};
}

/* Takes what the tokenizer says of words out of the last `count` ids. */
static void part_words(struct document_encoder *encoder, size_t count)
{
    uint8_t *begins_word = buffer_grow(&encoder->begins_word, count);
    int32_t *ids = (int32_t *)(void *)encoder->ids.data + encoder->ids.size / sizeof *ids - count;
    for (size_t t = 0; t < count; t++) {
        begins_word[t] = ids[t] >= 0;
        ids[t] = ids[t] < 0 ? ~ids[t] : ids[t];
    }
}

static void add_sentence(struct document_encoder *encoder, const char *text, size_t size)
{
    size_t tokens = tokenizer_encode(encoder->tokenizer, text, size, &encoder->ids);
    require(tokens <= UINT32_MAX);
    if (tokens == 0)
        return;
    if (encoder->segmented)
        part_words(encoder, tokens);
    ARRAY_RESERVE(encoder->lengths, encoder->sentences + (size_t)1, encoder->length_capacity);
    encoder->lengths[encoder->sentences++] = (uint32_t)tokens;
}

uint32_t document_encoder_encode(struct document_encoder *encoder, const struct document *document)
{
    struct sentence_splitter splitter;
    const char *line, *sentence;
    size_t cursor = 0, size, length;
    buffer_reset(&encoder->ids);
    buffer_reset(&encoder->begins_word);
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

const uint8_t *document_encoder_words(const struct document_encoder *encoder)
{
    return encoder->segmented ? encoder->begins_word.data : NULL;
}

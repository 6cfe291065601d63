/* A document's text to token ids, sentence by sentence. One a thread. */
#ifndef LAMBERT_PREPARE_DOCUMENT_ENCODER_H
#define LAMBERT_PREPARE_DOCUMENT_ENCODER_H

#include <stdbool.h>
#include <stdint.h>

#include "lambert/base/buffer.h"
#include "lambert/text/document_reader.h"
#include "lambert/text/tokenizer.h"

struct document_encoder {
    struct tokenizer *tokenizer;
    bool split_sentences; /* no: every line is one sentence */
    bool segmented;       /* blanks part the words of the text */
    /* Of the document encoded last. */
    struct buffer ids; /* int32_t, as the tokenizer appends them: document_encoder_ids() */
    struct buffer
        begins_word;   /* of segmented text, u8 for each id: 0 where it goes on with a word */
    uint32_t *lengths; /* [sentences], tokens in each; none is 0 */
    uint32_t sentences;
    size_t length_capacity;
};

void document_encoder_init(struct document_encoder *encoder, const struct vocabulary *vocabulary,
                           const struct tokenizer_options *tokenizer, bool split_sentences,
                           bool segmented);
void document_encoder_release(struct document_encoder *encoder); /* fine on a zeroed one */

/* Sentences without tokens are left out. The title is not part of the text. Returns the number of
 * sentences. */
uint32_t document_encoder_encode(struct document_encoder *encoder, const struct document *document);

/* The ids of that document, and how many; whether each begins a word (tokenizer_tell_words()), NULL where the
 * text is not segmented. */
const int32_t *document_encoder_ids(const struct document_encoder *encoder, size_t *count);
const uint8_t *document_encoder_words(const struct document_encoder *encoder);

#endif

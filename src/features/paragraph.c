#include "paragraph.h"

#include <stdlib.h>
#include <string.h>

#include "lambert/base/array.h"
#include "lambert/base/memory.h"

/* How many bytes the white space is long that the text begins with; 0: it does not. */
static size_t white_space(const char *text)
{
    if (*text == ' ' || *text == '\t' || *text == '\r' || *text == '\n')
        return 1;
    return strncmp(text, "\xE2\x80\xAF", 3) == 0 ? 3 : 0; /* U+202F */
}

static void find_words(struct paragraph *paragraph, const char *context)
{
    size_t place = 0, count = 0, capacity = 0;
    require(strlen(context) <= UINT32_MAX);
    while (context[place] != '\0') {
        const size_t space = white_space(context + place);
        if (space > 0) {
            place += space;
            continue;
        }
        const size_t start = place;
        while (context[place] != '\0' && white_space(context + place) == 0)
            place++;
        ARRAY_RESERVE(paragraph->words, count + 1, capacity);
        paragraph->words[count++] =
            (struct word_place){.start = (uint32_t)start, .size = (uint32_t)(place - start)};
    }
    paragraph->word_count = (int)count;
}

void paragraph_init(struct paragraph *paragraph, const char *context, struct encoder *encoder)
{
    *paragraph = (struct paragraph){0};
    find_words(paragraph, context);
    const size_t words = (size_t)paragraph->word_count;
    paragraph->first_piece = memory_new(words + 1, sizeof *paragraph->first_piece);
    for (size_t w = 0; w < words; w++) {
        const struct word_place *word = &paragraph->words[w];
        const size_t pieces =
            tokenizer_encode(encoder->tokenizer, context + word->start, word->size, &encoder->ids);
        paragraph->first_piece[w + 1] = paragraph->first_piece[w] + (int32_t)pieces;
    }
    const size_t pieces = (size_t)paragraph_pieces(paragraph);
    paragraph->pieces = memory_new(pieces, sizeof *paragraph->pieces);
    memcpy(paragraph->pieces, encoder_ids(encoder, 0), pieces * sizeof *paragraph->pieces);
}

void paragraph_release(struct paragraph *paragraph)
{
    free(paragraph->words);
    free(paragraph->first_piece);
    free(paragraph->pieces);
    *paragraph = (struct paragraph){0};
}

int paragraph_word_at(const struct paragraph *paragraph, size_t place)
{
    int low = 0, high = paragraph->word_count; /* how many words begin at or before the place */
    while (low < high) {
        const int middle = low + (high - low) / 2;
        if (paragraph->words[middle].start <= place)
            low = middle + 1;
        else
            high = middle;
    }
    return low - 1;
}

int paragraph_word_of(const struct paragraph *paragraph, int piece)
{
    int low = 0, high = paragraph->word_count; /* how many words begin at or before the piece */
    while (low < high) {
        const int middle = low + (high - low) / 2;
        if (paragraph->first_piece[middle] <= piece)
            low = middle + 1;
        else
            high = middle;
    }
    return low - 1;
}

void paragraph_put_words(const struct paragraph *paragraph, const char *context, int first,
                         int last, struct buffer *text)
{
    for (int w = first; w <= last; w++) {
        if (w > first)
            buffer_put_u8(text, ' ');
        buffer_put(text, context + paragraph->words[w].start, paragraph->words[w].size);
    }
}

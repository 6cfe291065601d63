#include "original_text.h"

#include <stdint.h>
#include <string.h>

#include "lambert/text/tokenizer.h"

static void put_word(void *context, const char *word, size_t size)
{
    struct buffer *text = context;
    if (text->size > 0)
        buffer_put_u8(text, ' ');
    buffer_put(text, word, size);
}

/* Whether a character begins with this byte, and is no blank. */
static bool counts(char byte)
{
    return byte != ' ' && ((unsigned char)byte & 0xC0) != 0x80;
}

/* Characters of the text's first bytes, blanks left out. */
static size_t characters(const char *text, size_t size)
{
    size_t count = 0;
    for (size_t i = 0; i < size; i++)
        count += counts(text[i]);
    return count;
}

/* Where the character with this number begins, blanks left out. */
static size_t place_of(const char *text, size_t character)
{
    size_t i = 0;
    while (!counts(text[i]) || character-- > 0)
        i++;
    return i;
}

static size_t end_of(const char *text, size_t place)
{
    do
        place++;
    while (((unsigned char)text[place] & 0xC0) == 0x80);
    return place;
}

struct text_part original_text(const char *original, const char *normalised,
                               const struct tokenizer_options *tokenizer, struct buffer *scratch)
{
    const struct text_part all = {0, strlen(original)};
    buffer_reset(scratch);
    tokenizer_words(original, all.size, tokenizer, put_word, scratch);
    const char *text = buffer_text(scratch), *found = strstr(text, normalised);
    if (*normalised == '\0' || !found ||
        characters(text, scratch->size) != characters(original, all.size))
        return all;
    const size_t before = characters(text, (size_t)(found - text));
    const size_t length = characters(normalised, strlen(normalised));
    const size_t start = place_of(original, before);
    const size_t last = place_of(original, before + length - 1);
    return (struct text_part){start, end_of(original, last) - start};
}

#include "wordpiece.h"

#include <string.h>

enum { PREFIX = 2 }; /* bytes of "##" */

void wordpiece_init(struct wordpiece *wordpiece, const struct vocabulary *vocabulary,
                    int max_characters)
{
    *wordpiece = (struct wordpiece){
        .vocabulary = vocabulary,
        .longest = vocabulary_longest_token(vocabulary),
        .max_characters = (size_t)max_characters,
        .unknown = vocabulary_special_tokens(vocabulary).unk,
    };
}

void wordpiece_release(struct wordpiece *wordpiece)
{
    buffer_release(&wordpiece->word);
}

static bool inside_character(char byte)
{
    return ((unsigned char)byte & 0xC0) == 0x80;
}

static bool too_long(const char *word, size_t size, size_t max_characters)
{
    if (size <= max_characters)
        return false;
    size_t characters = 0;
    for (size_t i = 0; i < size; i++)
        characters += !inside_character(word[i]);
    return characters > max_characters;
}

/* The longest token that text begins with, text being [size] bytes without an end of the word in
 * front of `shortest`; -1 where there is none. */
static int32_t longest_match(const struct wordpiece *wordpiece, const char *text, size_t size,
                             size_t shortest, size_t *matched)
{
    size_t end = size < wordpiece->longest ? size : wordpiece->longest;
    for (; end >= shortest; end--) {
        if (end < size && inside_character(text[end]))
            continue;
        int32_t id = vocabulary_find(wordpiece->vocabulary, text, end);
        if (id >= 0) {
            *matched = end;
            return id;
        }
    }
    return -1;
}

bool wordpiece_encode(struct wordpiece *wordpiece, const char *word, size_t size,
                      struct buffer *ids)
{
    size_t before = ids->size;
    bool known = !too_long(word, size, wordpiece->max_characters);
    buffer_reset(&wordpiece->word);
    char *text = buffer_grow(&wordpiece->word, PREFIX + size);
    memcpy(text + PREFIX, word, size);
    for (size_t start = PREFIX, prefix = 0, matched; known && start < PREFIX + size;) {
        if (prefix) /* over what has been matched already */
            memcpy(text + start - PREFIX, "##", PREFIX);
        int32_t id = longest_match(wordpiece, text + start - prefix, PREFIX + size - start + prefix,
                                   prefix + 1, &matched);
        known = id >= 0;
        if (known)
            buffer_put(ids, &id, sizeof id);
        start += known ? matched - prefix : 0;
        prefix = PREFIX;
    }
    if (!known) {
        ids->size = before;
        buffer_put(ids, &wordpiece->unknown, sizeof wordpiece->unknown);
    }
    return known;
}

#include "lambert/text/token_origins.h"

#include <stdlib.h>
#include <string.h>

#include "lambert/base/memory.h"
#include "wordpiece.h"

/* A token while its words are looked up. */
struct lookup {
    const struct wordpiece *wordpiece;
    struct buffer *ids;
    bool continues; /* the next word is the rest of one */
    bool known;     /* every word so far has pieces */
};

static void add_word(void *context, const char *word, size_t size)
{
    struct lookup *lookup = context;
    const bool form = lookup->continues;
    lookup->known =
        lookup->known && (wordpiece_match(lookup->wordpiece, form, word, size, lookup->ids) ||
                          wordpiece_match(lookup->wordpiece, !form, word, size, lookup->ids));
    lookup->continues = false;
}

/* Appends the pieces of a token's text; none where one of its words has none. */
static void add_pieces(const struct wordpiece *wordpiece, const struct tokenizer_options *reading,
                       const char *token, struct buffer *ids)
{
    const size_t before = ids->size;
    const bool continues = strncmp(token, "##", 2) == 0 && token[2] != '\0';
    const char *text = continues ? token + 2 : token;
    struct lookup lookup = {
        .wordpiece = wordpiece, .ids = ids, .continues = continues, .known = true};
    tokenizer_words(text, strlen(text), reading, add_word, &lookup);
    if (!lookup.known)
        ids->size = before;
}

void token_origins_init(struct token_origins *origins, const struct vocabulary *new_vocabulary,
                        const struct vocabulary *old_vocabulary,
                        const struct tokenizer_options *reading, bool means)
{
    const int size = vocabulary_size(new_vocabulary);
    struct wordpiece wordpiece;
    struct buffer ids = {0};
    *origins = (struct token_origins){
        .size = size, .starts = memory_new((size_t)size + 1, sizeof *origins->starts)};
    wordpiece_init(&wordpiece, old_vocabulary, reading->max_word_characters);
    for (int32_t i = 0; i < size; i++) {
        const char *token = vocabulary_token(new_vocabulary, i);
        const int32_t same = vocabulary_find(old_vocabulary, token, strlen(token));
        const size_t before = ids.size;
        if (same >= 0)
            buffer_put(&ids, &same, sizeof same);
        else if (means)
            add_pieces(&wordpiece, reading, token, &ids);
        origins->kept += same >= 0;
        origins->means += same < 0 && ids.size > before;
        origins->without += ids.size == before;
        origins->starts[i + 1] = ids.size / sizeof same;
    }
    origins->ids = memory_new(ids.size / sizeof *origins->ids + 1, sizeof *origins->ids);
    if (ids.size > 0)
        memcpy(origins->ids, ids.data, ids.size);
    buffer_release(&ids);
}

void token_origins_release(struct token_origins *origins)
{
    free(origins->starts);
    free(origins->ids);
    *origins = (struct token_origins){0};
}

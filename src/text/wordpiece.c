#include "wordpiece.h"

#include "lambert/text/unicode.h"

void wordpiece_init(struct wordpiece *wordpiece, const struct vocabulary *vocabulary,
                    int max_characters)
{
    const struct piece_trie *trie = vocabulary_trie(vocabulary);
    *wordpiece = (struct wordpiece){
        .trie = trie,
        .continuation = piece_trie_node(trie, "##", 2),
        .max_characters = (size_t)max_characters,
        .unknown = vocabulary_special_tokens(vocabulary).unk,
    };
}

static bool too_long(const char *word, size_t size, size_t max_characters)
{
    return size > max_characters && unicode_count(word, size) > max_characters;
}

/* Tokens are valid UTF-8 as the word is, so that a match never ends inside a character. */
bool wordpiece_match(const struct wordpiece *wordpiece, bool continues, const char *word,
                     size_t size, struct buffer *ids)
{
    const size_t before = ids->size;
    uint32_t node = continues ? wordpiece->continuation : PIECE_TRIE_ROOT;
    while (size > 0) {
        size_t matched = 0;
        int32_t id = node == PIECE_TRIE_NONE
                         ? -1
                         : piece_trie_longest(wordpiece->trie, node, word, size, &matched);
        if (id < 0) {
            ids->size = before;
            return false;
        }
        buffer_put(ids, &id, sizeof id);
        word += matched;
        size -= matched;
        node = wordpiece->continuation;
    }
    return true;
}

bool wordpiece_encode(const struct wordpiece *wordpiece, const char *word, size_t size,
                      struct buffer *ids)
{
    if (!too_long(word, size, wordpiece->max_characters) &&
        wordpiece_match(wordpiece, false, word, size, ids))
        return true;
    buffer_put(ids, &wordpiece->unknown, sizeof wordpiece->unknown);
    return false;
}

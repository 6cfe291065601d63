/* All tokens of a vocabulary as one trie, for the question WordPiece asks: what is the longest
 * token that this text begins with? One walk along the text answers it, a step a character.
 *
 * The trie is a double array: the child of node n by character c, if there is one, is node first[n] + c,
 * which then names n as its parent. Characters are numbered for that, those that the tokens have. (By bytes,
 * it takes three steps instead of one through Hangul, each waiting for memory that the one before names.)
 * Read-only once made: threads share one. */
#ifndef LAMBERT_TEXT_PIECE_TRIE_H
#define LAMBERT_TEXT_PIECE_TRIE_H

#include <stddef.h>
#include <stdint.h>

#include "lambert/text/unicode.h"

enum { PIECE_TRIE_ROOT = 0, PIECE_TRIE_CODES = 0x110000 };
#define PIECE_TRIE_NONE UINT32_MAX

struct piece_node {
    uint32_t first;  /* where its children are counted from */
    uint32_t parent; /* PIECE_TRIE_NONE: nobody's child, a free place */
    int32_t id;      /* of the token that ends here, or -1 */
};

struct piece_trie {
    struct piece_node *nodes; /* [size] */
    size_t size;
    uint32_t *numbers; /* [PIECE_TRIE_CODES] of code points, from 1 on; 0: no token has it */
    uint32_t number_count;
};

struct piece {
    const char *text; /* valid UTF-8 */
    size_t size;
    int32_t id;
};

/* Makes the trie of distinct pieces. Their array is sorted; an empty piece is left out. */
void piece_trie_init(struct piece_trie *trie, struct piece *pieces, size_t count);
void piece_trie_release(struct piece_trie *trie);

static inline uint32_t piece_trie_child(const struct piece_trie *trie, uint32_t node, int32_t code)
{
    uint32_t child = trie->nodes[node].first + trie->numbers[code];
    return trie->nodes[child].parent == node ? child : PIECE_TRIE_NONE;
}

/* The node that a text leads to from the root; PIECE_TRIE_NONE: no token begins so. */
uint32_t piece_trie_node(const struct piece_trie *trie, const char *text, size_t size);

/* The longest token that goes on from `node` along the text by at least one character: its id, and in
 * *matched how many bytes of the text it took; -1: there is none. */
static inline int32_t piece_trie_longest(const struct piece_trie *trie, uint32_t node,
                                         const char *text, size_t size, size_t *matched)
{
    int32_t id = -1, code;
    for (size_t i = 0, taken;
         i < size && (taken = unicode_decode(text + i, size - i, &code)) > 0;) {
        node = piece_trie_child(trie, node, code);
        if (node == PIECE_TRIE_NONE)
            break;
        i += taken;
        if (trie->nodes[node].id >= 0) {
            id = trie->nodes[node].id;
            *matched = i;
        }
    }
    return id;
}

#endif

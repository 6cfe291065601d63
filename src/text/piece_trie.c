#include "piece_trie.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/base/array.h"
#include "lambert/base/buffer.h"
#include "lambert/base/error.h"
#include "lambert/base/memory.h"

enum { BYTES = 256, FIRST_SIZE = 1024, TRIES = 64 };

/* The pieces [begin, end) are those that lead through a node; `depth` bytes lead to it. */
struct branch {
    size_t begin, end, depth;
    uint32_t node;
};

/* What is known of the trie while it is made. */
struct maker {
    struct piece_trie *trie;
    const struct piece *pieces; /* sorted */
    size_t free;                /* no place before it is looked at again */
    struct branch *branches;    /* [branch_count], still to be followed */
    size_t branch_count, branch_capacity;
};

static void put_off_branch(struct maker *maker, struct branch branch)
{
    ARRAY_RESERVE(maker->branches, maker->branch_count + 1, maker->branch_capacity);
    maker->branches[maker->branch_count++] = branch;
}

static int compare_pieces(const void *a, const void *b)
{
    const struct piece *x = a, *y = b;
    int order = memcmp(x->text, y->text, x->size < y->size ? x->size : y->size);
    return order ? order : (x->size > y->size) - (x->size < y->size);
}

static void make_room(struct piece_trie *trie, size_t size)
{
    size_t old = trie->size;
    if (size <= old)
        return;
    ARRAY_RESERVE(trie->nodes, size, trie->size);
    require(trie->size < PIECE_TRIE_NONE);
    for (size_t i = old; i < trie->size; i++)
        trie->nodes[i] = (struct piece_node){.parent = PIECE_TRIE_NONE, .id = -1};
}

static bool all_free(const struct piece_trie *trie, size_t first, const unsigned char *bytes,
                     int count)
{
    for (int i = 0; i < count; i++)
        if (trie->nodes[first + bytes[i]].parent != PIECE_TRIE_NONE)
            return false;
    return true;
}

/* The first place from which every child finds its own free. Where that takes long, what was passed
 * over is given up, so that the time for the whole trie is linear. */
static uint32_t place_children(struct maker *maker, const unsigned char *bytes, int count)
{
    require(count > 0);
    size_t first = maker->free > bytes[0] ? maker->free - bytes[0] : 1;
    int tries = 0;
    for (;; first++, tries++) {
        make_room(maker->trie, first + BYTES);
        if (all_free(maker->trie, first, bytes, count))
            break;
    }
    if (tries > TRIES)
        maker->free = first + bytes[0];
    return (uint32_t)first;
}

static unsigned char byte_at(const struct maker *maker, size_t piece, size_t depth)
{
    return (unsigned char)maker->pieces[piece].text[depth];
}

/* The different bytes that go on from a node, in order. */
static int bytes_behind(const struct maker *maker, const struct branch *branch,
                        unsigned char bytes[BYTES])
{
    int count = 0;
    for (size_t i = branch->begin; i < branch->end; i++) {
        unsigned char byte = byte_at(maker, i, branch->depth);
        if (count == 0 || bytes[count - 1] != byte)
            bytes[count++] = byte;
    }
    return count;
}

static void add_children(struct maker *maker, const struct branch *branch)
{
    unsigned char bytes[BYTES];
    int count = bytes_behind(maker, branch, bytes);
    uint32_t first = place_children(maker, bytes, count);
    struct piece_node *nodes = maker->trie->nodes;
    nodes[branch->node].first = first;
    size_t begin = branch->begin, end = begin;
    for (int i = 0; i < count; i++, begin = end) {
        while (end < branch->end && byte_at(maker, end, branch->depth) == bytes[i])
            end++;
        nodes[first + bytes[i]].parent = branch->node;
        struct branch child = {begin, end, branch->depth + 1, first + bytes[i]};
        put_off_branch(maker, child);
    }
}

void piece_trie_init(struct piece_trie *trie, struct piece *pieces, size_t count)
{
    struct maker maker = {.trie = trie, .pieces = pieces};
    struct branch branch = {.end = count, .node = PIECE_TRIE_ROOT};
    if (count > 0)
        qsort(pieces, count, sizeof *pieces, compare_pieces);
    *trie = (struct piece_trie){0};
    make_room(trie, FIRST_SIZE);
    trie->nodes[PIECE_TRIE_ROOT] = (struct piece_node){.first = 1, .id = -1};
    while (branch.begin < count && pieces[branch.begin].size == 0)
        branch.begin++;
    if (branch.begin < count)
        put_off_branch(&maker, branch);
    while (maker.branch_count > 0) {
        branch = maker.branches[--maker.branch_count];
        const struct piece *shortest = &pieces[branch.begin];
        if (shortest->size == branch.depth) { /* it ends at the node itself */
            trie->nodes[branch.node].id = shortest->id;
            branch.begin++;
        }
        if (branch.begin < branch.end)
            add_children(&maker, &branch);
    }
    free(maker.branches);
}

void piece_trie_release(struct piece_trie *trie)
{
    free(trie->nodes);
    *trie = (struct piece_trie){0};
}

uint32_t piece_trie_node(const struct piece_trie *trie, const char *text, size_t size)
{
    uint32_t node = PIECE_TRIE_ROOT;
    for (size_t i = 0; i < size && node != PIECE_TRIE_NONE; i++)
        node = piece_trie_child(trie, node, text[i]);
    return node;
}

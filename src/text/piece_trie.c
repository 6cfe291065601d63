#include "piece_trie.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/base/array.h"
#include "lambert/base/buffer.h"
#include "lambert/base/error.h"
#include "lambert/base/memory.h"

enum { FIRST_SIZE = 1024, TRIES = 64 };

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
    uint32_t *behind;           /* [trie->number_count], characters that go on from a node */
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

static bool all_free(const struct piece_trie *trie, size_t first, const uint32_t *numbers,
                     uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (trie->nodes[first + numbers[i]].parent != PIECE_TRIE_NONE)
            return false;
    return true;
}

/* The first place from which every child finds its own free. Where that takes long, what was passed
 * over is given up, so that the time for the whole trie is linear. */
static uint32_t place_children(struct maker *maker, const uint32_t *numbers, uint32_t count)
{
    require(count > 0);
    size_t first = maker->free > numbers[0] ? maker->free - numbers[0] : 1;
    int tries = 0;
    for (;; first++, tries++) {
        make_room(maker->trie, first + maker->trie->number_count + 1);
        if (all_free(maker->trie, first, numbers, count))
            break;
    }
    if (tries > TRIES)
        maker->free = first + numbers[0];
    return (uint32_t)first;
}

/* The code point of a piece behind `depth` bytes. */
static int32_t code_at(const struct piece *piece, size_t depth)
{
    int32_t code;
    require(unicode_decode(piece->text + depth, piece->size - depth, &code) > 0);
    return code;
}

static uint32_t number_at(const struct maker *maker, size_t piece, size_t depth)
{
    return maker->trie->numbers[code_at(&maker->pieces[piece], depth)];
}

/* The different characters that go on from a node, in order, into maker->behind. */
static uint32_t find_behind(const struct maker *maker, const struct branch *branch)
{
    uint32_t count = 0;
    for (size_t i = branch->begin; i < branch->end; i++) {
        const uint32_t number = number_at(maker, i, branch->depth);
        if (count == 0 || maker->behind[count - 1] != number)
            maker->behind[count++] = number;
    }
    return count;
}

static void add_children(struct maker *maker, const struct branch *branch)
{
    const uint32_t count = find_behind(maker, branch);
    uint32_t first = place_children(maker, maker->behind, count);
    struct piece_node *nodes = maker->trie->nodes;
    nodes[branch->node].first = first;
    size_t begin = branch->begin, end = begin;
    for (uint32_t i = 0; i < count; i++, begin = end) {
        const size_t taken = unicode_size(maker->pieces[begin].text + branch->depth);
        while (end < branch->end && number_at(maker, end, branch->depth) == maker->behind[i])
            end++;
        nodes[first + maker->behind[i]].parent = branch->node;
        struct branch child = {begin, end, branch->depth + taken, first + maker->behind[i]};
        put_off_branch(maker, child);
    }
}

/* Numbers the characters of the pieces in the order of their code points, which is that of their bytes. */
static void number_characters(struct piece_trie *trie, const struct piece *pieces, size_t count)
{
    trie->numbers = memory_new(PIECE_TRIE_CODES, sizeof *trie->numbers);
    int32_t last = -1;
    for (size_t i = 0; i < count; i++)
        for (size_t at = 0; at < pieces[i].size; at += unicode_size(pieces[i].text + at)) {
            const int32_t code = code_at(&pieces[i], at);
            trie->numbers[code] = 1;
            last = code > last ? code : last;
        }
    for (int32_t code = 0; code <= last; code++)
        if (trie->numbers[code] > 0)
            trie->numbers[code] = ++trie->number_count;
}

void piece_trie_init(struct piece_trie *trie, struct piece *pieces, size_t count)
{
    struct maker maker = {.trie = trie, .pieces = pieces};
    struct branch branch = {.end = count, .node = PIECE_TRIE_ROOT};
    if (count > 0)
        qsort(pieces, count, sizeof *pieces, compare_pieces);
    *trie = (struct piece_trie){0};
    number_characters(trie, pieces, count);
    maker.behind = memory_new(trie->number_count + (size_t)1, sizeof *maker.behind);
    make_room(trie, FIRST_SIZE + (size_t)trie->number_count);
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
    free(maker.behind);
}

void piece_trie_release(struct piece_trie *trie)
{
    free(trie->nodes);
    free(trie->numbers);
    *trie = (struct piece_trie){0};
}

uint32_t piece_trie_node(const struct piece_trie *trie, const char *text, size_t size)
{
    uint32_t node = PIECE_TRIE_ROOT;
    int32_t code;
    for (size_t i = 0, taken; i < size && node != PIECE_TRIE_NONE; i += taken) {
        taken = unicode_decode(text + i, size - i, &code);
        if (taken == 0)
            return PIECE_TRIE_NONE;
        node = piece_trie_child(trie, node, code);
    }
    return node;
}

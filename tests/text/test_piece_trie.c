#include "lib/unit.h"

#include <stdio.h>
#include <string.h>

#include "lambert/base/rng.h"
#include "text/piece_trie.h"
#include "text/text_table.h"

static struct piece piece_of(const char *text, int32_t id)
{
    return (struct piece){text, strlen(text), id};
}

static int32_t longest(const struct piece_trie *trie, uint32_t node, const char *text,
                       size_t *matched)
{
    return piece_trie_longest(trie, node, text, strlen(text), matched);
}

static void finds_the_longest_piece(void **state)
{
    (void)state;
    struct piece pieces[] = {piece_of("un", 3), piece_of("unaff", 4),    piece_of("##able", 5),
                             piece_of("a", 6),  piece_of("\xC3\xA9", 7), piece_of("", 8)};
    struct piece_trie trie;
    size_t matched;
    piece_trie_init(&trie, pieces, 6);
    assert_int_equal(longest(&trie, PIECE_TRIE_ROOT, "unaffable", &matched), 4);
    assert_int_equal(matched, 5);
    assert_int_equal(longest(&trie, PIECE_TRIE_ROOT, "unafraid", &matched), 3);
    assert_int_equal(matched, 2);
    assert_int_equal(longest(&trie, PIECE_TRIE_ROOT, "\xC3\xA9t", &matched), 7);
    assert_int_equal(longest(&trie, PIECE_TRIE_ROOT, "u", &matched), -1);
    assert_int_equal(longest(&trie, PIECE_TRIE_ROOT, "", &matched), -1);
    uint32_t behind = piece_trie_node(&trie, "##", 2);
    assert_int_equal(longest(&trie, behind, "ables", &matched), 5);
    assert_int_equal(matched, 4);
    assert_int_equal(piece_trie_node(&trie, "##x", 3), PIECE_TRIE_NONE);
    piece_trie_release(&trie);
}

static void holds_nothing(void **state)
{
    (void)state;
    struct piece_trie trie;
    size_t matched;
    piece_trie_init(&trie, NULL, 0);
    for (int byte = 0; byte < 256; byte++) {
        char text = (char)byte;
        assert_int_equal(piece_trie_longest(&trie, PIECE_TRIE_ROOT, &text, 1, &matched), -1);
    }
    piece_trie_release(&trie);
}

enum { PIECES = 20000, LONGEST = 9, LONGEST_BYTES = LONGEST * UNICODE_UTF8_LONGEST };

/* Random characters, few of them different behind the front, so that pieces share beginnings. */
static size_t put_random_text(char *text, struct rng *rng)
{
    static const uint32_t rare[] = {0x80, 0x800, 0x3000, 0x11000};
    size_t size = 0;
    for (uint32_t left = 1 + rng_below(rng, LONGEST), i = 0; i < left; i++) {
        const uint32_t few = rng_below(rng, 3) ? 0 : rare[rng_below(rng, 4)];
        size += unicode_encode((int32_t)(few + rng_below(rng, i < 2 ? 64 : 2)), text + size);
    }
    return size;
}

static int32_t longest_by_definition(const struct piece *pieces, size_t count, const char *text,
                                     size_t size, size_t *matched)
{
    int32_t id = -1;
    *matched = 0;
    for (size_t i = 0; i < count; i++)
        if (pieces[i].size <= size && pieces[i].size > *matched &&
            memcmp(pieces[i].text, text, pieces[i].size) == 0) {
            *matched = pieces[i].size;
            id = pieces[i].id;
        }
    return id;
}

/* Distinct ones; their texts are the table's. */
static size_t make_pieces(struct piece *pieces, struct text_table *table, struct rng *rng)
{
    char text[LONGEST_BYTES];
    for (int i = 0; i < PIECES; i++)
        text_table_add(table, text, put_random_text(text, rng));
    for (uint32_t i = 0; i < table->count; i++) {
        pieces[i].text = text_table_text(table, i, &pieces[i].size);
        pieces[i].id = (int32_t)i;
    }
    return table->count;
}

static void agrees_with_the_definition(void **state)
{
    (void)state;
    static struct piece pieces[PIECES];
    struct text_table table;
    struct piece_trie trie;
    struct rng rng;
    int found = 0;
    rng_init(&rng, rng_key(1, RNG_TEST, 0, 0));
    text_table_init(&table);
    size_t count = make_pieces(pieces, &table, &rng);
    piece_trie_init(&trie, pieces, count);
    for (int i = 0; i < 1000; i++) {
        char text[LONGEST_BYTES];
        size_t size = put_random_text(text, &rng), wanted, matched = 0;
        int32_t id = longest_by_definition(pieces, count, text, size, &wanted);
        assert_int_equal(piece_trie_longest(&trie, PIECE_TRIE_ROOT, text, size, &matched), id);
        assert_int_equal(matched, wanted);
        found += id >= 0;
    }
    assert_in_range(found, 100, 1000);
    for (size_t i = 0; i < count; i++) {
        uint32_t node = piece_trie_node(&trie, pieces[i].text, pieces[i].size);
        assert_int_not_equal(node, PIECE_TRIE_NONE);
        assert_int_equal(trie.nodes[node].id, pieces[i].id);
    }
    piece_trie_release(&trie);
    text_table_release(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_longest_piece),
        cmocka_unit_test(holds_nothing),
        cmocka_unit_test(agrees_with_the_definition),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

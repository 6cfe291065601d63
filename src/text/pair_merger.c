#include "pair_merger.h"

#include <stdlib.h>
#include <string.h>

#include "alphabet.h"
#include "lambert/base/array.h"
#include "lambert/base/memory.h"
#include "lambert/text/unicode.h"

#define DEAD UINT32_MAX

_Static_assert(ALPHABET_WORD_LONGEST <= UINT8_MAX, "symbols reach each other in 8 bits");

void pair_merger_init(struct pair_merger *merger, struct text_table *pieces, int64_t min_count)
{
    *merger = (struct pair_merger){.pieces = pieces};
    text_table_init(&merger->pair_numbers);
    pair_queue_init(&merger->queue, pieces, min_count);
}

void pair_merger_release(struct pair_merger *merger)
{
    for (uint32_t i = 0; i < merger->pair_numbers.count; i++)
        free(merger->pairs[i].positions);
    free(merger->pairs);
    free(merger->symbols);
    free(merger->word_counts);
    text_table_release(&merger->pair_numbers);
    pair_queue_release(&merger->queue);
    free(merger->risen);
    buffer_release(&merger->joined);
    *merger = (struct pair_merger){0};
}

/* --- pairs ----------------------------------------------------------------------------------- */

static uint32_t pair_number(struct pair_merger *merger, uint32_t left, uint32_t right)
{
    const uint32_t key[2] = {left, right};
    uint32_t known = merger->pair_numbers.count;
    uint32_t number = text_table_add(&merger->pair_numbers, (const char *)key, sizeof key);
    ARRAY_RESERVE(merger->pairs, number + (size_t)1, merger->pair_capacity);
    if (number == known)
        merger->pairs[number] = (struct pair){.left = left, .right = right};
    return number;
}

/* Most of the millions of pairs have one position or two, so that these arrays begin smaller, and
 * are counted in fewer bits, than base/array.h has it. */
static void add_position(struct pair *pair, uint32_t position)
{
    if (pair->position_count == pair->position_capacity) {
        pair->position_capacity = pair->position_capacity ? 2 * pair->position_capacity : 2;
        pair->positions =
            memory_resize(pair->positions, pair->position_capacity, sizeof *pair->positions);
    }
    pair->positions[pair->position_count++] = position;
}

static int64_t times_of(const struct pair_merger *merger, uint32_t position)
{
    return (int64_t)merger->word_counts[merger->symbols[position].word];
}

/* The symbol at `position` and the one behind it have become neighbours. */
static uint32_t pair_up(struct pair_merger *merger, uint32_t position)
{
    const struct symbol *symbol = &merger->symbols[position];
    uint32_t number = pair_number(merger, symbol->piece, symbol[symbol->to_next].piece);
    merger->pairs[number].count += times_of(merger, position);
    add_position(&merger->pairs[number], position);
    return number;
}

/* The symbol at `position` and the one behind it are about to be neighbours no longer. */
static void unpair(struct pair_merger *merger, uint32_t position)
{
    const struct symbol *symbol = &merger->symbols[position];
    uint32_t number = pair_number(merger, symbol->piece, symbol[symbol->to_next].piece);
    merger->pairs[number].count -= times_of(merger, position);
}

/* --- words ----------------------------------------------------------------------------------- */

int pair_merger_add_word(struct pair_merger *merger, const char *word, size_t size, uint64_t times,
                         struct error *err)
{
    if (merger->symbol_count > UINT32_MAX - ALPHABET_WORD_LONGEST)
        return error_set(err, "the distinct words of the text have more than 4 billion characters; "
                              "learn the vocabulary from a part of the text");
    uint32_t number = merger->word_count++;
    ARRAY_RESERVE(merger->word_counts, merger->word_count, merger->word_capacity);
    const size_t first = merger->symbol_count;
    merger->word_counts[number] = times;
    for (size_t i = 0, length; i < size; i += length) {
        char text[2 + UNICODE_UTF8_LONGEST] = "##";
        size_t prefix = i > 0 ? 2 : 0;
        length = unicode_size(word + i);
        memcpy(text + prefix, word + i, length);
        uint32_t piece = text_table_find(merger->pieces, text, prefix + length);
        require(piece != TEXT_TABLE_NONE);
        ARRAY_RESERVE(merger->symbols, merger->symbol_count + 1, merger->symbol_capacity);
        merger->symbols[merger->symbol_count++] = (struct symbol){
            .piece = piece, .word = number, .to_next = (i + length < size), .to_previous = (i > 0)};
    }
    for (size_t i = first; i + 1 < merger->symbol_count; i++)
        pair_up(merger, (uint32_t)i);
    return 0;
}

void pair_merger_begin(struct pair_merger *merger)
{
    for (uint32_t i = 0; i < merger->pair_numbers.count; i++)
        pair_queue_raise(&merger->queue, merger->pairs, i);
}

/* --- merging --------------------------------------------------------------------------------- */

/* "un" and "##it" make "unit", "##un" and "##it" make "##unit". */
static uint32_t joined_piece(struct pair_merger *merger, uint32_t left, uint32_t right)
{
    size_t size;
    buffer_reset(&merger->joined);
    const char *text = text_table_text(merger->pieces, left, &size);
    buffer_put(&merger->joined, text, size);
    text = text_table_text(merger->pieces, right, &size);
    buffer_put(&merger->joined, text + 2, size - 2);
    return text_table_add(merger->pieces, (const char *)merger->joined.data, merger->joined.size);
}

static void pair_up_again(struct pair_merger *merger, uint32_t position)
{
    uint32_t number = pair_up(merger, position);
    ARRAY_RESERVE(merger->risen, merger->risen_count + 1, merger->risen_capacity);
    merger->risen[merger->risen_count++] = number;
}

/* Makes the symbol at `position` and the one behind it one symbol. */
static void merge_at(struct pair_merger *merger, uint32_t position, uint32_t piece)
{
    struct symbol *left = &merger->symbols[position];
    struct symbol *right = left + left->to_next;
    struct symbol *after = right->to_next ? right + right->to_next : NULL;
    uint32_t before = position - left->to_previous;
    if (left->to_previous)
        unpair(merger, before);
    unpair(merger, position);
    if (after)
        unpair(merger, (uint32_t)(right - merger->symbols));
    left->piece = piece;
    left->to_next = after ? (uint8_t)(after - left) : 0;
    right->piece = DEAD;
    if (after)
        after->to_previous = left->to_next;
    if (left->to_previous)
        pair_up_again(merger, before);
    if (after)
        pair_up_again(merger, position);
}

static int compare_positions(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static bool holds(const struct pair_merger *merger, uint32_t position, uint32_t left,
                  uint32_t right)
{
    const struct symbol *symbol = &merger->symbols[position];
    return symbol->piece == left && symbol->to_next && symbol[symbol->to_next].piece == right;
}

bool pair_merger_merge(struct pair_merger *merger)
{
    uint32_t number;
    if (!pair_queue_pop(&merger->queue, merger->pairs, &number))
        return false;
    struct pair pair = merger->pairs[number]; /* the array moves as it grows */
    merger->pairs[number].positions = NULL;
    merger->pairs[number].position_count = merger->pairs[number].position_capacity = 0;
    if (pair.left == pair.right) /* "aaa" is merged from the left, whenever its places were met */
        qsort(pair.positions, pair.position_count, sizeof(uint32_t), compare_positions);
    uint32_t piece = joined_piece(merger, pair.left, pair.right);
    merger->risen_count = 0;
    for (uint32_t i = 0; i < pair.position_count; i++)
        if (holds(merger, pair.positions[i], pair.left, pair.right))
            merge_at(merger, pair.positions[i], piece);
    free(pair.positions);
    require(merger->pairs[number].count == 0);
    for (size_t i = 0; i < merger->risen_count; i++)
        pair_queue_raise(&merger->queue, merger->pairs, merger->risen[i]);
    return true;
}

#include "text_table.h"

#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL /* the hash of a short word is cheaper than a call */
#include <xxhash.h>

#include "lambert/base/array.h"
#include "lambert/base/error.h"
#include "lambert/base/memory.h"

enum { FIRST_SLOTS = 1024 };

static uint8_t tag_of(uint64_t hash)
{
    return (uint8_t)(hash >> 56) | 1;
}

static void new_slots(struct text_table *table, size_t count)
{
    table->mask = count - 1;
    table->tags = memory_new(count, sizeof *table->tags);
    table->numbers = memory_new(count, sizeof *table->numbers);
}

void text_table_init(struct text_table *table)
{
    *table = (struct text_table){0};
    new_slots(table, FIRST_SLOTS);
    table->starts_capacity = FIRST_SLOTS;
    table->starts = memory_new(table->starts_capacity, sizeof *table->starts);
}

void text_table_release(struct text_table *table)
{
    free(table->tags);
    free(table->numbers);
    free(table->starts);
    buffer_release(&table->text);
    *table = (struct text_table){0};
}

const char *text_table_text(const struct text_table *table, uint32_t number, size_t *size)
{
    *size = table->starts[number + 1] - table->starts[number] - 1;
    return (const char *)table->text.data + table->starts[number];
}

/* The slot that holds the string, or the empty one where it belongs. */
static size_t slot_of(const struct text_table *table, const char *text, size_t size, uint64_t hash)
{
    uint8_t tag = tag_of(hash);
    size_t i = hash & table->mask;
    for (; table->tags[i] != 0; i = (i + 1) & table->mask) {
        if (table->tags[i] != tag)
            continue;
        size_t length;
        const char *held = text_table_text(table, table->numbers[i], &length);
        if (length == size && memcmp(held, text, size) == 0)
            break;
    }
    return i;
}

static void fill_slot(struct text_table *table, size_t slot, uint64_t hash, uint32_t number)
{
    table->tags[slot] = tag_of(hash);
    table->numbers[slot] = number;
}

uint32_t text_table_find(const struct text_table *table, const char *text, size_t size)
{
    size_t slot = slot_of(table, text, size, XXH3_64bits(text, size));
    return table->tags[slot] ? table->numbers[slot] : TEXT_TABLE_NONE;
}

static void double_slots(struct text_table *table)
{
    free(table->tags);
    free(table->numbers);
    new_slots(table, 2 * (table->mask + 1));
    for (uint32_t number = 0; number < table->count; number++) {
        size_t size;
        const char *text = text_table_text(table, number, &size);
        uint64_t hash = XXH3_64bits(text, size);
        size_t i = hash & table->mask;
        while (table->tags[i] != 0)
            i = (i + 1) & table->mask;
        fill_slot(table, i, hash, number);
    }
}

uint32_t text_table_add(struct text_table *table, const char *text, size_t size)
{
    uint64_t hash = XXH3_64bits(text, size);
    size_t slot = slot_of(table, text, size, hash);
    if (table->tags[slot])
        return table->numbers[slot];
    require(table->count < TEXT_TABLE_NONE - 1);
    fill_slot(table, slot, hash, table->count);
    ARRAY_RESERVE(table->starts, table->count + (size_t)2, table->starts_capacity);
    buffer_put(&table->text, text, size);
    buffer_put_u8(&table->text, 0);
    table->starts[++table->count] = table->text.size;
    if (table->count > (table->mask + 1) / 2)
        double_slots(table);
    return table->count - 1;
}

int text_table_compare(const struct text_table *table, uint32_t a, uint32_t b)
{
    size_t size_a, size_b;
    const char *text_a = text_table_text(table, a, &size_a);
    const char *text_b = text_table_text(table, b, &size_b);
    int order = memcmp(text_a, text_b, size_a < size_b ? size_a : size_b);
    return order ? order : (size_a > size_b) - (size_a < size_b);
}

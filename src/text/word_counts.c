#include "word_counts.h"

#include <stdlib.h>

#include "lambert/base/array.h"
#include "lambert/base/memory.h"
#include "lambert/text/unicode.h"

void word_counts_init(struct word_counts *counts)
{
    *counts = (struct word_counts){0};
    text_table_init(&counts->words);
}

void word_counts_release(struct word_counts *counts)
{
    text_table_release(&counts->words);
    free(counts->counts);
    *counts = (struct word_counts){0};
}

void word_counts_add(struct word_counts *counts, const char *word, size_t size, uint64_t times)
{
    uint32_t known = counts->words.count;
    uint32_t number = text_table_add(&counts->words, word, size);
    ARRAY_RESERVE(counts->counts, number + (size_t)1, counts->capacity);
    if (number == known)
        counts->counts[number] = 0;
    counts->counts[number] += times;
    counts->running += times;
}

void word_counts_reset(struct word_counts *counts)
{
    word_counts_release(counts);
    word_counts_init(counts);
}

/* What qsort() needs to know of a word. */
struct ranked_word {
    const struct text_table *words;
    uint64_t count;
    uint32_t number;
};

static int by_count(const void *a, const void *b)
{
    const struct ranked_word *x = a, *y = b;
    if (x->count != y->count)
        return x->count < y->count ? 1 : -1;
    return text_table_compare(x->words, x->number, y->number);
}

static uint64_t characters_of(const struct word_counts *counts, uint32_t number)
{
    size_t size;
    const char *word = text_table_text(&counts->words, number, &size);
    return unicode_count(word, size);
}

void word_counts_trim(struct word_counts *counts, uint32_t words, uint64_t characters)
{
    struct word_counts kept;
    const uint32_t count = counts->words.count;
    const uint64_t running = counts->running;
    uint64_t all = 0;
    for (uint32_t i = 0; i < count; i++)
        all += characters_of(counts, i);
    if (count <= words && all <= characters)
        return;
    struct ranked_word *order = memory_new(count, sizeof *order);
    for (uint32_t i = 0; i < count; i++)
        order[i] = (struct ranked_word){&counts->words, counts->counts[i], i};
    qsort(order, count, sizeof *order, by_count);
    word_counts_init(&kept);
    for (uint32_t i = 0; i < count && i < words; i++) {
        const uint64_t more = characters_of(counts, order[i].number);
        if (more > characters)
            break;
        characters -= more;
        size_t size;
        const char *word = text_table_text(&counts->words, order[i].number, &size);
        word_counts_add(&kept, word, size, order[i].count);
    }
    free(order);
    word_counts_release(counts);
    *counts = kept;
    counts->running = running;
}

#include "word_counts.h"

#include <stdlib.h>

#include "lambert/base/memory.h"

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
    if (number == counts->capacity) {
        counts->capacity = counts->capacity ? 2 * counts->capacity : 1024;
        counts->counts = memory_resize(counts->counts, counts->capacity, sizeof *counts->counts);
    }
    if (number == known)
        counts->counts[number] = 0;
    counts->counts[number] += times;
    counts->running += times;
}

void word_counts_merge(struct word_counts *into, const struct word_counts *from)
{
    for (uint32_t i = 0; i < from->words.count; i++) {
        size_t size;
        const char *word = text_table_text(&from->words, i, &size);
        word_counts_add(into, word, size, from->counts[i]);
    }
}

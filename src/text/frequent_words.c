#include "lambert/text/frequent_words.h"

#include <stdlib.h>
#include <string.h>

#include "lambert/base/memory.h"
#include "word_counts.h"

struct frequent_words {
    struct word_counts counts; /* of up to twice as many words, so that few additions reduce them */
    uint32_t most;
    uint64_t missing;
};

struct frequent_words *frequent_words_new(uint32_t most)
{
    struct frequent_words *words = memory_new(1, sizeof *words);
    word_counts_init(&words->counts);
    words->most = most;
    return words;
}

void frequent_words_free(struct frequent_words *words)
{
    if (!words)
        return;
    word_counts_release(&words->counts);
    free(words);
}

void frequent_words_reset(struct frequent_words *words)
{
    word_counts_reset(&words->counts);
    words->missing = 0;
}

static int by_size(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x < y) - (x > y);
}

/* Leaves no more than `most` words: takes off every count that of the commonest word that is too many. It is taken
 * off most + 1 words at least, which is where the bound comes from. */
static void reduce(struct frequent_words *words)
{
    struct word_counts *counts = &words->counts, kept;
    const uint32_t count = counts->words.count;
    if (count <= words->most)
        return;
    uint64_t *sorted = memory_new(count, sizeof *sorted);
    for (uint32_t i = 0; i < count; i++)
        sorted[i] = counts->counts[i];
    qsort(sorted, count, sizeof *sorted, by_size);
    const uint64_t off = sorted[words->most];
    free(sorted);
    word_counts_init(&kept);
    for (uint32_t i = 0; i < count; i++) {
        size_t size;
        const char *text = text_table_text(&counts->words, i, &size);
        if (counts->counts[i] > off)
            word_counts_add(&kept, text, size, counts->counts[i] - off);
    }
    word_counts_release(counts);
    *counts = kept;
    words->missing += off;
}

static void add(struct frequent_words *words, const char *word, size_t size, uint64_t times)
{
    word_counts_add(&words->counts, word, size, times);
    if (words->counts.words.count >= 2 * (uint64_t)words->most + 1)
        reduce(words);
}

void frequent_words_add(struct frequent_words *words, const char *word, size_t size)
{
    static const char dots[] = {'.', '.', '.'};
    char beginning[FREQUENT_WORD_BYTES];
    if (size > FREQUENT_WORD_BYTES) {
        size = FREQUENT_WORD_BYTES - sizeof dots;
        while (size > 0 && ((unsigned char)word[size] & 0xC0) == 0x80) /* inside a character */
            size--;
        memcpy(beginning, word, size);
        memcpy(beginning + size, dots, sizeof dots);
        size += sizeof dots;
        word = beginning;
    }
    add(words, word, size, 1);
}

void frequent_words_put(struct frequent_words *words, struct buffer *out)
{
    reduce(words);
    buffer_put_u64(out, words->missing);
    for (uint32_t i = 0; i < words->counts.words.count; i++) {
        size_t size;
        const char *text = text_table_text(&words->counts.words, i, &size);
        buffer_put_u64(out, words->counts.counts[i]);
        buffer_put_u64(out, size);
        buffer_put(out, text, size);
    }
}

int frequent_words_join(struct frequent_words *words, const void *data, size_t size)
{
    struct byte_reader reader;
    byte_reader_init(&reader, data, size);
    if (size == 0)
        return 0;
    words->missing += byte_reader_u64(&reader);
    while (reader.position < size && !reader.overrun) {
        const uint64_t count = byte_reader_u64(&reader), length = byte_reader_u64(&reader);
        if (length > FREQUENT_WORD_BYTES)
            return -1;
        const char *text = byte_reader_bytes(&reader, (size_t)length);
        if (text)
            add(words, text, (size_t)length, count);
    }
    return reader.overrun ? -1 : 0;
}

int frequent_words_commonest(struct frequent_words *words, struct frequent_word *commonest,
                             int most)
{
    struct word_counts *counts = &words->counts;
    int found = 0;
    reduce(words);
    for (uint32_t i = 0; i < counts->words.count; i++) {
        int place = found < most ? found++ : most;
        for (; place > 0; place--) { /* among those found so far, the last of which may fall out */
            const struct frequent_word *before = &commonest[place - 1];
            const uint32_t number = text_table_find(&counts->words, before->text, before->size);
            if (before->count > counts->counts[i] ||
                (before->count == counts->counts[i] &&
                 text_table_compare(&counts->words, number, i) < 0))
                break;
            if (place < most)
                commonest[place] = *before;
        }
        if (place == most)
            continue;
        commonest[place].text = text_table_text(&counts->words, i, &commonest[place].size);
        commonest[place].count = counts->counts[i];
    }
    return found;
}

uint64_t frequent_words_missing(const struct frequent_words *words)
{
    return words->missing;
}

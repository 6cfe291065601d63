#include "alphabet.h"

#include <stdlib.h>
#include <string.h>

#include "lambert/base/array.h"
#include "lambert/base/memory.h"
#include "lambert/text/unicode.h"

static struct alphabet_character *find_character(const struct alphabet *alphabet, const char *text)
{
    uint32_t number = text_table_find(&alphabet->seen, text, unicode_size(text));
    return &alphabet->characters[number];
}

static void count_characters(struct alphabet *alphabet, const struct word_counts *words)
{
    for (uint32_t w = 0; w < words->words.count; w++) {
        size_t size;
        const char *word = text_table_text(&words->words, w, &size);
        if (unicode_count(word, size) > ALPHABET_WORD_LONGEST)
            continue;
        for (size_t i = 0, length; i < size; i += length) {
            length = unicode_size(word + i);
            uint32_t known = alphabet->seen.count;
            uint32_t number = text_table_add(&alphabet->seen, word + i, length);
            ARRAY_RESERVE(alphabet->characters, number + (size_t)1, alphabet->capacity);
            if (number == known)
                alphabet->characters[number] = (struct alphabet_character){.number = number};
            alphabet->characters[number].count += words->counts[w];
        }
    }
}

/* What qsort() needs to know of a character. */
struct ranked {
    const struct text_table *seen;
    uint64_t count;
    uint32_t number;
};

static int by_code_point(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    return text_table_compare(x->seen, x->number, y->number);
}

static int by_count(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    return x->count != y->count ? (x->count < y->count ? 1 : -1) : by_code_point(a, b);
}

static struct ranked *ranked(const struct alphabet *alphabet,
                             int (*order)(const void *a, const void *b))
{
    struct ranked *ranked = memory_new(alphabet->seen.count + 1, sizeof *ranked);
    for (uint32_t i = 0; i < alphabet->seen.count; i++)
        ranked[i] = (struct ranked){&alphabet->seen, alphabet->characters[i].count, i};
    qsort(ranked, alphabet->seen.count, sizeof *ranked, order);
    return ranked;
}

size_t alphabet_spells(const struct alphabet *alphabet, const char *word, size_t size)
{
    size_t characters = unicode_count(word, size);
    if (characters > ALPHABET_WORD_LONGEST)
        return 0;
    for (size_t i = 0; i < size; i += unicode_size(word + i))
        if (!find_character(alphabet, word + i)->kept)
            return 0;
    return characters;
}

static void mark_inside(struct alphabet *alphabet, const struct word_counts *words)
{
    for (uint32_t w = 0; w < words->words.count; w++) {
        size_t size;
        const char *word = text_table_text(&words->words, w, &size);
        if (!alphabet_spells(alphabet, word, size))
            continue;
        for (size_t i = unicode_size(word); i < size; i += unicode_size(word + i))
            find_character(alphabet, word + i)->inside = true;
    }
}

void alphabet_init(struct alphabet *alphabet, const struct word_counts *words, int limit)
{
    *alphabet = (struct alphabet){0};
    text_table_init(&alphabet->seen);
    count_characters(alphabet, words);
    struct ranked *order = ranked(alphabet, by_count);
    for (uint32_t i = 0; i < alphabet->seen.count && i < (uint32_t)limit; i++)
        alphabet->characters[order[i].number].kept = true;
    free(order);
    mark_inside(alphabet, words);
}

uint32_t alphabet_size(const struct alphabet *alphabet)
{
    uint32_t entries = 0;
    for (uint32_t i = 0; i < alphabet->seen.count; i++)
        entries += alphabet->characters[i].kept + (uint32_t)alphabet->characters[i].inside;
    return entries;
}

double alphabet_share(const struct alphabet *alphabet)
{
    uint64_t kept = 0, all = 0;
    for (uint32_t i = 0; i < alphabet->seen.count; i++) {
        all += alphabet->characters[i].count;
        kept += alphabet->characters[i].kept ? alphabet->characters[i].count : 0;
    }
    return all > 0 ? (double)kept / (double)all : 1;
}

uint32_t alphabet_limit_for(const struct alphabet *alphabet, double share)
{
    struct ranked *order = ranked(alphabet, by_count);
    uint64_t all = 0, kept = 0;
    uint32_t limit = 0;
    for (uint32_t i = 0; i < alphabet->seen.count; i++)
        all += order[i].count;
    while (limit < alphabet->seen.count && (double)kept < share * (double)all)
        kept += order[limit++].count;
    free(order);
    return limit;
}

void alphabet_release(struct alphabet *alphabet)
{
    text_table_release(&alphabet->seen);
    free(alphabet->characters);
    *alphabet = (struct alphabet){0};
}

void alphabet_entries(const struct alphabet *alphabet, struct text_table *pieces)
{
    struct ranked *order = ranked(alphabet, by_code_point);
    for (int inside = 0; inside <= 1; inside++) {
        for (uint32_t i = 0; i < alphabet->seen.count; i++) {
            const struct alphabet_character *character = &alphabet->characters[order[i].number];
            size_t size;
            const char *text = text_table_text(&alphabet->seen, character->number, &size);
            if (inside ? !character->inside : !character->kept)
                continue;
            char entry[2 + UNICODE_UTF8_LONGEST] = "##";
            size_t prefix = inside ? 2 : 0;
            memcpy(entry + prefix, text, size);
            text_table_add(pieces, entry, prefix + size);
        }
    }
    free(order);
}

#include "answer_text.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/base/array.h"
#include "lambert/base/memory.h"
#include "lambert/text/unicode.h"

struct code_list {
    int32_t *codes;
    size_t count;
};

/* Bytes that are not UTF-8 are left out. */
static struct code_list decode(const char *text)
{
    const size_t size = strlen(text);
    struct code_list list = {.codes = memory_new(size, sizeof *list.codes)};
    for (size_t i = 0; i < size;) {
        const size_t taken = unicode_decode(text + i, size - i, &list.codes[list.count]);
        list.count += taken > 0;
        i += taken > 0 ? taken : 1;
    }
    return list;
}

static bool is_ascii_punctuation(int32_t code)
{
    return (code >= '!' && code <= '/') || (code >= ':' && code <= '@') ||
           (code >= '[' && code <= '`') || (code >= '{' && code <= '~');
}

static struct code_list lower_without_punctuation(const struct code_list *list)
{
    struct code_list lower = {
        .codes = memory_new(list->count * UNICODE_LOWER_LONGEST, sizeof *lower.codes)};
    for (size_t i = 0; i < list->count; i++)
        if (!is_ascii_punctuation(list->codes[i]))
            lower.count +=
                (size_t)unicode_lower_at(list->codes, list->count, i, lower.codes + lower.count);
    return lower;
}

/* What \w matches; the underscore has gone with the punctuation. */
static bool is_word_character(int32_t code)
{
    return unicode_is_letter(code) || unicode_is_number(code);
}

static bool is_article(const int32_t *codes, size_t count)
{
    static const char *const articles[] = {"a", "an", "the"};
    for (size_t a = 0; a < sizeof articles / sizeof *articles; a++) {
        size_t same = 0;
        while (same < count && articles[a][same] != '\0' && codes[same] == articles[a][same])
            same++;
        if (same == count && articles[a][same] == '\0')
            return true;
    }
    return false;
}

/* In place: every article becomes a blank, which parts what it stood between. */
static void blank_articles(struct code_list *list)
{
    size_t kept = 0;
    for (size_t i = 0, end; i < list->count; i = end) {
        for (end = i; end < list->count && is_word_character(list->codes[end]);)
            end++;
        if (end == i) {
            list->codes[kept++] = list->codes[end++];
        } else if (is_article(list->codes + i, end - i)) {
            list->codes[kept++] = ' ';
        } else {
            memmove(list->codes + kept, list->codes + i, (end - i) * sizeof *list->codes);
            kept += end - i;
        }
    }
    list->count = kept;
}

static void join_words(struct buffer *text, const struct code_list *list)
{
    bool blank_due = false;
    for (size_t i = 0; i < list->count; i++) {
        char bytes[UNICODE_UTF8_LONGEST];
        if (unicode_is_white_space(list->codes[i])) {
            blank_due = text->size > 0;
            continue;
        }
        if (blank_due)
            buffer_put_u8(text, ' ');
        blank_due = false;
        buffer_put(text, bytes, unicode_encode(list->codes[i], bytes));
    }
}

static int compare_words(const void *a, const void *b)
{
    const struct word_span *x = a, *y = b;
    const int order = memcmp(x->text, y->text, x->size < y->size ? x->size : y->size);
    return order != 0 ? order : (x->size > y->size) - (x->size < y->size);
}

static void cut_words(struct answer_words *words)
{
    const char *at = buffer_text(&words->text);
    words->count = 0;
    while (*at != '\0') {
        const size_t size = strcspn(at, " ");
        ARRAY_RESERVE(words->words, (size_t)words->count + 1, words->capacity);
        words->words[words->count++] = (struct word_span){at, size};
        at += size + (at[size] == ' ');
    }
    if (words->count > 0)
        qsort(words->words, (size_t)words->count, sizeof *words->words, compare_words);
}

void answer_words_set(struct answer_words *words, const char *answer)
{
    struct code_list codes = decode(answer), lower = lower_without_punctuation(&codes);
    blank_articles(&lower);
    buffer_reset(&words->text);
    join_words(&words->text, &lower);
    cut_words(words);
    free(codes.codes);
    free(lower.codes);
}

void answer_words_release(struct answer_words *words)
{
    buffer_release(&words->text);
    free(words->words);
    *words = (struct answer_words){0};
}

bool answers_are_same(const struct answer_words *a, const struct answer_words *b)
{
    return a->text.size == b->text.size && memcmp(a->text.data, b->text.data, a->text.size) == 0;
}

double answers_f1(const struct answer_words *said, const struct answer_words *gold)
{
    int same = 0;
    for (int i = 0, j = 0; i < said->count && j < gold->count;) {
        const int order = compare_words(&said->words[i], &gold->words[j]);
        same += order == 0;
        i += order <= 0;
        j += order >= 0;
    }
    if (same == 0)
        return 0;
    const double precision = (double)same / said->count, recall = (double)same / gold->count;
    return 2 * precision * recall / (precision + recall);
}

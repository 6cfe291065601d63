#include "token_normalizer.h"

#include <stdlib.h>

#include "lambert/base/array.h"
#include "lambert/text/unicode.h"
#include "word_scanner.h"

void token_normalizer_init(struct token_normalizer *normalizer, bool lower_case, bool strip_accents)
{
    *normalizer =
        (struct token_normalizer){.lower_case = lower_case, .strip_accents = strip_accents};
}

void token_normalizer_release(struct token_normalizer *normalizer)
{
    free(normalizer->token.codes);
    free(normalizer->changed.codes);
    buffer_release(&normalizer->marks);
    *normalizer = (struct token_normalizer){0};
}

static void add_code(struct code_list *list, int32_t code)
{
    ARRAY_RESERVE(list->codes, list->count + 1, list->capacity);
    list->codes[list->count++] = code;
}

static void add_decomposed(struct code_list *out, int32_t code)
{
    int32_t parts[UNICODE_NFD_LONGEST];
    const int count = unicode_decompose(code, parts);
    for (int p = 0; p < count; p++)
        add_code(out, parts[p]);
}

static void lower_and_decompose(struct token_normalizer *normalizer)
{
    const struct code_list *token = &normalizer->token;
    struct code_list *out = &normalizer->changed;
    out->count = 0;
    for (size_t i = 0; i < token->count; i++) {
        int32_t lower[UNICODE_LOWER_LONGEST] = {token->codes[i]};
        const int count =
            normalizer->lower_case ? unicode_lower_at(token->codes, token->count, i, lower) : 1;
        for (int l = 0; l < count; l++)
            if (normalizer->strip_accents)
                add_decomposed(out, lower[l]);
            else
                add_code(out, lower[l]);
    }
}

static int compare_keys(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* As numbers that sort by class, then by place. */
static void sort_marks(struct buffer *scratch, int32_t *codes, size_t count)
{
    buffer_reset(scratch);
    uint64_t *keys = buffer_grow(scratch, count * sizeof *keys);
    for (size_t i = 0; i < count; i++)
        keys[i] = (uint64_t)unicode_combining_class(codes[i]) << 56 | (uint64_t)i << 21 |
                  (uint64_t)codes[i];
    qsort(keys, count, sizeof *keys, compare_keys);
    for (size_t i = 0; i < count; i++)
        codes[i] = (int32_t)(keys[i] & 0x1FFFFF);
}

/* Canonical ordering (UAX #15): each run of marks of a class other than 0, sorted by class. */
static void order_marks(struct code_list *list, struct buffer *scratch)
{
    for (size_t i = 0, end; i < list->count; i = end) {
        bool sorted = true;
        int last = 0;
        for (end = i; end < list->count; end++) {
            int32_t code = list->codes[end];
            int class = code < 0x300 ? 0 : unicode_combining_class(code);
            if (class == 0)
                break;
            sorted = sorted && last <= class;
            last = class;
        }
        if (!sorted)
            sort_marks(scratch, list->codes + i, end - i);
        end += end == i;
    }
}

static void drop_accents(struct code_list *list)
{
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++)
        if (list->codes[i] < 0x300 || !unicode_is_accent(list->codes[i]))
            list->codes[kept++] = list->codes[i];
    list->count = kept;
}

void token_normalizer_add(struct token_normalizer *normalizer, int32_t code)
{
    add_code(&normalizer->token, code);
}

const struct code_list *token_normalizer_end(struct token_normalizer *normalizer)
{
    lower_and_decompose(normalizer);
    if (normalizer->strip_accents) {
        order_marks(&normalizer->changed, &normalizer->marks);
        drop_accents(&normalizer->changed);
    }
    normalizer->token.count = 0;
    return &normalizer->changed;
}

bool token_ends_at(int32_t code)
{
    if (code < 0x80)
        return ascii_class[code] == ASCII_SPACE;
    return code == 0x2028 || code == 0x2029 || unicode_is_separator(code);
}

bool token_leaves_out(int32_t code)
{
    if (code < 0x80)
        return ascii_class[code] == ASCII_OTHER;
    return code == 0xFFFD || unicode_is_format(code) || unicode_is_private(code);
}

bool token_is_punctuation(int32_t code)
{
    return code < 0x80 ? ascii_class[code] == ASCII_PUNCTUATION : unicode_is_punctuation(code);
}

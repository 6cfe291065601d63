#include "normalizer.h"

#include <stdlib.h>

#include "lambert/base/array.h"
#include "lambert/text/unicode.h"
#include "word_scanner.h"

struct sink {
    void (*word)(void *context, const char *text, size_t size);
    void *context;
};

void normalizer_init(struct normalizer *normalizer, const struct tokenizer_options *options)
{
    *normalizer = (struct normalizer){.lower_case = options->lower_case,
                                      .strip_accents = tokenizer_strips_accents(options),
                                      .split_han = options->split_han};
}

void normalizer_release(struct normalizer *normalizer)
{
    free(normalizer->token.codes);
    free(normalizer->decomposed.codes);
    buffer_release(&normalizer->word);
    buffer_release(&normalizer->marks);
    *normalizer = (struct normalizer){0};
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

static void lower_and_decompose(const struct normalizer *normalizer, const struct code_list *token,
                                struct code_list *out)
{
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

static bool is_punctuation(int32_t code)
{
    return code < 0x80 ? ascii_class[code] == ASCII_PUNCTUATION : unicode_is_punctuation(code);
}

static void end_word(struct normalizer *normalizer, const struct sink *sink)
{
    struct buffer *word = &normalizer->word;
    if (word->size > 0)
        sink->word(sink->context, (const char *)word->data, word->size);
    buffer_reset(word);
}

static void cut_at_punctuation(struct normalizer *normalizer, const struct code_list *list,
                               const struct sink *sink)
{
    for (size_t i = 0; i < list->count; i++) {
        char bytes[UNICODE_UTF8_LONGEST];
        size_t size = unicode_encode(list->codes[i], bytes);
        bool alone = is_punctuation(list->codes[i]);
        if (alone)
            end_word(normalizer, sink);
        buffer_put(&normalizer->word, bytes, size);
        if (alone)
            end_word(normalizer, sink);
    }
    end_word(normalizer, sink);
}

static void end_token(struct normalizer *normalizer, const struct sink *sink)
{
    struct code_list *token = &normalizer->token;
    if (token->count > 0 && (normalizer->lower_case || normalizer->strip_accents)) {
        lower_and_decompose(normalizer, token, &normalizer->decomposed);
        token = &normalizer->decomposed;
    }
    if (normalizer->strip_accents) {
        order_marks(token, &normalizer->marks);
        drop_accents(token);
    }
    cut_at_punctuation(normalizer, token, sink);
    normalizer->token.count = 0;
}

static bool ends_token(int32_t code)
{
    if (code < 0x80)
        return ascii_class[code] == ASCII_SPACE;
    return code == 0x2028 || code == 0x2029 || unicode_is_separator(code);
}

/* Cleaning: what is dropped without a trace. White space has been seen to before. Google's tokenizer keeps
 * characters for private use; that of an exported model (transformers) drops them, and a model is to be
 * trained on what it will read. */
static bool is_dropped(int32_t code)
{
    if (code < 0x80)
        return ascii_class[code] == ASCII_OTHER;
    return code == 0xFFFD || unicode_is_format(code) || unicode_is_private(code);
}

void normalizer_words(struct normalizer *normalizer, const char *text, size_t size,
                      void (*word)(void *context, const char *text, size_t size), void *context)
{
    struct sink sink = {word, context};
    for (size_t i = 0; i < size;) {
        int32_t code;
        size_t taken = unicode_decode(text + i, size - i, &code);
        i += taken ? taken : 1;
        if (taken == 0) {
            normalizer->invalid_bytes++;
        } else if (ends_token(code)) {
            end_token(normalizer, &sink);
        } else if (normalizer->split_han && unicode_is_cjk(code)) {
            end_token(normalizer, &sink);
            add_code(&normalizer->token, code);
            end_token(normalizer, &sink);
        } else if (!is_dropped(code)) {
            add_code(&normalizer->token, code);
        }
    }
    end_token(normalizer, &sink);
}

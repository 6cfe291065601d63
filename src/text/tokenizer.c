#include "lambert/text/tokenizer.h"

#include <stdlib.h>
#include <string.h>

#include <utf8proc.h>

#include "lambert/base/error.h"
#include "lambert/base/memory.h"
#include "normalizer.h"
#include "word_cache.h"
#include "word_scanner.h"
#include "wordpiece.h"

enum { BATCH = 32 };

const struct tokenizer_options tokenizer_defaults = {.lower_case = true,
                                                     .max_word_characters = 200};

struct tokenizer {
    bool lower_case;
    struct normalizer normalizer;
    struct wordpiece wordpiece;
    struct word_cache cache;
    struct buffer lowered;
    struct buffer *ids; /* of the call that is running */
    struct tokenizer_counts counts;
};

struct tokenizer *tokenizer_new(const struct vocabulary *vocabulary,
                                const struct tokenizer_options *options)
{
    require(options->max_word_characters > 0);
    struct tokenizer *tokenizer = memory_new(1, sizeof *tokenizer);
    tokenizer->lower_case = options->lower_case;
    normalizer_init(&tokenizer->normalizer, options->lower_case);
    wordpiece_init(&tokenizer->wordpiece, vocabulary, options->max_word_characters);
    word_cache_init(&tokenizer->cache);
    return tokenizer;
}

void tokenizer_free(struct tokenizer *tokenizer)
{
    if (!tokenizer)
        return;
    normalizer_release(&tokenizer->normalizer);
    wordpiece_release(&tokenizer->wordpiece);
    word_cache_release(&tokenizer->cache);
    buffer_release(&tokenizer->lowered);
    free(tokenizer);
}

/* A word of ASCII as the normalizer would leave it; points into the text or into `lowered`. */
static const char *normalized_ascii(const struct word_span *span, bool lower_case,
                                    struct buffer *lowered)
{
    if (!lower_case)
        return span->text;
    buffer_reset(lowered);
    char *lower = buffer_grow(lowered, span->size);
    for (size_t i = 0; i < span->size; i++)
        lower[i] = ascii_lower(span->text[i]);
    return lower;
}

static void encode_word(void *context, const char *word, size_t size)
{
    struct tokenizer *tokenizer = context;
    tokenizer->counts.words++;
    if (!wordpiece_encode(&tokenizer->wordpiece, word, size, tokenizer->ids))
        tokenizer->counts.unknown_words++;
}

static void encode_span(struct tokenizer *tokenizer, const struct word_span *span)
{
    if (span->ascii)
        encode_word(tokenizer, normalized_ascii(span, tokenizer->lower_case, &tokenizer->lowered),
                    span->size);
    else
        normalizer_words(&tokenizer->normalizer, span->text, span->size, encode_word, tokenizer);
}

/* Keeps what encode_span() just did, where it fits; `before` are the counts as they were then. */
static void remember(struct cached_word *place, const struct word_span *span,
                     const struct tokenizer *tokenizer, const struct tokenizer_counts *before,
                     size_t ids_before)
{
    size_t pieces = (tokenizer->ids->size - ids_before) / sizeof(int32_t);
    if (pieces > WORD_CACHE_PIECES)
        return;
    place->size = (uint8_t)span->size;
    place->pieces = (uint8_t)pieces;
    place->words = (uint8_t)(tokenizer->counts.words - before->words);
    place->unknown_words = (uint8_t)(tokenizer->counts.unknown_words - before->unknown_words);
    memcpy(place->text, span->text, span->size);
    memcpy(place->ids, tokenizer->ids->data + ids_before, pieces * sizeof(int32_t));
}

static void take_cached(struct tokenizer *tokenizer, const struct cached_word *place)
{
    struct buffer *ids = tokenizer->ids;
    memcpy(buffer_grow(ids, sizeof place->ids), place->ids, sizeof place->ids);
    ids->size -= (WORD_CACHE_PIECES - place->pieces) * sizeof place->ids[0];
    tokenizer->counts.words += place->words;
    tokenizer->counts.unknown_words += place->unknown_words;
}

static void encode_through_cache(struct tokenizer *tokenizer, const struct word_span *span,
                                 struct cached_word *place)
{
    if (place && cached_word_is(place, span->text, span->size)) {
        take_cached(tokenizer, place);
        return;
    }
    struct tokenizer_counts before = tokenizer->counts;
    size_t ids_before = tokenizer->ids->size;
    uint64_t invalid = tokenizer->normalizer.invalid_bytes;
    encode_span(tokenizer, span);
    if (place && tokenizer->normalizer.invalid_bytes == invalid)
        remember(place, span, tokenizer, &before, ids_before);
}

size_t tokenizer_encode(struct tokenizer *tokenizer, const char *text, size_t size,
                        struct buffer *ids)
{
    /* In batches: while one word is dealt with, memory fetches the places of those behind it. */
    struct word_span spans[BATCH];
    struct cached_word *places[BATCH];
    struct word_scanner scanner;
    size_t before = ids->size;
    int count;
    tokenizer->ids = ids;
    word_scanner_init(&scanner, text, size);
    do {
        for (count = 0; count < BATCH && word_scanner_next(&scanner, &spans[count]); count++)
            places[count] =
                word_cache_place(&tokenizer->cache, spans[count].text, spans[count].size);
        for (int i = 0; i < count; i++)
            encode_through_cache(tokenizer, &spans[i], places[i]);
    } while (count == BATCH);
    size_t pieces = (ids->size - before) / sizeof(int32_t);
    tokenizer->counts.pieces += pieces;
    return pieces;
}

struct tokenizer_counts tokenizer_counts(const struct tokenizer *tokenizer)
{
    struct tokenizer_counts counts = tokenizer->counts;
    counts.invalid_bytes = tokenizer->normalizer.invalid_bytes;
    return counts;
}

uint64_t tokenizer_words(const char *text, size_t size, bool lower_case,
                         void (*word)(void *context, const char *text, size_t size), void *context)
{
    struct word_scanner scanner;
    struct word_span span;
    struct normalizer normalizer;
    struct buffer lowered = {0};
    normalizer_init(&normalizer, lower_case);
    word_scanner_init(&scanner, text, size);
    while (word_scanner_next(&scanner, &span)) {
        if (span.ascii)
            word(context, normalized_ascii(&span, lower_case, &lowered), span.size);
        else
            normalizer_words(&normalizer, span.text, span.size, word, context);
    }
    uint64_t invalid_bytes = normalizer.invalid_bytes;
    normalizer_release(&normalizer);
    buffer_release(&lowered);
    return invalid_bytes;
}

const char *tokenizer_unicode_version(void)
{
    return utf8proc_unicode_version();
}

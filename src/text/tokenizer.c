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

struct tokenizer {
    struct word_scanner scanner;
    struct normalizer normalizer;
    struct wordpiece wordpiece;
    struct word_cache cache;
    struct buffer *ids; /* of the call that is running */
    struct tokenizer_counts counts;
};

struct tokenizer *tokenizer_new(const struct vocabulary *vocabulary,
                                const struct tokenizer_options *options)
{
    require(options->max_word_characters > 0);
    struct tokenizer *tokenizer = memory_new(1, sizeof *tokenizer);
    word_scanner_init(&tokenizer->scanner, options->lower_case);
    normalizer_init(&tokenizer->normalizer, options);
    wordpiece_init(&tokenizer->wordpiece, vocabulary, options->max_word_characters);
    word_cache_init(&tokenizer->cache);
    return tokenizer;
}

void tokenizer_free(struct tokenizer *tokenizer)
{
    if (!tokenizer)
        return;
    word_scanner_release(&tokenizer->scanner);
    normalizer_release(&tokenizer->normalizer);
    word_cache_release(&tokenizer->cache);
    free(tokenizer);
}

static void encode_word(void *context, const char *word, size_t size)
{
    struct tokenizer *tokenizer = context;
    tokenizer->counts.words++;
    if (!wordpiece_encode(&tokenizer->wordpiece, word, size, tokenizer->ids))
        tokenizer->counts.unknown_words++;
}

/* Room for the ids of a whole batch from the cache, so that none of them asks again. */
static void make_room(struct buffer *ids)
{
    size_t room = BATCH * sizeof((struct cached_word *)0)->ids;
    buffer_grow(ids, room);
    ids->size -= room;
}

/* What fits, and has no invalid bytes to be counted, is kept in the cache. */
static void encode_and_remember(struct tokenizer *tokenizer, const struct word_span *span,
                                const struct word_key *key, struct cached_word *place)
{
    struct normalizer *normalizer = &tokenizer->normalizer;
    struct tokenizer_counts before = tokenizer->counts;
    size_t ids_before = tokenizer->ids->size;
    uint64_t invalid = normalizer->invalid_bytes;
    if (span->ascii)
        encode_word(tokenizer, span->text, span->size);
    else
        normalizer_words(normalizer, span->text, span->size, encode_word, tokenizer);

    size_t pieces = (tokenizer->ids->size - ids_before) / sizeof(int32_t);
    if (place && normalizer->invalid_bytes == invalid && pieces <= WORD_CACHE_PIECES) {
        place->key = *key;
        place->pieces = (uint8_t)pieces;
        place->words = (uint8_t)(tokenizer->counts.words - before.words);
        place->unknown_words = (uint8_t)(tokenizer->counts.unknown_words - before.unknown_words);
        memcpy(place->ids, tokenizer->ids->data + ids_before, pieces * sizeof(int32_t));
    }
    make_room(tokenizer->ids);
}

/* There is room for all the ids that a place holds; those beyond `pieces` do not count. */
static void take_cached(struct tokenizer *tokenizer, const struct cached_word *place)
{
    struct buffer *ids = tokenizer->ids;
    memcpy(ids->data + ids->size, place->ids, sizeof place->ids);
    ids->size += place->pieces * sizeof place->ids[0];
    tokenizer->counts.words += place->words;
    tokenizer->counts.unknown_words += place->unknown_words;
}

/* While one word is looked at, memory fetches the places of those behind it. */
static void encode_batch(struct tokenizer *tokenizer, const struct word_span *spans, int count)
{
    struct word_key keys[BATCH];
    struct cached_word *places[BATCH];
    for (int i = 0; i < count; i++) {
        places[i] = NULL;
        if (spans[i].size > WORD_CACHE_BYTES)
            continue;
        keys[i] = word_key_of(spans[i].text, spans[i].size);
        places[i] = word_cache_place(&tokenizer->cache, &keys[i]);
    }
    make_room(tokenizer->ids);
    for (int i = 0; i < count; i++) {
        if (places[i] && word_key_equal(&places[i]->key, &keys[i]))
            take_cached(tokenizer, places[i]);
        else
            encode_and_remember(tokenizer, &spans[i], &keys[i], places[i]);
    }
}

size_t tokenizer_encode(struct tokenizer *tokenizer, const char *text, size_t size,
                        struct buffer *ids)
{
    struct word_span spans[BATCH];
    size_t before = ids->size;
    tokenizer->ids = ids;
    word_scanner_begin(&tokenizer->scanner, text, size);
    for (int count; (count = word_scanner_next(&tokenizer->scanner, spans, BATCH)) > 0;)
        encode_batch(tokenizer, spans, count);
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

uint64_t tokenizer_words(const char *text, size_t size, const struct tokenizer_options *options,
                         void (*word)(void *context, const char *text, size_t size), void *context)
{
    struct word_scanner scanner;
    struct word_span spans[BATCH];
    struct normalizer normalizer;
    normalizer_init(&normalizer, options);
    word_scanner_init(&scanner, options->lower_case);
    word_scanner_begin(&scanner, text, size);
    for (int count; (count = word_scanner_next(&scanner, spans, BATCH)) > 0;)
        for (int i = 0; i < count; i++)
            if (spans[i].ascii)
                word(context, spans[i].text, spans[i].size);
            else
                normalizer_words(&normalizer, spans[i].text, spans[i].size, word, context);
    uint64_t invalid_bytes = normalizer.invalid_bytes;
    normalizer_release(&normalizer);
    word_scanner_release(&scanner);
    return invalid_bytes;
}

const char *tokenizer_unicode_version(void)
{
    return utf8proc_unicode_version();
}

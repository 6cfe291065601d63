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

enum { BATCH = 32, CHARACTER_BYTES = 3, CHARACTERS = 0x10000 };

struct tokenizer {
    struct word_scanner scanner;
    struct normalizer normalizer;
    struct wordpiece wordpiece;
    struct word_cache cache;
    int32_t *
        characters; /* [CHARACTERS] the id of a word of one such character, and 1; 0: not asked yet */
    struct buffer *ids; /* of the call that is running */
    bool tells_words;
    void (*unknown)(void *context, const char *word, size_t size); /* NULL: nobody asks */
    void *unknown_context;
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
    tokenizer->characters = memory_new(CHARACTERS, sizeof *tokenizer->characters);
    return tokenizer;
}

void tokenizer_free(struct tokenizer *tokenizer)
{
    if (!tokenizer)
        return;
    word_scanner_release(&tokenizer->scanner);
    normalizer_release(&tokenizer->normalizer);
    word_cache_release(&tokenizer->cache);
    free(tokenizer->characters);
    free(tokenizer);
}

void tokenizer_tell_words(struct tokenizer *tokenizer)
{
    tokenizer->tells_words = true;
}

void tokenizer_tell_unknown(struct tokenizer *tokenizer,
                            void (*unknown)(void *context, const char *word, size_t size),
                            void *context)
{
    tokenizer->unknown = unknown;
    tokenizer->unknown_context = context;
}

static void count_unknown(struct tokenizer *tokenizer, const char *word, size_t size)
{
    tokenizer->counts.unknown_words++;
    if (tokenizer->unknown)
        tokenizer->unknown(tokenizer->unknown_context, word, size);
}

/* What was appended behind `begin` bytes goes on with a word. */
static void mark_joined(struct buffer *ids, size_t begin)
{
    int32_t *marked = (int32_t *)(void *)(ids->data + begin);
    for (size_t i = 0; i < (ids->size - begin) / sizeof *marked; i++)
        marked[i] = ~marked[i];
}

static void encode_word(struct tokenizer *tokenizer, const char *word, size_t size, bool joins)
{
    const size_t begin = tokenizer->ids->size;
    tokenizer->counts.words++;
    if (!wordpiece_encode(&tokenizer->wordpiece, word, size, tokenizer->ids))
        count_unknown(tokenizer, word, size);
    if (tokenizer->tells_words)
        mark_joined(tokenizer->ids, begin + (joins ? 0 : sizeof(int32_t)));
}

/* Whether the word is one character of three bytes, as Chinese ones are; its code point. */
static inline bool is_character(const char *word, size_t size, unsigned *code)
{
    const unsigned char *bytes = (const unsigned char *)word;
    *code = 0;
    if (size != CHARACTER_BYTES || (bytes[0] & 0xF0) != 0xE0)
        return false;
    *code = (bytes[0] & 0xFU) << 12 | (bytes[1] & 0x3FU) << 6 | (bytes[2] & 0x3FU);
    return true;
}

/* Such words are one piece or unknown: their ids are kept by code point. */
static inline void encode_character(struct tokenizer *tokenizer, const char *word, unsigned code,
                                    bool joins)
{
    int32_t id = tokenizer->characters[code] - 1;
    if (id < 0) {
        encode_word(tokenizer, word, CHARACTER_BYTES, joins);
        memcpy(&id, tokenizer->ids->data + tokenizer->ids->size - sizeof id, sizeof id);
        tokenizer->characters[code] = (id < 0 ? ~id : id) + 1;
        return;
    }
    tokenizer->counts.words++;
    if (id == tokenizer->wordpiece.unknown)
        count_unknown(tokenizer, word, CHARACTER_BYTES);
    if (joins && tokenizer->tells_words)
        id = ~id;
    buffer_put(tokenizer->ids, &id, sizeof id);
}

static void encode_run(struct tokenizer *tokenizer, const struct word_span *span)
{
    struct normalizer *normalizer = &tokenizer->normalizer;
    normalizer_begin(normalizer, span->text, span->size);
    while (normalizer_next(normalizer))
        for (size_t w = 0; w < normalizer->word_count; w++) {
            const char *word = normalizer_word(normalizer, w);
            const size_t size = normalizer->words[w].size;
            const bool joins = normalizer->words[w].joins;
            unsigned code;
            if (is_character(word, size, &code))
                encode_character(tokenizer, word, code, joins);
            else
                encode_word(tokenizer, word, size, joins);
        }
}

/* Room for the ids of a whole batch from the cache, so that none of them asks again. */
static void make_room(struct buffer *ids)
{
    size_t room = BATCH * sizeof((struct cached_word *)0)->ids;
    buffer_grow(ids, room);
    ids->size -= room;
}

/* What fits, and has no invalid bytes to be counted and no unknown words to be told, is kept in the cache. */
static void encode_and_remember(struct tokenizer *tokenizer, const struct word_span *span,
                                const struct word_key *key, struct cached_word *place)
{
    struct normalizer *normalizer = &tokenizer->normalizer;
    struct tokenizer_counts before = tokenizer->counts;
    size_t ids_before = tokenizer->ids->size;
    uint64_t invalid = normalizer->invalid_bytes, accents = normalizer->accents;
    if (span->ascii)
        encode_word(tokenizer, span->text, span->size, false);
    else
        encode_run(tokenizer, span);

    size_t pieces = (tokenizer->ids->size - ids_before) / sizeof(int32_t);
    const bool tells = tokenizer->unknown && tokenizer->counts.unknown_words > before.unknown_words;
    if (place && normalizer->invalid_bytes == invalid && pieces <= WORD_CACHE_PIECES && !tells) {
        place->key = *key;
        place->pieces = (uint8_t)pieces;
        place->words = (uint8_t)(tokenizer->counts.words - before.words);
        place->unknown_words = (uint8_t)(tokenizer->counts.unknown_words - before.unknown_words);
        place->accents = (uint8_t)(normalizer->accents - accents);
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
    tokenizer->normalizer.accents += place->accents;
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
    counts.characters = tokenizer->scanner.characters;
    counts.accents = tokenizer->normalizer.accents;
    return counts;
}

struct tokenizer_counts tokenizer_words(const char *text, size_t size,
                                        const struct tokenizer_options *options,
                                        void (*word)(void *context, const char *text, size_t size),
                                        void *context)
{
    struct word_scanner scanner;
    struct word_span spans[BATCH];
    struct normalizer normalizer;
    struct tokenizer_counts counts = {0};
    normalizer_init(&normalizer, options);
    word_scanner_init(&scanner, options->lower_case);
    word_scanner_begin(&scanner, text, size);
    for (int count; (count = word_scanner_next(&scanner, spans, BATCH)) > 0;)
        for (int i = 0; i < count; i++) {
            if (spans[i].ascii) {
                word(context, spans[i].text, spans[i].size);
                counts.words++;
                continue;
            }
            normalizer_begin(&normalizer, spans[i].text, spans[i].size);
            while (normalizer_next(&normalizer)) {
                for (size_t w = 0; w < normalizer.word_count; w++)
                    word(context, normalizer_word(&normalizer, w), normalizer.words[w].size);
                counts.words += normalizer.word_count;
            }
        }
    counts.invalid_bytes = normalizer.invalid_bytes;
    counts.characters = scanner.characters;
    counts.accents = normalizer.accents;
    normalizer_release(&normalizer);
    word_scanner_release(&scanner);
    return counts;
}

const char *tokenizer_unicode_version(void)
{
    return utf8proc_unicode_version();
}

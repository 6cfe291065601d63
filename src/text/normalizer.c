#include "normalizer.h"

#include <stdlib.h>
#include <string.h>

#include "lambert/base/array.h"
#include "lambert/text/unicode.h"

enum {
    HAN_FIRST = 0x4E00, /* the block that nearly all Chinese text is made of */
    HAN_COUNT = 0x5200,
    HAN_BYTES = 3,
    HANGUL_FIRST = 0xAC00, /* syllables; decomposed by arithmetic (Unicode 3.12) */
    HANGUL_COUNT = 11172,
    HANGUL_BYTES = 3,
    VOWELS = 21,
    TRAILING = 28,    /* none of them counted */
    ROOM = 16,        /* for what a code point becomes at most: a fate, or three jamo */
    WORDS_WANTED = 64 /* at a time */
};

void normalizer_init(struct normalizer *normalizer, const struct tokenizer_options *options)
{
    const bool strip_accents = tokenizer_strips_accents(options);
    *normalizer = (struct normalizer){.table = code_table_of(options->lower_case, strip_accents),
                                      .split_han = options->split_han};
    token_normalizer_init(&normalizer->slow, options->lower_case, strip_accents);
}

void normalizer_release(struct normalizer *normalizer)
{
    token_normalizer_release(&normalizer->slow);
    buffer_release(&normalizer->text);
    free(normalizer->words);
    *normalizer = (struct normalizer){0};
}

void normalizer_begin(struct normalizer *normalizer, const char *text, size_t size)
{
    normalizer->input = text;
    normalizer->input_size = size;
    normalizer->position = 0;
    normalizer->joins = false;
}

/* Ends the word that is being written, if it has any text. */
static inline void end_word(struct normalizer *normalizer)
{
    const size_t size = normalizer->text.size - normalizer->word_start;
    if (size == 0)
        return;
    ARRAY_RESERVE(normalizer->words, normalizer->word_count + 1, normalizer->word_capacity);
    normalizer->words[normalizer->word_count++] =
        (struct normal_word){normalizer->word_start, size, normalizer->joins};
    normalizer->word_start += size;
    normalizer->joins = true;
}

/* Ends the word that is being written, and what follows does not join it. */
static inline void part_words(struct normalizer *normalizer)
{
    end_word(normalizer);
    normalizer->joins = false;
}

/* Where the next code point's text goes: room for ROOM bytes. */
static inline char *end_of_text(struct normalizer *normalizer)
{
    struct buffer *text = &normalizer->text;
    if (text->capacity - text->size < ROOM)
        buffer_reserve(text, 2 * text->capacity + ROOM);
    return (char *)text->data + text->size;
}

static inline void put_fate(struct normalizer *normalizer, const struct code_fate *fate)
{
    memcpy(end_of_text(normalizer), fate, sizeof *fate);
    normalizer->text.size += fate->size;
    normalizer->accents += fate->accents;
}

/* A word of one character, as it stands in the text. */
static inline void put_han(struct normalizer *normalizer, const char *text)
{
    end_word(normalizer);
    memcpy(end_of_text(normalizer), text, HAN_BYTES);
    normalizer->text.size += HAN_BYTES;
    end_word(normalizer);
}

static inline char *put_jamo(char *out, unsigned code)
{
    out[0] = (char)0xE1; /* U+1100 to U+11FF */
    out[1] = (char)(0x80 | (code >> 6 & 0x3F));
    out[2] = (char)(0x80 | (code & 0x3F));
    return out + 3;
}

static inline void put_hangul(struct normalizer *normalizer, unsigned syllable)
{
    char *start = end_of_text(normalizer), *out = start;
    const unsigned trailing = syllable % TRAILING, rest = syllable / TRAILING;
    out = put_jamo(out, 0x1100 + rest / VOWELS);
    out = put_jamo(out, 0x1161 + rest % VOWELS);
    if (trailing > 0)
        out = put_jamo(out, 0x11A7 + trailing);
    normalizer->text.size += (size_t)(out - start);
}

static void put_code(struct normalizer *normalizer, int32_t code)
{
    const bool alone = token_is_punctuation(code);
    if (alone)
        part_words(normalizer);
    normalizer->text.size += unicode_encode(code, end_of_text(normalizer));
    if (alone)
        part_words(normalizer);
}

/* Normalises the token that begins at `start` as a whole; returns where it ends. */
static size_t read_slowly(struct normalizer *normalizer, size_t start)
{
    size_t i = start;
    while (i < normalizer->input_size) {
        int32_t code;
        size_t taken = unicode_decode(normalizer->input + i, normalizer->input_size - i, &code);
        if (taken > 0 && (token_ends_at(code) || (normalizer->split_han && unicode_is_cjk(code))))
            break;
        i += taken ? taken : 1;
        if (taken == 0)
            normalizer->invalid_bytes++;
        else if (!token_leaves_out(code))
            token_normalizer_add(&normalizer->slow, code);
        if (taken > 0)
            normalizer->accents += code_table_at(normalizer->table, code)->accents;
    }
    const struct code_list *codes = token_normalizer_end(&normalizer->slow);
    for (size_t c = 0; c < codes->count; c++)
        put_code(normalizer, codes->codes[c]);
    end_word(normalizer);
    return i;
}

/* What there was when a token began, should it have to be done once more. */
struct token_start {
    size_t position, words, text;
    uint64_t invalid_bytes, accents;
    bool joins;
};

static struct token_start token_start(const struct normalizer *normalizer, size_t position)
{
    return (struct token_start){.position = position,
                                .words = normalizer->word_count,
                                .text = normalizer->text.size,
                                .invalid_bytes = normalizer->invalid_bytes,
                                .accents = normalizer->accents,
                                .joins = normalizer->joins};
}

static size_t begin_again(struct normalizer *normalizer, const struct token_start *start)
{
    normalizer->word_count = start->words;
    normalizer->text.size = normalizer->word_start = start->text;
    normalizer->invalid_bytes = start->invalid_bytes;
    normalizer->accents = start->accents;
    normalizer->joins = start->joins;
    return read_slowly(normalizer, start->position);
}

/* Stops between tokens only: what stands before the position has then no effect on what follows. */
bool normalizer_next(struct normalizer *normalizer)
{
    const char *const text = normalizer->input;
    const size_t size = normalizer->input_size;
    const bool strip_accents = normalizer->table->strip_accents;
    size_t i = normalizer->position;
    normalizer->word_count = normalizer->word_start = normalizer->text.size = 0;
    struct token_start token = token_start(normalizer, i);
    while (i < size && (normalizer->word_count < WORDS_WANTED || i != token.position)) {
        int32_t code;
        const size_t taken = unicode_decode(text + i, size - i, &code);
        if (taken == 0) {
            normalizer->invalid_bytes++;
            i++;
            continue;
        }
        if ((uint32_t)code - HAN_FIRST < HAN_COUNT && normalizer->split_han) {
            put_han(normalizer, text + i);
            i += taken;
            token = token_start(normalizer, i);
            continue;
        }
        if ((uint32_t)code - HANGUL_FIRST < HANGUL_COUNT && strip_accents) {
            put_hangul(normalizer, (uint32_t)code - HANGUL_FIRST);
            i += taken;
            continue;
        }
        const struct code_fate *fate = code_table_at(normalizer->table, code);
        enum code_kind kind = fate->kind;
        if (kind == CODE_HAN && !normalizer->split_han)
            kind = CODE_WORD;
        switch (kind) {
        case CODE_WORD:
            put_fate(normalizer, fate);
            break;
        case CODE_ALONE:
            part_words(normalizer);
            put_fate(normalizer, fate);
            part_words(normalizer);
            break;
        case CODE_HAN:
            end_word(normalizer);
            put_fate(normalizer, fate);
            end_word(normalizer);
            break;
        case CODE_SPACE:
            part_words(normalizer);
            break;
        case CODE_DROPPED:
            break;
        case CODE_SLOW:
            i = begin_again(normalizer, &token);
            token = token_start(normalizer, i);
            continue;
        }
        i += taken;
        if (kind == CODE_SPACE || kind == CODE_HAN)
            token = token_start(normalizer, i);
    }
    end_word(normalizer);
    normalizer->position = i;
    return normalizer->word_count > 0;
}

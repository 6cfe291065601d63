#include "tokenizer_pair.h"

#include <string.h>

#include "lambert/base/memory.h"
#include "random_strings.h"

/* --- vocabularies ---------------------------------------------------------------------------- */

static void put_english(struct buffer *out)
{
    static const char *const endings[] = {"s",   "ed",   "ing", "ning",   "er", "est",
                                          "ly",  "ness", "un",  "the",    "00", "19",
                                          "ion", "ss",   "sss", "xxxxxxx"};
    for (size_t i = 0; i < english_word_count; i++)
        buffer_print(out, "%s\n", english_words[i]);
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++)
        buffer_print(out, "##%s\n", endings[i]);
}

static void put_characters(struct buffer *out, int32_t first, int32_t last)
{
    for (int32_t code = first; code <= last; code++) {
        put_code(out, code, 0);
        buffer_print(out, "\n##");
        put_code(out, code, 0);
        buffer_print(out, "\n");
    }
}

void put_vocabulary_of_all_characters(struct buffer *vocab_txt)
{
    buffer_print(vocab_txt, "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n");
    put_english(vocab_txt);
    put_characters(vocab_txt, '!', '~');
    put_characters(vocab_txt, 0xA1, 0xD7FF);
    put_characters(vocab_txt, 0xE000, 0x323AF);
    put_characters(vocab_txt, 0xE0000, 0xE01FF);
}

void vocabulary_pair_init(struct vocabulary_pair *pair, const struct buffer *vocab_txt)
{
    struct error err;
    if (vocabulary_parse(&pair->fast, "test", vocab_txt->data, vocab_txt->size, &err))
        bug("%s", err.text);
    pair->slow = slow_vocabulary_new(vocab_txt->data, vocab_txt->size);
}

void vocabulary_pair_release(struct vocabulary_pair *pair)
{
    vocabulary_free(pair->fast);
    slow_vocabulary_free(pair->slow);
}

/* --- both at once ---------------------------------------------------------------------------- */

void tokenizer_pair_init(struct tokenizer_pair *pair, const struct vocabulary_pair *vocabularies,
                         const struct tokenizer_options *options)
{
    *pair = (struct tokenizer_pair){.vocabularies = vocabularies, .options = *options};
    pair->fast = tokenizer_new(vocabularies->fast, options);
}

void tokenizer_pair_release(struct tokenizer_pair *pair)
{
    tokenizer_free(pair->fast);
    buffer_release(&pair->words);
    buffer_release(&pair->ids);
    slow_result_release(&pair->slow);
}

static void put_word(void *context, const char *text, size_t size)
{
    buffer_put(context, text, size);
    buffer_put_u8(context, '\n');
}

static bool same_bytes(const struct buffer *a, const struct buffer *b)
{
    return a->size == b->size && (a->size == 0 || memcmp(a->data, b->data, a->size) == 0);
}

static bool same_counts(const struct tokenizer_counts *before, const struct tokenizer_counts *after,
                        const struct tokenizer_counts *expected)
{
    return after->words - before->words == expected->words &&
           after->unknown_words - before->unknown_words == expected->unknown_words &&
           after->pieces - before->pieces == expected->pieces &&
           after->invalid_bytes - before->invalid_bytes == expected->invalid_bytes &&
           after->characters - before->characters == expected->characters &&
           after->accents - before->accents == expected->accents;
}

bool tokenizer_pair_agree(struct tokenizer_pair *pair, const char *text, size_t size)
{
    buffer_reset(&pair->words);
    buffer_reset(&pair->ids);
    pair->counts = tokenizer_counts(pair->fast);
    struct tokenizer_counts words =
        tokenizer_words(text, size, &pair->options, put_word, &pair->words);
    size_t pieces = tokenizer_encode(pair->fast, text, size, &pair->ids);
    slow_tokenize(pair->vocabularies->slow, &pair->options, text, size, &pair->slow);
    struct tokenizer_counts after = tokenizer_counts(pair->fast);
    return pieces == pair->slow.counts.pieces && words.words == pair->slow.counts.words &&
           words.invalid_bytes == pair->slow.counts.invalid_bytes &&
           words.characters == pair->slow.counts.characters &&
           words.accents == pair->slow.counts.accents &&
           same_counts(&pair->counts, &after, &pair->slow.counts) &&
           same_bytes(&pair->words, &pair->slow.words) && same_bytes(&pair->ids, &pair->slow.ids);
}

static bool fresh_ones_agree(const struct tokenizer_pair *pair, const struct buffer *text)
{
    struct tokenizer_pair fresh;
    tokenizer_pair_init(&fresh, pair->vocabularies, &pair->options);
    bool agree = tokenizer_pair_agree(&fresh, (const char *)text->data, text->size);
    tokenizer_pair_release(&fresh);
    return agree;
}

/* Without bytes [from, from + count) where they still disagree then. */
static bool take_out(const struct tokenizer_pair *pair, struct buffer *text, size_t from,
                     size_t count)
{
    struct buffer rest = {0};
    buffer_put(&rest, text->data, from);
    buffer_put(&rest, text->data + from + count, text->size - from - count);
    bool agree = fresh_ones_agree(pair, &rest);
    if (!agree) {
        buffer_reset(text);
        buffer_put(text, rest.data, rest.size);
    }
    buffer_release(&rest);
    return !agree;
}

bool tokenizer_pair_shrink(const struct tokenizer_pair *pair, struct buffer *text)
{
    if (fresh_ones_agree(pair, text))
        return false;
    for (size_t count = text->size / 2; count > 0; count /= 2)
        for (size_t from = 0; from + count <= text->size;)
            if (!take_out(pair, text, from, count))
                from += count;
    return true;
}

/* --- report ---------------------------------------------------------------------------------- */

enum { MOST_SHOWN = 4096 };

static void print_escaped(FILE *out, const char *text, size_t size)
{
    for (size_t i = 0; i < size && i < MOST_SHOWN; i++) {
        unsigned char byte = (unsigned char)text[i];
        bool plain = byte >= 0x20 && byte < 0x7F && byte != '"' && byte != '\\';
        fprintf(out, plain ? "%c" : "\\%03o", byte);
    }
    if (size > MOST_SHOWN)
        fprintf(out, "... (%zu bytes)", size);
}

static void print_side(FILE *out, const char *name, const struct buffer *words,
                       const struct buffer *ids)
{
    size_t count = ids->size / sizeof(int32_t);
    fprintf(out, "  %s words: \"", name);
    print_escaped(out, (const char *)words->data, words->size);
    fprintf(out, "\"\n  %s ids:  ", name);
    for (size_t i = 0; i < count && i < MOST_SHOWN; i++)
        fprintf(out, " %d", ((const int32_t *)ids->data)[i]);
    fprintf(out, "\n");
}

static void print_counts(FILE *out, const char *name, const struct tokenizer_counts *counts)
{
    fprintf(out, "  %s counts: %llu words, %llu unknown, %llu pieces, %llu invalid bytes\n", name,
            (unsigned long long)counts->words, (unsigned long long)counts->unknown_words,
            (unsigned long long)counts->pieces, (unsigned long long)counts->invalid_bytes);
}

void tokenizer_pair_report(struct tokenizer_pair *pair, FILE *out, const char *text, size_t size)
{
    char options[TOKENIZER_OPTIONS_TEXT];
    tokenizer_pair_agree(pair, text, size);
    struct tokenizer_counts now = tokenizer_counts(pair->fast);
    now.words -= pair->counts.words;
    now.unknown_words -= pair->counts.unknown_words;
    now.pieces -= pair->counts.pieces;
    now.invalid_bytes -= pair->counts.invalid_bytes;
    fprintf(out, "%s, words of up to %d characters, %zu bytes: \"",
            tokenizer_options_text(&pair->options, options), pair->options.max_word_characters,
            size);
    print_escaped(out, text, size);
    fprintf(out, "\"\n");
    print_side(out, "fast", &pair->words, &pair->ids);
    print_side(out, "slow", &pair->slow.words, &pair->slow.ids);
    print_counts(out, "fast", &now);
    print_counts(out, "slow", &pair->slow.counts);
}

#include "text_helpers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/base/rng.h"

struct vocabulary *vocabulary_of(const char *tokens)
{
    static const char *const special[] = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};
    struct buffer text = {0};
    struct vocabulary *vocabulary = NULL;
    struct error err;
    for (const char *c = tokens; *c; c++)
        buffer_put_u8(&text, (uint8_t)(*c == ' ' ? '\n' : *c));
    buffer_put_u8(&text, '\n');
    for (int i = 0; i < 5; i++)
        if (!strstr(tokens, special[i]))
            buffer_print(&text, "%s\n", special[i]);
    if (vocabulary_parse(&vocabulary, "test", text.data, text.size, &err)) {
        fprintf(stderr, "%s\n", err.text);
        abort();
    }
    buffer_release(&text);
    return vocabulary;
}

static char joined[1 << 16];

static void put_joined(const char *text, size_t size)
{
    size_t used = strlen(joined);
    snprintf(joined + used, sizeof joined - used, "%s%.*s", used ? " " : "", (int)size, text);
}

static void join_word(void *context, const char *text, size_t size)
{
    (void)context;
    put_joined(text, size);
}

const char *words_of_bytes(const char *text, size_t size, bool lower_case)
{
    joined[0] = 0;
    struct tokenizer_options options = tokenizer_defaults;
    options.lower_case = lower_case;
    tokenizer_words(text, size, &options, join_word, NULL);
    return joined;
}

const char *words_by(const struct tokenizer_options *options, const char *text)
{
    joined[0] = 0;
    tokenizer_words(text, strlen(text), options, join_word, NULL);
    return joined;
}

const char *words_of(const char *text, bool lower_case)
{
    return words_of_bytes(text, strlen(text), lower_case);
}

const char *pieces_of(struct tokenizer *tokenizer, const struct vocabulary *vocabulary,
                      const char *text)
{
    struct buffer ids = {0};
    size_t count = tokenizer_encode(tokenizer, text, strlen(text), &ids);
    joined[0] = 0;
    for (size_t i = 0; i < count; i++) {
        const char *piece = vocabulary_token(vocabulary, ((const int32_t *)ids.data)[i]);
        put_joined(piece, strlen(piece));
    }
    buffer_release(&ids);
    return joined;
}

void put_random_text(struct buffer *out, struct rng *rng, int characters)
{
    static const char *const atoms[] = {
        "a",      "b",      "E",      "z",    "7",        " ",    "  ",   "\n",
        ".",      ",",      "'",      "`",    "\xC3\xA9", "Σ",    "Α",    "σ",
        "\u0301", "\u0323", "\u302E", "각",   "中",       "か",   "İ",    "\u1FEF",
        "\u00A0", "\u2028", "\u2014", "\xFF", "\xE2\x82", "\x01", "\x7F", "\u00AD",
    };
    for (int i = 0; i < characters; i++) {
        const char *atom = atoms[rng_below(rng, sizeof atoms / sizeof atoms[0])];
        buffer_put(out, atom, strlen(atom));
    }
}

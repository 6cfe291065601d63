/* The tokenizer against its slow twin, over every code point, short runs of bytes, very long words,
 * and random strings. A difference is printed with the text cut down to what makes it.
 *
 *     LAMBERT_STRINGS=10000000 LAMBERT_SEED=7 build/tests/text/test_tokenizer_differential
 *
 * String s is a function of the seed and s alone; threads change nothing. Strings are taken in
 * blocks, tokenizers made anew for each, so that a block is the whole story of a difference.
 *
 * Sanitized (LAMBERT_SANITIZED is set) it is a hundred times as slow, and what is exhaustive is left to the run
 * without: of each family every so manieth text is taken, in every mode others. */
#include "lib/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/base/log.h"
#include "random_strings.h"
#include "tokenizer_pair.h"

enum { BLOCK = 4096, DEFAULT_STRINGS = 300000, BEHIND = 32 };

/* Of sanitized texts one in so many. The numbers have no divisor in common with what the families are laid out by
 * (pages of 256 code points, 9 edges of UTF-8), so that every page of the tables and every leading byte is met. */
enum { CODE_POINT_STRIDE = 61, EDGE_STRIDE = 31, LONG_WORD_STRIDE = 7 };

/* Of all characters, and of pieces cut from random words. */
static struct vocabulary_pair vocabularies[2];
static uint64_t seed = 1;
static int differences;

/* The number in an environment variable, or `otherwise` where there is none. */
static uint64_t number_from(const char *variable, uint64_t otherwise)
{
    const char *text = getenv(variable);
    if (!text)
        return otherwise;
    char *end;
    errno = 0;
    uint64_t number = strtoull(text, &end, 10);
    if (errno || end == text || *end || *text == '-')
        bug("%s=%s is no number", variable, text);
    return number;
}

/* --- comparing ------------------------------------------------------------------------------- */

static void report(struct tokenizer_pair *pair, const char *text, size_t size, const char *what,
                   uint64_t number)
{
    struct buffer shorter = {0};
    buffer_put(&shorter, text, size);
    fprintf(stderr, "DIFFERENCE (LAMBERT_SEED=%llu, %s %llu), ", (unsigned long long)seed, what,
            (unsigned long long)number);
    tokenizer_pair_report(pair, stderr, text, size);
    if (tokenizer_pair_shrink(pair, &shorter)) {
        fprintf(stderr, "cut down: ");
        tokenizer_pair_report(pair, stderr, (const char *)shorter.data, shorter.size);
    } else {
        fprintf(stderr, "tokenizers made anew agree: the strings before it matter\n");
    }
    buffer_release(&shorter);
}

static void count_difference(struct tokenizer_pair *pair, const char *text, size_t size,
                             const char *what, uint64_t number)
{
#pragma omp critical
    if (differences++ < 3)
        report(pair, text, size, what, number);
}

/* Both tokenizers on a text that letters follow, so that a look beyond its end shows. */
static void compare(struct tokenizer_pair *pair, struct buffer *text, const char *what,
                    uint64_t number)
{
    size_t size = text->size;
    memset(buffer_grow(text, BEHIND), 'a', BEHIND);
    text->size = size;
    if (!tokenizer_pair_agree(pair, (const char *)text->data, size))
        count_difference(pair, (const char *)text->data, size, what, number);
}

/* Every pair of case and accents; Chinese characters stay in words where accents are not as the case says. */
enum { MODES = 4 };

static struct tokenizer_options options_of(int mode, int max_word_characters)
{
    struct tokenizer_options options = tokenizer_defaults;
    options.lower_case = mode % 2;
    if (mode >= 2)
        options.accents = options.lower_case ? ACCENTS_KEPT : ACCENTS_STRIPPED;
    options.split_han = mode < 2;
    options.max_word_characters = max_word_characters;
    return options;
}

/* Makes text number `number` of a family and compares. */
typedef void make_function(struct buffer *text, uint64_t number);

static void compare_family(make_function *make, uint64_t count, uint64_t sanitized_stride,
                           const char *what)
{
    const uint64_t stride = getenv("LAMBERT_SANITIZED") ? sanitized_stride : 1;
    differences = 0;
#pragma omp parallel
    for (int mode = 0; mode < MODES; mode++) {
        struct tokenizer_options options = options_of(mode, 200);
        struct tokenizer_pair pair;
        struct buffer text = {0};
        tokenizer_pair_init(&pair, &vocabularies[0], &options);
#pragma omp for schedule(dynamic)
        for (uint64_t i = (uint64_t)mode % stride; i < count; i += stride) {
            buffer_reset(&text);
            make(&text, i);
            compare(&pair, &text, what, i);
        }
        buffer_release(&text);
        tokenizer_pair_release(&pair);
    }
    assert_int_equal(differences, 0);
}

/* --- families -------------------------------------------------------------------------------- */

enum { DENSE = 0x40000, SPARSE_STEP = 61 };

/* All of planes 0 to 3 and 14, and some of the others. */
static int32_t code_of(uint64_t number)
{
    if (number < DENSE)
        return (int32_t)number;
    number -= DENSE;
    if (number < 0x1000)
        return 0xE0000 + (int32_t)number;
    return DENSE + (int32_t)(number - 0x1000) * SPARSE_STEP;
}

static void make_code_point(struct buffer *text, uint64_t number)
{
    /* "*" is the code point; U+03A3 looks at what stands around it. */
    static const char contexts[] = "* b*b *\u0323 \u0307*\u0323\u0301 A\u03A3* A*\u03A3 *\u03A3 "
                                   "A\u03A3*A 1*\u03A31 \u1100*\u11A8 4*\u0345";
    int32_t code = code_of(number);
    for (const char *c = contexts; *c; c++) {
        if (*c == '*')
            put_code(text, code, 0);
        else
            buffer_put_u8(text, (uint8_t)*c);
    }
}

static void every_code_point(void **state)
{
    (void)state;
    uint64_t beyond = (0x110000 - DENSE) / SPARSE_STEP + 1;
    compare_family(make_code_point, DENSE + 0x1000 + beyond, CODE_POINT_STRIDE,
                   "code point number");
}

static const unsigned char edges[] = {0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC2};

/* Four bytes: any lead, the others at the edges of what UTF-8 allows; a letter or nothing behind.
 */
static void make_bytes(struct buffer *text, uint64_t number)
{
    buffer_put_u8(text, 'b');
    buffer_put_u8(text, (uint8_t)(number % 256));
    number /= 256;
    for (int i = 0; i < 3; i++) {
        buffer_put_u8(text, edges[number % sizeof edges]);
        number /= sizeof edges;
    }
    if (number > 0)
        buffer_put_u8(text, 'B');
}

static void every_edge_of_utf8(void **state)
{
    (void)state;
    compare_family(make_bytes, 2 * 256 * sizeof edges * sizeof edges * sizeof edges, EDGE_STRIDE,
                   "bytes number");
}

enum { LONG_WORDS = 16 };

/* A unit a million bytes long, between a beginning and an end that hang together through it. */
static void make_long_word(struct buffer *text, uint64_t number)
{
    static const char *const units[LONG_WORDS] = {
        "x",      "X",      "\u00E9", "\u03A3",   "\u0301", "\uAC01",     "\u4E2D", ".",
        "\u00B7", "\u200B", "\xFF",   "\xE4\xB8", "\u2028", "\U0001F600", "\u0345", "'",
    };
    static const char *const around[][2] = {{"", ""}, {"A\u03A3", "A"}, {"e", "\u0323"}};
    const char *unit = units[number];
    buffer_print(text, "%s", around[number % 3][0]);
    for (size_t size = 0; size < 1 << 20; size += strlen(unit))
        buffer_put(text, unit, strlen(unit));
    buffer_print(text, "%s the end", around[number % 3][1]);
}

static void words_of_a_megabyte(void **state)
{
    (void)state;
    compare_family(make_long_word, LONG_WORDS, LONG_WORD_STRIDE, "long word number");
}

/* --- random strings -------------------------------------------------------------------------- */

static void make_random_string(struct buffer *text, uint64_t number, int limit)
{
    struct rng rng;
    rng_init(&rng, rng_key(seed, RNG_TEST, number, 0));
    buffer_reset(text);
    put_random_string(text, &rng, limit);
}

/* The options of a block go by its number: the mode, then the vocabulary, then the longest word. */
static void compare_block(uint64_t block, uint64_t strings)
{
    static const int limits[] = {200, 200, 200, 12};
    struct tokenizer_options options = options_of(block % MODES, limits[block / (2 * MODES) % 4]);
    struct tokenizer_pair pair;
    struct buffer text = {0};
    uint64_t end = (block + 1) * BLOCK < strings ? (block + 1) * BLOCK : strings;
    tokenizer_pair_init(&pair, &vocabularies[block / MODES % 2], &options);
    for (uint64_t s = block * BLOCK; s < end; s++) {
        make_random_string(&text, s, options.max_word_characters);
        compare(&pair, &text, "string", s);
    }
    buffer_release(&text);
    tokenizer_pair_release(&pair);
}

static void random_strings(void **state)
{
    (void)state;
    uint64_t strings = number_from("LAMBERT_STRINGS", DEFAULT_STRINGS);
    uint64_t blocks = (strings + BLOCK - 1) / BLOCK, done = 0;
    differences = 0;
#pragma omp parallel for schedule(dynamic)
    for (uint64_t block = 0; block < blocks; block++) {
        compare_block(block, strings);
        uint64_t now;
#pragma omp atomic capture
        now = ++done;
        if (now % 250 == 0)
            fprintf(stderr, "%llu strings\n", (unsigned long long)now * BLOCK);
    }
    fprintf(stderr, "%llu random strings of seed %llu, %d differences\n",
            (unsigned long long)strings, (unsigned long long)seed, differences);
    assert_int_equal(differences, 0);
}

/* --- set-up ---------------------------------------------------------------------------------- */

/* Appends a run of characters of a word as a piece. */
static void put_piece(struct buffer *out, struct rng *rng, const struct buffer *word)
{
    const int32_t *codes = (const int32_t *)word->data;
    uint32_t count = (uint32_t)(word->size / sizeof *codes);
    uint32_t start = rng_below(rng, 2) ? 0 : rng_below(rng, count);
    uint32_t length = 1 + rng_below(rng, count - start < 5 ? count - start : 5);
    buffer_print(out, "%s", start > 0 ? "##" : "");
    for (uint32_t i = start; i < start + length; i++)
        put_code(out, codes[i], 0);
    buffer_print(out, rng_below(rng, 50) ? "\n" : " \r\n"); /* to be stripped */
}

/* Appends pieces of the words of a text. */
static void put_pieces(struct buffer *out, struct rng *rng, const struct buffer *words)
{
    struct buffer codes = {0}, word = {0};
    slow_decode(words->data, words->size, &codes);
    for (size_t i = 0; i < codes.size; i += sizeof(int32_t)) {
        int32_t code;
        memcpy(&code, codes.data + i, sizeof code);
        if (code != '\n') {
            buffer_put(&word, &code, sizeof code);
            continue;
        }
        put_piece(out, rng, &word);
        buffer_reset(&word);
    }
    buffer_release(&codes);
    buffer_release(&word);
}

/* Appends a vocab.txt with pieces of random words, many of them twice. */
static void put_vocabulary_of_pieces(struct buffer *vocab_txt)
{
    struct slow_result result = {0};
    struct buffer text = {0};
    struct rng rng;
    rng_init(&rng, rng_key(seed, RNG_TEST, 0, 1));
    buffer_print(vocab_txt, "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n\n##\n[unused0]\n");
    for (int i = 0; i < 5000; i++) {
        struct tokenizer_options options = options_of(i % MODES, 200);
        buffer_reset(&text);
        put_random_string(&text, &rng, 200);
        slow_tokenize(vocabularies[0].slow, &options, text.data, text.size, &result);
        put_pieces(vocab_txt, &rng, &result.words);
    }
    buffer_release(&text);
    slow_result_release(&result);
}

static int make_vocabularies(void **state)
{
    (void)state;
    struct buffer all = {0}, pieces = {0};
    log_set_level(LOG_ERROR); /* repeated tokens are meant */
    seed = number_from("LAMBERT_SEED", 1);
    put_vocabulary_of_all_characters(&all);
    vocabulary_pair_init(&vocabularies[0], &all);
    put_vocabulary_of_pieces(&pieces);
    vocabulary_pair_init(&vocabularies[1], &pieces);
    buffer_release(&all);
    buffer_release(&pieces);
    return 0;
}

static int release_vocabularies(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++)
        vocabulary_pair_release(&vocabularies[i]);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_point),
        cmocka_unit_test(every_edge_of_utf8),
        cmocka_unit_test(words_of_a_megabyte),
        cmocka_unit_test(random_strings),
    };
    return cmocka_run_group_tests(tests, make_vocabularies, release_vocabularies);
}

#include "lib/scratch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lambert/base/memory.h"
#include "lambert/base/rng.h"
#include "lambert/text/input_look.h"
#include "lambert/text/vocabulary_trainer.h"
#include "text_helpers.h"

#define SPECIAL "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n"

static struct vocabulary_trainer_options options_of(int size, int alphabet_limit)
{
    struct vocabulary_trainer_options options = vocabulary_trainer_defaults;
    options.size = size;
    options.alphabet_limit = alphabet_limit;
    return options;
}

static struct buffer learn(const struct vocabulary_trainer_options *options, const char *text)
{
    struct vocabulary_trainer *trainer = vocabulary_trainer_new(options);
    struct buffer out = {0};
    struct error err;
    vocabulary_trainer_add(trainer, text, strlen(text));
    assert_int_equal(vocabulary_trainer_learn(trainer, &out, &err), 0);
    vocabulary_trainer_free(trainer);
    return out;
}

/* Adds what `from` has counted, as it would come from another rank, in portions of some `bytes`. */
static void add_trainer(struct vocabulary_trainer *into, const struct vocabulary_trainer *from,
                        size_t bytes)
{
    struct vocabulary_trainer_place place = {0};
    struct buffer portion = {0};
    struct error err;
    for (bool more = true; more;) {
        buffer_reset(&portion);
        more = vocabulary_trainer_save(from, &place, bytes, &portion);
        assert_true(portion.size < bytes + 1000);
        assert_int_equal(vocabulary_trainer_load(into, portion.data, portion.size, &err), 0);
    }
    buffer_release(&portion);
}

static void assert_learnt(const struct vocabulary_trainer_options *options, const char *text,
                          const char *expected)
{
    struct buffer out = learn(options, text);
    assert_string_equal(buffer_text(&out), expected);
    buffer_release(&out);
}

static const char low_lower[] =
    "low low low low low lower lower newest newest newest newest newest newest "
    "Widest widest WIDEST";

/* The example of Sennrich, Haddow, Birch (2016), worked through by hand: ##e ##s and ##s ##t both
 * occur 9 times and the smaller text goes first, and so on. */
static void learns_the_textbook_example(void **state)
{
    (void)state;
    struct vocabulary_trainer_options options = options_of(1000, 1000);
    assert_learnt(&options, low_lower,
                  SPECIAL "d\ne\ni\nl\nn\no\nr\ns\nt\nw\n"
                          "##d\n##e\n##i\n##o\n##r\n##s\n##t\n##w\n"
                          "##es\n##est\n##ow\nlow\n##ew\n##ewest\nnewest\n"
                          "##dest\n##idest\nwidest\n##er\nlower\n");
}

static void stops_at_size_and_frequency(void **state)
{
    (void)state;
    struct vocabulary_trainer_options options = options_of(25, 1000);
    assert_learnt(&options, low_lower,
                  SPECIAL "d\ne\ni\nl\nn\no\nr\ns\nt\nw\n"
                          "##d\n##e\n##i\n##o\n##r\n##s\n##t\n##w\n"
                          "##es\n##est\n");
    options = options_of(1000, 1000);
    options.min_frequency = 7;
    assert_learnt(&options, low_lower,
                  SPECIAL "d\ne\ni\nl\nn\no\nr\ns\nt\nw\n"
                          "##d\n##e\n##i\n##o\n##r\n##s\n##t\n##w\n"
                          "##es\n##est\n##ow\nlow\n");
    options.tokenizer.lower_case = false;
    options.min_frequency = 1000;
    assert_learnt(&options, "Ab É.", SPECIAL ".\nA\nb\nÉ\n##b\n");
}

/* "b" and "c" are as frequent: the smaller code point stays. Words with "c" or "d" teach nothing.
 */
static void limits_the_alphabet(void **state)
{
    (void)state;
    struct vocabulary_trainer_options options = options_of(10, 2); /* no room for others */
    assert_learnt(&options, "aa aa ab ac ac bd", SPECIAL "a\nb\n##a\n##b\naa\n");
    options.size = 7;
    assert_learnt(&options, "a a a é中 中", SPECIAL "a\n中\n");
}

static void leaves_endless_words_out(void **state)
{
    (void)state;
    struct vocabulary_trainer_options options = options_of(1000, 1000);
    char text[512] = "ab ";
    memset(text + 3, 'x', 201);
    options.min_frequency = 1;
    assert_learnt(&options, text, SPECIAL "a\nb\n##b\nab\n");
}

static void counts_words(void **state)
{
    (void)state;
    struct vocabulary_trainer_options options = options_of(1000, 1000);
    struct vocabulary_trainer *trainer = vocabulary_trainer_new(&options);
    struct buffer out = {0};
    struct error err;
    vocabulary_trainer_add(trainer, "The the, \xFF cat", 14);
    assert_int_equal(vocabulary_trainer_learn(trainer, &out, &err), 0);
    struct vocabulary_trainer_counts counts = vocabulary_trainer_counts(trainer);
    assert_int_equal(counts.words, 4);
    assert_int_equal(counts.distinct_words, 3);
    assert_int_equal(counts.invalid_bytes, 1);
    /* 5 special, alphabet , a c e h t, ##a ##e ##h ##t, and t ##h, ##he or th ##e by twos */
    assert_int_equal(counts.entries, 5 + 6 + 4 + 2);
    vocabulary_trainer_free(trainer);
    buffer_release(&out);
}

static void says_what_cannot_be(void **state)
{
    (void)state;
    struct vocabulary_trainer_options options = options_of(10, 1000);
    struct vocabulary_trainer *trainer = vocabulary_trainer_new(&options);
    struct buffer out = {0};
    struct error err = {{0}};
    assert_int_equal(vocabulary_trainer_learn(trainer, &out, &err), -1);
    assert_non_null(strstr(err.text, "no word"));
    vocabulary_trainer_add(trainer, "abcdef", 6);
    assert_int_equal(vocabulary_trainer_learn(trainer, &out, &err), -1);
    assert_non_null(strstr(err.text, "10"));
    assert_non_null(strstr(err.text, "16"));
    assert_int_equal(out.size, 0);
    vocabulary_trainer_free(trainer);
    buffer_release(&out);
}

/* --- byte-pair merging as its definition reads ------------------------------------------------ */

enum { MOST_WORDS = 400, MOST_PIECES = 24, PIECE_BYTES = 32 };

struct slow_word {
    char text[PIECE_BYTES];
    int count, pieces;
    char piece[MOST_PIECES][PIECE_BYTES];
};

struct slow_learner {
    struct slow_word words[MOST_WORDS];
    int word_count;
};

static void slow_add(void *context, const char *text, size_t size)
{
    struct slow_learner *learner = context;
    for (int i = 0; i < learner->word_count; i++) {
        struct slow_word *word = &learner->words[i];
        if (strlen(word->text) == size && memcmp(word->text, text, size) == 0) {
            word->count++;
            return;
        }
    }
    assert_true(learner->word_count < MOST_WORDS && size < MOST_PIECES);
    struct slow_word *word = &learner->words[learner->word_count++];
    memcpy(word->text, text, size);
    word->count = 1;
    word->pieces = (int)size;
    for (size_t i = 0; i < size; i++)
        snprintf(word->piece[i], PIECE_BYTES, "%s%c", i ? "##" : "", text[i]);
}

static int occurrences(const struct slow_learner *learner, const char *left, const char *right)
{
    int count = 0;
    for (int w = 0; w < learner->word_count; w++)
        for (int i = 0; i + 1 < learner->words[w].pieces; i++)
            if (!strcmp(learner->words[w].piece[i], left) &&
                !strcmp(learner->words[w].piece[i + 1], right))
                count += learner->words[w].count;
    return count;
}

static int find_best(const struct slow_learner *learner, char *best_left, char *best_right)
{
    int best = 0;
    for (int w = 0; w < learner->word_count; w++) {
        for (int i = 0; i + 1 < learner->words[w].pieces; i++) {
            const char *left = learner->words[w].piece[i], *right = learner->words[w].piece[i + 1];
            int count = occurrences(learner, left, right);
            int order =
                strcmp(left, best_left) ? strcmp(left, best_left) : strcmp(right, best_right);
            if (count > best || (count == best && order < 0)) {
                best = count;
                strcpy(best_left, left);
                strcpy(best_right, right);
            }
        }
    }
    return best;
}

static void merge_everywhere(struct slow_learner *learner, const char *left, const char *right,
                             const char *joined)
{
    for (int w = 0; w < learner->word_count; w++) {
        struct slow_word *word = &learner->words[w];
        for (int i = 0; i + 1 < word->pieces; i++) {
            if (strcmp(word->piece[i], left) || strcmp(word->piece[i + 1], right))
                continue;
            strcpy(word->piece[i], joined);
            word->pieces--;
            memmove(word->piece[i + 1], word->piece[i + 2],
                    (size_t)(word->pieces - i - 1) * PIECE_BYTES);
        }
    }
}

/* Appends the merged pieces, each once, as lines. */
static void slow_learn(struct slow_learner *learner, struct buffer *out)
{
    for (;;) {
        char left[PIECE_BYTES] = "", right[PIECE_BYTES] = "", joined[2 * PIECE_BYTES], line[80];
        if (find_best(learner, left, right) < 2)
            return;
        snprintf(joined, sizeof joined, "%s%s", left, right + 2);
        snprintf(line, sizeof line, "\n%s\n", joined);
        if (!strstr(buffer_text(out), line))
            buffer_print(out, "%s\n", joined);
        merge_everywhere(learner, left, right, joined);
    }
}

static void put_random_words(struct buffer *text, struct rng *rng, int words, int letters,
                             int longest)
{
    for (int w = 0; w < words; w++) {
        int length = 1 + (int)rng_below(rng, (uint32_t)longest);
        for (int i = 0; i < length; i++)
            buffer_put_u8(text, (uint8_t)('a' + rng_below(rng, (uint32_t)letters)));
        buffer_put_u8(text, ' ');
    }
}

/* Few letters make runs ("aaaa"), many ways to the same piece, and ties without end. */
static void agrees_with_the_definition(void **state)
{
    (void)state;
    struct slow_learner *learner = memory_new(1, sizeof *learner);
    struct vocabulary_trainer_options options = options_of(100000, 1000);
    struct rng rng;
    rng_init(&rng, rng_key(3, RNG_TEST, 0, 0));
    for (int round = 0; round < 24; round++) {
        struct buffer text = {0}, expected = {0};
        int letters = 1 + round / 2 % 4;
        *learner = (struct slow_learner){0};
        put_random_words(&text, &rng, 60, letters, round % 2 ? 20 : 9);
        tokenizer_words((char *)text.data, text.size, &tokenizer_defaults, slow_add, learner);
        buffer_print(&expected, SPECIAL);
        for (int c = 0; c < letters; c++)
            buffer_print(&expected, "%c\n", 'a' + c);
        for (int c = 0; c < letters; c++)
            buffer_print(&expected, "##%c\n", 'a' + c);
        slow_learn(learner, &expected);
        assert_learnt(&options, buffer_text(&text), buffer_text(&expected));
        buffer_release(&text);
        buffer_release(&expected);
    }
    free(learner);
}

/* --- the rest -------------------------------------------------------------------------------- */

static void order_and_parts_do_not_matter(void **state)
{
    (void)state;
    struct vocabulary_trainer_options options = options_of(300, 1000);
    struct buffer text = {0}, whole, parts = {0};
    struct rng rng;
    struct error err;
    rng_init(&rng, rng_key(4, RNG_TEST, 0, 0));
    put_random_words(&text, &rng, 3000, 20, 9);
    whole = learn(&options, buffer_text(&text));

    struct vocabulary_trainer *half[2] = {vocabulary_trainer_new(&options),
                                          vocabulary_trainer_new(&options)};
    size_t end = text.size; /* the words from the last to the first, dealt out */
    for (int i = 0; end > 0; i++) {
        size_t start = end - 1;
        while (start > 0 && text.data[start - 1] != ' ')
            start--;
        vocabulary_trainer_add(half[i % 2], (char *)text.data + start, end - start);
        end = start;
    }
    add_trainer(half[0], half[1], 500);
    assert_int_equal(vocabulary_trainer_learn(half[0], &parts, &err), 0);
    assert_int_equal(vocabulary_trainer_counts(half[0]).words, 3000);
    assert_string_equal(buffer_text(&parts), buffer_text(&whole));
    vocabulary_trainer_free(half[0]);
    vocabulary_trainer_free(half[1]);
    buffer_release(&text);
    buffer_release(&whole);
    buffer_release(&parts);
}

/* Whatever was learnt from can be spelt: no [UNK] but for characters that were left out. */
static void what_was_learnt_can_be_spelt(void **state)
{
    (void)state;
    struct vocabulary_trainer_options options = options_of(400, 1000);
    struct buffer text = {0}, ids = {0}, learnt;
    struct vocabulary *vocabulary;
    struct rng rng;
    struct error err;
    rng_init(&rng, rng_key(5, RNG_TEST, 0, 0));
    put_random_words(&text, &rng, 2000, 26, 9);
    put_random_text(&text, &rng, 2000);
    learnt = learn(&options, buffer_text(&text));
    assert_int_equal(vocabulary_parse(&vocabulary, "learnt", learnt.data, learnt.size, &err), 0);
    assert_int_equal(vocabulary_size(vocabulary), 400);
    struct tokenizer *tokenizer = tokenizer_new(vocabulary, &tokenizer_defaults);
    tokenizer_encode(tokenizer, (char *)text.data, text.size, &ids);
    assert_true(tokenizer_counts(tokenizer).words > 2000);
    assert_int_equal(tokenizer_counts(tokenizer).unknown_words, 0);
    tokenizer_free(tokenizer);
    vocabulary_free(vocabulary);
    buffer_release(&text);
    buffer_release(&ids);
    buffer_release(&learnt);
}

/* Portions of several ranks, one behind the other, and in any order. */
static void what_is_saved_is_loaded(void **state)
{
    (void)state;
    static const char *const texts[] = {"low low low lower lowest", "new newer \xFF low", "",
                                        "new"};
    struct vocabulary_trainer_options options = vocabulary_trainer_defaults;
    struct vocabulary_trainer *all = vocabulary_trainer_new(&options);
    struct vocabulary_trainer *joined = vocabulary_trainer_new(&options);
    struct buffer saved = {0}, wanted = {0}, got = {0};
    struct error err;
    for (int i = 3; i >= 0; i--) {
        struct vocabulary_trainer *one = vocabulary_trainer_new(&options);
        struct vocabulary_trainer_place place = {0};
        vocabulary_trainer_add(all, texts[3 - i], strlen(texts[3 - i]));
        vocabulary_trainer_add(one, texts[i], strlen(texts[i]));
        while (vocabulary_trainer_save(one, &place, 1, &saved))
            ;
        vocabulary_trainer_free(one);
    }
    assert_int_equal(vocabulary_trainer_load(joined, saved.data, saved.size, &err), 0);
    struct vocabulary_trainer_counts a = vocabulary_trainer_counts(all),
                                     b = vocabulary_trainer_counts(joined);
    assert_int_equal(a.words, 9);
    assert_int_equal(b.words, 9);
    assert_int_equal(a.distinct_words, b.distinct_words);
    assert_int_equal(b.invalid_bytes, 1);
    assert_int_equal(vocabulary_trainer_learn(all, &wanted, &err), 0);
    assert_int_equal(vocabulary_trainer_learn(joined, &got, &err), 0);
    assert_string_equal(buffer_text(&got), buffer_text(&wanted));
    buffer_release(&saved);
    buffer_release(&wanted);
    buffer_release(&got);
    vocabulary_trainer_free(all);
    vocabulary_trainer_free(joined);
}

/* Words that do not fit: the same are left out, whatever the order of the chunks, and shared out to any ranks. */
static void rare_words_go_where_memory_is_full(void **state)
{
    (void)state;
    enum { CHUNKS = 12 };
    struct vocabulary_trainer_options options = options_of(400, 1000);
    struct buffer chunks[CHUNKS] = {{0}}, wanted = {0};
    struct error err;
    struct rng rng;
    rng_init(&rng, rng_key(6, RNG_TEST, 0, 0));
    for (int c = 0; c < CHUNKS; c++) {
        put_random_words(&chunks[c], &rng, 300, 3, 4); /* some of them often */
        put_random_words(&chunks[c], &rng, 300, 26, 9);
    }
    for (uint64_t least = 2; least <= 8; least *= 2) {
        options.memory_bytes = least == 2 ? 60000 : least == 4 ? 6000 : 2000;
        for (int ranks = 1; ranks <= 4; ranks++) {
            struct vocabulary_trainer *all = vocabulary_trainer_new(&options);
            struct buffer got = {0};
            for (int rank = ranks - 1; rank >= 0; rank--) {
                struct vocabulary_trainer *one = vocabulary_trainer_new(&options);
                for (int c = rank; c < CHUNKS; c += ranks)
                    vocabulary_trainer_add(one, (char *)chunks[c].data, chunks[c].size);
                add_trainer(all, one, 300);
                vocabulary_trainer_free(one);
            }
            const struct vocabulary_trainer_counts counts = vocabulary_trainer_counts(all);
            assert_int_equal(counts.words, CHUNKS * 600);
            assert_int_equal(counts.least, least);
            assert_int_equal(vocabulary_trainer_learn(all, &got, &err), 0);
            if (ranks == 1) {
                buffer_reset(&wanted);
                buffer_put(&wanted, got.data, got.size);
            }
            assert_string_equal(buffer_text(&got), buffer_text(&wanted));
            buffer_release(&got);
            vocabulary_trainer_free(all);
        }
    }
    options.memory_bytes = 100;
    struct vocabulary_trainer *none = vocabulary_trainer_new(&options);
    for (int i = 0; i < 20; i++)
        put_random_words(&chunks[0], &rng, 300, 2, 3);
    vocabulary_trainer_add(none, (char *)chunks[0].data, chunks[0].size);
    assert_int_equal(vocabulary_trainer_load(none, NULL, 0, &err), -1);
    assert_non_null(strstr(err.text, "--memory"));
    vocabulary_trainer_free(none);
    for (int c = 0; c < CHUNKS; c++)
        buffer_release(&chunks[c]);
    buffer_release(&wanted);
}

/* Of three words as frequent as each other the smallest stays beside the most frequent one. */
static void the_most_frequent_words_are_learnt_from(void **state)
{
    (void)state;
    struct vocabulary_trainer_options options = vocabulary_trainer_defaults;
    struct buffer few = {0}, wanted = {0};
    struct error err;
    options.most_words = 2;
    struct vocabulary_trainer *trainer = vocabulary_trainer_new(&options);
    const char text[] = "zz zz zz yy xx ww yy xx ww";
    vocabulary_trainer_add(trainer, text, strlen(text));
    assert_int_equal(vocabulary_trainer_learn(trainer, &few, &err), 0);
    vocabulary_trainer_free(trainer);
    trainer = vocabulary_trainer_new(&options);
    vocabulary_trainer_add(trainer, "zz zz zz ww ww", 14);
    assert_int_equal(vocabulary_trainer_learn(trainer, &wanted, &err), 0);
    assert_string_equal(buffer_text(&few), buffer_text(&wanted));
    vocabulary_trainer_free(trainer);

    /* Memory for the characters of "zz" and "ww", and for one more. */
    options.most_words = 4;
    options.memory_bytes = 5 * 64;
    trainer = vocabulary_trainer_new(&options);
    vocabulary_trainer_add(trainer, text, strlen(text));
    buffer_reset(&few);
    assert_int_equal(vocabulary_trainer_learn(trainer, &few, &err), 0);
    assert_string_equal(buffer_text(&few), buffer_text(&wanted));
    vocabulary_trainer_free(trainer);
    buffer_release(&few);
    buffer_release(&wanted);
}

/* The words of files, by threads and ranks, are the words of their documents. */
static void inputs_are_read_by_any_number(void **state)
{
    (void)state;
    static const char plain[] = "low lower lowest\n\nnew newer\n",
                      json[] = "{\"title\": \"t\", \"text\": \"low new widest\"}\n";
    struct vocabulary_trainer_options options = options_of(40, 1000);
    struct buffer wanted = learn(&options, "low lower lowest new newer low new widest");
    char *inputs[] = {(char *)scratch_path("plain"), (char *)scratch_path("json")};
    const struct text_options text_options = {.encoding = NULL};
    struct input_list list;
    struct error err;
    scratch_write(inputs[0], plain, strlen(plain));
    scratch_write(inputs[1], json, strlen(json));
    assert_int_equal(input_list_open(&list, inputs, 2, NULL, &err), 0);
    assert_int_equal(input_look(&list, &text_options, &err), 0);
    for (int ranks = 1; ranks <= 3; ranks++) {
        struct vocabulary_trainer *all = vocabulary_trainer_new(&options);
        struct buffer out = {0};
        for (int rank = 0; rank < ranks; rank++) {
            struct vocabulary_trainer *mine = vocabulary_trainer_new(&options);
            assert_int_equal(vocabulary_trainer_read(mine, &list, rank, ranks, &err), 0);
            add_trainer(all, mine, 1 << 20);
            vocabulary_trainer_free(mine);
        }
        assert_int_equal(vocabulary_trainer_counts(all).words, 8);
        assert_int_equal(vocabulary_trainer_learn(all, &out, &err), 0);
        assert_int_equal(out.size, wanted.size);
        assert_memory_equal(out.data, wanted.data, wanted.size);
        buffer_release(&out);
        vocabulary_trainer_free(all);
    }
    unlink(inputs[1]);
    struct vocabulary_trainer *none = vocabulary_trainer_new(&options);
    assert_int_equal(vocabulary_trainer_read(none, &list, 0, 1, &err), -1);
    assert_non_null(strstr(err.text, "json"));
    vocabulary_trainer_free(none);
    input_list_close(&list);
    buffer_release(&wanted);
}

/* Twelve Chinese characters, each twice, and one ten times: no two of them can be merged. */
static void room_is_left_to_the_alphabet(void **state)
{
    (void)state;
    static const char han[] = "一一 丁丁 七七 万万 丈丈 三三 上上 下下 不不 与与 丐丐 丑丑 "
                              "丑丑丑丑丑丑丑丑";
    const struct vocabulary_trainer_options options[] = {options_of(100, 4), options_of(11, 4),
                                                         options_of(9, 4)};
    static const int entries[] = {5 + 12, 11, 9}, alphabets[] = {12, 6, 4};
    static const double shares[] = {1, 20.0 / 32, 16.0 / 32};
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        struct vocabulary_trainer *trainer = vocabulary_trainer_new(&options[i]);
        struct buffer text = {0};
        struct error err;
        vocabulary_trainer_add(trainer, han, sizeof han - 1);
        assert_int_equal(vocabulary_trainer_learn(trainer, &text, &err), 0);
        const struct vocabulary_trainer_counts counts = vocabulary_trainer_counts(trainer);
        assert_int_equal(counts.entries, entries[i]);
        assert_int_equal(counts.alphabet, alphabets[i]);
        assert_int_equal(counts.characters, 12);
        assert_true(counts.alphabet_share == shares[i]);
        assert_int_equal(counts.wanted_alphabet, 12);
        assert_int_equal(counts.wanted_size, i == 0 ? 0 : 5 + 12);
        buffer_release(&text);
        vocabulary_trainer_free(trainer);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(learns_the_textbook_example),
        cmocka_unit_test(stops_at_size_and_frequency),
        cmocka_unit_test(limits_the_alphabet),
        cmocka_unit_test(leaves_endless_words_out),
        cmocka_unit_test(counts_words),
        cmocka_unit_test(says_what_cannot_be),
        cmocka_unit_test(agrees_with_the_definition),
        cmocka_unit_test(order_and_parts_do_not_matter),
        cmocka_unit_test(what_was_learnt_can_be_spelt),
        cmocka_unit_test(what_is_saved_is_loaded),
        cmocka_unit_test(rare_words_go_where_memory_is_full),
        cmocka_unit_test(the_most_frequent_words_are_learnt_from),
        cmocka_unit_test(inputs_are_read_by_any_number),
        cmocka_unit_test(room_is_left_to_the_alphabet),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}

#include "lib/unit.h"

#include <stdio.h>
#include <string.h>

#include "lambert/base/rng.h"
#include "lambert/text/unicode.h"
#include "text_helpers.h"

static struct tokenizer *tokenizer_for(const struct vocabulary *vocabulary, bool lower_case)
{
    struct tokenizer_options options = tokenizer_defaults;
    options.lower_case = lower_case;
    return tokenizer_new(vocabulary, &options);
}

/* The pieces of a text, twice: the second time from the cache. */
static void check(const char *tokens, bool lower_case, const char *text, const char *pieces)
{
    struct vocabulary *vocabulary = vocabulary_of(tokens);
    struct tokenizer *tokenizer = tokenizer_for(vocabulary, lower_case);
    assert_string_equal(pieces_of(tokenizer, vocabulary, text), pieces);
    assert_string_equal(pieces_of(tokenizer, vocabulary, text), pieces);
    tokenizer_free(tokenizer);
    vocabulary_free(vocabulary);
}

/* Google's tokenization_test.py. */
static void google_full_tokenizer(void **state)
{
    (void)state;
    static const char tokens[] = "[UNK] [CLS] [SEP] want ##want ##ed wa un runn ##ing ,";
    static const int32_t expected[] = {7, 4, 5, 10, 8, 9};
    static const char text[] = "UNwant\u00E9d,running";
    struct vocabulary *vocabulary = vocabulary_of(tokens);
    struct tokenizer *tokenizer = tokenizer_for(vocabulary, true);
    struct buffer ids = {0};
    assert_int_equal(tokenizer_encode(tokenizer, text, strlen(text), &ids), 6);
    assert_memory_equal(ids.data, expected, sizeof expected);
    assert_int_equal(tokenizer_encode(tokenizer, text, strlen(text), &ids), 6); /* appends */
    assert_int_equal(ids.size, 2 * sizeof expected);
    buffer_release(&ids);
    tokenizer_free(tokenizer);
    vocabulary_free(vocabulary);
    check(tokens, true, "unwantedX running", "[UNK] runn ##ing");
    check(tokens, true, "", "");
}

static void google_basic_tokenizer(void **state)
{
    (void)state;
    static const char hello[] = " \tHeLLo!how  \n Are yoU?  ";
    assert_string_equal(words_of(hello, true), "hello ! how are you ?");
    assert_string_equal(words_of(hello, false), "HeLLo ! how Are yoU ?");
    assert_string_equal(words_of("H\u00E9llo", true), "hello");
    assert_string_equal(words_of("ah\u535A\u63A8zz", true), "ah \u535A \u63A8 zz");
}

/* Hugging Face's test_tokenization_bert.py. */
static void hugging_face_basic_tokenizer(void **state)
{
    (void)state;
    assert_string_equal(words_of(" \tHäLLo!how  \n Are yoU?  ", true), "hallo ! how are you ?");
    assert_string_equal(words_of(" \tHäLLo!how  \n Are yoU?  ", false), "HäLLo ! how Are yoU ?");
    assert_string_equal(words_of("a\n'll !!to?'d of, can't.", true),
                        "a ' ll ! ! to ? ' d of , can ' t .");
}

/* Hugging Face's models/wordpiece tests. */
static void hugging_face_wordpiece(void **state)
{
    (void)state;
    check("##na ba [UNK]", true, "banana", "ba ##na ##na");
    check("##na ba [UNK]", true, "nanana", "[UNK]");
}

/* Google's tokenizer with the published uncased vocabulary, of which these are the entries near by.
 */
static void published_vocabulary(void **state)
{
    (void)state;
    static const char tokens[] =
        "[PAD] [UNK] [CLS] [SEP] [MASK] na ##ive naive ca cafe ##fe istanbul is ist σ ##α ##ς ##σ "
        "ß "
        "[ ] mask ma unused ##1 1 don ' t $ 5 . 00 0 ~ 50 % e - mail 中 国 abc a 東 京 unwanted un "
        ", running run ##ning";
    check(tokens, true, "naïve CAFÉ İstanbul ΣΑΣ ß", "naive cafe istanbul σ ##α ##ς ß");
    check(tokens, true, "[MASK] [unused1]", "[ mask ] [ unused ##1 ]");
    check(tokens, true, "don't $5.00 ~50% e-mail", "don ' t $ 5 . 00 ~ 50 % e - mail");
    check(tokens, true, "中国abc 東京", "中 国 abc 東 京");
    check(tokens, true, "UNwantéd,running", "unwanted , running");
}

static void cased_keeps_case(void **state)
{
    (void)state;
    check("The the Cafe Café É ##t", false, "The the THE Café Cafe Ét",
          "The the [UNK] Café Cafe É ##t");
}

static void prefers_the_longest_piece(void **state)
{
    (void)state;
    check("a ab abc ##c ##cd ##d ##ef", true, "abcd", "abc ##d");
    /* Greedy: "abc" is taken although only "ab ##cd" could have gone on. */
    check("a ab abc ##cd", true, "abcd", "[UNK]");
    /* A piece that begins a word is no piece inside it, and the other way round. */
    check("a b ##c", true, "ab c ac", "[UNK] [UNK] a ##c");
    /* "##" in the text is punctuation. */
    check("a # ##a", true, "##a", "# # a");
}

static void matches_whole_characters_only(void **state)
{
    (void)state;
    check("é ##é \xC3\xA9\xC3\xA8 ##x", false, "éèx ééé éèéx", "éè ##x é ##é ##é éè ##é ##x");
}

/* 200 characters are a word, 201 are not; counted as characters, after accents are gone. */
static void limits_the_length_of_words(void **state)
{
    (void)state;
    struct vocabulary *vocabulary = vocabulary_of("xx ##xx ##x é ##é e ##e");
    struct tokenizer *tokenizer = tokenizer_for(vocabulary, true);
    struct tokenizer *cased = tokenizer_for(vocabulary, false);
    char text[1024] = "";
    struct buffer ids = {0};
    memset(text, 'x', 201);
    assert_int_equal(tokenizer_encode(tokenizer, text, 200, &ids), 100);
    assert_int_equal(tokenizer_encode(tokenizer, text, 201, &ids), 1);
    assert_int_equal(((int32_t *)ids.data)[100], vocabulary_special_tokens(vocabulary).unk);
    for (int i = 0; i < 201; i++)
        memcpy(text + 2 * i, "é", 2);
    assert_int_equal(tokenizer_encode(cased, text, 400, &ids), 200);
    assert_int_equal(tokenizer_encode(cased, text, 402, &ids), 1);
    for (int i = 0; i < 200; i++)
        memcpy(text + 3 * i, "e\u0301", 3);
    assert_int_equal(tokenizer_encode(tokenizer, text, 600, &ids), 200);
    assert_int_equal(tokenizer_encode(cased, text, 600, &ids), 1);
    buffer_release(&ids);
    tokenizer_free(tokenizer);
    tokenizer_free(cased);
    vocabulary_free(vocabulary);

    struct tokenizer_options options = tokenizer_defaults;
    options.max_word_characters = 3;
    vocabulary = vocabulary_of("abc abcd");
    tokenizer = tokenizer_new(vocabulary, &options);
    assert_string_equal(pieces_of(tokenizer, vocabulary, "abc abcd"), "abc [UNK]");
    tokenizer_free(tokenizer);
    vocabulary_free(vocabulary);
}

static void counts_what_it_met(void **state)
{
    (void)state;
    struct vocabulary *vocabulary = vocabulary_of("a ##b ,");
    struct tokenizer *tokenizer = tokenizer_for(vocabulary, true);
    for (int pass = 1; pass <= 2; pass++) { /* the cache counts, too */
        pieces_of(tokenizer, vocabulary,
                  "ab,abb x, é\u00A0a \xFF"
                  "a \u0301 abé");
        struct tokenizer_counts counts = tokenizer_counts(tokenizer);
        assert_int_equal(counts.words, 9 * pass);
        assert_int_equal(counts.unknown_words, 3 * pass);
        assert_int_equal(counts.pieces, 12 * pass);
        assert_int_equal(counts.invalid_bytes, 1 * pass);
    }
    tokenizer_free(tokenizer);
    vocabulary_free(vocabulary);
}

/* WordPiece as its definition reads. */
static void slow_wordpiece(const struct vocabulary *vocabulary, const char *word, size_t size,
                           struct buffer *ids)
{
    size_t before = ids->size, start = 0, end;
    int32_t unknown = vocabulary_special_tokens(vocabulary).unk;
    for (; start < size; start = end) {
        int32_t id = -1;
        for (end = size; end > start; end--) {
            struct buffer token = {0};
            buffer_print(&token, "%s%.*s", start > 0 ? "##" : "", (int)(end - start), word + start);
            id = vocabulary_find(vocabulary, (char *)token.data, token.size);
            buffer_release(&token);
            if (id >= 0)
                break;
        }
        if (id < 0) {
            ids->size = before;
            buffer_put(ids, &unknown, sizeof unknown);
            return;
        }
        buffer_put(ids, &id, sizeof id);
    }
}

struct slow {
    const struct vocabulary *vocabulary;
    struct buffer ids;
};

static void slow_word(void *context, const char *text, size_t size)
{
    struct slow *slow = context;
    slow_wordpiece(slow->vocabulary, text, size, &slow->ids);
}

/* More words than the cache has places, each met several times, against the definition. */
static void agrees_with_the_definition(void **state)
{
    (void)state;
    struct vocabulary *vocabulary = vocabulary_of(
        "a b e z 7 ab ba bab ##a ##b ##e ##7 ##ab ##bbe ##σ ##ς σ α ##α . , ' ` 中 か "
        "각 é É Σ \u1100 ##\u1161 ##\u11A8 ##zz");
    struct rng rng;
    struct buffer text = {0}, ids = {0};
    struct slow slow = {.vocabulary = vocabulary};
    rng_init(&rng, rng_key(2, RNG_TEST, 0, 0));
    for (int lower_case = 0; lower_case <= 1; lower_case++) {
        struct tokenizer_options options = tokenizer_defaults;
        options.lower_case = lower_case;
        struct tokenizer *tokenizer = tokenizer_new(vocabulary, &options);
        for (int i = 0; i < 1000; i++) {
            buffer_reset(&text);
            buffer_reset(&ids);
            buffer_reset(&slow.ids);
            put_random_text(&text, &rng, 100);
            for (int letters = 0; letters < 200; letters++)
                buffer_put_u8(&text, (uint8_t) "ab e"[rng_below(&rng, 4)]);
            tokenizer_encode(tokenizer, (char *)text.data, text.size, &ids);
            tokenizer_words((char *)text.data, text.size, &options, slow_word, &slow);
            assert_int_equal(ids.size, slow.ids.size);
            assert_memory_equal(ids.data, slow.ids.data, ids.size);
        }
        tokenizer_free(tokenizer);
    }
    buffer_release(&text);
    buffer_release(&ids);
    buffer_release(&slow.ids);
    vocabulary_free(vocabulary);
}

/* Words of every length at every place, for the scanner looks at a block of bytes at once. */
static void cuts_words_of_any_length(void **state)
{
    (void)state;
    enum { LONGEST = 150 };
    char word[LONGEST], text[3 * LONGEST], wanted[3 * LONGEST];
    memset(word, 'w', sizeof word);
    for (int before = 0; before < LONGEST; before++) {
        for (int size = 1; size < LONGEST; size += 1 + size / 8) {
            snprintf(text, sizeof text, "%*s%.*s.%s", before, "", size, word, "Ab ,c");
            snprintf(wanted, sizeof wanted, "%.*s . ab , c", size, word);
            assert_string_equal(words_of(text, true), wanted);
        }
    }
}

static void put_unknown(void *context, const char *word, size_t size)
{
    buffer_print(context, "%.*s ", (int)size, word);
}

/* Each time, from the cache or not, as many as are counted. */
static void tells_unknown_words(void **state)
{
    (void)state;
    struct vocabulary *vocabulary = vocabulary_of("a ##b 中");
    struct tokenizer *tokenizer = tokenizer_for(vocabulary, true);
    struct buffer unknown = {0};
    tokenizer_tell_unknown(tokenizer, put_unknown, &unknown);
    for (int pass = 1; pass <= 3; pass++) {
        buffer_reset(&unknown);
        pieces_of(tokenizer, vocabulary, "ab XY 中國 a,b 國中é xy\u00A0ab Z");
        assert_string_equal(buffer_text(&unknown), "xy 國 , b 國 e xy z ");
        assert_int_equal(tokenizer_counts(tokenizer).unknown_words, 8 * pass);
    }
    buffer_release(&unknown);
    tokenizer_free(tokenizer);
    vocabulary_free(vocabulary);
}

/* --- words of segmented text --- */

/* The pieces of a text, a blank before each that begins a word, "+" before each that goes on with one; twice,
 * the second time from the cache. */
static void check_joined(const char *tokens, const char *text, const char *pieces)
{
    struct vocabulary *vocabulary = vocabulary_of(tokens);
    struct tokenizer *tokenizer = tokenizer_for(vocabulary, true);
    tokenizer_tell_words(tokenizer);
    for (int pass = 0; pass < 2; pass++) {
        struct buffer ids = {0}, seen = {0};
        const size_t count = tokenizer_encode(tokenizer, text, strlen(text), &ids);
        for (size_t i = 0; i < count; i++) {
            const int32_t id = ((const int32_t *)(const void *)ids.data)[i];
            buffer_print(&seen, "%s%s",
                         id < 0  ? "+"
                         : i > 0 ? " "
                                 : "",
                         vocabulary_token(vocabulary, id < 0 ? ~id : id));
        }
        assert_string_equal(buffer_text(&seen), pieces);
        buffer_release(&ids);
        buffer_release(&seen);
    }
    tokenizer_free(tokenizer);
    vocabulary_free(vocabulary);
}

static void says_which_pieces_make_a_word(void **state)
{
    (void)state;
    static const char tokens[] = "我 们 在 北 京 t 恤 食 み ##る , 。 un ##want ##ed a ' s";
    check_joined(tokens, "我们 在 北京", "我+们 在 北+京");
    check_joined(tokens, "t恤 食みる 恤t", "t+恤 食+み+##る 恤+t");
    /* White space of any kind parts words; what is dropped does not. */
    check_joined(tokens, "我们\u3000在\u00A0北\u200B京\n我", "我+们 在 北+京 我");
    /* Punctuation is a word by itself. */
    check_joined(tokens, "我们,在。北京", "我+们 , 在 。 北+京");
    /* Of words without Chinese characters it says what "##" says. */
    check_joined(tokens, "unwanted a's, a", "un+##want+##ed a ' s , a");
    /* A character that the vocabulary has not is one all the same. */
    check_joined(tokens, "北龍京 龍龍 x", "北+[UNK]+京 [UNK]+[UNK] [UNK]");
    /* More characters between blanks than are handed out at a time. */
    char text[3 * 200 + 1] = "", pieces[4 * 200] = "";
    for (int i = 0; i < 200; i++) {
        strcat(text, "京");
        strcat(pieces, i > 0 ? "+京" : "京");
    }
    check_joined(tokens, text, pieces);
}

struct joined_words {
    const struct vocabulary *vocabulary;
    struct buffer ids;
    bool any, punctuation; /* a word came before between the same blanks; it was punctuation */
};

static void joined_word(void *context, const char *text, size_t size)
{
    struct joined_words *joined = context;
    const size_t before = joined->ids.size;
    int32_t code;
    const bool punctuation =
        unicode_decode(text, size, &code) == size &&
        (unicode_is_punctuation(code) || (code < 0x80 && strchr("$+<=>^`|~", code)));
    const bool joins = joined->any && !punctuation && !joined->punctuation;
    slow_wordpiece(joined->vocabulary, text, size, &joined->ids);
    int32_t *ids = (int32_t *)(void *)(joined->ids.data + before);
    for (size_t i = joins ? 0 : 1; i < (joined->ids.size - before) / sizeof *ids; i++)
        ids[i] = ~ids[i];
    joined->any = true;
    joined->punctuation = punctuation;
}

/* What stands between blanks, by itself, and there word by word. */
static void words_are_what_blanks_part(void **state)
{
    (void)state;
    struct vocabulary *vocabulary = vocabulary_of(
        "a b e z 7 ab ba ##a ##b ##e ##7 ##σ ##ς σ α ##α . , ' ` 中 か 各 é \u1100 ##\u1161");
    struct joined_words joined = {.vocabulary = vocabulary};
    struct tokenizer *tokenizer = tokenizer_for(vocabulary, true);
    struct buffer text = {0}, ids = {0};
    struct rng rng;
    rng_init(&rng, rng_key(5, RNG_TEST, 0, 0));
    tokenizer_tell_words(tokenizer);
    for (int i = 0; i < 3000; i++) {
        buffer_reset(&text);
        buffer_reset(&ids);
        buffer_reset(&joined.ids);
        for (uint32_t run = rng_below(&rng, 6); run < 6; run++) {
            const size_t begin = text.size;
            for (uint32_t c = rng_below(&rng, 12); c < 12; c++) {
                static const char *const atoms[] = {"中", "各", "か", "a", "b",
                                                    "é",  ",",  "。", "Σ", "7"};
                const char *atom = atoms[rng_below(&rng, 10)];
                buffer_put(&text, atom, strlen(atom));
            }
            joined.any = false;
            tokenizer_words((char *)text.data + begin, text.size - begin, &tokenizer_defaults,
                            joined_word, &joined);
            const char *blank = rng_below(&rng, 2) ? " " : "\u3000";
            buffer_put(&text, blank, strlen(blank));
        }
        tokenizer_encode(tokenizer, (char *)text.data, text.size, &ids);
        assert_int_equal(ids.size, joined.ids.size);
        assert_memory_equal(ids.data, joined.ids.data, ids.size);
    }
    buffer_release(&text);
    buffer_release(&ids);
    buffer_release(&joined.ids);
    tokenizer_free(tokenizer);
    vocabulary_free(vocabulary);
}

static void names_its_unicode(void **state)
{
    (void)state;
    int major = 0;
    for (const char *c = tokenizer_unicode_version(); *c >= '0' && *c <= '9'; c++)
        major = 10 * major + *c - '0';
    assert_in_range(major, 11, 99);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(google_full_tokenizer),
        cmocka_unit_test(google_basic_tokenizer),
        cmocka_unit_test(hugging_face_basic_tokenizer),
        cmocka_unit_test(hugging_face_wordpiece),
        cmocka_unit_test(published_vocabulary),
        cmocka_unit_test(cased_keeps_case),
        cmocka_unit_test(prefers_the_longest_piece),
        cmocka_unit_test(matches_whole_characters_only),
        cmocka_unit_test(limits_the_length_of_words),
        cmocka_unit_test(counts_what_it_met),
        cmocka_unit_test(agrees_with_the_definition),
        cmocka_unit_test(cuts_words_of_any_length),
        cmocka_unit_test(tells_unknown_words),
        cmocka_unit_test(says_which_pieces_make_a_word),
        cmocka_unit_test(words_are_what_blanks_part),
        cmocka_unit_test(names_its_unicode),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "lambert/text/frequent_words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/base/memory.h"
#include "lambert/base/rng.h"
#include "lib/unit.h"

static void add(struct frequent_words *words, const char *word, int times)
{
    while (times-- > 0)
        frequent_words_add(words, word, strlen(word));
}

static void few_words_are_counted_exactly(void **state)
{
    (void)state;
    static const char *const in_order[] = {"b", "a", "c", "d"};
    struct frequent_words *words = frequent_words_new(5);
    struct frequent_word found[5];
    add(words, "c", 2);
    add(words, "a", 7);
    add(words, "d", 2);
    add(words, "b", 9);
    add(words, "e", 1);
    assert_int_equal(frequent_words_commonest(words, found, 4), 4);
    for (int i = 0; i < 4; i++)
        assert_string_equal(found[i].text, in_order[i]);
    assert_int_equal(found[0].count, 9);
    assert_int_equal(found[3].count, 2);
    assert_int_equal(frequent_words_missing(words), 0);
    assert_int_equal(frequent_words_commonest(words, found, 5), 5);
    frequent_words_reset(words);
    assert_int_equal(frequent_words_commonest(words, found, 5), 0);
    frequent_words_free(words);
    frequent_words_free(NULL);
}

/* Word w of a stream in which few words make most of it, as in text. */
static int draw(struct rng *rng, int words)
{
    return (int)rng_below(rng, 1 + rng_below(rng, 1 + rng_below(rng, (uint32_t)words)));
}

/* Streams in parts, each counted by itself: every count lies within the bound, and the commonest are found. */
static void counts_are_within_the_bound(void **state)
{
    (void)state;
    enum { DISTINCT = 3000, MOST = 50 };
    for (uint64_t key = 0; key < 30; key++) {
        const int parts = 1 + (int)key % 4, each = 4000 + (int)key * 700;
        uint64_t *truth = memory_new(DISTINCT, sizeof *truth);
        struct frequent_words *all = frequent_words_new(MOST), *part = frequent_words_new(MOST);
        struct frequent_word found[MOST];
        struct rng rng;
        rng_init(&rng, rng_key(4, RNG_TEST, key, 0));
        for (int p = 0; p < parts; p++) {
            struct buffer bytes = {0};
            frequent_words_reset(part);
            for (int i = 0; i < each; i++) {
                char word[16];
                const int w = draw(&rng, DISTINCT);
                snprintf(word, sizeof word, "%d", w);
                frequent_words_add(part, word, strlen(word));
                truth[w]++;
            }
            frequent_words_put(part, &bytes);
            assert_int_equal(frequent_words_join(all, bytes.data, bytes.size), 0);
            buffer_release(&bytes);
        }
        const int count = frequent_words_commonest(all, found, MOST);
        const uint64_t missing = frequent_words_missing(all);
        uint64_t seen[DISTINCT] = {0};
        assert_true(missing <= (uint64_t)(parts * each) / (MOST + 1));
        for (int i = 0; i < count; i++) {
            int w = -1;
            assert_int_equal(sscanf(found[i].text, "%d", &w), 1);
            seen[w] = found[i].count;
            assert_true(i == 0 || found[i].count <= found[i - 1].count);
        }
        for (int w = 0; w < DISTINCT; w++)
            assert_true(seen[w] <= truth[w] && truth[w] <= seen[w] + missing);
        frequent_words_free(all);
        frequent_words_free(part);
        free(truth);
    }
}

static void long_words_are_shortened(void **state)
{
    (void)state;
    struct frequent_words *words = frequent_words_new(5);
    struct frequent_word found[2];
    char text[3 * 100];
    for (int i = 0; i < 100; i++)
        memcpy(text + 3 * i, "\u4e2d", 3);
    frequent_words_add(words, text, sizeof text);
    frequent_words_add(words, text, sizeof text - 3);
    frequent_words_add(words, text, 63);
    assert_int_equal(frequent_words_commonest(words, found, 2), 2);
    assert_int_equal(found[0].count, 2);
    assert_int_equal(found[0].size, 63); /* twenty characters, and dots */
    assert_memory_equal(found[0].text, text, 60);
    assert_string_equal(found[0].text + 60, "...");
    assert_int_equal(found[1].size, 63);
    assert_memory_equal(found[1].text, text, 63);
    frequent_words_free(words);
}

static void other_bytes_are_refused(void **state)
{
    (void)state;
    struct frequent_words *words = frequent_words_new(5), *into = frequent_words_new(5);
    struct buffer bytes = {0};
    add(words, "word", 3);
    frequent_words_put(words, &bytes);
    for (size_t size = 1; size < bytes.size; size++)
        assert_int_equal(frequent_words_join(into, bytes.data, size), size == 8 ? 0 : -1);
    bytes.data[16] = 65; /* bytes of the word */
    assert_int_equal(frequent_words_join(into, bytes.data, bytes.size), -1);
    assert_int_equal(frequent_words_join(into, NULL, 0), 0);
    buffer_release(&bytes);
    frequent_words_free(words);
    frequent_words_free(into);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(few_words_are_counted_exactly),
        cmocka_unit_test(counts_are_within_the_bound),
        cmocka_unit_test(long_words_are_shortened),
        cmocka_unit_test(other_bytes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

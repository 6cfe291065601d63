#include "lib/unit.h"

#include <stdio.h>
#include <string.h>

#include "lambert/base/rng.h"
#include "text/word_tally.h"

enum { CHUNKS = 64, WORDS = 400 };

/* Numbers, small ones much more often than others. */
static void make_chunk(struct word_counts *chunk, uint64_t number)
{
    struct rng rng;
    rng_init(&rng, rng_key(1, RNG_TEST, number, 0));
    word_counts_init(chunk);
    for (int w = 0; w < WORDS; w++) {
        char word[16];
        const uint32_t most = rng_below(&rng, 2) ? 20 : 100000;
        const int size = snprintf(word, sizeof word, "%u", rng_below(&rng, most));
        word_counts_add(chunk, word, (size_t)size, 1);
    }
}

static void add_chunk(struct word_tally *tally, uint64_t number)
{
    struct word_counts chunk;
    make_chunk(&chunk, number);
    word_tally_add(tally, &chunk);
    word_counts_release(&chunk);
}

/* What a word ought to count, of chunks that have it at least so often. */
static uint64_t by_definition(const struct word_counts *chunks, uint64_t least, const char *word,
                              size_t size)
{
    uint64_t times = 0;
    for (int c = 0; c < CHUNKS; c++) {
        const uint32_t number = text_table_find(&chunks[c].words, word, size);
        if (number != TEXT_TABLE_NONE && chunks[c].counts[number] >= least)
            times += chunks[c].counts[number];
    }
    return times;
}

static void holds_what_occurs_often_enough(void **state)
{
    (void)state;
    static const uint64_t most_bytes[] = {1 << 30, 200000, 60000, 1800}, least[] = {1, 2, 2, 4};
    struct word_counts chunks[CHUNKS];
    for (uint64_t c = 0; c < CHUNKS; c++)
        make_chunk(&chunks[c], c);
    for (int round = 0; round < 4; round++) {
        struct word_tally *tally = word_tally_new(most_bytes[round]);
        struct word_counts counts;
#pragma omp parallel for schedule(dynamic)
        for (uint64_t c = 0; c < CHUNKS; c++)
            add_chunk(tally, c);
        assert_true(word_tally_fits(tally));
        assert_int_equal(word_tally_least(tally), least[round]);
        assert_int_equal(word_tally_running(tally), CHUNKS * WORDS);
        const uint64_t kept = word_tally_count(tally);
        word_counts_init(&counts);
        word_tally_take(tally, &counts);
        assert_int_equal(counts.words.count, kept);
        assert_int_equal(counts.running, CHUNKS * WORDS);
        uint64_t wanted = 0;
        for (uint32_t number = 0; number < 100000; number++) {
            char word[16];
            const size_t size = (size_t)snprintf(word, sizeof word, "%u", number);
            const uint64_t times = by_definition(chunks, least[round], word, size);
            const uint32_t found = text_table_find(&counts.words, word, size);
            assert_int_equal(found == TEXT_TABLE_NONE ? 0 : counts.counts[found], times);
            wanted += times > 0;
        }
        assert_int_equal(kept, wanted);
        word_counts_release(&counts);
        word_tally_free(tally);
    }
    for (int c = 0; c < CHUNKS; c++)
        word_counts_release(&chunks[c]);
}

static void says_that_nothing_fits(void **state)
{
    (void)state;
    struct word_tally *tally = word_tally_new(100);
    add_chunk(tally, 0);
    assert_true(word_tally_fits(tally)); /* nothing occurs 16 times */
    assert_int_equal(word_tally_least(tally), 16);
    struct word_counts chunk;
    word_counts_init(&chunk);
    word_counts_add(&chunk, "often", 5, 16);
    word_counts_add(&chunk, "oftener", 7, 17);
    word_tally_add(tally, &chunk);
    assert_false(word_tally_fits(tally));
    word_counts_release(&chunk);
    word_tally_free(tally);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(holds_what_occurs_often_enough),
        cmocka_unit_test(says_that_nothing_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

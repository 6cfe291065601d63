#include "lib/unit.h"

#include <math.h>

#include "sample/segments.h"

enum { SENTENCES = 40, KEYS = 20000 };

static void make_lengths(uint16_t lengths[SENTENCES], uint32_t most)
{
    struct rng rng;
    rng_init(&rng, 5);
    for (int s = 0; s < SENTENCES; s++)
        lengths[s] = (uint16_t)(1 + rng_below(&rng, most));
}

static uint64_t key_of(int k)
{
    return rng_key(8, RNG_TEST, (uint64_t)k, 0);
}

static void passages_follow_the_rules(void **state)
{
    (void)state;
    uint16_t lengths[SENTENCES];
    make_lengths(lengths, 30);
    for (int k = 0; k < 500; k++) {
        struct segments segments;
        struct passage passage;
        segments_init(&segments, lengths, SENTENCES, key_of(k),
                      &(struct cutting){.max_tokens = 125, .short_probability = 0.1});
        assert_true(segments.target >= 2 && segments.target <= 125);
        for (uint32_t s = 0; s < SENTENCES; s = passage.next) {
            segments_cut(&segments, s, &passage);
            assert_int_equal(passage.first, s);
            assert_true(passage.end > s && passage.end <= SENTENCES);
            assert_true(segments_tokens(lengths, s, passage.end - 1) < segments.target);
            assert_true(passage.end == SENTENCES ||
                        segments_tokens(lengths, s, passage.end) >= segments.target);
            if (passage.end - s == 1) {
                assert_true(passage.random);
                assert_int_equal(passage.a_end, passage.end);
            } else {
                assert_true(passage.a_end > s && passage.a_end < passage.end);
            }
            assert_int_equal(passage.next, passage.random ? passage.a_end : passage.end);
        }
    }
}

/* Google: 0.1 of documents draw the target from [2, max], each value as likely. */
static void targets_are_short_now_and_then(void **state)
{
    (void)state;
    uint16_t length = 1;
    int shorter = 0;
    double sum = 0;
    for (int k = 0; k < KEYS; k++) {
        struct segments segments;
        segments_init(&segments, &length, 1, key_of(k),
                      &(struct cutting){.max_tokens = 125, .short_probability = 0.1});
        if (segments.target < 125) {
            shorter++;
            sum += segments.target;
        }
    }
    double expected = KEYS * 0.1 * 123 / 124;
    assert_true(fabs(shorter - expected) < 4 * sqrt(expected));
    assert_true(fabs(sum / shorter - 63) < 4 * 36 / sqrt(shorter)); /* of 2 .. 124 */
    for (int k = 0; k < 100; k++) {
        struct segments segments;
        segments_init(&segments, &length, 1, key_of(k),
                      &(struct cutting){.max_tokens = 125, .short_probability = 0});
        assert_int_equal(segments.target, 125);
    }
}

/* Five sentences in a passage: A has 1 to 4, each as likely; B is random half of the time. */
static void splits_are_uniform(void **state)
{
    (void)state;
    static const uint16_t lengths[] = {25, 25, 25, 25, 25};
    int count[5] = {0}, random = 0;
    for (int k = 0; k < KEYS; k++) {
        struct segments segments;
        struct passage passage;
        segments_init(&segments, lengths, 5, key_of(k),
                      &(struct cutting){.max_tokens = 125, .short_probability = 0});
        segments_cut(&segments, 0, &passage);
        assert_int_equal(passage.end, 5);
        count[passage.a_end]++;
        random += passage.random;
    }
    assert_int_equal(count[0], 0);
    for (int a = 1; a < 5; a++)
        assert_true(fabs(count[a] - KEYS / 4.0) < 4 * sqrt(KEYS * 0.25 * 0.75));
    assert_true(fabs(random - KEYS / 2.0) < 4 * sqrt(KEYS * 0.25));
}

static void skipping_is_cutting_one_by_one(void **state)
{
    (void)state;
    uint16_t lengths[SENTENCES];
    make_lengths(lengths, 60);
    struct segments segments;
    struct passage passage;
    segments_init(&segments, lengths, SENTENCES, 3,
                  &(struct cutting){.max_tokens = 61, .short_probability = 0});
    uint64_t passages = 0;
    for (uint32_t s = 0; s < SENTENCES; s = passage.next, passages++) {
        uint64_t left = passages;
        assert_int_equal(segments_skip(&segments, 0, &left), s);
        assert_int_equal(left, 0);
        segments_cut(&segments, s, &passage);
    }
    uint64_t left = passages + 7;
    assert_int_equal(segments_skip(&segments, 0, &left), SENTENCES);
    assert_int_equal(left, 7);
}

/* --- the loop of create_instances_from_document(), with a generator of its own --- */

static uint64_t other_state = 88172645463325252u;

static double other_random(void)
{
    other_state ^= other_state << 13;
    other_state ^= other_state >> 7;
    other_state ^= other_state << 17;
    return (double)(other_state >> 11) * 0x1p-53;
}

static int other_integer(int low, int high)
{
    return low + (int)(other_random() * (high - low + 1));
}

struct tally {
    double instances, random, a_tokens, b_tokens;
};

static void google(const uint16_t *document, int sentences, int max_num_tokens, struct tally *tally)
{
    int target_seq_length = max_num_tokens;
    int chunk_first = 0, chunk_size = 0, current_length = 0, i = 0;
    if (other_random() < 0.1)
        target_seq_length = other_integer(2, max_num_tokens);
    while (i < sentences) {
        chunk_size++;
        current_length += document[i];
        if (i == sentences - 1 || current_length >= target_seq_length) {
            int a_end = 1, random_next = 0;
            chunk_first = i - chunk_size + 1;
            if (chunk_size >= 2)
                a_end = other_integer(1, chunk_size - 1);
            for (int j = 0; j < a_end; j++)
                tally->a_tokens += document[chunk_first + j];
            if (chunk_size == 1 || other_random() < 0.5) {
                random_next = 1;
                i -= chunk_size - a_end;
            } else {
                for (int j = a_end; j < chunk_size; j++)
                    tally->b_tokens += document[chunk_first + j];
            }
            tally->instances++;
            tally->random += random_next;
            chunk_size = 0;
            current_length = 0;
        }
        i++;
    }
}

static void ours(const uint16_t *document, int sentences, int max_num_tokens, uint64_t key,
                 struct tally *tally)
{
    struct segments segments;
    struct passage passage;
    segments_init(
        &segments, document, (uint32_t)sentences, key,
        &(struct cutting){.max_tokens = (uint32_t)max_num_tokens, .short_probability = 0.1});
    for (uint32_t s = 0; s < (uint32_t)sentences; s = passage.next) {
        segments_cut(&segments, s, &passage);
        tally->instances++;
        tally->random += passage.random;
        tally->a_tokens += (double)segments_tokens(document, passage.first, passage.a_end);
        if (!passage.random)
            tally->b_tokens += (double)segments_tokens(document, passage.a_end, passage.end);
    }
}

static void assert_close(double a, double b, double part)
{
    assert_true(fabs(a - b) < part * b);
}

static void totals_are_those_of_google(void **state)
{
    (void)state;
    static const int most[] = {8, 40, 200}, max_tokens[] = {61, 125, 509};
    uint16_t lengths[SENTENCES];
    for (int c = 0; c < 3; c++) {
        struct tally a = {0}, b = {0};
        make_lengths(lengths, (uint32_t)most[c]);
        for (int k = 0; k < 10 * KEYS; k++) { /* a short target makes many instances: much spread */
            google(lengths, SENTENCES, max_tokens[c], &a);
            ours(lengths, SENTENCES, max_tokens[c], key_of(k), &b);
        }
        assert_close(b.instances, a.instances, 0.01);
        assert_close(b.random, a.random, 0.01);
        assert_close(b.a_tokens, a.a_tokens, 0.01);
        assert_close(b.b_tokens, a.b_tokens, 0.01);
    }
}

/* --- truncation --- */

static void lengths_are_those_of_the_loop(void **state)
{
    (void)state;
    struct rng rng;
    rng_init(&rng, 1);
    for (uint32_t max = 2; max < 12; max++)
        for (uint32_t a = 1; a < 30; a++)
            for (uint32_t b = 1; b < 30; b++) {
                struct truncation cut = segments_truncate(a, b, max, &rng);
                uint32_t x = a, y = b;
                while (x + y > max) {
                    if (x > y)
                        x--;
                    else
                        y--;
                }
                assert_int_equal(cut.a_count, x);
                assert_int_equal(cut.b_count, y);
                assert_true(cut.a_skip + cut.a_count <= a);
                assert_true(cut.b_skip + cut.b_count <= b);
                assert_true(cut.a_count >= 1 && cut.b_count >= 1);
            }
}

/* What goes at the front is a fair coin for each lost token: mean n / 2, variance n / 4. */
static void both_ends_lose_alike(void **state)
{
    (void)state;
    static const uint32_t lost[] = {1, 7, 32, 33, 100};
    struct rng rng;
    rng_init(&rng, 2);
    for (int c = 0; c < 5; c++) {
        double n = lost[c], sum = 0, squares = 0;
        for (int k = 0; k < KEYS; k++) {
            struct truncation cut = segments_truncate(10 + lost[c], 10, 20, &rng);
            assert_int_equal(cut.b_skip, 0);
            assert_int_equal(cut.a_count, 10);
            sum += cut.a_skip;
            squares += (cut.a_skip - n / 2) * (cut.a_skip - n / 2);
        }
        assert_true(fabs(sum / KEYS - n / 2) < 4 * sqrt(n / 4 / KEYS));
        assert_true(fabs(squares / KEYS - n / 4) < 0.05 * n / 4 + 1e-9);
    }
}

/* Sentence order: each sentence once, pairs swapped half of the time, a lone sentence alone. */
static void order_pairs_use_every_sentence_once(void **state)
{
    (void)state;
    const struct cutting cutting = {.max_tokens = 61, .short_probability = 0.1, .pairs = PAIRS_SOP};
    uint16_t lengths[SENTENCES];
    double pairs = 0, swapped = 0, alone = 0;
    make_lengths(lengths, 30);
    for (int k = 0; k < 1000; k++) {
        struct segments segments;
        struct passage passage;
        segments_init(&segments, lengths, SENTENCES, key_of(k), &cutting);
        for (uint32_t s = 0; s < SENTENCES; s = passage.next) {
            segments_cut(&segments, s, &passage);
            assert_false(passage.random);
            assert_int_equal(passage.next, passage.end);
            if (passage.end - s == 1) {
                assert_int_equal(passage.a_end, passage.end);
                assert_false(passage.swapped);
                alone++;
            } else {
                assert_true(passage.a_end > s && passage.a_end < passage.end);
                pairs++;
                swapped += passage.swapped;
            }
        }
    }
    assert_true(pairs > 5000 && alone > 100);
    assert_true(fabs(swapped - pairs / 2) < 4 * sqrt(pairs / 4));
}

static void without_pairs_a_passage_is_one_segment(void **state)
{
    (void)state;
    const struct cutting cutting = {.max_tokens = 62, .pairs = PAIRS_NONE};
    uint16_t lengths[SENTENCES];
    struct segments segments;
    struct passage passage;
    make_lengths(lengths, 30);
    segments_init(&segments, lengths, SENTENCES, 3, &cutting);
    for (uint32_t s = 0; s < SENTENCES; s = passage.next) {
        segments_cut(&segments, s, &passage);
        assert_int_equal(passage.first, s);
        assert_int_equal(passage.a_end, passage.end);
        assert_int_equal(passage.next, passage.end);
        assert_false(passage.random || passage.swapped);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(passages_follow_the_rules),
        cmocka_unit_test(targets_are_short_now_and_then),
        cmocka_unit_test(splits_are_uniform),
        cmocka_unit_test(skipping_is_cutting_one_by_one),
        cmocka_unit_test(totals_are_those_of_google),
        cmocka_unit_test(lengths_are_those_of_the_loop),
        cmocka_unit_test(both_ends_lose_alike),
        cmocka_unit_test(order_pairs_use_every_sentence_once),
        cmocka_unit_test(without_pairs_a_passage_is_one_segment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

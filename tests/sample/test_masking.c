#include "lib/unit.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "sample/masking.h"

enum { V = 40, LONGEST = 200, CLS = 2, SEP = 3, MASK = 4 };

static struct masking_options options_of(double probability, int max_predictions)
{
    return (struct masking_options){.sampling.masked_lm_probability = probability,
                                    .max_predictions = max_predictions,
                                    .sampling.mask_replace_prob = 0.8,
                                    .sampling.random_replace_prob = 0.1,
                                    .mask_id = MASK,
                                    .vocabulary_size = V};
}

/* Python 3's round() of len * 0.15: half to even on the double (specs, section 2.3). */
static void counts_round_half_to_even(void **state)
{
    (void)state;
    static const int cases[][2] = {{30, 4},   {50, 8},   {70, 10}, {90, 14}, {110, 16},
                                   {128, 19}, {512, 77}, {5, 1},   {10, 2},  {3, 1}};
    struct masking_options options = options_of(0.15, 0);
    for (int c = 0; c < 10; c++)
        assert_int_equal(masking_count(&options, cases[c][0]), cases[c][1]);
}

static void counts_stay_in_bounds(void **state)
{
    (void)state;
    struct masking_options limited = options_of(0.15, 76), rare = options_of(0.001, 20);
    assert_int_equal(masking_count(&limited, 512), 76);
    assert_int_equal(masking_count(&limited, 500), 75);
    assert_int_equal(masking_count(&rare, 100), 1);
}

/* [CLS] A [SEP] B [SEP] with ids that tell their place: 5 .. V - 1. */
static void make_sequence(int32_t *ids, int tokens, int a_end)
{
    for (int p = 0; p < tokens; p++)
        ids[p] = 5 + p % (V - 5);
    ids[0] = CLS;
    ids[a_end] = SEP;
    ids[tokens - 1] = SEP;
}

struct outcome {
    int32_t ids[LONGEST], before[LONGEST], positions[LONGEST], labels[LONGEST];
    int masked;
};

static void apply_to_words(const struct masking_options *options, uint64_t key, int tokens,
                           int a_end, const uint8_t *words, struct outcome *outcome)
{
    struct masking_memory memory;
    struct rng rng;
    rng_init(&rng, key);
    masking_memory_init(&memory, LONGEST);
    make_sequence(outcome->ids, tokens, a_end);
    memcpy(outcome->before, outcome->ids, sizeof outcome->ids);
    const struct masked_sequence sequence = {
        .ids = outcome->ids, .begins_word = words, .tokens = tokens, .a_end = a_end};
    outcome->masked =
        masking_apply(options, &memory, &rng, &sequence, outcome->positions, outcome->labels);
    masking_memory_release(&memory);
}

static void apply(const struct masking_options *options, uint64_t key, int tokens, int a_end,
                  struct outcome *outcome)
{
    apply_to_words(options, key, tokens, a_end, NULL, outcome);
}

static void positions_and_labels_are_sound(void **state)
{
    (void)state;
    struct masking_options options = options_of(0.15, 20);
    struct outcome o;
    for (int tokens = 5; tokens <= LONGEST; tokens += 3)
        for (int a_end = 2; a_end < tokens - 2; a_end += 7) {
            apply(&options, (uint64_t)(tokens * 1000 + a_end), tokens, a_end, &o);
            assert_int_equal(o.masked, masking_count(&options, tokens));
            for (int p = 0, m = 0; p < tokens; p++) {
                if (m < o.masked && o.positions[m] == p) {
                    assert_true(p != 0 && p != a_end && p != tokens - 1);
                    assert_int_equal(o.labels[m++], o.before[p]);
                } else {
                    assert_int_equal(o.ids[p], o.before[p]);
                }
                if (p == tokens - 1)
                    assert_int_equal(m, o.masked);
            }
        }
}

static void no_more_than_there_are(void **state)
{
    (void)state;
    struct masking_options options = options_of(0.99, 0);
    struct outcome o;
    apply(&options, 1, 6, 2, &o);
    assert_int_equal(o.masked, 3);
}

/* 80% [MASK], 10% as it was, 10% any of the V entries: among them [MASK] and the right one. */
static void tokens_are_hidden_80_10_10(void **state)
{
    (void)state;
    struct masking_options options = options_of(0.15, 0);
    struct outcome o;
    double masks = 0, kept = 0, all = 0, other[V] = {0};
    for (uint64_t k = 0; k < 8000; k++) {
        apply(&options, k, 128, 60, &o);
        for (int m = 0; m < o.masked; m++) {
            int32_t now = o.ids[o.positions[m]];
            all++;
            if (now == MASK)
                masks++;
            else if (now == o.labels[m])
                kept++;
            else
                other[now]++;
        }
    }
    assert_true(fabs(masks / all - (0.8 + 0.1 / V)) < 0.004);
    assert_true(fabs(kept / all - (0.1 + 0.1 / V)) < 0.003);
    for (int id = 0; id < V; id++) {
        if (id == MASK)
            continue;
        double expected = all * 0.1 / V;
        if (id >= 5) /* the label itself when that is what stood there: seen as kept */
            expected *= 1 - 1.0 / (V - 5);
        assert_true(fabs(other[id] - expected) < 5 * sqrt(expected));
    }
}

static void every_position_is_as_likely(void **state)
{
    (void)state;
    enum { KEYS = 20000 };
    struct masking_options options = options_of(0.15, 0);
    struct outcome o;
    double count[30] = {0};
    for (uint64_t k = 0; k < KEYS; k++) {
        apply(&options, k, 30, 11, &o);
        for (int m = 0; m < o.masked; m++)
            count[o.positions[m]]++;
    }
    double expected = KEYS * 4.0 / 27;
    for (int p = 1; p < 29; p++)
        if (p != 11)
            assert_true(fabs(count[p] - expected) < 4.5 * sqrt(expected));
}

/* --- whole words --- */

static uint8_t continuation[V];

static struct masking_options whole_words(double probability)
{
    struct masking_options options = options_of(probability, 0);
    memset(continuation, 0, sizeof continuation);
    options.sampling.masking = MASK_WHOLE_WORDS;
    options.continuation = continuation;
    return options;
}

static void pieces_of_a_word_go_together(void **state)
{
    (void)state;
    struct masking_options options = whole_words(0.15);
    struct outcome o;
    for (int id = 7; id < V; id += 3) /* words of 2, 1; 2, 1 ... pieces in a running sequence */
        continuation[id] = 1;
    double masks = 0, all = 0;
    for (uint64_t k = 0; k < 3000; k++) {
        uint8_t chosen[LONGEST] = {0};
        apply(&options, k, 101, 50, &o);
        assert_int_equal(o.masked, 15);
        for (int m = 0; m < o.masked; m++) {
            chosen[o.positions[m]] = 1;
            masks += o.ids[o.positions[m]] == MASK;
            all++;
        }
        for (int p = 2; p < 100; p++)
            if (p != 50 && p != 51 && continuation[o.before[p]])
                assert_int_equal(chosen[p], chosen[p - 1]);
    }
    assert_true(fabs(masks / all - 0.8) < 0.01);
}

/* Google: a piece joins the word before it, even when a [SEP] lies between. */
static void a_piece_after_sep_belongs_to_the_word_before(void **state)
{
    (void)state;
    struct masking_options options = whole_words(0.15);
    struct outcome o;
    make_sequence(o.ids, 20, 9);
    continuation[o.ids[10]] = 1;
    int together = 0;
    for (uint64_t k = 0; k < 500; k++) {
        int left = 0, right = 0;
        apply(&options, k, 20, 9, &o);
        for (int m = 0; m < o.masked; m++) {
            left |= o.positions[m] == 8;
            right |= o.positions[m] == 10;
        }
        assert_int_equal(left, right);
        together += left;
    }
    assert_true(together > 10);
}

/* A word of five pieces never fits three masks; the others fill them. */
static void words_too_long_are_passed_over(void **state)
{
    (void)state;
    struct masking_options options = whole_words(0.15);
    struct outcome o;
    make_sequence(o.ids, 20, 10);
    for (int p = 4; p < 8; p++)
        continuation[o.ids[p]] = 1;
    for (uint64_t k = 0; k < 500; k++) {
        apply(&options, k, 20, 10, &o);
        assert_int_equal(o.masked, 3);
        for (int m = 0; m < o.masked; m++)
            assert_true(o.positions[m] < 3 || o.positions[m] > 7);
    }
}

/* --- spans --- */

static struct masking_options spans(double probability, int longest)
{
    struct masking_options options = whole_words(probability);
    options.sampling.masking = MASK_SPANS;
    options.sampling.longest_span = longest;
    return options;
}

/* Words of 1 to 4 tokens that the corpus tells of; "##" says the contrary. A word does not go on across [SEP],
 * nor does what a cut has left of one at the front of A. */
static void words_that_the_corpus_tells_of_go_together(void **state)
{
    (void)state;
    const struct masking_options all[] = {whole_words(0.15), spans(0.15, 3)};
    struct outcome o;
    int together = 0;
    memset(continuation, 1, sizeof continuation);
    for (uint64_t k = 0; k < 4000; k++) {
        uint8_t chosen[LONGEST] = {0}, words[LONGEST];
        struct rng rng;
        rng_init(&rng, rng_key(3, 0, 0, k));
        for (int p = 0; p < 101; p++)
            words[p] = rng_below(&rng, 2) == 0 ||
                       (p > 3 && words[p - 1] + words[p - 2] + words[p - 3] == 0);
        apply_to_words(&all[k % 2], k, 101, 50, words, &o);
        assert_in_range(o.masked, 12, 15);
        for (int m = 0; m < o.masked; m++)
            chosen[o.positions[m]] = 1;
        for (int p = 2; p < 100; p++)
            if (p != 50 && p != 51 && !words[p]) {
                assert_int_equal(chosen[p], chosen[p - 1]);
                together += chosen[p];
            }
        if (!words[51])
            together += chosen[51] != chosen[49];
    }
    assert_true(together > 1000);
}

static int longest_run(const struct outcome *o)
{
    int longest = 0;
    for (int m = 0, run = 0; m < o->masked; m++) {
        run = m > 0 && o->positions[m] == o->positions[m - 1] + 1 ? run + 1 : 1;
        longest = run > longest ? run : longest;
    }
    return longest;
}

/* Three tokens out of 197: a span of 3, or of 2 and one of 1, or of 1 and then one that has room
 * for 2, or three of 1. Spans lie side by side in a few of a hundred. */
static void span_lengths_are_alberts(void **state)
{
    (void)state;
    enum { KEYS = 20000 };
    struct masking_options options = spans(3.0 / 200, 3);
    const double one = 6.0 / 11, two = 3.0 / 11, three = 2.0 / 11;
    const double expected[4] = {0, one * one, two + one * (1 - one), three};
    double count[4] = {0};
    struct outcome o;
    for (uint64_t k = 0; k < KEYS; k++) {
        apply(&options, k, 200, 100, &o);
        assert_int_equal(o.masked, 3);
        count[longest_run(&o)]++;
    }
    for (int n = 1; n <= 3; n++)
        assert_true(fabs(count[n] / KEYS - expected[n]) < 0.035);
}

/* Every other token continues the word before it; spans keep words whole and never cross [SEP]. */
static void spans_are_of_whole_words_of_one_segment(void **state)
{
    (void)state;
    struct masking_options options = spans(0.15, 4);
    struct outcome o;
    for (int id = 6; id < V; id += 2)
        continuation[id] = 1;
    for (uint64_t k = 0; k < 2000; k++) {
        uint8_t chosen[LONGEST] = {0};
        apply(&options, k, 101, 51, &o);
        assert_true(o.masked == 15 || o.masked == 14);
        for (int m = 0; m < o.masked; m++)
            chosen[o.positions[m]] = 1;
        for (int p = 2; p < 100; p++)
            if (p != 51 && p != 52 && continuation[o.before[p]])
                assert_int_equal(chosen[p], chosen[p - 1]);
        assert_int_equal(chosen[51], 0);
    }
}

/* Where there is but one span, it ends at [SEP] though more words are wanted. */
static void spans_end_with_their_segment(void **state)
{
    (void)state;
    struct masking_options options = spans(0.2, 64);
    struct outcome o;
    double across = 0;
    for (uint64_t k = 0; k < 4000; k++) {
        apply(&options, k, 20, 10, &o);
        assert_int_equal(o.masked, 4);
        bool left = false, right = false;
        for (int m = 0; m < 4; m++) {
            left |= o.positions[m] == 9;
            right |= o.positions[m] == 11;
        }
        across += left && right;
    }
    assert_true(across < 0.06 * 4000); /* two spans that meet there by chance */
}

/* One word of five pieces, of which one is to be masked; and two of them, for two masks. */
static void where_no_word_fits_single_tokens_are_masked(void **state)
{
    (void)state;
    const struct masking_options all[] = {whole_words(0.15), spans(0.15, 3)};
    for (int u = 0; u < 2; u++)
        for (int tokens = 7; tokens <= 13; tokens += 6) {
            struct outcome o;
            int often[LONGEST] = {0};
            memset(continuation, 1, sizeof continuation);
            for (uint64_t k = 0; k < 500; k++) {
                apply(&all[u], k, tokens, tokens == 7 ? 6 : 7, &o);
                assert_int_equal(o.masked, masking_count(&all[u], tokens));
                for (int m = 0; m < o.masked; m++) {
                    assert_int_equal(o.labels[m], o.before[o.positions[m]]);
                    often[o.positions[m]]++;
                }
            }
            for (int p = 1; p < tokens - 1; p++)
                assert_true(tokens == 13 && p == 7 ? often[p] == 0 : often[p] > 50);
        }
    struct masking_options few = whole_words(0.5);
    struct outcome o;
    memset(continuation, 1, sizeof continuation);
    few.max_predictions = 2;
    apply(&few, 1, 60, 59, &o); /* max_predictions holds whatever the words */
    assert_int_equal(o.masked, 2);
}

/* --- one segment, other shares --- */

static void a_single_segment_is_masked_as_a_pair_is(void **state)
{
    (void)state;
    struct masking_options options = options_of(0.15, 0);
    struct outcome o;
    for (int tokens = 3; tokens <= LONGEST; tokens++) {
        apply(&options, (uint64_t)tokens, tokens, tokens - 1, &o);
        assert_int_equal(o.masked, masking_count(&options, tokens));
        for (int m = 0; m < o.masked; m++)
            assert_in_range(o.positions[m], 1, tokens - 2);
    }
}

static void shares_are_as_asked(void **state)
{
    (void)state;
    static const double shares[][2] = {{1, 0}, {0, 1}, {0, 0}, {0.5, 0.3}};
    for (int s = 0; s < 4; s++) {
        struct masking_options options = options_of(0.15, 0);
        struct outcome o;
        double masks = 0, kept = 0, all = 0;
        options.sampling.mask_replace_prob = shares[s][0];
        options.sampling.random_replace_prob = shares[s][1];
        for (uint64_t k = 0; k < 3000; k++) {
            apply(&options, k, 128, 60, &o);
            for (int m = 0; m < o.masked; m++, all++) {
                masks += o.ids[o.positions[m]] == MASK;
                kept += o.ids[o.positions[m]] == o.labels[m];
            }
        }
        double keep = 1 - shares[s][0] - shares[s][1];
        assert_true(fabs(masks / all - (shares[s][0] + shares[s][1] / V)) < 0.008);
        assert_true(fabs(kept / all - (keep + shares[s][1] / V)) < 0.008);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_round_half_to_even),
        cmocka_unit_test(counts_stay_in_bounds),
        cmocka_unit_test(positions_and_labels_are_sound),
        cmocka_unit_test(no_more_than_there_are),
        cmocka_unit_test(tokens_are_hidden_80_10_10),
        cmocka_unit_test(every_position_is_as_likely),
        cmocka_unit_test(pieces_of_a_word_go_together),
        cmocka_unit_test(a_piece_after_sep_belongs_to_the_word_before),
        cmocka_unit_test(words_too_long_are_passed_over),
        cmocka_unit_test(where_no_word_fits_single_tokens_are_masked),
        cmocka_unit_test(words_that_the_corpus_tells_of_go_together),
        cmocka_unit_test(span_lengths_are_alberts),
        cmocka_unit_test(spans_are_of_whole_words_of_one_segment),
        cmocka_unit_test(spans_end_with_their_segment),
        cmocka_unit_test(a_single_segment_is_masked_as_a_pair_is),
        cmocka_unit_test(shares_are_as_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

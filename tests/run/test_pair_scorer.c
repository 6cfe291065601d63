/* ranks: 1 2 3 */
/* Scores of sentences against their masked copies, written out here and evaluated one by one. */
#include "lambert/run/pair_scorer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dist/ranks.h"
#include "features/fixture.h"
#include "lambert/base/memory.h"

static struct minimal_pair made[] = {
    {.sentences = {"Undoing, a king", "a king saw"}, .line = 1},
    {.sentences = {"saw", "undoing undoing undoing"}, .line = 2},
    {.sentences = {"a queen", "a queen"}, .line = 3},
};
static const struct minimal_pairs pairs = {.at = made, .count = 3, .path = "made.jsonl"};

/* Copies of each sentence, and the piece that each is to guess where it has a "?". */
static const char *const copies[3][PAIR_SENTENCES][10][2] = {
    {{{"? [MASK] [MASK] , a king", "un"},
      {"un ? [MASK] , a king", "##do"},
      {"un ##do ? , a king", "##ing"},
      {"un ##do ##ing ? a king", ","},
      {"un ##do ##ing , ? king", "a"},
      {"un ##do ##ing , a ?", "king"}},
     {{"? king saw", "a"}, {"a ? saw", "king"}, {"a king ?", "saw"}}},
    {{{"?", "saw"}},
     {{"? [MASK] [MASK] un ##do ##ing un ##do ##ing", "un"},
      {"un ? [MASK] un ##do ##ing un ##do ##ing", "##do"},
      {"un ##do ? un ##do ##ing un ##do ##ing", "##ing"},
      {"un ##do ##ing ? [MASK] [MASK] un ##do ##ing", "un"},
      {"un ##do ##ing un ? [MASK] un ##do ##ing", "##do"},
      {"un ##do ##ing un ##do ? un ##do ##ing", "##ing"},
      {"un ##do ##ing un ##do ##ing ? [MASK] [MASK]", "un"},
      {"un ##do ##ing un ##do ##ing un ? [MASK]", "##do"},
      {"un ##do ##ing un ##do ##ing un ##do ?", "##ing"}}},
    {{{"? [UNK]", "a"}, {"a ?", "[UNK]"}}, {{"? [UNK]", "a"}, {"a ?", "[UNK]"}}},
};

struct fixture {
    struct vocabulary *vocabulary;
    struct bert *bert;
    real *params;
    struct bert_capacity capacity;
};

static const struct objective *const mlm_alone[] = {&objective_mlm};

static void fixture_init(struct fixture *fixture, enum float_type type, bool alone, int tokens)
{
    struct error err;
    fixture->vocabulary = vocabulary_of("a king saw un ##do ##ing ,");
    const struct bert_config config = {.layers = 2,
                                       .hidden = 8,
                                       .heads = 2,
                                       .intermediate = 12,
                                       .vocab = vocabulary_size(fixture->vocabulary),
                                       .positions = 16,
                                       .types = 2,
                                       .layer_norm_eps = 1e-12,
                                       .objectives = alone ? mlm_alone : NULL,
                                       .objective_count = alone};
    fixture->capacity = (struct bert_capacity){
        .tokens = tokens, .sequences = tokens / 5, .labelled = tokens / 4, .longest = 11};
    const struct bert_options options = {.capacity = fixture->capacity, .compute_type = type};
    assert_int_equal(bert_new(&fixture->bert, &config, &options, &err), 0);
    const struct param_table *table = bert_params(fixture->bert);
    fixture->params = memory_new(table->size, sizeof *fixture->params);
    param_table_initialise(table, 0.5, 5, fixture->params);
}

static void fixture_release(struct fixture *fixture)
{
    bert_free(fixture->bert);
    free(fixture->params);
    vocabulary_free(fixture->vocabulary);
}

static int32_t id_of(const struct fixture *fixture, const char *token, size_t length)
{
    const int32_t id = vocabulary_find(fixture->vocabulary, token, length);
    assert_true(id >= 0);
    return id;
}

static double log_probability(const struct fixture *fixture, const char *const copy[2])
{
    const struct special_tokens special = vocabulary_special_tokens(fixture->vocabulary);
    struct objective_sums sums[OBJECTIVE_MOST] = {{0}};
    int32_t ids[16] = {special.cls};
    struct packed_batch batch;
    int tokens = 1, at = 0;
    for (const char *piece = copy[0]; *piece != '\0'; piece += strspn(piece, " ")) {
        const size_t length = strcspn(piece, " ");
        if (*piece == '?')
            at = tokens;
        ids[tokens++] = *piece == '?' ? special.mask : id_of(fixture, piece, length);
        piece += length;
    }
    ids[tokens++] = special.sep;
    packed_batch_init(&batch);
    packed_batch_append(&batch, tokens, 1);
    memcpy(batch.input_ids, ids, (size_t)tokens * sizeof *ids);
    memset(batch.token_type_ids, 0, (size_t)tokens);
    batch.labelled_rows[0] = at;
    batch.row_labels[0] = id_of(fixture, copy[1], strlen(copy[1]));
    bert_evaluate(fixture->bert, fixture->params, &batch, sums);
    packed_batch_release(&batch);
    return -sums[0].loss;
}

static double expected_score(const struct fixture *fixture, int pair, int which)
{
    double score = 0;
    for (int c = 0; c < 10 && copies[pair][which][c][0]; c++)
        score += log_probability(fixture, copies[pair][which][c]);
    return score;
}

static bool nobody(void)
{
    return false;
}

static bool the_last(void)
{
    return dist_rank(ranks) == dist_size(ranks) - 1;
}

/* All sentences, in batches of up to so many tokens. */
static void check(enum float_type type, bool alone, int tokens, double tolerance)
{
    struct fixture fixture;
    struct pair_scorer *scorer;
    struct pair_score scores[3];
    struct error err;
    fixture_init(&fixture, type, alone, tokens);
    assert_int_equal(
        pair_scorer_new(&scorer, &pairs, fixture.vocabulary, &tokenizer_defaults, 11, &err), 0);
    assert_int_equal(pair_scorer_count(scorer), 3);
    assert_true(pair_scorer_run(scorer, ranks, fixture.bert, fixture.params, &fixture.capacity,
                                nobody, scores));
    for (int p = 0; p < 3; p++)
        for (int s = 0; s < PAIR_SENTENCES; s++) {
            const double wanted = expected_score(&fixture, p, s), found = scores[p].sentences[s];
            if (!(fabs(found - wanted) <= tolerance * fabs(wanted)))
                fail_msg("pair %d, sentence %d, %d tokens: %.9g is not %.9g", p, s, tokens, found,
                         wanted);
        }
    /* The third pair may count: a BLAS may give equal rows of a matrix other last bits. */
    double right = 0;
    for (int p = 0; p < 3; p++)
        right += pair_is_right(&scores[p]);
    double accuracy;
    assert_true(pair_scorer_accuracy(scorer, ranks, fixture.bert, fixture.params, &fixture.capacity,
                                     NULL, &accuracy));
    assert_true(accuracy == right / 3);
    /* Given up by all, when one is told. */
    assert_false(pair_scorer_run(scorer, ranks, fixture.bert, fixture.params, &fixture.capacity,
                                 the_last, scores));
    assert_true(pair_scorer_run(scorer, ranks, fixture.bert, fixture.params, &fixture.capacity,
                                nobody, scores));
    assert_true(scores[0].sentences[SENTENCE_GOOD] < -1);
    pair_scorer_free(scorer);
    fixture_release(&fixture);
}

static void scores_are_sums_over_masked_copies(void **state)
{
    (void)state;
    for (int tokens = 11; tokens < 120; tokens += 11)
        check(TYPE_FLOAT32, tokens % 2 == 0, tokens, 1e-6);
    check(TYPE_BFLOAT16, true, 40, 1e-2);
}

static void the_better_sentence_is_right(void **state)
{
    (void)state;
    assert_true(pair_is_right(&(struct pair_score){{-2, -3}}));
    assert_false(pair_is_right(&(struct pair_score){{-3, -2}}));
    assert_false(pair_is_right(&(struct pair_score){{-3, -3}}));
    assert_false(pair_is_right(&(struct pair_score){{(double)NAN, -3}}));
}

static void capacities_hold_the_shortest_and_the_longest(void **state)
{
    struct fixture fixture;
    struct pair_scorer *scorer;
    struct error err;
    (void)state;
    fixture_init(&fixture, TYPE_FLOAT32, true, 11);
    assert_int_equal(
        pair_scorer_new(&scorer, &pairs, fixture.vocabulary, &tokenizer_defaults, 11, &err), 0);
    const struct bert_capacity small = pair_scorer_capacity(scorer, 4);
    const struct bert_capacity large = pair_scorer_capacity(scorer, 60);
    assert_int_equal(small.tokens, 11);
    assert_int_equal(small.longest, 11);
    assert_int_equal(large.tokens, 60);
    assert_int_equal(large.sequences, 20);
    assert_int_equal(large.labelled, 20);
    pair_scorer_free(scorer);
    fixture_release(&fixture);
}

static void assert_refused(const struct fixture *fixture, const char *sentence, int longest,
                           const char *said)
{
    struct minimal_pair pair = {.sentences = {"a king", sentence}, .line = 7};
    const struct minimal_pairs set = {.at = &pair, .count = 1, .path = "bad.jsonl"};
    struct pair_scorer *scorer;
    struct error err;
    assert_int_equal(
        pair_scorer_new(&scorer, &set, fixture->vocabulary, &tokenizer_defaults, longest, &err),
        -1);
    assert_null(scorer);
    if (!strstr(err.text, said))
        fail_msg("'%s' does not say '%s'", err.text, said);
}

static void what_cannot_be_scored_is_told(void **state)
{
    struct fixture fixture;
    (void)state;
    fixture_init(&fixture, TYPE_FLOAT32, true, 11);
    assert_refused(&fixture, " ", 11, "bad.jsonl:7: sentence_bad has no word");
    assert_refused(&fixture, "a king saw", 4,
                   "bad.jsonl:7: sentence_bad has 5 tokens with [CLS] and [SEP], and the model "
                   "takes up to 4");
    fixture_release(&fixture);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        RANKS_TEST(scores_are_sums_over_masked_copies),
        RANKS_TEST(the_better_sentence_is_right),
        RANKS_TEST(capacities_hold_the_shortest_and_the_longest),
        RANKS_TEST(what_cannot_be_scored_is_told),
    };
    return RANKS_RUN(tests, &argc, &argv);
}

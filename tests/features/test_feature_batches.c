#include "lib/unit.h"

#include <stdio.h>
#include <string.h>

#include "features/fixture.h"
#include "lambert/features/feature_batches.h"

/* 23 texts of 3 to 11 tokens; the second piece says which it is. */
enum { TEXTS = 23, G = 10 };

struct made {
    struct vocabulary *vocabulary;
    struct feature_set *set;
    int32_t first_id; /* of text 0's second piece */
};

static void begin(struct made *made)
{
    static char texts[TEXTS][64];
    struct text_example at[TEXTS];
    struct buffer pieces = {0};
    struct feature_report report;
    struct error err;
    for (int t = 0; t < TEXTS; t++) {
        buffer_print(&pieces, "w%d ", t);
        at[t] = (struct text_example){.text = texts[t]};
        int used = snprintf(texts[t], sizeof texts[t], "w%d", t);
        for (int more = 0; more < t % 9; more++)
            used += snprintf(texts[t] + used, sizeof texts[t] - (size_t)used, " x");
    }
    buffer_print(&pieces, "x");
    made->vocabulary = vocabulary_of(buffer_text(&pieces));
    made->first_id = vocabulary_find(made->vocabulary, "w0", 2);
    buffer_release(&pieces);
    const struct text_examples examples = {.at = at, .count = TEXTS, .path = "made"};
    const struct task_format format = {.kind = TASK_REGRESSION};
    const struct feature_options options = {
        .vocabulary = made->vocabulary, .tokenizer = TOKENIZER_DEFAULTS, .sequence_length = 32};
    assert_int_equal(
        feature_set_of_texts(&made->set, &examples, &format, NULL, &options, &report, &err), 0);
}

static void release(struct made *made)
{
    feature_set_free(made->set);
    vocabulary_free(made->vocabulary);
}

/* What every sample from `first` on is, over all ranks: the number of its text, and its key. */
struct seen {
    int64_t text;
    uint64_t key;
};

static void collect(const struct made *made, struct feature_batches_options options,
                    struct seen *seen /* [(end_batch - first_batch) G] */)
{
    const uint64_t batches = options.end_batch - options.first_batch;
    memset(seen, 0xFF, batches * G * sizeof *seen);
    for (options.rank = 0; options.rank < options.ranks; options.rank++) {
        struct batch_source *source = feature_batches_open(made->set, &options);
        struct batch batch;
        struct error err;
        for (uint64_t b = options.first_batch; b < options.end_batch; b++) {
            assert_int_equal(batch_source_next(source, &batch, &err), 1);
            assert_int_equal(batch.number, b);
            assert_int_equal(batch.first_sample, b * G);
            assert_int_equal(batch.global_batch, G);
            assert_int_equal(batch.group, options.group);
            for (int n = 0; n < batch.share->sequences; n++) {
                const uint64_t i = batch.share->sample_index[n];
                struct seen *place = &seen[i - options.first_batch * G];
                assert_true(i >= b * G && i < (b + 1) * G && place->text == -1);
                assert_true(n == 0 || batch.share->sample_index[n - 1] < i);
                const int row = batch.share->sequence_start[n];
                place->text = batch.share->input_ids[row + 1] - made->first_id;
                place->key = batch.share->sample_key[n];
                assert_int_equal(batch.share->sequence_start[n + 1] - row, 3 + place->text % 9);
            }
        }
        assert_int_equal(batch_source_next(source, &batch, &err), 0);
        assert_int_equal(batch_source_next(source, &batch, &err), 0);
        batch_source_close(source);
    }
}

/* Batches do not fit into epochs, so some have samples of two. */
static void an_epoch_has_each_text_once(void **state)
{
    (void)state;
    enum { BATCHES = 23 }; /* ten epochs */
    struct made made;
    struct seen seen[BATCHES * G];
    int same = 0;
    begin(&made);
    collect(&made,
            (struct feature_batches_options){
                .seed = 1, .end_batch = BATCHES, .sizes.first = G, .ranks = 1},
            seen);
    for (int epoch = 0; epoch < BATCHES * G / TEXTS; epoch++) {
        uint8_t times[TEXTS] = {0};
        for (int i = 0; i < TEXTS; i++) {
            assert_int_equal(times[seen[epoch * TEXTS + i].text]++, 0);
            same += epoch > 0 && seen[epoch * TEXTS + i].text == seen[i].text;
        }
    }
    assert_true(same < 30); /* of 207; 9 are to be expected where orders are independent */
    for (int i = 0; i < BATCHES * G; i++)
        for (int j = 0; j < i; j++)
            assert_true(seen[i].key != seen[j].key);
    release(&made);
}

static void neither_ranks_nor_resuming_matter(void **state)
{
    (void)state;
    enum { BATCHES = 12 };
    static const int ranks[] = {1, 2, 3, 13}, groups[] = {0, 1, 3, 4};
    struct made made;
    struct seen alone[BATCHES * G], seen[BATCHES * G];
    struct feature_batches_options options = {
        .seed = 5, .phase = 2, .end_batch = BATCHES, .sizes.first = G, .ranks = 1};
    begin(&made);
    collect(&made, options, alone);
    for (int r = 0; r < 4; r++) {
        options.ranks = ranks[r];
        options.group = groups[r];
        for (options.first_batch = 0; options.first_batch < BATCHES; options.first_batch += 5) {
            const size_t left = (BATCHES - options.first_batch) * G;
            collect(&made, options, seen);
            assert_memory_equal(seen, alone + options.first_batch * G, left * sizeof *seen);
        }
    }
    release(&made);
}

/* Batches of other sizes are cut of the same samples. */
static void sizes_change_and_samples_go_on(void **state)
{
    (void)state;
    enum { BATCHES = 12 };
    struct made made;
    struct seen alone[BATCHES * G];
    struct batch_sizes sizes = {.first = 3, .change_count = 2, .changes = {{2, 20}, {4, 9}}};
    begin(&made);
    collect(&made,
            (struct feature_batches_options){
                .seed = 5, .phase = 2, .end_batch = BATCHES, .sizes.first = G, .ranks = 1},
            alone);
    for (uint64_t first = 0; first < 5; first++)
        for (int rank = 0; rank < 2; rank++) {
            const struct feature_batches_options options = {.seed = 5,
                                                            .phase = 2,
                                                            .first_batch = first,
                                                            .end_batch = 9,
                                                            .sizes = sizes,
                                                            .rank = rank,
                                                            .ranks = 2};
            struct batch_source *source = feature_batches_open(made.set, &options);
            struct batch batch;
            struct error err;
            for (uint64_t b = first; b < 9; b++) {
                assert_int_equal(batch_source_next(source, &batch, &err), 1);
                assert_int_equal(batch.first_sample, batch_sizes_before(&sizes, b));
                assert_int_equal(batch.global_batch, batch_sizes_at(&sizes, b));
                for (int n = 0; n < batch.share->sequences; n++) {
                    const uint64_t i = batch.share->sample_index[n];
                    assert_true(i - batch.first_sample < (uint64_t)batch.global_batch);
                    assert_true(batch.share->sample_key[n] == alone[i].key);
                }
            }
            assert_int_equal(batch_source_next(source, &batch, &err), 0);
            batch_source_close(source);
        }
    release(&made);
}

static void groups_stay_whole(void **state)
{
    (void)state;
    struct made made;
    struct batch batch;
    struct error err;
    int groups = 0;
    begin(&made);
    for (int rank = 0; rank < 3; rank++) {
        const struct feature_batches_options options = {
            .end_batch = 1, .sizes.first = G, .group = 4, .rank = rank, .ranks = 3};
        struct batch_source *source = feature_batches_open(made.set, &options);
        assert_int_equal(batch_source_next(source, &batch, &err), 1);
        assert_int_equal(batch_groups(&batch), 3);
        for (int n = 0; n < batch.share->sequences; groups++) {
            const int count = batch_group_fit(&batch, n);
            assert_int_equal(batch.share->sample_index[n] % 4, 0);
            assert_int_equal(count, batch.share->sample_index[n] == 8 ? 2 : 4);
            n += count;
        }
        batch_source_close(source);
    }
    assert_int_equal(groups, 3);
    release(&made);
}

/* Another seed or another phase is another order, and other keys. */
static void seed_and_phase_count(void **state)
{
    (void)state;
    struct made made;
    struct seen seen[3][4 * G];
    begin(&made);
    for (int t = 0; t < 3; t++)
        collect(&made,
                (struct feature_batches_options){.seed = 1 + (t == 1),
                                                 .phase = t == 2,
                                                 .end_batch = 4,
                                                 .sizes.first = G,
                                                 .ranks = 1},
                seen[t]);
    for (int t = 1; t < 3; t++) {
        int same = 0;
        for (int i = 0; i < 4 * G; i++) {
            same += seen[t][i].text == seen[0][i].text;
            assert_true(seen[t][i].key != seen[0][i].key);
        }
        assert_true(same < 12);
    }
    release(&made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_epoch_has_each_text_once),
        cmocka_unit_test(neither_ranks_nor_resuming_matter),
        cmocka_unit_test(sizes_change_and_samples_go_on),
        cmocka_unit_test(groups_stay_whole),
        cmocka_unit_test(seed_and_phase_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

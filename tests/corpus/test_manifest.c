#include "lib/unit.h"

#include <stdlib.h>
#include <string.h>

#include "lambert/base/memory.h"
#include "lambert/corpus/manifest.h"

static struct manifest made_manifest(void)
{
    struct manifest manifest = {.vocabulary_hash = 0x0123456789abcdef,
                                .vocabulary_size = 30522,
                                .tokenizer = TOKENIZER_DEFAULTS,
                                .split_sentences = false,
                                .unicode = memory_copy_text("15.0.0"),
                                .heldout_fraction = 0.005,
                                .report = {.input_bytes = UINT64_C(20000000000),
                                           .files = 3,
                                           .documents = 7000000,
                                           .unknown_words = 12}};
    struct shard_summary big = {3500000, 65000000, UINT64_C(1700000000), UINT64_C(2600000000),
                                0xfedcba9876543210};
    struct shard_summary small = {1, 2, 3, 4, 5};
    manifest_add_shard(&manifest, CORPUS_TRAIN, "train-00000.shard", &big);
    manifest_add_shard(&manifest, CORPUS_TRAIN, "train-00002.shard", &small);
    manifest_add_shard(&manifest, CORPUS_HELDOUT, "heldout-00000.shard", &small);
    return manifest;
}

static char *printed(const struct manifest *manifest)
{
    struct buffer text = {0};
    manifest_print(manifest, &text);
    buffer_text(&text);
    return (char *)text.data;
}

static void what_is_written_is_read(void **state)
{
    (void)state;
    struct manifest manifest = made_manifest(), back;
    struct error err;
    char *text = printed(&manifest);
    assert_int_equal(manifest_parse(&back, text, "corpus.json", &err), 0);
    assert_int_equal(back.vocabulary_hash, 0x0123456789abcdef);
    assert_int_equal(back.vocabulary_size, 30522);
    assert_true(back.tokenizer.lower_case && !back.split_sentences);
    assert_string_equal(back.unicode, "15.0.0");
    assert_true(back.heldout_fraction == 0.005);
    assert_int_equal(back.report.input_bytes, UINT64_C(20000000000));
    assert_int_equal(back.report.unknown_words, 12);
    assert_int_equal(back.splits[CORPUS_TRAIN].count, 2);
    assert_int_equal(back.splits[CORPUS_HELDOUT].count, 1);
    const struct manifest_shard *shard = &back.splits[CORPUS_TRAIN].shards[0];
    assert_string_equal(shard->file, "train-00000.shard");
    assert_int_equal(shard->summary.tokens, UINT64_C(1700000000));
    assert_int_equal(shard->summary.hash, 0xfedcba9876543210);
    assert_int_equal(manifest_split_total(&back, CORPUS_TRAIN).documents, 3500001);
    assert_int_equal(manifest_hash(&back), manifest_hash(&manifest));
    char *again = printed(&back);
    assert_string_equal(text, again);
    free(text);
    free(again);
    manifest_release(&back);
    manifest_release(&manifest);
}

/* What is not segmented does not say so: such manifests are what they were. */
static void segmented_text_is_described(void **state)
{
    (void)state;
    for (int segmented = 0; segmented < 2; segmented++) {
        struct manifest manifest = made_manifest(), back;
        struct error err;
        manifest.segmented = segmented;
        char *text = printed(&manifest);
        assert_int_equal(strstr(text, "\"segmented\"") != NULL, segmented);
        assert_non_null(strstr(text, segmented ? "\"version\":\t3," : "\"version\":\t1,"));
        assert_int_equal(manifest_parse(&back, text, "corpus.json", &err), 0);
        assert_int_equal(back.segmented, segmented);
        free(text);
        manifest_release(&back);
        manifest_release(&manifest);
    }
}

static void ready_samples_are_described(void **state)
{
    (void)state;
    struct manifest manifest = made_manifest(), back;
    struct error err;
    manifest.contents = SHARD_READY_SAMPLES;
    manifest.samples = (struct sample_totals){.samples = 9, .longest = 128, .most_masks = 20};
    char *text = printed(&manifest);
    assert_int_equal(manifest_parse(&back, text, "corpus.json", &err), 0);
    assert_int_equal(back.contents, SHARD_READY_SAMPLES);
    assert_memory_equal(&back.samples, &manifest.samples, sizeof back.samples);
    manifest_release(&back);
    memcpy(strstr(text, "\"samples\","), "\"simples\"", 9);
    assert_int_equal(manifest_parse(&back, text, "corpus.json", &err), -1);
    assert_non_null(strstr(err.text, "contents"));
    free(text);
    manifest_release(&manifest);
}

static void the_hash_is_of_contents_and_order(void **state)
{
    (void)state;
    struct manifest manifest = made_manifest();
    uint64_t hash = manifest_hash(&manifest);
    struct manifest_shard *shards = manifest.splits[CORPUS_TRAIN].shards;
    manifest.report.documents++;
    shards[0].summary.bytes++;
    assert_int_equal(manifest_hash(&manifest), hash);
    struct manifest_shard first = shards[0];
    shards[0] = shards[1];
    shards[1] = first;
    assert_int_not_equal(manifest_hash(&manifest), hash);
    shards[1] = shards[0];
    shards[0] = first;
    assert_int_equal(manifest_hash(&manifest), hash);
    manifest.tokenizer.lower_case = false;
    assert_int_not_equal(manifest_hash(&manifest), hash);
    manifest.tokenizer = tokenizer_defaults;
    manifest.vocabulary_hash++;
    assert_int_not_equal(manifest_hash(&manifest), hash);
    manifest.vocabulary_hash--;
    assert_int_equal(manifest_hash(&manifest), hash);
    manifest_release(&manifest);
}

/* Three shards of the same contents: it matters on which side they are. */
static uint64_t hash_of_sides(int training)
{
    struct manifest manifest = {.vocabulary_hash = 1};
    const struct shard_summary same = {1, 2, 3, 4, 5};
    for (int i = 0; i < 3; i++)
        manifest_add_shard(&manifest, i < training ? CORPUS_TRAIN : CORPUS_HELDOUT, "x.shard",
                           &same);
    uint64_t hash = manifest_hash(&manifest);
    manifest_release(&manifest);
    return hash;
}

static void the_hash_is_of_splits(void **state)
{
    (void)state;
    assert_int_equal(hash_of_sides(1), hash_of_sides(1));
    assert_int_not_equal(hash_of_sides(1), hash_of_sides(2));
}

/* Replaces the first `from` of the text, which must be there. */
static char *replaced(const char *text, const char *from, const char *to)
{
    const char *place = strstr(text, from);
    assert_non_null(place);
    return memory_text("%.*s%s%s", (int)(place - text), text, to, place + strlen(from));
}

static void assert_refused(const char *text, const char *from, const char *to, const char *word)
{
    struct manifest manifest;
    struct error err;
    char *changed = replaced(text, from, to);
    assert_int_equal(manifest_parse(&manifest, changed, "DIR/corpus.json", &err), -1);
    assert_non_null(strstr(err.text, "DIR/corpus.json"));
    assert_non_null(strstr(err.text, word));
    free(changed);
}

static void what_is_wrong_is_named(void **state)
{
    (void)state;
    struct manifest manifest = made_manifest();
    char *text = printed(&manifest);
    assert_refused(text, "lambert corpus", "another corpus", "not describe a corpus");
    assert_refused(text, "\"version\":\t1", "\"version\":\t4", "version 4");
    assert_refused(text, "\"size\":\t30522", "\"size\":\t-1", "'size'");
    assert_refused(text, "\"size\":\t30522", "\"size\":\t1.5", "'size'");
    assert_refused(text, "0123456789abcdef", "0123456789abcdeg", "'hash'");
    assert_refused(text, "0123456789abcdef", "0123456789abcdee", "'hash'"); /* of the corpus */
    assert_refused(text, "\"lower_case\":\ttrue", "\"lower_case\":\t1", "'lower_case'");
    assert_refused(text, "train-00000.shard", "../train.shard", "'file'");
    assert_refused(text, "\"tokens\":\t3", "\"tokens\":\t\"3\"", "'tokens'");
    assert_refused(text, "\"heldout\"", "\"halfout\"", "'heldout'");
    assert_refused(text, "\"unknown_words\"", "\"known_words\"", "'unknown_words'");
    free(text);
    manifest_release(&manifest);
}

/* Programs that dropped nothing and excluded nothing did not say so. */
static void what_older_corpora_lack_is_none(void **state)
{
    (void)state;
    struct manifest manifest = made_manifest(), back;
    struct error err;
    manifest.report.dropped_documents = 7;
    char *text = printed(&manifest);
    char *older = replaced(text, "\"dropped_documents\":\t7", "\"x\":\t7");
    assert_int_equal(manifest_parse(&back, text, "corpus.json", &err), 0);
    assert_int_equal(back.report.dropped_documents, 7);
    manifest_release(&back);
    assert_int_equal(manifest_parse(&back, older, "corpus.json", &err), 0);
    assert_int_equal(back.report.dropped_documents, 0);
    manifest_release(&back);
    assert_refused(text, "\"dropped_documents\":\t7", "\"dropped_documents\":\t-7",
                   "'dropped_documents'");
    free(text);
    free(older);
    manifest_release(&manifest);
}

static void any_truncation_is_an_error(void **state)
{
    (void)state;
    struct manifest manifest = made_manifest(), back;
    struct error err;
    char *text = printed(&manifest);
    for (size_t size = strlen(text) - 2; size > 0; size--) { /* the last byte is the line's end */
        text[size] = '\0';
        assert_int_equal(manifest_parse(&back, text, "corpus.json", &err), -1);
    }
    free(text);
    manifest_release(&manifest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(segmented_text_is_described),
        cmocka_unit_test(ready_samples_are_described),
        cmocka_unit_test(the_hash_is_of_contents_and_order),
        cmocka_unit_test(the_hash_is_of_splits),
        cmocka_unit_test(what_is_wrong_is_named),
        cmocka_unit_test(what_older_corpora_lack_is_none),
        cmocka_unit_test(any_truncation_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "lib/scratch.h"

#include <inttypes.h>
#include <stdlib.h>
#include <zlib.h>

#include "corpus/fixture.h"
#include "lambert/base/hash.h"
#include "lambert/base/version.h"
#include "lambert/text/tokenizer.h"
#include "prepare/preparation.h"

static struct input_file files[] = {
    {.path = "a.txt", .kind = INPUT_FILE, .bytes = 20000, .modified = 12345},
    {.path = "b.gz",
     .kind = INPUT_SEQUENTIAL,
     .compression = COMPRESSION_GZIP,
     .bytes = 7,
     .modified = -1}};

static struct preparation made_preparation(struct vocabulary *vocabulary)
{
    return (struct preparation){.options = {.output = "out",
                                            .tokenizer = TOKENIZER_DEFAULTS,
                                            .heldout_fraction = 0.25,
                                            .shard_bytes = 4096,
                                            .compression = 3},
                                .ranks = 1,
                                .started = 1.5,
                                .inputs = {.files = files, .count = 2},
                                .vocabulary = vocabulary};
}

/* The hash of this text is written into the records of interrupted preparations, which are gone on
 * with by programs that find the same: were a word of it to change, their work would be thrown away. */
static void assert_hash_is_of(const struct preparation *p, enum shard_contents contents,
                              int splitting, const char *behind)
{
    struct buffer text = {0};
    buffer_print(&text,
                 LAMBERT_PROGRAM " %d %s %s %016" PRIx64 " 1 %d 0x1p-2 4096 3\n"
                                 "a.txt 0 20000 12345\nb.gz %d 7 -1\n%s%s",
                 (int)contents, tokenizer_unicode_version(), zlibVersion(),
                 vocabulary_hash(p->vocabulary), splitting, (int)p->inputs.files[1].kind,
                 contents == SHARD_DOCUMENTS_OF_TEXT ? "reading 2\n" : "", behind);
    assert_int_equal(p->plan.hash, hash_bytes(text.data, text.size));
    buffer_release(&text);
}

static void the_hash_is_of_all_that_shards_depend_on(void **state)
{
    (void)state;
    struct vocabulary *vocabulary = made_vocabulary(20);
    for (int contents = 0; contents < 2; contents++) {
        struct preparation p = made_preparation(vocabulary);
        preparation_plan(&p, (enum shard_contents)contents);
        assert_int_equal(p.plan.shard.contents, contents);
        assert_hash_is_of(&p, (enum shard_contents)contents, 0, "");
        assert_int_equal(preparation_chunks(&p), contents == SHARD_READY_SAMPLES ? 2 : 5);
        input_feed_free(p.feed);
        free(p.work);
    }
    vocabulary_free(vocabulary);
}

/* Where sentences are split, by rules of which version: a preparation that was interrupted is not
 * gone on with by others. Ready samples are not split, whatever the option. */
static void the_hash_is_of_the_rules_of_sentences(void **state)
{
    (void)state;
    struct vocabulary *vocabulary = made_vocabulary(20);
    struct preparation p = made_preparation(vocabulary);
    p.options.split_sentences = true;
    preparation_plan(&p, SHARD_DOCUMENTS_OF_TEXT);
    assert_hash_is_of(&p, SHARD_DOCUMENTS_OF_TEXT, 2, "");
    input_feed_free(p.feed);
    free(p.work);
    p.feed = NULL;
    preparation_plan(&p, SHARD_READY_SAMPLES);
    assert_hash_is_of(&p, SHARD_READY_SAMPLES, 1, "");
    input_feed_free(p.feed);
    free(p.work);
    vocabulary_free(vocabulary);
}

/* What is interrupted without words is not gone on with by who wants them. */
static void the_hash_is_of_segmented_text(void **state)
{
    (void)state;
    struct vocabulary *vocabulary = made_vocabulary(20);
    struct preparation p = made_preparation(vocabulary);
    p.options.segmented = true;
    preparation_plan(&p, SHARD_DOCUMENTS_OF_TEXT);
    assert_true(p.plan.shard.segmented);
    assert_hash_is_of(&p, SHARD_DOCUMENTS_OF_TEXT, 0, "segmented\n");
    input_feed_free(p.feed);
    free(p.work);
    vocabulary_free(vocabulary);
}

/* A stream cannot be known again: the time stands for it. */
static void a_stream_has_a_hash_of_its_own(void **state)
{
    (void)state;
    struct vocabulary *vocabulary = made_vocabulary(20);
    struct preparation p = made_preparation(vocabulary);
    files[1].kind = INPUT_STREAM;
    preparation_plan(&p, SHARD_DOCUMENTS_OF_TEXT);
    assert_hash_is_of(&p, SHARD_DOCUMENTS_OF_TEXT, 0, "1.500000000\n");
    files[1].kind = INPUT_SEQUENTIAL;
    input_feed_free(p.feed);
    free(p.work);
    vocabulary_free(vocabulary);
}

static void the_hash_says_which_split(void **state)
{
    (void)state;
    struct preparation p = {.options = {.heldout_fraction = 0.25}};
    assert_int_equal(preparation_split(&p, 0), CORPUS_HELDOUT);
    assert_int_equal(preparation_split(&p, (UINT64_C(1) << 62) - 1), CORPUS_HELDOUT);
    assert_int_equal(preparation_split(&p, UINT64_C(1) << 62), CORPUS_TRAIN);
    assert_int_equal(preparation_split(&p, UINT64_MAX), CORPUS_TRAIN);
    p.options.heldout_fraction = 0;
    assert_int_equal(preparation_split(&p, 0), CORPUS_TRAIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_hash_is_of_all_that_shards_depend_on),
        cmocka_unit_test(the_hash_is_of_the_rules_of_sentences),
        cmocka_unit_test(the_hash_is_of_segmented_text),
        cmocka_unit_test(a_stream_has_a_hash_of_its_own),
        cmocka_unit_test(the_hash_says_which_split),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

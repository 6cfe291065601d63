/* Shards whose checksums are right and whose contents are not: what a reader says of them. Damage
 * that checksums find is in test_document_store.c. */
#include "lib/unit.h"

#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "lambert/base/file.h"
#include "lambert/base/memory.h"
#include "lambert/corpus/shard.h"

/* About 13,000 tokens: four blocks. */
static const struct shape shape = {
    .documents = 60, .most_sentences = 30, .most_tokens = 30, .shards = 1, .words = 40};

struct shard_fixture {
    struct fixture f;
    char *path; /* of the shard that is made from the fixture's */
    uint64_t hash;
    int size; /* of the vocabulary */
};

static void begin(struct shard_fixture *b)
{
    fixture_open(&b->f, &shape);
    b->path = path_join(b->f.folder, "odd.shard");
    b->hash = vocabulary_hash(b->f.vocabulary);
    b->size = vocabulary_size(b->f.vocabulary);
}

static void end(struct shard_fixture *b)
{
    free(b->path);
    fixture_close(&b->f);
}

/* --- making odd shards --- */

/* The sound shard, but bytes [at, at + width) of a section are `value`; width 0: without the
 * section. */
struct change {
    const char *section;
    size_t at;
    int width;
    uint64_t value;
};
static uint32_t odd_version = 1; /* of the file that is made */

static void write_section(struct container_writer *writer, const char *name, const void *data,
                          size_t size, const struct change *change)
{
    struct error err;
    struct buffer bytes = {0};
    buffer_put(&bytes, data, size);
    if (strcmp(name, change->section) == 0) {
        assert_true(change->at + (size_t)change->width <= size);
        memcpy(bytes.data + change->at, &change->value, (size_t)change->width);
    }
    assert_int_equal(container_writer_section(writer, name, bytes.data, bytes.size, &err), 0);
    buffer_release(&bytes);
}

static void make_odd(const struct shard_fixture *b, const struct change *change)
{
    struct container sound;
    struct container_writer writer;
    struct error err;
    assert_int_equal(container_open(&sound, b->f.paths[0], "shard", 1, &err), 0);
    assert_int_equal(container_writer_open(&writer, b->path, "shard", odd_version, &err), 0);
    for (int i = 0; i < sound.count; i++) {
        const char *name = sound.entries[i].name;
        const void *data;
        size_t size;
        container_section_unchecked(&sound, name, &data, &size);
        if (change->width > 0 || strcmp(name, change->section) != 0)
            write_section(&writer, name, data, size, change);
    }
    assert_int_equal(container_writer_commit(&writer, &err), 0);
    container_close(&sound);
}

/* The number that stands there in the sound shard. */
static uint64_t number_at(const struct shard_fixture *b, const char *section, size_t at, int width)
{
    struct container sound;
    struct error err;
    const void *data;
    size_t size;
    uint64_t value = 0;
    assert_int_equal(container_open(&sound, b->f.paths[0], "shard", 1, &err), 0);
    container_section_unchecked(&sound, section, &data, &size);
    memcpy(&value, (const char *)data + at, (size_t)width);
    container_close(&sound);
    return value;
}

/* Adds to what stands there. */
static struct change add(const struct shard_fixture *b, const char *section, size_t at, int width,
                         int64_t more)
{
    return (struct change){section, at, width, number_at(b, section, at, width) + (uint64_t)more};
}

/* --- what is said --- */

static void assert_says(const struct shard_fixture *b, const struct error *err, const char *words)
{
    assert_non_null(strstr(err->text, b->path));
    if (!strstr(err->text, words))
        fail_msg("'%s' does not say '%s'", err->text, words);
}

static void refused_at_opening(const struct shard_fixture *b, struct change change,
                               const char *words)
{
    struct shard shard;
    struct error err = {""};
    make_odd(b, &change);
    assert_int_equal(shard_open(&shard, b->path, b->hash, b->size, &err), -1);
    assert_says(b, &err, words);
    shard_close(&shard);
}

static void open_odd(const struct shard_fixture *b, struct change change, struct shard *shard)
{
    struct error err;
    make_odd(b, &change);
    assert_int_equal(shard_open(shard, b->path, b->hash, b->size, &err), 0);
}

static void refused_by_the_index_check(const struct shard_fixture *b, struct change change,
                                       const char *words)
{
    struct shard shard;
    struct error err = {""};
    open_odd(b, change, &shard);
    assert_int_equal(shard_check_index(&shard, &err), -1);
    assert_says(b, &err, words);
    assert_int_equal(shard_verify(&shard, &err), -1);
    assert_says(b, &err, words);
    shard_close(&shard);
}

/* Reading this block fails, and so does verifying the shard. */
static void refused_when_read(const struct shard_fixture *b, struct change change, uint64_t block,
                              const char *words)
{
    struct shard shard;
    struct error err = {""};
    uint16_t raw[SHARD_BLOCK_TOKENS];
    open_odd(b, change, &shard);
    assert_int_equal(shard_read_block(&shard, block, raw, &err), -1);
    assert_says(b, &err, words);
    assert_int_equal(shard_verify(&shard, &err), -1);
    assert_non_null(strstr(err.text, b->path));
    shard_close(&shard);
}

/* --- the tests --- */

static void a_sound_shard_passes(void **state)
{
    (void)state;
    struct shard_fixture b;
    struct shard shard;
    struct error err;
    begin(&b);
    open_odd(&b, add(&b, "META", 0, 8, 0), &shard);
    assert_int_equal(shard.blocks, 4);
    assert_int_equal(shard_verify(&shard, &err), 0);
    struct shard_summary summary = shard_summary(&shard);
    assert_int_equal(summary.documents, shape.documents);
    assert_int_equal(summary.documents, document_store_shard(b.f.store, 0).documents);
    assert_int_equal(summary.hash, document_store_shard(b.f.store, 0).hash);
    assert_int_equal(summary.tokens, document_store_tokens(b.f.store));
    shard_close(&shard);
    shard_close(&shard);
    end(&b);
}

static void descriptions_that_make_no_sense(void **state)
{
    (void)state;
    struct shard_fixture b;
    begin(&b);
    refused_at_opening(&b, (struct change){.section = "META"}, "(META) has the wrong size");
    refused_at_opening(&b, (struct change){"META", 8, 4, UINT32_MAX}, "(META) makes no sense");
    refused_at_opening(&b, (struct change){"META", 12, 4, 4}, "(META) makes no sense");
    refused_at_opening(&b, (struct change){"META", 16, 4, 0}, "(META) makes no sense");
    refused_at_opening(&b, (struct change){"META", 16, 4, 1 << 25}, "(META) makes no sense");
    for (size_t at = 24; at <= 40; at += 8) /* documents, sentences, tokens */
        refused_at_opening(&b, (struct change){"META", at, 8, UINT64_MAX}, "(META) makes no sense");
    refused_at_opening(&b, add(&b, "META", 0, 8, 1), "another vocabulary");
    refused_at_opening(&b, add(&b, "META", 8, 4, 1), "another vocabulary");
    end(&b);
}

static void sizes_that_do_not_fit(void **state)
{
    (void)state;
    struct shard_fixture b;
    begin(&b);
    refused_at_opening(&b, add(&b, "META", 24, 8, 1), "section DOCS has");
    refused_at_opening(&b, add(&b, "META", 32, 8, -1), "section LENGTHS has");
    refused_at_opening(&b, add(&b, "META", 40, 8, 4096), "section BLOCKS has");
    refused_at_opening(&b, add(&b, "META", 40, 8, 1), "(DOCS) does not fit its counts");
    refused_at_opening(&b, (struct change){"DOCS", 0, 8, 1}, "(DOCS) does not fit its counts");
    refused_at_opening(&b, (struct change){"BLOCKS", 0, 8, 1}, "(BLOCKS) does not fit its ids");
    refused_at_opening(&b, add(&b, "BLOCKS", 4 * 8, 8, -1), "(BLOCKS) does not fit its ids");
    refused_at_opening(&b, (struct change){.section = "DOCS"}, "section DOCS has 0 bytes");
    refused_at_opening(&b, (struct change){.section = "LENGTHS"}, "section LENGTHS has 0 bytes");
    refused_at_opening(&b, (struct change){.section = "BLOCKS"}, "section BLOCKS has 0 bytes");
    refused_at_opening(&b, (struct change){.section = "IDS"}, "(BLOCKS) does not fit its ids");
    end(&b);
}

/* A file of the version that segmented text has, without the words. */
static void words_that_are_missing(void **state)
{
    (void)state;
    struct shard_fixture b;
    begin(&b);
    odd_version = SHARD_WORDS_VERSION;
    refused_at_opening(&b, add(&b, "META", 0, 8, 0), "section WORDS has 0 bytes");
    odd_version++;
    refused_at_opening(&b, add(&b, "META", 0, 8, 0), "use a newer program");
    odd_version = 1;
    end(&b);
}

static void indexes_out_of_order(void **state)
{
    (void)state;
    struct shard_fixture b;
    begin(&b);
    struct change same = {"DOCS", 7 * 16, 8, number_at(&b, "DOCS", 6 * 16, 8)};
    refused_by_the_index_check(&b, same, "(DOCS) is out of order");
    refused_by_the_index_check(&b, (struct change){"DOCS", 7 * 16, 8, UINT64_MAX},
                               "(DOCS) is out of order");
    refused_by_the_index_check(&b, add(&b, "DOCS", 7 * 16 + 8, 8, 1), "DOCS and LENGTHS");
    refused_by_the_index_check(&b, add(&b, "LENGTHS", 2 * 11, 2, 1), "DOCS and LENGTHS");
    refused_by_the_index_check(&b, (struct change){"LENGTHS", 2 * 11, 2, 0}, "empty sentence");
    struct change crossed = {"BLOCKS", 8, 8, number_at(&b, "BLOCKS", 2 * 8, 8) + 1};
    refused_by_the_index_check(&b, crossed, "(BLOCKS) is out of order");
    end(&b);
}

static void blocks_that_are_not_what_they_should_be(void **state)
{
    (void)state;
    struct shard_fixture b;
    begin(&b);
    size_t crcs = 5 * 8;
    refused_when_read(&b, (struct change){"BLOCKS", 2 * 8, 8, UINT64_MAX}, 1,
                      "block 1 of its ids lies outside the file");
    refused_when_read(&b, (struct change){"BLOCKS", 2 * 8, 8, 0}, 1,
                      "block 1 of its ids lies outside the file");
    refused_when_read(&b, add(&b, "BLOCKS", 2 * 8, 8, -20), 1, "block 1 of its ids cannot be");
    refused_when_read(&b, add(&b, "BLOCKS", 2 * 8, 8, 1), 2, "block 2 of its ids cannot be");
    refused_when_read(&b, add(&b, "BLOCKS", crcs + 3 * 4, 4, 1), 3,
                      "block 3 of its ids has a wrong checksum");
    end(&b);
}

/* Ids are 5 to 44 here. */
static void ids_that_the_vocabulary_has_not(void **state)
{
    (void)state;
    struct shard_fixture b;
    begin(&b);
    assert_int_equal(b.size--, 45);
    refused_when_read(&b, (struct change){"META", 8, 4, 44}, 0,
                      "block 0 of its ids has an id that the vocabulary has not");
    end(&b);
}

/* All sound in itself, but not the contents that the writer hashed. */
static void contents_of_another_hash(void **state)
{
    (void)state;
    struct shard_fixture b;
    struct shard shard;
    struct error err = {""};
    begin(&b);
    open_odd(&b, add(&b, "META", 48, 8, 1), &shard);
    assert_int_equal(shard_check_index(&shard, &err), 0);
    assert_int_equal(shard_verify(&shard, &err), -1);
    assert_says(&b, &err, "do not have the hash");
    shard_close(&shard);
    end(&b);
}

/* --- what a store makes of it --- */

static struct document_store *open_store(const struct shard_fixture *b, char **paths, int count)
{
    struct document_store *store;
    struct error err;
    assert_int_equal(document_store_open(&store, paths, count, b->hash, b->size, &err), 0);
    return store;
}

/* Documents 6 and 7 meet at a damaged place; the rest of the store can be looked at. */
static void a_damaged_place_has_no_sentences(void **state)
{
    (void)state;
    struct shard_fixture b;
    struct error err = {""};
    begin(&b);
    make_odd(&b, &(struct change){"DOCS", 7 * 16, 8, UINT64_MAX});
    struct document_store *store = open_store(&b, &b.path, 1);
    assert_int_equal(document_store_view(store, 5).sentences, made_sentences(&shape, 5));
    assert_int_equal(document_store_view(store, 6).sentences, 0);
    assert_int_equal(document_store_view(store, 7).sentences, 0);
    assert_int_equal(document_store_view(store, 8).sentences, made_sentences(&shape, 8));
    assert_int_equal(document_store_check_index(store, &err), -1);
    assert_says(&b, &err, "(DOCS) is out of order");
    document_store_close(store);
    end(&b);
}

/* One block each, so that only the description tells of how many tokens blocks are. */
static void blocks_of_two_sizes_are_refused(void **state)
{
    (void)state;
    const struct shape little = {
        .documents = 2, .most_sentences = 3, .most_tokens = 3, .shards = 1, .words = 40};
    struct shard_fixture b = {.size = FIRST_WORD + 40};
    struct document_store *store;
    struct error err = {""};
    fixture_open(&b.f, &little);
    b.path = path_join(b.f.folder, "odd.shard");
    b.hash = vocabulary_hash(b.f.vocabulary);
    make_odd(&b, &(struct change){"META", 16, 4, 8192});
    char *paths[] = {b.f.paths[0], b.path};
    document_store_close(open_store(&b, paths + 1, 1));
    assert_int_equal(document_store_open(&store, paths, 2, b.hash, b.size, &err), -1);
    assert_null(store);
    assert_says(&b, &err, "their blocks differ in size");
    end(&b);
}

/* Of several damaged shards the first is named, whichever thread is done first. */
static void the_first_damaged_shard_is_named(void **state)
{
    (void)state;
    struct shard_fixture b;
    struct error err = {""};
    begin(&b);
    make_odd(&b, &(struct change){"LENGTHS", 0, 2, 0});
    char *later = b.path;
    b.path = path_join(b.f.folder, "first.shard");
    make_odd(&b, &(struct change){"BLOCKS", 5 * 8, 4, 1}); /* found late: all else is read first */
    char *paths[] = {b.f.paths[0], b.path, later, later};
    struct document_store *store = open_store(&b, paths, 4);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(document_store_verify(store, &err), -1);
        assert_says(&b, &err, "block 0 of its ids has a wrong checksum");
    }
    document_store_close(store);
    free(later);
    end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sound_shard_passes),
        cmocka_unit_test(descriptions_that_make_no_sense),
        cmocka_unit_test(sizes_that_do_not_fit),
        cmocka_unit_test(words_that_are_missing),
        cmocka_unit_test(indexes_out_of_order),
        cmocka_unit_test(blocks_that_are_not_what_they_should_be),
        cmocka_unit_test(ids_that_the_vocabulary_has_not),
        cmocka_unit_test(contents_of_another_hash),
        cmocka_unit_test(a_damaged_place_has_no_sentences),
        cmocka_unit_test(blocks_of_two_sizes_are_refused),
        cmocka_unit_test(the_first_damaged_shard_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "lib/unit.h"

#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "lambert/base/container.h"
#include "lambert/base/file.h"
#include "lambert/base/memory.h"
#include "lambert/corpus/shard_writer.h"

static const struct shard_options plain = {
    .vocabulary_hash = 0x1122334455667788, .vocabulary_size = 1000, .compression = 6};

struct written {
    char *folder;
    char *path;
    struct shard_writer *writer;
};

static void begin(struct written *written, const struct shard_options *options)
{
    struct error err;
    written->folder = scratch_folder_new();
    written->path = path_join(written->folder, "one.shard");
    assert_int_equal(shard_writer_open(&written->writer, written->path, options, &err), 0);
}

static void add(struct written *written, const int32_t *ids, const uint32_t *lengths,
                uint32_t sentences)
{
    struct error err;
    assert_int_equal(shard_writer_add(written->writer, ids, NULL, lengths, sentences, &err), 0);
}

static struct shard_summary commit(struct written *written)
{
    struct shard_summary summary;
    struct error err;
    assert_int_equal(shard_writer_commit(written->writer, &summary, &err), 0);
    return summary;
}

static void end(struct written *written)
{
    free(written->path);
    scratch_folder_free(written->folder);
}

static uint64_t number_at(const uint8_t *bytes, size_t offset, int width)
{
    uint64_t value = 0;
    for (int i = width - 1; i >= 0; i--)
        value = value << 8 | bytes[offset + (size_t)i];
    return value;
}

/* Against docs/formats.md, not against the reader. */
static void index_sections_have_the_documented_bytes(void **state)
{
    (void)state;
    struct written written;
    struct container file;
    struct error err;
    const void *data;
    size_t size;
    const int32_t first[] = {7, 8, 9, 10, 11}, second[] = {999};
    const uint32_t first_lengths[] = {2, 3}, second_lengths[] = {1};
    begin(&written, &plain);
    add(&written, first, first_lengths, 2);
    add(&written, second, second_lengths, 1);
    struct shard_summary summary = commit(&written);
    assert_int_equal(summary.documents, 2);
    assert_int_equal(summary.sentences, 3);
    assert_int_equal(summary.tokens, 6);

    assert_int_equal(container_open(&file, written.path, "shard", 1, &err), 0);
    assert_int_equal(summary.bytes, file.map.size);
    assert_int_equal(container_section(&file, "META", &data, &size, &err), 0);
    assert_int_equal(size, 56);
    assert_int_equal(number_at(data, 0, 8), 0x1122334455667788);
    assert_int_equal(number_at(data, 8, 4), 1000);
    assert_int_equal(number_at(data, 12, 4), 2);
    assert_int_equal(number_at(data, 16, 4), 4096);
    assert_int_equal(number_at(data, 20, 4), 0);
    assert_int_equal(number_at(data, 24, 8), 2);
    assert_int_equal(number_at(data, 32, 8), 3);
    assert_int_equal(number_at(data, 40, 8), 6);
    assert_int_equal(number_at(data, 48, 8), summary.hash);

    static const uint64_t places[] = {0, 0, 2, 5, 3, 6};
    assert_int_equal(container_section(&file, "DOCS", &data, &size, &err), 0);
    assert_int_equal(size, 48);
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(number_at(data, 8 * i, 8), places[i]);
    static const uint64_t lengths[] = {2, 3, 1};
    assert_int_equal(container_section(&file, "LENGTHS", &data, &size, &err), 0);
    assert_int_equal(size, 6);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(number_at(data, 2 * i, 2), lengths[i]);
    assert_int_equal(container_section(&file, "BLOCKS", &data, &size, &err), 0);
    assert_int_equal(size, 8 * 2 + 4);
    assert_int_equal(number_at(data, 0, 8), 0);
    container_close(&file);
    end(&written);
}

static struct document_store *open_store(const struct written *written,
                                         const struct shard_options *options)
{
    struct document_store *store;
    struct error err;
    char *paths[] = {written->path};
    assert_int_equal(document_store_open(&store, paths, 1, options->vocabulary_hash,
                                         options->vocabulary_size, &err),
                     0);
    assert_int_equal(document_store_verify(store, &err), 0);
    return store;
}

static void empty_sentences_and_documents_are_left_out(void **state)
{
    (void)state;
    struct written written;
    const int32_t ids[] = {1, 2, 3};
    const uint32_t lengths[] = {0, 1, 0, 2, 0}, nothing[] = {0, 0};
    begin(&written, &plain);
    add(&written, ids, nothing, 2);
    add(&written, ids, lengths, 5);
    add(&written, ids, lengths, 0);
    struct shard_summary summary = commit(&written);
    assert_int_equal(summary.documents, 1);
    assert_int_equal(summary.sentences, 2);
    struct document_store *store = open_store(&written, &plain);
    struct document_view view = document_store_view(store, 0);
    assert_int_equal(view.sentences, 2);
    assert_int_equal(view.lengths[0], 1);
    assert_int_equal(view.lengths[1], 2);
    document_store_close(store);
    end(&written);
}

static void long_sentences_are_cut(void **state)
{
    (void)state;
    enum { TOKENS = 65535 + 65536 + 131070 + 5 };
    struct written written;
    struct error err;
    int32_t *ids = memory_new(TOKENS, sizeof *ids), *back = memory_new(TOKENS, sizeof *back);
    const uint32_t lengths[] = {65535, 65536, 131070, 5};
    static const uint16_t stored[] = {65535, 65535, 1, 65535, 65535, 5};
    for (int t = 0; t < TOKENS; t++)
        ids[t] = (t * 17 + t / 1000) % 1000;
    begin(&written, &plain);
    add(&written, ids, lengths, 4);
    commit(&written);
    struct document_store *store = open_store(&written, &plain);
    struct document_view view = document_store_view(store, 0);
    struct block_cache *cache = block_cache_new(0);
    assert_int_equal(view.sentences, 6);
    assert_memory_equal(view.lengths, stored, sizeof stored);
    assert_int_equal(document_store_read(store, cache, &view, 0, TOKENS, back, &err), 0);
    assert_memory_equal(back, ids, TOKENS * sizeof *ids);
    block_cache_free(cache);
    document_store_close(store);
    free(ids);
    free(back);
    end(&written);
}

static void large_vocabularies_take_four_bytes(void **state)
{
    (void)state;
    struct written written;
    struct error err;
    struct shard_options options = {
        .vocabulary_hash = 5, .vocabulary_size = 70000, .compression = 1};
    const int32_t ids[] = {0, 65535, 65536, 69999};
    const uint32_t lengths[] = {4};
    int32_t back[4];
    begin(&written, &options);
    add(&written, ids, lengths, 1);
    commit(&written);
    struct document_store *store = open_store(&written, &options);
    struct document_view view = document_store_view(store, 0);
    struct block_cache *cache = block_cache_new(0);
    assert_int_equal(document_store_read(store, cache, &view, 0, 4, back, &err), 0);
    assert_memory_equal(back, ids, sizeof ids);
    block_cache_free(cache);
    document_store_close(store);
    end(&written);
}

static struct shard_summary write_many(int compression, int32_t changed)
{
    struct written written;
    struct shard_options options = plain;
    options.compression = compression;
    begin(&written, &options);
    for (int32_t d = 0; d < 300; d++) {
        int32_t ids[100];
        const uint32_t lengths[] = {60, 40};
        for (int32_t t = 0; t < 100; t++)
            ids[t] = (d * t + (d == changed)) % 1000;
        add(&written, ids, lengths, 2);
    }
    struct shard_summary summary = commit(&written);
    end(&written);
    return summary;
}

static void hash_is_of_the_contents(void **state)
{
    (void)state;
    struct shard_summary fast = write_many(1, -1), small = write_many(9, -1);
    assert_int_equal(fast.hash, small.hash);
    assert_true(small.bytes < fast.bytes);
    assert_int_not_equal(write_many(1, 0).hash, fast.hash);
    assert_int_not_equal(write_many(1, 299).hash, fast.hash);
}

static void discard_leaves_nothing(void **state)
{
    (void)state;
    struct written written;
    const int32_t ids[] = {1};
    const uint32_t lengths[] = {1};
    begin(&written, &plain);
    add(&written, ids, lengths, 1);
    shard_writer_discard(written.writer);
    assert_int_equal(count_files(written.folder), 0);
    shard_writer_discard(NULL);
    end(&written);
}

static void a_path_that_cannot_be_written_is_an_error(void **state)
{
    (void)state;
    struct shard_writer *writer;
    struct error err;
    char *folder = scratch_folder_new();
    char *path = path_join(folder, "missing/one.shard");
    assert_int_equal(shard_writer_open(&writer, path, &plain, &err), -1);
    assert_non_null(strstr(err.text, "missing/one.shard"));
    free(path);
    scratch_folder_free(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(index_sections_have_the_documented_bytes),
        cmocka_unit_test(empty_sentences_and_documents_are_left_out),
        cmocka_unit_test(long_sentences_are_cut),
        cmocka_unit_test(large_vocabularies_take_four_bytes),
        cmocka_unit_test(hash_is_of_the_contents),
        cmocka_unit_test(discard_leaves_nothing),
        cmocka_unit_test(a_path_that_cannot_be_written_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "lib/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "lambert/base/file.h"
#include "lambert/base/memory.h"
#include "lambert/base/rng.h"
#include "lambert/corpus/shard_writer.h"

static const struct shape many = {
    .documents = 500, .most_sentences = 30, .most_tokens = 60, .shards = 3, .words = 900};

static void documents_keep_number_order_and_lengths(void **state)
{
    (void)state;
    struct fixture f;
    uint64_t sentences = 0, tokens = 0;
    fixture_open(&f, &many);
    assert_int_equal(document_store_documents(f.store), many.documents);
    assert_int_equal(document_store_shards(f.store), 3);
    for (uint64_t d = 0; d < many.documents; d++) {
        struct document_view view = document_store_view(f.store, d);
        assert_int_equal(view.sentences, made_sentences(&many, d));
        for (uint32_t s = 0; s < view.sentences; s++)
            assert_int_equal(view.lengths[s], made_length(&many, d, s));
        sentences += view.sentences;
        tokens += made_tokens(&many, d);
    }
    assert_int_equal(document_store_sentences(f.store), sentences);
    assert_int_equal(document_store_tokens(f.store), tokens);
    fixture_close(&f);
}

static void read_everywhere(const struct fixture *f, size_t cache_bytes)
{
    struct block_cache *cache = block_cache_new(cache_bytes);
    struct rng rng;
    struct error err;
    int32_t *ids = memory_new(30 * 60, sizeof *ids);
    rng_init(&rng, 4);
    for (int i = 0; i < 3000; i++) {
        uint64_t d = rng_below(&rng, (uint32_t)f->shape.documents);
        uint32_t tokens = (uint32_t)made_tokens(&f->shape, d);
        uint32_t first = rng_below(&rng, tokens), count = 1 + rng_below(&rng, tokens - first);
        struct document_view view = document_store_view(f->store, d);
        assert_int_equal(document_store_read(f->store, cache, &view, first, count, ids, &err), 0);
        for (uint32_t t = 0; t < count; t++)
            assert_int_equal(ids[t], made_id(&f->shape, d, first + t));
    }
    free(ids);
    block_cache_free(cache);
}

/* Three shards of about eighteen blocks each: more than the smallest cache holds. */
static void ids_are_read_at_any_place(void **state)
{
    (void)state;
    struct fixture f;
    fixture_open(&f, &many);
    assert_true(document_store_tokens(f.store) > 8 * 4096);
    read_everywhere(&f, 0);
    read_everywhere(&f, (size_t)64 << 20);
    fixture_close(&f);
}

static void reading_past_the_shard_is_an_error(void **state)
{
    (void)state;
    struct fixture f;
    struct error err;
    int32_t id;
    fixture_open(&f, &many);
    struct block_cache *cache = block_cache_new(0);
    struct document_view view = document_store_view(f.store, many.documents - 1);
    assert_int_equal(document_store_read(f.store, cache, &view,
                                         made_tokens(&many, many.documents - 1), 1, &id, &err),
                     -1);
    block_cache_free(cache);
    fixture_close(&f);
}

/* Across blocks, shards and bytes of the section; what others wrote has the same ids, and another hash. */
static void a_segmented_store_says_where_words_begin(void **state)
{
    (void)state;
    struct fixture f, plain;
    struct error err;
    struct shape segmented = many;
    segmented.segmented = true;
    fixture_open(&f, &segmented);
    fixture_open(&plain, &many);
    assert_true(document_store_is_segmented(f.store));
    assert_false(document_store_is_segmented(plain.store));
    for (uint64_t d = 0; d < many.documents; d++) {
        const uint32_t tokens = (uint32_t)made_tokens(&many, d);
        const struct document_view view = document_store_view(f.store, d);
        uint8_t *words = memory_new(tokens, sizeof *words);
        for (uint32_t first = 0; first < tokens; first += 1 + tokens / 5) {
            const uint32_t count = tokens - first - (tokens - first) / 3;
            assert_int_equal(document_store_words(f.store, &view, first, count, words, &err), 0);
            for (uint32_t t = 0; t < count; t++)
                assert_int_equal(words[t], made_begins_word(d, first + t));
        }
        assert_int_equal(document_store_words(f.store, &view, UINT32_MAX, 1, words, &err), -1);
        free(words);
    }
    read_everywhere(&f, 0);
    assert_int_equal(document_store_verify(f.store, &err), 0);
    assert_int_not_equal(document_store_shard(f.store, 0).hash,
                         document_store_shard(plain.store, 0).hash);

    struct document_store *mixed;
    char *paths[] = {plain.paths[0], f.paths[0]};
    assert_int_equal(document_store_open(&mixed, paths, 2, vocabulary_hash(f.vocabulary),
                                         vocabulary_size(f.vocabulary), &err),
                     -1);
    assert_non_null(strstr(err.text, "one says where words begin"));
    fixture_close(&f);
    fixture_close(&plain);
}

static void no_shards_make_an_empty_store(void **state)
{
    (void)state;
    struct document_store *store;
    struct error err;
    assert_int_equal(document_store_open(&store, NULL, 0, 1, 10, &err), 0);
    assert_int_equal(document_store_documents(store), 0);
    assert_int_equal(document_store_verify(store, &err), 0);
    document_store_close(store);
    document_store_close(NULL);
}

/* A shard of nothing, or of one document of one sentence. */
static char *write_small(const struct fixture *f, const char *name, int documents)
{
    struct shard_options options = {.vocabulary_hash = vocabulary_hash(f->vocabulary),
                                    .vocabulary_size = vocabulary_size(f->vocabulary),
                                    .compression = 6};
    const int32_t ids[] = {7, 8, 9};
    const uint32_t lengths[] = {3};
    struct shard_writer *writer;
    struct shard_summary summary;
    struct error err;
    char *path = path_join(f->folder, name);
    assert_int_equal(shard_writer_open(&writer, path, &options, &err), 0);
    for (int d = 0; d < documents; d++)
        assert_int_equal(shard_writer_add(writer, ids, NULL, lengths, 1, &err), 0);
    assert_int_equal(shard_writer_commit(writer, &summary, &err), 0);
    assert_int_equal(summary.documents, documents);
    return path;
}

static void shards_may_be_empty(void **state)
{
    (void)state;
    struct fixture f;
    struct document_store *store;
    struct error err;
    fixture_open(&f, &many);
    char *none = write_small(&f, "none.shard", 0), *one = write_small(&f, "one.shard", 1);
    char *paths[] = {none, one, none, none, one, none};
    assert_int_equal(document_store_open(&store, paths, 6, vocabulary_hash(f.vocabulary),
                                         vocabulary_size(f.vocabulary), &err),
                     0);
    assert_int_equal(document_store_documents(store), 2);
    assert_int_equal(document_store_shard(store, 0).documents, 0);
    assert_int_equal(document_store_shard(store, 4).documents, 1);
    assert_int_equal(document_store_view(store, 0).shard, 1);
    assert_int_equal(document_store_view(store, 1).shard, 4);
    assert_int_equal(document_store_view(store, 1).lengths[0], 3);
    assert_int_equal(document_store_verify(store, &err), 0);
    document_store_close(store);
    free(none);
    free(one);
    fixture_close(&f);
}

static void another_vocabulary_is_refused(void **state)
{
    (void)state;
    struct fixture f;
    struct document_store *store;
    struct error err;
    fixture_open(&f, &many);
    uint64_t hash = vocabulary_hash(f.vocabulary);
    int size = vocabulary_size(f.vocabulary);
    assert_int_equal(document_store_open(&store, f.paths, 3, hash + 1, size, &err), -1);
    assert_non_null(strstr(err.text, "made-0.shard"));
    assert_non_null(strstr(err.text, "vocabulary"));
    assert_int_equal(document_store_open(&store, f.paths, 3, hash, size + 1, &err), -1);
    fixture_close(&f);
}

/* --- damage --- */

static const struct shape few = {
    .documents = 6, .most_sentences = 4, .most_tokens = 9, .shards = 1, .words = 40};

/* Does everything a reader does. 0 when nothing was found wrong and every id is as it was. */
static int use_everything(const struct fixture *f, int verify)
{
    struct document_store *store;
    struct error err = {""};
    int32_t ids[4 * 9];
    if (document_store_open(&store, f->paths, 1, vocabulary_hash(f->vocabulary),
                            vocabulary_size(f->vocabulary), &err) < 0) {
        assert_non_null(strstr(err.text, ".shard"));
        return -1;
    }
    struct block_cache *cache = block_cache_new(0);
    int status = verify ? document_store_verify(store, &err) : 0;
    for (uint64_t d = 0; d < document_store_documents(store) && status == 0; d++) {
        struct document_view view = document_store_view(store, d);
        uint64_t tokens = 0;
        for (uint32_t s = 0; s < view.sentences; s++)
            tokens += view.lengths[s];
        if (tokens != made_tokens(&few, d))
            status = -2; /* only document_store_check_index() promises to see this */
        else
            status = document_store_read(store, cache, &view, 0, (uint32_t)tokens, ids, &err);
        for (uint64_t t = 0; t < tokens && status == 0; t++)
            if (ids[t] != made_id(&few, d, t))
                status = -2;
    }
    if (status == -1)
        assert_non_null(strstr(err.text, ".shard"));
    if (status == -2)
        assert_int_equal(document_store_check_index(store, &err), -1);
    block_cache_free(cache);
    document_store_close(store);
    return status;
}

/* Without the care (and the time) of file_write(). */
static void write_bytes(const char *path, const void *data, size_t size)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static void every_flipped_byte_is_found(void **state)
{
    (void)state;
    struct fixture f;
    struct buffer file = {0};
    struct error err;
    fixture_open(&f, &few);
    assert_int_equal(file_read(f.paths[0], &file, &err), 0);
    assert_int_equal(use_everything(&f, 1), 0);
    for (size_t i = 0; i < 2 * file.size; i++) {
        uint8_t flip = i % 2 ? 0x01 : 0xff;
        file.data[i / 2] ^= flip;
        write_bytes(f.paths[0], file.data, file.size);
        use_everything(&f, 0);
        assert_int_equal(use_everything(&f, 1), -1);
        file.data[i / 2] ^= flip;
    }
    buffer_release(&file);
    fixture_close(&f);
}

static void every_truncation_is_found(void **state)
{
    (void)state;
    struct fixture f;
    struct buffer file = {0};
    struct error err;
    fixture_open(&f, &few);
    assert_int_equal(file_read(f.paths[0], &file, &err), 0);
    for (size_t size = 0; size < file.size; size++) {
        write_bytes(f.paths[0], file.data, size);
        assert_int_equal(use_everything(&f, 0), -1);
    }
    buffer_release(&file);
    fixture_close(&f);
}

/* --- ready samples --- */

static void assert_sample(const struct document_store *store, struct block_cache *cache, uint64_t i)
{
    struct error err;
    int32_t ids[MADE_SAMPLE_LONGEST];
    const struct ready_sample *made = made_sample(i);
    struct document_view view = document_store_view(store, i);
    struct sample_view sample = document_store_sample(store, i);
    assert_int_equal(view.lengths[0], made->a_tokens);
    assert_int_equal(view.sentences, 1 + (made->a_tokens < made->tokens));
    assert_int_equal(document_store_read(store, cache, &view, 0, made->tokens, ids, &err), 0);
    assert_memory_equal(ids, made->ids, made->tokens * sizeof *ids);
    assert_int_equal(sample.next_sentence_label, made->next_sentence_label);
    assert_int_equal(sample.masks, made->masks);
    assert_memory_equal(sample.positions, made->positions, made->masks * sizeof *made->positions);
    assert_memory_equal(sample.labels, made->labels, made->masks * sizeof *made->labels);
}

static void samples_keep_masks_and_labels(void **state)
{
    (void)state;
    struct fixture f;
    struct document_store *store;
    struct error err;
    fixture_open(&f, &few);
    char *first = path_join(f.folder, "a.shard"), *second = path_join(f.folder, "b.shard");
    char *paths[] = {first, second, f.paths[0]};
    write_samples(first, f.vocabulary, 0, 30);
    write_samples(second, f.vocabulary, 30, 100);
    uint64_t hash = vocabulary_hash(f.vocabulary);
    int size = vocabulary_size(f.vocabulary);
    assert_int_equal(document_store_open(&store, paths, 2, hash, size, &err), 0);
    struct block_cache *cache = block_cache_new(0);
    assert_int_equal(document_store_contents(store), SHARD_READY_SAMPLES);
    assert_int_equal(document_store_verify(store, &err), 0);
    for (uint64_t i = 0; i < 100; i++)
        assert_sample(store, cache, 37 * i % 100);
    block_cache_free(cache);
    document_store_close(store);
    assert_int_equal(document_store_open(&store, paths, 3, hash, size, &err), -1);
    assert_non_null(strstr(err.text, "one holds documents, the other ready samples"));
    free(first);
    free(second);
    fixture_close(&f);
}

static int verify_file(const struct fixture *f, char *path)
{
    struct document_store *store;
    struct error err;
    if (document_store_open(&store, &path, 1, vocabulary_hash(f->vocabulary),
                            vocabulary_size(f->vocabulary), &err) < 0)
        return -1;
    int status = document_store_verify(store, &err);
    document_store_close(store);
    return status;
}

static void damage_to_samples_is_found(void **state)
{
    (void)state;
    struct fixture f;
    struct buffer file = {0};
    struct error err;
    fixture_open(&f, &few);
    char *path = path_join(f.folder, "a.shard");
    write_samples(path, f.vocabulary, 0, 6);
    assert_int_equal(file_read(path, &file, &err), 0);
    assert_int_equal(verify_file(&f, path), 0);
    for (size_t i = 0; i < file.size; i++) {
        file.data[i] ^= 0x04;
        write_bytes(path, file.data, file.size);
        assert_int_equal(verify_file(&f, path), -1);
        file.data[i] ^= 0x04;
        write_bytes(path, file.data, i);
        assert_int_equal(verify_file(&f, path), -1);
    }
    buffer_release(&file);
    free(path);
    fixture_close(&f);
}

/* What a writer with a bug would leave: checksums right, numbers wrong. */
static void assert_odd_sample(const struct fixture *f, const struct ready_sample *sample,
                              const char *what)
{
    struct shard_options options = {.vocabulary_hash = vocabulary_hash(f->vocabulary),
                                    .vocabulary_size = vocabulary_size(f->vocabulary),
                                    .compression = 6,
                                    .contents = SHARD_READY_SAMPLES};
    struct shard_writer *writer;
    struct shard_summary summary;
    struct document_store *store;
    struct error err;
    char *path = path_join(f->folder, "odd.shard");
    assert_int_equal(shard_writer_open(&writer, path, &options, &err), 0);
    assert_int_equal(shard_writer_add_sample(writer, sample, &err), 0);
    assert_int_equal(shard_writer_commit(writer, &summary, &err), 0);
    assert_int_equal(document_store_open(&store, &path, 1, options.vocabulary_hash,
                                         options.vocabulary_size, &err),
                     0);
    assert_int_equal(document_store_check_index(store, &err), -1);
    assert_non_null(strstr(err.text, what));
    document_store_close(store);
    free(path);
}

static void samples_that_make_no_sense(void **state)
{
    (void)state;
    struct fixture f;
    const int32_t ids[] = {2, 7, 8, 3};
    const uint16_t outside[] = {4}, first[] = {0}, twice[] = {2, 2};
    const uint32_t labels[] = {5, 6}, unknown[] = {45};
    const struct ready_sample sound = {.ids = ids, .tokens = 4, .a_tokens = 4};
    fixture_open(&f, &few);
    struct ready_sample odd = sound;
    odd.next_sentence_label = 2;
    assert_odd_sample(&f, &odd, "LABELS");
    odd = sound;
    odd.masks = 1;
    odd.labels = labels;
    odd.positions = outside;
    assert_odd_sample(&f, &odd, "POSITIONS");
    odd.positions = first;
    assert_odd_sample(&f, &odd, "POSITIONS");
    odd.masks = 2;
    odd.positions = twice;
    assert_odd_sample(&f, &odd, "POSITIONS");
    odd.masks = 1;
    odd.labels = unknown;
    assert_odd_sample(&f, &odd, "MASK_IDS");
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(documents_keep_number_order_and_lengths),
        cmocka_unit_test(ids_are_read_at_any_place),
        cmocka_unit_test(reading_past_the_shard_is_an_error),
        cmocka_unit_test(a_segmented_store_says_where_words_begin),
        cmocka_unit_test(no_shards_make_an_empty_store),
        cmocka_unit_test(shards_may_be_empty),
        cmocka_unit_test(another_vocabulary_is_refused),
        cmocka_unit_test(every_flipped_byte_is_found),
        cmocka_unit_test(every_truncation_is_found),
        cmocka_unit_test(samples_keep_masks_and_labels),
        cmocka_unit_test(damage_to_samples_is_found),
        cmocka_unit_test(samples_that_make_no_sense),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "fixture.h"
#include "lambert/base/memory.h"
#include "lambert/base/rng.h"

static const struct shape shape = {
    .documents = 400, .most_sentences = 6, .most_tokens = 9, .shards = 80, .words = 90};

/* Mappings of this process that are of shards. */
static int count_mapped(void)
{
    FILE *maps = fopen("/proc/self/maps", "r");
    char line[4096];
    int count = 0;
    assert_non_null(maps);
    while (fgets(line, sizeof line, maps))
        count += strstr(line, ".shard") != NULL;
    fclose(maps);
    return count;
}

/* A document whose view is `view` is what was written. */
static void assert_lengths(const struct document_view *view, uint64_t document)
{
    assert_int_equal(view->sentences, made_sentences(&shape, document));
    for (uint32_t s = 0; s < view->sentences; s++)
        assert_int_equal(view->lengths[s], made_length(&shape, document, s));
}

/* 70,000 shards, which a process cannot have mapped, with few files open. One file stands for all. */
static void more_shards_than_the_system_maps(void **state)
{
    (void)state;
    enum { SHARDS = 70000 };
    struct fixture f;
    struct document_store *store;
    struct error err;
    struct rlimit before, few;
    fixture_open(&f, &shape);
    char **paths = memory_new(SHARDS, sizeof *paths);
    for (int i = 0; i < SHARDS; i++)
        paths[i] = f.paths[0];
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    few = (struct rlimit){.rlim_cur = 64, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    if (document_store_open(&store, paths, SHARDS, vocabulary_hash(f.vocabulary),
                            vocabulary_size(f.vocabulary), &err) < 0)
        fail_msg("%s", err.text);
    const uint64_t of_one = shape.documents / (uint64_t)shape.shards;
    assert_true(document_store_documents(store) == SHARDS * of_one);
    assert_in_range(count_mapped(), STORE_MOST_MAPPED, STORE_MOST_MAPPED + shape.shards);
    for (uint64_t i = 0; i < 3000; i++) {
        const uint64_t document = i * 1000003 % document_store_documents(store);
        const struct document_view view = document_store_view(store, document);
        assert_lengths(&view, document % of_one);
    }
    assert_in_range(count_mapped(), STORE_MOST_MAPPED, STORE_MOST_MAPPED + shape.shards);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    document_store_close(store);
    free(paths);
    fixture_close(&f);
}

/* Every thread, anywhere: what it reads is what was written, and mappings stay few. */
static void threads_read_everywhere(void **state)
{
    (void)state;
    enum { MOST = 3, THREADS = 4, READS = 3000 };
    struct fixture f;
    struct error err;
    int wrong = 0;
    fixture_open(&f, &shape);
    document_store_limit(f.store, MOST);
    assert_int_equal(count_mapped(), MOST);
#pragma omp parallel num_threads(THREADS) reduction(+ : wrong)
    {
        struct block_cache *cache = block_cache_new(0);
        int32_t ids[6 * 9];
        struct error mine;
        struct rng rng;
        rng_init(&rng, rng_key(1, RNG_TEST, (uint64_t)omp_get_thread_num(), 0));
        for (int i = 0; i < READS; i++) {
            const uint64_t d = rng_below(&rng, (uint32_t)shape.documents);
            const uint32_t tokens = (uint32_t)made_tokens(&shape, d);
            const struct document_view view = document_store_view(f.store, d);
            wrong += view.sentences != made_sentences(&shape, d);
            for (uint32_t s = 0; s < view.sentences; s++)
                wrong += view.lengths[s] != made_length(&shape, d, s);
            wrong += document_store_read(f.store, cache, &view, 0, tokens, ids, &mine) < 0;
            for (uint32_t t = 0; t < tokens; t++)
                wrong += ids[t] != made_id(&shape, d, t);
            if (i % 100 == 0)
                document_store_forget(f.store, d, d + 1);
        }
        block_cache_free(cache);
    }
    assert_int_equal(wrong, 0);
    assert_true(count_mapped() <= MOST + THREADS * STORE_HELD);
    assert_int_equal(document_store_check_index(f.store, &err), 0);
    assert_int_equal(document_store_verify(f.store, &err), 0);
    assert_true(count_mapped() <= MOST + (THREADS + omp_get_max_threads()) * STORE_HELD);
    fixture_close(&f);
}

static void a_view_lasts_while_few_others_are_looked_at(void **state)
{
    (void)state;
    struct fixture f;
    const uint64_t of_one = shape.documents / (uint64_t)shape.shards;
    fixture_open(&f, &shape);
    document_store_limit(f.store, 1);
    for (uint64_t first = 0; first < 60; first++) {
        const struct document_view view = document_store_view(f.store, first * of_one);
        for (uint64_t other = 1; other < STORE_HELD; other++)
            document_store_view(f.store, (first + other) * of_one);
        assert_lengths(&view, first * of_one);
        const struct document_view again = document_store_view(f.store, first * of_one);
        assert_ptr_equal(again.lengths, view.lengths);
    }
    assert_true(count_mapped() <= 1 + STORE_HELD);
    fixture_close(&f);
}

static void a_shard_that_goes_away_is_told(void **state)
{
    (void)state;
    struct fixture f;
    struct error err;
    int32_t id;
    fixture_open(&f, &shape);
    struct block_cache *cache = block_cache_new(0);
    const struct document_view first = document_store_view(f.store, 0);
    const struct document_view sixth = document_store_view(f.store, 25);
    document_store_limit(f.store, 1);
    assert_int_equal(unlink(f.paths[0]), 0);
    assert_int_equal(document_store_read(f.store, cache, &first, 0, 1, &id, &err), -1);
    assert_non_null(strstr(err.text, "made-0.shard: No such file"));
    assert_int_equal(rename(f.paths[6], f.paths[5]), 0);
    assert_int_equal(document_store_read(f.store, cache, &sixth, 0, 1, &id, &err), -1);
    assert_non_null(strstr(err.text, "made-5.shard has become another file while it was in use"));
    block_cache_free(cache);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(more_shards_than_the_system_maps),
        cmocka_unit_test(threads_read_everywhere),
        cmocka_unit_test(a_view_lasts_while_few_others_are_looked_at),
        cmocka_unit_test(a_shard_that_goes_away_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

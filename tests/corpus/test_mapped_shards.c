#include <omp.h>
#include <pthread.h>
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
    const int shared = STORE_MOST_MAPPED - STORE_MOST_MAPPED / 4;
    assert_int_equal(count_mapped(), shared + shape.shards);
    for (uint64_t i = 0; i < 3000; i++) {
        const uint64_t document = i * 1000003 % document_store_documents(store);
        const struct document_view view = document_store_view(store, document);
        assert_lengths(&view, document % of_one);
    }
    assert_int_equal(count_mapped(), shared + shape.shards);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    document_store_close(store);
    free(paths);
    fixture_close(&f);
}

enum { THREADS = 4, HOLDS = THREADS * STORE_HELD };

/* Documents anywhere in the stores, by all threads: whether what is read is what was written. */
static int read_by_threads(struct fixture *stores, int count, int reads)
{
    int wrong = 0;
#pragma omp parallel reduction(+ : wrong)
    {
        struct block_cache *caches[2] = {block_cache_new(0), block_cache_new(0)};
        int32_t ids[6 * 9];
        struct error mine;
        struct rng rng;
        rng_init(&rng, rng_key(1, RNG_TEST, (uint64_t)omp_get_thread_num(), 0));
        for (int i = 0; i < reads; i++) {
            const uint32_t f = rng_below(&rng, (uint32_t)count);
            const struct document_store *store = stores[f].store;
            const uint64_t d = rng_below(&rng, (uint32_t)shape.documents);
            const uint32_t tokens = (uint32_t)made_tokens(&shape, d);
            const struct document_view view = document_store_view(store, d);
            wrong += view.sentences != made_sentences(&shape, d);
            for (uint32_t s = 0; s < view.sentences; s++)
                wrong += view.lengths[s] != made_length(&shape, d, s);
            wrong += document_store_read(store, caches[f], &view, 0, tokens, ids, &mine) < 0;
            for (uint32_t t = 0; t < tokens; t++)
                wrong += ids[t] != made_id(&shape, d, t);
            if (i % 100 == 0)
                document_store_forget(store, d, d + 1);
        }
        block_cache_free(caches[0]);
        block_cache_free(caches[1]);
    }
    return wrong;
}

/* Every thread, anywhere, in two stores that share what one would like to have: what it reads is what was
 * written, and never is more mapped than may be, though all of it is held. */
static void threads_read_everywhere(void **state)
{
    (void)state;
    enum { MOST = HOLDS / 3 * 4 + 4 };
    struct fixture stores[2];
    struct error err;
    document_stores_limit(MOST);
    omp_set_num_threads(THREADS);
    fixture_open(&stores[0], &shape);
    fixture_open(&stores[1], &shape);
    assert_in_range(count_mapped(), HOLDS, MOST - MOST / 4);
    assert_int_equal(read_by_threads(stores, 2, 3000), 0);
    assert_in_range(count_mapped(), HOLDS, MOST - MOST / 4);
    for (int f = 0; f < 2; f++) {
        assert_int_equal(document_store_check_index(stores[f].store, &err), 0);
        assert_int_equal(document_store_verify(stores[f].store, &err), 0);
    }
    /* What threads held of a store that is closed is nobody's any more. */
    fixture_close(&stores[0]);
    assert_int_equal(read_by_threads(&stores[1], 1, 500), 0);
    assert_true(count_mapped() <= MOST - MOST / 4);
    fixture_close(&stores[1]);
    assert_int_equal(count_mapped(), 0);
    document_stores_limit(STORE_MOST_MAPPED);
}

static void *look_at_all(void *context)
{
    const struct document_store *store = context;
    for (uint64_t d = 0; d < shape.documents; d++)
        document_store_view(store, d);
    return NULL;
}

/* Threads come and go; what they held can be given up. */
static void a_thread_that_ends_holds_nothing(void **state)
{
    (void)state;
    enum { MOST = 16 };
    struct fixture f;
    document_stores_limit(MOST);
    fixture_open(&f, &shape);
    for (int i = 0; i < 20; i++) {
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, look_at_all, f.store), 0);
        assert_int_equal(pthread_join(thread, NULL), 0);
        assert_true(count_mapped() <= MOST - MOST / 4);
    }
    fixture_close(&f);
    document_stores_limit(STORE_MOST_MAPPED);
}

/* Stores that are small are mapped whole beside one that is large, whichever is opened first. */
static void small_stores_stay_mapped(void **state)
{
    (void)state;
    enum { MOST = 40 };
    static const struct shape small = {
        .documents = 20, .most_sentences = 6, .most_tokens = 9, .shards = 4, .words = 90};
    struct fixture f, few[3];
    document_stores_limit(MOST);
    fixture_open(&few[0], &small);
    fixture_open(&f, &shape);
    fixture_open(&few[1], &small);
    fixture_open(&few[2], &small); /* the tenth and later ones have no room among these */
    assert_int_equal(count_mapped(), MOST - MOST / 4 + 8);
    const struct document_view first = document_store_view(few[0].store, 0),
                               second = document_store_view(few[1].store, 0);
    look_at_all(f.store);
    assert_int_equal(first.lengths[0], made_length(&small, 0, 0));
    assert_int_equal(second.lengths[0], made_length(&small, 0, 0));
    for (int i = 0; i < 3; i++)
        fixture_close(&few[i]);
    fixture_close(&f);
    document_stores_limit(STORE_MOST_MAPPED);
}

static void a_view_lasts_while_few_others_are_looked_at(void **state)
{
    (void)state;
    struct fixture f;
    const uint64_t of_one = shape.documents / (uint64_t)shape.shards;
    document_stores_limit(12);
    fixture_open(&f, &shape);
    for (uint64_t first = 0; first < 60; first++) {
        const struct document_view view = document_store_view(f.store, first * of_one);
        for (uint64_t other = 1; other < STORE_HELD; other++)
            document_store_view(f.store, (first + other) * of_one);
        assert_lengths(&view, first * of_one);
        const struct document_view again = document_store_view(f.store, first * of_one);
        assert_ptr_equal(again.lengths, view.lengths);
    }
    assert_int_equal(count_mapped(), 9);
    fixture_close(&f);
    document_stores_limit(STORE_MOST_MAPPED);
}

static void a_shard_that_goes_away_is_told(void **state)
{
    (void)state;
    struct fixture f;
    struct error err;
    int32_t id;
    document_stores_limit(16);
    fixture_open(&f, &shape);
    struct block_cache *cache = block_cache_new(0);
    const struct document_view first = document_store_view(f.store, 0);
    const struct document_view sixth = document_store_view(f.store, 25);
    look_at_all(f.store); /* so that others are mapped */
    assert_int_equal(unlink(f.paths[0]), 0);
    assert_int_equal(document_store_read(f.store, cache, &first, 0, 1, &id, &err), -1);
    assert_non_null(strstr(err.text, "made-0.shard: No such file"));
    assert_int_equal(rename(f.paths[6], f.paths[5]), 0);
    assert_int_equal(document_store_read(f.store, cache, &sixth, 0, 1, &id, &err), -1);
    assert_non_null(strstr(err.text, "made-5.shard has become another file while it was in use"));
    block_cache_free(cache);
    fixture_close(&f);
    document_stores_limit(STORE_MOST_MAPPED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(more_shards_than_the_system_maps),
        cmocka_unit_test(threads_read_everywhere),
        cmocka_unit_test(a_thread_that_ends_holds_nothing),
        cmocka_unit_test(small_stores_stay_mapped),
        cmocka_unit_test(a_view_lasts_while_few_others_are_looked_at),
        cmocka_unit_test(a_shard_that_goes_away_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

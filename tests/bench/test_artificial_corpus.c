#include "lib/unit.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "bench/artificial_corpus.h"
#include "lambert/base/buffer.h"
#include "lambert/base/file.h"
#include "lambert/base/memory.h"
#include "lib/scratch.h"

/* 60 shards, of which those from 50 on, but for the last, are copies; the last has one document. */
static const struct artificial_corpus few = {
    .documents = 119, .sentences_per_document = 3, .tokens_per_sentence = 5, .shard_documents = 2};

/* All shards end to end, and the bytes of each. */
static void write_corpus(int threads, struct buffer *all, size_t sizes[60])
{
    char *folder = scratch_folder_new(), **paths;
    struct vocabulary *vocabulary = artificial_vocabulary();
    struct error err;
    int count;
    omp_set_num_threads(threads);
    assert_int_equal(artificial_corpus_write(&few, vocabulary, folder, &paths, &count, &err), 0);
    assert_int_equal(count, 60);
    for (int i = 0; i < count; i++) {
        const size_t before = all->size;
        struct buffer shard = {0};
        assert_int_equal(file_read(paths[i], &shard, &err), 0);
        buffer_put(all, shard.data, shard.size);
        buffer_release(&shard);
        sizes[i] = all->size - before;
    }
    artificial_corpus_free_paths(paths, count);
    vocabulary_free(vocabulary);
    scratch_folder_free(folder);
}

static void threads_change_nothing(void **state)
{
    (void)state;
    struct buffer one = {0}, several = {0};
    size_t sizes[60], other_sizes[60];
    write_corpus(1, &one, sizes);
    write_corpus(3, &several, other_sizes);
    assert_int_equal(one.size, several.size);
    assert_memory_equal(one.data, several.data, one.size);
    assert_memory_equal(sizes, other_sizes, sizeof sizes);
    for (int i = 50; i < 59; i++)
        assert_int_equal(sizes[i], sizes[i - 50]);
    assert_memory_not_equal(one.data, one.data + sizes[0], sizes[1]); /* the first two differ */
    buffer_release(&one);
    buffer_release(&several);
}

static void a_folder_that_is_not_there_is_an_error(void **state)
{
    (void)state;
    struct vocabulary *vocabulary = artificial_vocabulary();
    struct error err;
    char **paths;
    int count;
    omp_set_num_threads(3);
    assert_int_equal(
        artificial_corpus_write(&few, vocabulary, "/no/such/folder", &paths, &count, &err), -1);
    assert_non_null(strstr(err.text, "/no/such/folder"));
    vocabulary_free(vocabulary);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_change_nothing),
        cmocka_unit_test(a_folder_that_is_not_there_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "lib/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "corpus/fixture.h"
#include "lambert/base/file.h"
#include "lambert/base/hash.h"
#include "lambert/base/log.h"
#include "lambert/base/memory.h"
#include "prepare/chunk.h"
#include "prepare/fingerprints.h"

struct chunk_fixture {
    char *folder;
    struct vocabulary *vocabulary;
    struct chunk_plan plan;
    struct document_encoder encoder;
    struct document document;
    struct chunk chunk;
    struct error err;
};

static void begin(struct chunk_fixture *b)
{
    *b = (struct chunk_fixture){.folder = scratch_folder_new(), .vocabulary = made_vocabulary(20)};
    b->plan = (struct chunk_plan){.folder = b->folder,
                                  .hash = 42,
                                  .shard = {.vocabulary_hash = vocabulary_hash(b->vocabulary),
                                            .vocabulary_size = vocabulary_size(b->vocabulary),
                                            .compression = 1}};
    document_encoder_init(&b->encoder, b->vocabulary, &tokenizer_defaults, true, false);
    document_init(&b->document);
    chunk_init(&b->chunk, &b->plan);
}

static void end(struct chunk_fixture *b)
{
    chunk_release(&b->chunk);
    document_release(&b->document);
    document_encoder_release(&b->encoder);
    vocabulary_free(b->vocabulary);
    scratch_folder_free(b->folder);
}

static void add(struct chunk_fixture *b, enum corpus_split split, const char *text)
{
    buffer_reset(&b->document.text);
    buffer_put(&b->document.text, text, strlen(text));
    document_encoder_encode(&b->encoder, &b->document);
    assert_int_equal(chunk_add(&b->chunk, split, hash_bytes(text, strlen(text)), &b->document,
                               &b->encoder, &b->err),
                     0);
}

static void make_part(struct chunk_fixture *b, uint64_t number, uint32_t part)
{
    chunk_begin(&b->chunk, number, part, true);
    add(b, CORPUS_TRAIN, "one two\nthree\n");
    add(b, CORPUS_TRAIN, "one two\n");
    add(b, CORPUS_HELDOUT, "four\n");
    b->chunk.report.words = 17;
    assert_int_equal(chunk_commit(&b->chunk, &b->err), 0);
}

/* Twice undoes it. */
static void damage_at(const char *path, long at)
{
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, at, SEEK_SET), 0);
    int byte = fgetc(file);
    assert_int_equal(fseek(file, at, SEEK_SET), 0);
    assert_true(fputc(byte ^ 1, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void damage(struct chunk_fixture *b, const char *name)
{
    char *path = path_join(b->folder, name);
    damage_at(path, 64);
    free(path);
}

static void a_record_comes_back_as_it_was(void **state)
{
    (void)state;
    struct chunk_fixture b;
    struct chunk back;
    uint64_t plan, tokens = 0;
    begin(&b);
    make_part(&b, 3, 7);
    assert_int_equal(count_files(b.folder), 3);
    chunk_init(&back, &b.plan);
    assert_int_equal(chunk_read(&back, 3, 7, &b.err), 0);
    assert_true(back.last);
    assert_int_equal(back.report.words, 17);
    assert_int_equal(back.report.lines, 4);
    assert_int_equal(back.report.text_bytes, 7 + 5 + 7 + 4);
    assert_int_equal(back.report.heldout_documents, 1);
    assert_memory_equal(back.shards, b.chunk.shards, sizeof back.shards);
    for (int id = 0; id < b.plan.shard.vocabulary_size; id++)
        tokens += back.counts[id];
    assert_int_equal(tokens, back.shards[CORPUS_TRAIN].tokens);
    assert_int_equal(fingerprints_duplicates(&back.lines, 0, &(struct duplicates){0}).count, 1);
    assert_int_equal(fingerprints_duplicates(&back.documents, 0, &(struct duplicates){0}).count, 0);
    char *path = path_join(b.folder, "piece-00003-00007.record");
    assert_true(chunk_record_plan(path, &plan));
    assert_int_equal(plan, 42);
    free(path);
    chunk_release(&back);
    end(&b);
}

static void only_what_is_whole_is_done(void **state)
{
    (void)state;
    struct chunk_fixture b;
    begin(&b);
    assert_false(chunk_is_done(&b.plan, 0, 0));
    make_part(&b, 0, 0);
    assert_true(chunk_is_done(&b.plan, 0, 0));
    assert_false(chunk_is_done(&b.plan, 0, 1));
    assert_false(chunk_is_done(&b.plan, 1, 0));
    b.plan.hash = 43;
    assert_false(chunk_is_done(&b.plan, 0, 0));
    b.plan.hash = 42;
    char *shard = path_join(b.folder, "heldout-00000.shard");
    assert_int_equal(file_remove(shard, &b.err), 0);
    assert_false(chunk_is_done(&b.plan, 0, 0));
    free(shard);
    make_part(&b, 0, 0);
    assert_true(chunk_is_done(&b.plan, 0, 0));
    damage(&b, "piece-00000.record");
    assert_false(chunk_is_done(&b.plan, 0, 0));
    end(&b);
}

/* Of the same size, but with a byte that is not its own, or whole but of another part. */
static void a_shard_that_does_not_hold_is_not_done(void **state)
{
    (void)state;
    struct chunk_fixture b;
    begin(&b);
    log_set_level(LOG_ERROR); /* it warns of them */
    char *shard = path_join(b.folder, "train-00000.shard");
    char *other = path_join(b.folder, "train-00001.shard");
    make_part(&b, 0, 0);
    struct file_map map;
    assert_int_equal(file_map_open(&map, shard, &b.err), 0);
    const long size = (long)map.size;
    file_map_close(&map);
    for (long at = 0; at < size; at++) {
        damage_at(shard, at);
        assert_false(chunk_is_done(&b.plan, 0, 0));
        damage_at(shard, at);
    }
    assert_true(chunk_is_done(&b.plan, 0, 0));
    for (uint64_t number = 0; number < 2; number++) {
        chunk_begin(&b.chunk, number, 0, true);
        add(&b, CORPUS_TRAIN, number == 0 ? "w0 w1\n" : "w1 w0\n");
        assert_int_equal(chunk_commit(&b.chunk, &b.err), 0);
        assert_true(chunk_is_done(&b.plan, number, 0));
    }
    assert_int_equal(rename(other, shard), 0);
    assert_false(chunk_is_done(&b.plan, 0, 0));
    log_set_level(LOG_INFO);
    free(shard);
    free(other);
    end(&b);
}

static void an_empty_part_has_a_record_and_no_shard(void **state)
{
    (void)state;
    struct chunk_fixture b;
    struct manifest manifest = {0};
    begin(&b);
    chunk_begin(&b.chunk, 0, 0, true);
    assert_int_equal(chunk_commit(&b.chunk, &b.err), 0);
    assert_int_equal(count_files(b.folder), 1);
    assert_true(chunk_is_done(&b.plan, 0, 0));
    chunk_enter(&b.chunk, &manifest);
    assert_int_equal(manifest.splits[CORPUS_TRAIN].count, 0);
    end(&b);
}

static void shards_are_entered_by_name(void **state)
{
    (void)state;
    struct chunk_fixture b;
    struct manifest manifest = {0};
    begin(&b);
    make_part(&b, 12, 0);
    chunk_enter(&b.chunk, &manifest);
    make_part(&b, 12, 1);
    chunk_enter(&b.chunk, &manifest);
    assert_string_equal(manifest.splits[CORPUS_TRAIN].shards[0].file, "train-00012.shard");
    assert_string_equal(manifest.splits[CORPUS_TRAIN].shards[1].file, "train-00012-00001.shard");
    assert_string_equal(manifest.splits[CORPUS_HELDOUT].shards[0].file, "heldout-00012.shard");
    assert_int_equal(manifest.splits[CORPUS_TRAIN].shards[1].summary.documents, 2);
    manifest_release(&manifest);
    end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_comes_back_as_it_was),
        cmocka_unit_test(only_what_is_whole_is_done),
        cmocka_unit_test(a_shard_that_does_not_hold_is_not_done),
        cmocka_unit_test(an_empty_part_has_a_record_and_no_shard),
        cmocka_unit_test(shards_are_entered_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "lib/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "corpus/fixture.h"
#include "lambert/base/file.h"
#include "lambert/base/hash.h"
#include "prepare/duplicate_list.h"

enum { PARTS = 6, DOCUMENTS = 40 };

struct list_fixture {
    char *folder;
    struct vocabulary *vocabulary;
    struct chunk_plan plan;
    struct error err;
};

static void begin(struct list_fixture *b)
{
    *b = (struct list_fixture){.folder = scratch_folder_new(), .vocabulary = made_vocabulary(20)};
    b->plan = (struct chunk_plan){.folder = b->folder,
                                  .hash = 42,
                                  .drop_duplicates = true,
                                  .shard = {.vocabulary_hash = vocabulary_hash(b->vocabulary),
                                            .vocabulary_size = vocabulary_size(b->vocabulary),
                                            .compression = 1}};
}

static void end(struct list_fixture *b)
{
    vocabulary_free(b->vocabulary);
    scratch_folder_free(b->folder);
}

/* What is document d of part p: one of 70 things. */
static uint64_t thing(int p, int d)
{
    return (uint64_t)(p * p * 31 + d * 17 + p * d) % 70;
}

/* Chunks 0, 1 and 3 have one part, 2 has three; the last part of all has no documents. */
static const struct {
    uint64_t chunk;
    uint32_t part;
    bool last;
} places[PARTS] = {{0, 0, true},  {1, 0, true}, {2, 0, false},
                   {2, 1, false}, {2, 2, true}, {3, 0, true}};

static int documents_of(int p)
{
    return p == PARTS - 1 ? 0 : DOCUMENTS - p;
}

static void write_records(struct list_fixture *b)
{
    struct chunk chunk;
    chunk_init(&chunk, &b->plan);
    chunk.each = calloc(DOCUMENTS, sizeof *chunk.each);
    for (int p = 0; p < PARTS; p++) {
        chunk_begin(&chunk, places[p].chunk, places[p].part, places[p].last);
        for (int d = 0; d < documents_of(p); d++) {
            const uint64_t number = thing(p, d);
            fingerprints_add(&chunk.documents, 0, hash_bytes(&number, sizeof number), 10);
        }
        assert_int_equal(chunk_commit(&chunk, &b->err), 0);
    }
    chunk_release(&chunk);
}

static void the_first_of_each_is_none(void **state)
{
    (void)state;
    struct list_fixture b;
    begin(&b);
    write_records(&b);
    for (uint64_t most = 1; most < 1000; most *= 7) {
        struct duplicate_list list;
        bool seen[70] = {false}, dropped[DOCUMENTS];
        assert_int_equal(duplicate_list_find(&list, &b.plan, 4, most, &b.err), 0);
        assert_int_equal(list.count, PARTS);
        for (int p = 0; p < PARTS; p++) {
            bool any = false;
            assert_int_equal(list.parts[p].chunk, places[p].chunk);
            assert_int_equal(list.parts[p].part, places[p].part);
            bool told =
                duplicate_list_get(&list, list.parts[p].first, (size_t)documents_of(p), dropped);
            for (int d = 0; d < documents_of(p); d++) {
                assert_int_equal(dropped[d], seen[thing(p, d)]);
                seen[thing(p, d)] = true;
                any |= dropped[d];
            }
            assert_int_equal(told, any);
        }
        duplicate_list_release(&list);
    }
    end(&b);
}

/* One document a thousand times over, or all different: the table is no larger than was said. */
static void memory_is_bounded_whatever_is_found(void **state)
{
    (void)state;
    enum { MANY = 20000, MOST = 512 };
    for (uint64_t different = 1; different <= MANY; different *= MANY) {
        struct list_fixture b;
        struct chunk chunk;
        struct duplicate_list list;
        bool dropped[MANY];
        begin(&b);
        chunk_init(&chunk, &b.plan);
        chunk.each = calloc(MANY, sizeof *chunk.each);
        chunk_begin(&chunk, 0, 0, true);
        for (uint64_t d = 0; d < MANY; d++) {
            const uint64_t number = d % different;
            fingerprints_add(&chunk.documents, 0,
                             number == 0 ? 0 : hash_bytes(&number, sizeof number), 10);
        }
        assert_int_equal(chunk_commit(&chunk, &b.err), 0);
        assert_int_equal(duplicate_list_find(&list, &b.plan, 1, MOST, &b.err), 0);
        assert_in_range(list.table_bytes, 0, 32 * MOST);
        assert_int_equal(duplicate_list_documents(&list, 0), MANY);
        duplicate_list_get(&list, 0, MANY, dropped);
        for (uint64_t d = 0; d < MANY; d++)
            assert_int_equal(dropped[d], d >= different);
        duplicate_list_release(&list);
        chunk_release(&chunk);
        end(&b);
    }
}

/* Changes a byte of a section of the first part's record. */
static void damage_section(const struct list_fixture *b, const char *name)
{
    struct container file;
    struct error err;
    char *path = path_join(b->folder, "piece-00000.record");
    assert_int_equal(container_open(&file, path, "piece", UINT32_MAX, &err), 0);
    uint64_t offset = 0;
    for (int i = 0; i < file.count; i++)
        if (strcmp(file.entries[i].name, name) == 0)
            offset = file.entries[i].offset;
    container_close(&file);
    assert_int_not_equal(offset, 0);
    FILE *stream = fopen(path, "r+b");
    assert_non_null(stream);
    assert_int_equal(fseek(stream, (long)offset, SEEK_SET), 0);
    const int byte = fgetc(stream);
    assert_int_equal(fseek(stream, (long)offset, SEEK_SET), 0);
    assert_int_not_equal(fputc(byte ^ 1, stream), EOF);
    assert_int_equal(fclose(stream), 0);
    free(path);
}

/* Of a record the hashes of documents are read, and checked, and what else it has is not. */
static void only_hashes_of_documents_are_read(void **state)
{
    (void)state;
    struct list_fixture b;
    struct duplicate_list list;
    begin(&b);
    write_records(&b);
    damage_section(&b, "COUNTS");
    assert_int_equal(duplicate_list_find(&list, &b.plan, 4, 100, &b.err), 0);
    duplicate_list_release(&list);
    damage_section(&b, "DOCS");
    assert_int_equal(duplicate_list_find(&list, &b.plan, 4, 100, &b.err), -1);
    assert_non_null(strstr(b.err.text, "piece-00000.record"));
    duplicate_list_release(&list);
    end(&b);
}

static void a_record_that_is_not_there_is_named(void **state)
{
    (void)state;
    struct list_fixture b;
    struct duplicate_list list;
    begin(&b);
    write_records(&b);
    assert_int_equal(duplicate_list_find(&list, &b.plan, 5, 100, &b.err), -1);
    assert_non_null(strstr(b.err.text, "piece-00004.record"));
    duplicate_list_release(&list);
    end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_of_each_is_none),
        cmocka_unit_test(memory_is_bounded_whatever_is_found),
        cmocka_unit_test(only_hashes_of_documents_are_read),
        cmocka_unit_test(a_record_that_is_not_there_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

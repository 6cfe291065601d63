#include "lib/unit.h"

#include <stdlib.h>
#include <string.h>

#include "corpus/fixture.h"
#include "lambert/base/file.h"
#include "lambert/base/hash.h"
#include "lambert/base/memory.h"
#include "prepare/chunk_drop.h"

enum { DOCUMENTS = 9 };

struct drop_fixture {
    char *folder, *other;
    struct vocabulary *vocabulary;
    struct chunk_plan plan;
    struct document_encoder encoder;
    struct document document;
    struct error err;
};

static void begin(struct drop_fixture *b, bool segmented)
{
    *b = (struct drop_fixture){.folder = scratch_folder_new(),
                               .other = scratch_folder_new(),
                               .vocabulary = made_vocabulary(20)};
    b->plan = (struct chunk_plan){.folder = b->folder,
                                  .hash = 42,
                                  .drop_duplicates = true,
                                  .shard = {.vocabulary_hash = vocabulary_hash(b->vocabulary),
                                            .vocabulary_size = vocabulary_size(b->vocabulary),
                                            .compression = 1,
                                            .segmented = segmented}};
    document_encoder_init(&b->encoder, b->vocabulary, &tokenizer_defaults, true, segmented);
    document_init(&b->document);
}

static void end(struct drop_fixture *b)
{
    document_release(&b->document);
    document_encoder_release(&b->encoder);
    vocabulary_free(b->vocabulary);
    scratch_folder_free(b->folder);
    scratch_folder_free(b->other);
}

/* Document d of the part: every third is held out; of 1 to 3 lines, the first of two sentences in
 * every second; long enough that they lie across blocks. */
static enum corpus_split put_document(struct buffer *text, int d)
{
    buffer_reset(text);
    for (int line = 0; line <= d % 3; line++) {
        for (int word = 0; word < 1500; word++)
            buffer_print(text, "w%d ", (d * 7 + line * 3 + word * word) % 13);
        buffer_print(text, "%sw%d\n", line == 0 && d % 2 ? ". W1 w2 " : "", d % 13);
    }
    return d % 3 == 2 ? CORPUS_HELDOUT : CORPUS_TRAIN;
}

/* The part with the documents that are not left out. */
static void make_part(struct drop_fixture *b, struct chunk *chunk, const bool *left_out)
{
    chunk_begin(chunk, 5, 1, true);
    for (int d = 0; d < DOCUMENTS; d++) {
        enum corpus_split split = put_document(&b->document.text, d);
        if (left_out[d])
            continue;
        chunk->report.sentences += document_encoder_encode(&b->encoder, &b->document);
        size_t tokens;
        document_encoder_ids(&b->encoder, &tokens);
        chunk->report.tokens += tokens;
        chunk->report.one_sentence_documents += b->encoder.sentences == 1;
        assert_int_equal(chunk_add(chunk, split,
                                   hash_bytes(b->document.text.data, b->document.text.size),
                                   &b->document, &b->encoder, &b->err),
                         0);
    }
    assert_int_equal(chunk_commit(chunk, &b->err), 0);
}

static void assert_same_shard(struct drop_fixture *b, enum corpus_split split, bool there)
{
    struct chunk_plan other = b->plan;
    other.folder = b->other;
    char *paths[2] = {chunk_shard_path(&b->plan, 5, 1, split),
                      chunk_shard_path(&other, 5, 1, split)};
    struct buffer bytes[2] = {{0}, {0}};
    for (int i = 0; i < 2; i++) {
        assert_int_equal(file_exists(paths[i]), there);
        if (there)
            assert_int_equal(file_read(paths[i], &bytes[i], &b->err), 0);
        free(paths[i]);
    }
    assert_int_equal(bytes[0].size, bytes[1].size);
    if (there)
        assert_memory_equal(bytes[0].data, bytes[1].data, bytes[0].size);
    buffer_release(&bytes[0]);
    buffer_release(&bytes[1]);
}

static void assert_same_chunk(const struct chunk *a, const struct chunk *b, int dropped)
{
    struct corpus_report x = a->report, y = b->report;
    assert_int_equal(x.dropped_documents, dropped);
    x.dropped_documents = x.dropped_document_bytes = 0;
    for (int f = 0; f < corpus_report_fields; f++)
        assert_int_equal(*corpus_report_field(&x, f), *corpus_report_field(&y, f));
    assert_memory_equal(a->made, b->made, sizeof a->made);
    assert_memory_equal(a->shards, b->shards, sizeof a->shards);
    assert_memory_equal(a->counts, b->counts,
                        (size_t)a->plan->shard.vocabulary_size * sizeof *a->counts);
    assert_int_equal(a->documents.count, b->documents.count);
    assert_int_equal(a->lines.count, b->lines.count);
    if (a->documents.count > 0) {
        assert_memory_equal(a->documents.prints, b->documents.prints,
                            a->documents.count * sizeof *a->documents.prints);
        assert_memory_equal(a->each, b->each, a->documents.count * sizeof *a->each);
        assert_memory_equal(a->lines.prints, b->lines.prints,
                            a->lines.count * sizeof *a->lines.prints);
    }
}

/* Any documents: what is left is what a part without them is. */
static void what_is_left_is_as_without_them(void **state)
{
    (void)state;
    static const int sets[] = {0x001, 0x100, 0x1ff, 0x124, 0x0db, 0x0aa, 0x1fe, 0x004, 0x011};
    const bool none[DOCUMENTS] = {false};
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
        struct drop_fixture b;
        struct chunk whole, wanted, found;
        bool left_out[DOCUMENTS];
        int dropped = 0;
        begin(&b, i % 2);
        struct chunk_plan other = b.plan;
        other.folder = b.other;
        for (int d = 0; d < DOCUMENTS; d++)
            dropped += left_out[d] = (sets[i] >> d & 1) != 0;
        chunk_init(&whole, &b.plan);
        chunk_init(&wanted, &other);
        chunk_init(&found, &b.plan);
        make_part(&b, &whole, none);
        make_part(&b, &wanted, left_out);
        assert_int_equal(chunk_read(&whole, 5, 1, &b.err), 0);
        assert_int_equal(chunk_drop(&whole, left_out, &b.err), 0);
        for (int s = 0; s < CORPUS_SPLITS; s++)
            assert_same_shard(&b, (enum corpus_split)s, wanted.made[s]);
        assert_true(chunk_is_done(&b.plan, 5, 1));
        assert_int_equal(chunk_read(&found, 5, 1, &b.err), 0);
        assert_same_chunk(&found, &wanted, dropped);
        chunk_release(&whole);
        chunk_release(&wanted);
        chunk_release(&found);
        end(&b);
    }
}

/* When it ends between the shards and the record, the part does not count as done. */
static void half_done_is_not_done(void **state)
{
    (void)state;
    struct drop_fixture b;
    struct chunk chunk;
    struct buffer record = {0};
    const bool none[DOCUMENTS] = {false}, some[DOCUMENTS] = {[0] = true};
    begin(&b, true);
    chunk_init(&chunk, &b.plan);
    make_part(&b, &chunk, none);
    char *path = path_join(b.folder, "piece-00005-00001.record");
    assert_int_equal(file_read(path, &record, &b.err), 0);
    assert_int_equal(chunk_read(&chunk, 5, 1, &b.err), 0);
    assert_int_equal(chunk_drop(&chunk, some, &b.err), 0);
    assert_true(chunk_is_done(&b.plan, 5, 1));
    assert_int_equal(file_write(path, record.data, record.size, &b.err), 0);
    assert_false(chunk_is_done(&b.plan, 5, 1));
    free(path);
    buffer_release(&record);
    chunk_release(&chunk);
    end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_left_is_as_without_them),
        cmocka_unit_test(half_done_is_not_done),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

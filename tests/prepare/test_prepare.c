#include "lib/unit.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "corpus/fixture.h"
#include "lambert/base/file.h"
#include "lambert/base/log.h"
#include "lambert/base/memory.h"
#include "lambert/corpus/corpus.h"
#include "lambert/prepare/prepare.h"
#include "lambert/text/document_reader.h"
#include "lambert/text/sentence_splitter.h"

/* One token a word: ids 5 .. 12; a dot is 13. */
static const char vocabulary[] = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n"
                                 "one\ntwo\nthree\nfour\nfive\nsix\nseven\n##s\n.\n";

struct prepare_fixture {
    char *folder, *vocabulary, *texts, *output;
    char *inputs[1];
    struct prepare_options options;
    struct corpus_report report;
    struct error err;
};

static void begin(struct prepare_fixture *b)
{
    *b = (struct prepare_fixture){.folder = scratch_folder_new()};
    b->vocabulary = path_join(b->folder, "v.txt");
    b->texts = path_join(b->folder, "texts");
    b->output = path_join(b->folder, "out");
    write_text(b->folder, "v.txt", vocabulary);
    assert_int_equal(folder_create(b->texts, &b->err), 0);
    b->inputs[0] = b->texts;
    b->options = prepare_defaults;
    b->options.inputs = b->inputs;
    b->options.input_count = 1;
    b->options.vocabulary = b->vocabulary;
    b->options.output = b->output;
    b->options.heldout_fraction = 0;
    log_set_level(LOG_ERROR); /* warnings are expected here */
}

static void end(struct prepare_fixture *b)
{
    log_set_level(LOG_INFO);
    free(b->vocabulary);
    free(b->texts);
    free(b->output);
    scratch_folder_free(b->folder);
}

static void prepare(struct prepare_fixture *b)
{
    int status = prepare_corpus(&b->options, &b->report, &b->err);
    if (status < 0)
        print_message("%s\n", b->err.text);
    assert_int_equal(status, 0);
}

static void assert_refused(struct prepare_fixture *b, const char *word)
{
    assert_int_equal(prepare_corpus(&b->options, &b->report, &b->err), -1);
    assert_non_null(strstr(b->err.text, word));
}

static struct corpus *open_corpus(struct prepare_fixture *b)
{
    struct corpus *corpus;
    assert_int_equal(corpus_open(&corpus, b->output, &b->err), 0);
    return corpus;
}

/* Document d of the training split has these sentences and tokens. */
static void assert_document(struct prepare_fixture *b, const struct corpus *corpus, uint64_t d,
                            const uint16_t *lengths, uint32_t sentences, const int32_t *ids)
{
    const struct document_store *store = corpus_store(corpus, CORPUS_TRAIN);
    struct document_view view = document_store_view(store, d);
    struct block_cache *cache = block_cache_new(0);
    int32_t found[64];
    uint32_t tokens = 0;
    assert_int_equal(view.sentences, sentences);
    for (uint32_t s = 0; s < sentences; s++) {
        assert_int_equal(view.lengths[s], lengths[s]);
        tokens += lengths[s];
    }
    assert_int_equal(document_store_read(store, cache, &view, 0, tokens, found, &b->err), 0);
    assert_memory_equal(found, ids, tokens * sizeof *ids);
    block_cache_free(cache);
}

#define FIFTY_BLANKS "                                                  "

static void plain_text_becomes_documents_and_sentences(void **state)
{
    (void)state;
    struct prepare_fixture b;
    begin(&b);
    write_text(
        b.texts, "a.txt",
        "One two. Three fours.\nfive\n\n\nSix nine\xff!\n\n \xff \n" FIFTY_BLANKS FIFTY_BLANKS
            FIFTY_BLANKS FIFTY_BLANKS); /* so that a few bytes are few */
    write_text(b.texts, "b.txt", "seven");
    prepare(&b);
    assert_int_equal(b.report.files, 2);
    assert_int_equal(b.report.input_bytes, 250);
    assert_int_equal(b.report.documents, 4);
    assert_int_equal(b.report.empty_documents, 1);
    assert_int_equal(b.report.one_sentence_documents, 2);
    assert_int_equal(b.report.sentences, 5);
    assert_int_equal(b.report.tokens, 12);
    assert_int_equal(b.report.words, 11);
    assert_int_equal(b.report.unknown_words, 2);
    assert_int_equal(b.report.invalid_bytes, 2);
    struct corpus *corpus = open_corpus(&b);
    assert_int_equal(document_store_documents(corpus_store(corpus, CORPUS_TRAIN)), 3);
    const uint16_t first[] = {3, 4, 1}, second[] = {3}, third[] = {1};
    const int32_t first_ids[] = {5, 6, 13, 7, 8, 12, 13, 9}, second_ids[] = {10, 1, 1};
    const int32_t third_ids[] = {11};
    assert_document(&b, corpus, 0, first, 3, first_ids);
    assert_document(&b, corpus, 1, second, 1, second_ids);
    assert_document(&b, corpus, 2, third, 1, third_ids);

    uint64_t counts[14];
    const uint64_t wanted[14] = {0, 2, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 2};
    assert_int_equal(corpus_token_counts(corpus, counts, &b.err), 0);
    assert_memory_equal(counts, wanted, sizeof counts);
    corpus_close(corpus);
    end(&b);
}

static void lines_can_be_sentences(void **state)
{
    (void)state;
    struct prepare_fixture b;
    begin(&b);
    write_text(b.texts, "a.txt", "One two. Three four.\nfive\n\nsix\n");
    b.options.split_sentences = false;
    prepare(&b);
    struct corpus *corpus = open_corpus(&b);
    const uint16_t first[] = {6, 1}, second[] = {1};
    const int32_t first_ids[] = {5, 6, 13, 7, 8, 13, 9}, second_ids[] = {10};
    assert_document(&b, corpus, 0, first, 2, first_ids);
    assert_document(&b, corpus, 1, second, 1, second_ids);
    corpus_close(corpus);
    end(&b);
}

/* Titles are not text; an article of nothing but its title is an empty document. */
static void wiki_extractor_output_is_read(void **state)
{
    (void)state;
    struct prepare_fixture b;
    begin(&b);
    write_text(
        b.texts, "wiki_00",
        "<doc id=\"1\" url=\"x\" title=\"One\">\nOne\n\nTwo three. Four.\n\nFive.\n\n</doc>\n"
        "<doc id=\"2\" url=\"x\" title=\"Two\">\nTwo\n\n</doc>\n"
        "<doc id=\"3\" url=\"x\" title=\"Three\">\nThree\n\nSix.\n\n</doc>\n");
    prepare(&b);
    assert_int_equal(b.report.documents, 3);
    assert_int_equal(b.report.empty_documents, 1);
    struct corpus *corpus = open_corpus(&b);
    const uint16_t first[] = {3, 2, 2}, second[] = {2};
    const int32_t first_ids[] = {6, 7, 13, 8, 13, 9, 13}, second_ids[] = {10, 13};
    assert_document(&b, corpus, 0, first, 3, first_ids);
    assert_document(&b, corpus, 1, second, 1, second_ids);
    corpus_close(corpus);
    end(&b);
}

/* `documents` documents over a few files, some of them the same, in `path`. */
static void write_many(const char *folder, int documents)
{
    static const char *const words[] = {"one", "two", "three", "four", "five", "six", "seven"};
    for (int file = 0; file < 3; file++) {
        struct buffer text = {0};
        for (int d = file; d < documents; d += 3) {
            for (int i = 0, n = d % 100; i < 12; i++, n = (n * 31 + 7) % 1009)
                buffer_print(&text, "%s%s ", words[n % 7], n % 4 ? "" : ".");
            buffer_print(&text, "\n\n");
        }
        char *name = memory_text("part-%d", file);
        write_text(folder, name, buffer_text(&text));
        free(name);
        buffer_release(&text);
    }
}

static void assert_same_file(const char *a, const char *b, const char *name)
{
    struct buffer x = {0}, y = {0};
    struct error err;
    char *path_a = path_join(a, name), *path_b = path_join(b, name);
    assert_int_equal(file_read(path_a, &x, &err), 0);
    assert_int_equal(file_read(path_b, &y, &err), 0);
    assert_int_equal(x.size, y.size);
    assert_memory_equal(x.data, y.data, x.size);
    buffer_release(&x);
    buffer_release(&y);
    free(path_a);
    free(path_b);
}

static void assert_same_folders(const char *a, const char *b)
{
    struct folder_list names;
    struct error err;
    assert_int_equal(count_files(a), count_files(b));
    assert_int_equal(folder_list_open(&names, a, &err), 0);
    for (int i = 0; i < names.count; i++)
        assert_same_file(a, b, names.names[i]);
    folder_list_close(&names);
}

static void the_same_input_makes_the_same_bytes(void **state)
{
    (void)state;
    struct prepare_fixture b;
    begin(&b);
    char *other = path_join(b.folder, "elsewhere/other");
    write_many(b.texts, 3000);
    b.options.heldout_fraction = 0.1;
    b.options.shard_bytes = 40000;
    prepare(&b);
    b.options.output = other;
    prepare(&b);
    assert_same_folders(b.output, other);
    free(other);
    end(&b);
}

static void remove_shared_name(const char *folder, const char *name)
{
    struct error err;
    char *path = path_join(folder, name);
    assert_int_equal(file_remove(path, &err), 0);
    free(path);
}

/* Any number of ranks, one after another here, on the same folder. */
static void prepare_on_ranks(struct prepare_fixture *b, int ranks)
{
    struct preparation *p[8];
    for (int r = 0; r < ranks; r++)
        assert_int_equal(prepare_open(&p[r], &b->options, r, ranks, &b->err), 0);
    assert_int_equal(prepare_begin(p[0], &b->err), 0);
    for (int r = ranks - 1; r >= 0; r--)
        assert_int_equal(prepare_chunks(p[r], &b->err), 0);
    for (int r = 0; r < ranks; r++)
        assert_int_equal(prepare_find_duplicates(p[r], &b->err), 0);
    for (int r = ranks - 1; r >= 0; r--)
        assert_int_equal(prepare_drop_duplicates(p[r], &b->err), 0);
    assert_int_equal(prepare_finish(p[0], &b->report, &b->err), 0);
    for (int r = 0; r < ranks; r++)
        prepare_close(p[r]);
}

static void ranks_make_the_same_bytes(void **state)
{
    (void)state;
    struct prepare_fixture b;
    begin(&b);
    write_many(b.texts, 3000);
    b.options.heldout_fraction = 0.1;
    b.options.shard_bytes = 8192;
    prepare(&b);
    for (int ranks = 2; ranks <= 5; ranks++) {
        char *other = memory_text("%s/ranks-%d", b.folder, ranks);
        const char *one = b.output;
        b.options.output = other;
        prepare_on_ranks(&b, ranks);
        assert_same_folders(one, other);
        free(other);
    }
    end(&b);
}

/* Turns a bit in the middle, so that the size stays. */
static void damage(const char *folder, const char *name)
{
    char *path = path_join(folder, name);
    struct stat status;
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(fseek(file, status.st_size / 2, SEEK_SET), 0);
    int byte = fgetc(file);
    assert_int_equal(fseek(file, status.st_size / 2, SEEK_SET), 0);
    assert_true(fputc(byte ^ 1, file) >= 0);
    assert_int_equal(fclose(file), 0);
    free(path);
}

/* A preparation that ended early is gone on with: what is done is not done again. */
static void parts_that_are_done_are_kept(void **state)
{
    (void)state;
    struct prepare_fixture b;
    struct preparation *p;
    begin(&b);
    char *whole = path_join(b.folder, "whole");
    write_many(b.texts, 3000);
    b.options.shard_bytes = 8192;
    b.options.output = whole;
    prepare(&b);
    b.options.output = b.output;
    assert_int_equal(prepare_open(&p, &b.options, 0, 1, &b.err), 0);
    assert_int_equal(prepare_begin(p, &b.err), 0);
    assert_int_equal(prepare_chunks(p, &b.err), 0);
    prepare_close(p);
    struct corpus *corpus;
    assert_int_equal(corpus_open(&corpus, b.output, &b.err), -1);

    remove_shared_name(b.output, "piece-00003.record");
    remove_shared_name(b.output, "train-00005.shard");
    damage(b.output, "train-00006.shard");
    char *kept = path_join(b.output, "train-00007.shard");
    struct stat before, after;
    assert_int_equal(stat(kept, &before), 0);
    prepare(&b);
    assert_int_equal(stat(kept, &after), 0);
    assert_int_equal(before.st_ino, after.st_ino);
    assert_same_folders(whole, b.output);
    free(kept);
    free(whole);
    end(&b);
}

/* With other options what is done is of no use. */
static void parts_of_another_preparation_go(void **state)
{
    (void)state;
    struct prepare_fixture b;
    struct preparation *p;
    begin(&b);
    char *whole = path_join(b.folder, "whole");
    write_many(b.texts, 300);
    b.options.shard_bytes = 4096;
    assert_int_equal(prepare_open(&p, &b.options, 0, 1, &b.err), 0);
    assert_int_equal(prepare_begin(p, &b.err), 0);
    assert_int_equal(prepare_chunks(p, &b.err), 0);
    prepare_close(p);
    b.options.shard_bytes = 8192;
    b.options.split_sentences = false;
    prepare(&b);
    b.options.output = whole;
    prepare(&b);
    assert_same_folders(whole, b.output);
    free(whole);
    end(&b);
}

static void duplicates_are_counted(void **state)
{
    (void)state;
    struct prepare_fixture b;
    begin(&b);
    write_text(b.texts, "a.txt", "one two\nthree\n\none two\nthree\n\none two\nfour\n");
    write_text(b.texts, "b.txt", "one two\nthree\n\nseven\n");
    prepare(&b);
    assert_int_equal(b.report.duplicate_documents, 2);
    assert_int_equal(b.report.duplicate_document_bytes, 2 * (7 + 5)); /* of its lines' text */
    assert_int_equal(b.report.lines, 9);
    assert_int_equal(b.report.duplicate_lines, 5); /* "one two" 3 times more, "three" 2 */
    assert_int_equal(b.report.duplicate_line_bytes, 3 * 7 + 2 * 5);
    assert_int_equal(b.report.text_bytes, 4 * 7 + 3 * 5 + 4 + 5);
    assert_int_equal(b.report.lines_per_print, 1);
    end(&b);
}

/* The documents of write_many(), but for those that are the same as one before. */
static void write_first_of_many(struct prepare_fixture *b, int documents)
{
    struct buffer all = {0}, kept = {0};
    for (int file = 0; file < 3; file++) {
        char *name = memory_text("%s/part-%d", b->texts, file);
        assert_int_equal(file_read(name, &all, &b->err), 0);
        assert_int_equal(file_remove(name, &b->err), 0);
        free(name);
    }
    char *rest = (char *)buffer_text(&all);
    for (int d = 0; d < documents; d++) {
        char *end = strstr(rest, "\n\n");
        *end = 0;
        char *document = memory_text("%s\n\n", rest);
        if (!strstr(buffer_text(&kept), document))
            buffer_print(&kept, "%s", document);
        free(document);
        rest = end + 2;
    }
    write_text(b->texts, "part-0", buffer_text(&kept));
    buffer_release(&all);
    buffer_release(&kept);
}

/* What is left is what had been made of a text without copies. */
static void the_first_of_each_text_is_kept(void **state)
{
    (void)state;
    struct prepare_fixture b;
    begin(&b);
    char *wanted = path_join(b.folder, "wanted");
    write_many(b.texts, 3000);
    b.options.heldout_fraction = 0.3;
    b.options.drop_duplicates = true;
    prepare(&b);
    const struct corpus_report report = b.report;
    assert_int_equal(report.documents, 3000);
    assert_int_equal(report.dropped_documents, 2900);
    assert_int_equal(corpus_report_kept(&report), 100);
    assert_int_equal(report.duplicate_documents, 0);
    b.options.drop_duplicates = false;
    b.options.output = wanted;
    write_first_of_many(&b, 3000);
    prepare(&b);
    assert_int_equal(b.report.documents, 100);
    assert_int_equal(report.dropped_document_bytes, 29 * b.report.text_bytes);
    assert_int_equal(report.text_bytes, b.report.text_bytes);
    assert_int_equal(report.lines, b.report.lines);
    assert_int_equal(report.duplicate_lines, b.report.duplicate_lines);
    assert_int_equal(report.sentences, b.report.sentences);
    assert_int_equal(report.tokens, b.report.tokens);
    assert_int_equal(report.heldout_documents, b.report.heldout_documents);
    assert_int_equal(report.one_sentence_documents, b.report.one_sentence_documents);
    assert_int_equal(report.corpus_bytes, b.report.corpus_bytes);
    assert_same_file(b.output, wanted, "train-00000.shard");
    assert_same_file(b.output, wanted, "heldout-00000.shard");
    assert_same_file(b.output, wanted, "tokens.counts");
    free(wanted);
    end(&b);
}

/* In chunks so small that most lose all they have. */
static void ranks_drop_the_same(void **state)
{
    (void)state;
    struct prepare_fixture b;
    begin(&b);
    write_many(b.texts, 3000);
    b.options.heldout_fraction = 0.1;
    b.options.shard_bytes = 4096;
    b.options.drop_duplicates = true;
    prepare(&b);
    assert_int_equal(b.report.dropped_documents, 2900);
    struct corpus *corpus = open_corpus(&b);
    assert_int_equal(document_store_documents(corpus_store(corpus, CORPUS_TRAIN)) +
                         document_store_documents(corpus_store(corpus, CORPUS_HELDOUT)),
                     100);
    uint64_t counts[14], sum = 0;
    assert_int_equal(corpus_token_counts(corpus, counts, &b.err), 0);
    for (int id = 0; id < 14; id++)
        sum += counts[id];
    assert_int_equal(sum, document_store_tokens(corpus_store(corpus, CORPUS_TRAIN)));
    corpus_close(corpus);
    for (int ranks = 2; ranks <= 5; ranks++) {
        char *other = memory_text("%s/ranks-%d", b.folder, ranks);
        const char *one = b.output;
        b.options.output = other;
        prepare_on_ranks(&b, ranks);
        assert_same_folders(one, other);
        free(other);
    }
    end(&b);
}

/* Interrupted when one of three ranks has dropped its share of the copies, and with damage besides. */
static void dropping_is_gone_on_with(void **state)
{
    (void)state;
    struct prepare_fixture b;
    struct preparation *p[3];
    begin(&b);
    char *whole = path_join(b.folder, "whole");
    write_many(b.texts, 3000);
    b.options.shard_bytes = 8192;
    b.options.drop_duplicates = true;
    b.options.output = whole;
    prepare(&b);
    b.options.output = b.output;
    for (int r = 0; r < 3; r++)
        assert_int_equal(prepare_open(&p[r], &b.options, r, 3, &b.err), 0);
    assert_int_equal(prepare_begin(p[0], &b.err), 0);
    for (int r = 0; r < 3; r++)
        assert_int_equal(prepare_chunks(p[r], &b.err), 0);
    assert_int_equal(prepare_find_duplicates(p[1], &b.err), 0);
    assert_int_equal(prepare_drop_duplicates(p[1], &b.err), 0);
    for (int r = 0; r < 3; r++)
        prepare_close(p[r]);
    damage(b.output, "train-00000.shard");
    remove_shared_name(b.output, "piece-00004.record");
    prepare(&b);
    assert_same_folders(whole, b.output);
    free(whole);
    end(&b);
}

static void what_a_test_set_has_is_left_out(void **state)
{
    (void)state;
    struct prepare_fixture b;
    struct buffer said = {0};
    begin(&b);
    char *tests = path_join(b.folder, "tests");
    assert_int_equal(folder_create(tests, &b.err), 0);
    write_text(b.texts, "a.txt",
               "one two\nthree\n\nSix. One, two\n-- THREE! four\n\none two four three\n\nfive\n");
    write_text(tests, "squad.json",
               "{\"data\": [{\"one\": \"two three\"}, \"one two three four\"]}");
    write_text(tests, "short.tsv", "five\tsix seven\n");
    b.options.exclude = tests;
    b.options.exclude_words = 4;
    log_set_level(LOG_INFO);
    catch_begin();
    int status = prepare_corpus(&b.options, &b.report, &b.err);
    catch_end(&said);
    log_set_level(LOG_ERROR);
    assert_int_equal(status, 0);
    assert_int_equal(b.report.documents, 4);
    assert_int_equal(b.report.excluded_documents, 1);
    assert_int_equal(b.report.excluded_document_bytes, 13 + 14);
    assert_int_equal(b.report.exclusion_words, 4);
    assert_int_equal(b.report.exclusion_ngrams, 1);
    assert_int_equal(corpus_report_kept(&b.report), 3);
    assert_non_null(
        strstr(buffer_text(&said), "a.txt, ends at byte 45: \"one two three four\" is in "));
    assert_non_null(strstr(buffer_text(&said), "squad.json"));
    struct corpus *corpus = open_corpus(&b);
    const uint16_t second[] = {4};
    const int32_t second_ids[] = {5, 6, 8, 7};
    assert_document(&b, corpus, 1, second, 1, second_ids);
    corpus_close(corpus);
    write_text(tests, "short.tsv",
               "one two four three\tsix seven five one\none two\n\n"
               "five\n\none\ntwo\nthree\none\n");
    b.options.exclude_words = 2;
    write_text(b.texts, "a.txt", "one two\nthree\n\none two four three\n");
    b.options.overwrite = true;
    assert_refused(&b, "all 2 documents");
    b.options.exclude_words = 13;
    assert_refused(&b, "--exclude-words");
    buffer_release(&said);
    free(tests);
    end(&b);
}

static void shards_are_cut_by_input_and_change_nothing(void **state)
{
    (void)state;
    struct prepare_fixture b;
    begin(&b);
    char *whole = path_join(b.folder, "whole");
    write_many(b.texts, 3000);
    b.options.shard_bytes = 40000;
    prepare(&b);
    struct corpus *cut = open_corpus(&b);
    const struct document_store *x = corpus_store(cut, CORPUS_TRAIN);
    assert_true(document_store_shards(x) > 3);
    assert_true((uint64_t)document_store_shards(x) <= b.report.input_bytes / 40000 + 3);
    b.options.output = whole;
    b.options.shard_bytes = UINT64_C(1) << 40;
    prepare(&b);
    struct corpus *one;
    assert_int_equal(corpus_open(&one, whole, &b.err), 0);
    const struct document_store *y = corpus_store(one, CORPUS_TRAIN);
    assert_int_equal(document_store_shards(y), 1);
    assert_int_equal(document_store_documents(x), 3000);
    assert_int_equal(document_store_documents(y), 3000);
    struct block_cache *cache_x = block_cache_new(0), *cache_y = block_cache_new(0);
    for (uint64_t d = 0; d < 3000; d++) {
        struct document_view u = document_store_view(x, d), v = document_store_view(y, d);
        int32_t a[64], c[64];
        uint32_t tokens = 0;
        assert_int_equal(u.sentences, v.sentences);
        assert_memory_equal(u.lengths, v.lengths, u.sentences * sizeof(uint16_t));
        for (uint32_t s = 0; s < u.sentences; s++)
            tokens += u.lengths[s];
        assert_int_equal(document_store_read(x, cache_x, &u, 0, tokens, a, &b.err), 0);
        assert_int_equal(document_store_read(y, cache_y, &v, 0, tokens, c, &b.err), 0);
        assert_memory_equal(a, c, tokens * sizeof *a);
    }
    block_cache_free(cache_x);
    block_cache_free(cache_y);
    corpus_close(cut);
    corpus_close(one);
    free(whole);
    end(&b);
}

/* There are 100 different texts, 30 of each: all of a text fall on one side. */
static void the_same_text_falls_on_the_same_side(void **state)
{
    (void)state;
    struct prepare_fixture b;
    begin(&b);
    write_many(b.texts, 3000);
    b.options.heldout_fraction = 0.3;
    prepare(&b);
    assert_int_equal(b.report.heldout_documents % 30, 0);
    assert_true(b.report.heldout_documents >= 15 * 30 && b.report.heldout_documents <= 45 * 30);
    struct corpus *corpus = open_corpus(&b);
    assert_int_equal(document_store_documents(corpus_store(corpus, CORPUS_HELDOUT)),
                     b.report.heldout_documents);
    assert_int_equal(document_store_documents(corpus_store(corpus, CORPUS_TRAIN)),
                     3000 - b.report.heldout_documents);
    uint64_t counts[14], sum = 0;
    assert_int_equal(corpus_token_counts(corpus, counts, &b.err), 0);
    for (int id = 0; id < 14; id++)
        sum += counts[id];
    assert_int_equal(sum, document_store_tokens(corpus_store(corpus, CORPUS_TRAIN)));
    corpus_close(corpus);
    end(&b);
}

static void nothing_to_tokenise_leaves_nothing(void **state)
{
    (void)state;
    struct prepare_fixture b;
    begin(&b);
    write_text(b.texts, "a.txt", "\n\n \n");
    assert_refused(&b, "no document with text");
    assert_false(folder_exists(b.output));
    assert_int_equal(folder_create(b.output, &b.err), 0);
    write_text(b.output, "mine", "kept");
    assert_refused(&b, "no document with text");
    assert_int_equal(count_files(b.output), 1);
    write_text(b.texts, "a.txt", "one\n\ntwo\n");
    b.options.heldout_fraction = 1;
    assert_refused(&b, "set aside");
    assert_int_equal(count_files(b.output), 1);
    end(&b);
}

static void what_cannot_be_read_is_named(void **state)
{
    (void)state;
    struct prepare_fixture b;
    begin(&b);
    assert_refused(&b, "no files");
    write_text(b.texts, "a.txt", "one\n");
    b.options.vocabulary = "/nowhere/vocab.txt";
    assert_refused(&b, "/nowhere/vocab.txt");
    b.options.vocabulary = b.vocabulary;
    b.inputs[0] = (char *)"/nowhere/texts";
    assert_refused(&b, "/nowhere/texts");
    assert_false(folder_exists(b.output));
    end(&b);
}

/* The second of two files cannot be read when its turn comes: reading this process's memory at 0 is
 * an input/output error, for root as well. */
static void a_file_that_fails_midway_leaves_no_corpus(void **state)
{
    (void)state;
    struct prepare_fixture b;
    begin(&b);
    write_many(b.texts, 300);
    char *bad = path_join(b.texts, "zz-bad");
    assert_int_equal(symlink("/proc/self/mem", bad), 0);
    b.options.shard_bytes = 4096;
    assert_refused(&b, bad);
    struct corpus *corpus;
    assert_int_equal(corpus_open(&corpus, b.output, &b.err), -1);
    assert_int_equal(unlink(bad), 0);
    prepare(&b);
    corpus_close(open_corpus(&b));
    free(bad);
    end(&b);
}

static void an_output_that_cannot_be_made_is_named(void **state)
{
    (void)state;
    struct prepare_fixture b;
    begin(&b);
    write_text(b.texts, "a.txt", "one\n\ntwo\n");
    char *below = path_join(b.vocabulary, "out"); /* below a file */
    b.options.output = below;
    assert_refused(&b, b.vocabulary);
    free(below);
    end(&b);
}

/* Only the fold of case differs: other ids, another hash. */
static void case_can_be_kept(void **state)
{
    (void)state;
    struct prepare_fixture b;
    uint64_t hashes[2];
    const uint16_t lengths[] = {2};
    const int32_t folded[] = {5, 6}, kept[] = {1, 6};
    begin(&b);
    write_text(b.texts, "a.txt", "One two\n");
    b.options.overwrite = true;
    for (int keep = 0; keep < 2; keep++) {
        b.options.tokenizer.lower_case = !keep;
        prepare(&b);
        struct corpus *corpus = open_corpus(&b);
        assert_int_equal(corpus_tokenizer(corpus)->lower_case, !keep);
        assert_document(&b, corpus, 0, lengths, 1, keep ? kept : folded);
        hashes[keep] = corpus_hash(corpus);
        corpus_close(corpus);
    }
    assert_int_not_equal(hashes[0], hashes[1]);
    end(&b);
}

static void a_corpus_is_not_overwritten_unasked(void **state)
{
    (void)state;
    struct prepare_fixture b;
    begin(&b);
    write_many(b.texts, 300);
    b.options.shard_bytes = 4096;
    prepare(&b);
    int files = count_files(b.output);
    assert_refused(&b, "--overwrite");
    corpus_close(open_corpus(&b)); /* still whole */
    b.options.overwrite = true;
    b.options.shard_bytes = UINT64_C(1) << 30;
    prepare(&b);
    corpus_close(open_corpus(&b));
    assert_true(count_files(b.output) < files); /* no shard of the old one is left */
    end(&b);
}

/* What a killed run leaves is no corpus, and the next run clears it away. */
static void leftovers_of_an_interrupted_run_go(void **state)
{
    (void)state;
    struct prepare_fixture b;
    struct corpus *corpus;
    begin(&b);
    write_text(b.texts, "a.txt", "one\n\ntwo\n");
    assert_int_equal(folder_create(b.output, &b.err), 0);
    write_text(b.output, "train-00007.shard", "LAMBERT\nshard");
    write_text(b.output, "heldout-00003.shard.tmp-123-4", "half");
    write_text(b.output, "train-notes.txt", "mine");
    assert_int_equal(corpus_open(&corpus, b.output, &b.err), -1);
    assert_non_null(strstr(b.err.text, "corpus.json"));
    prepare(&b);
    corpus_close(open_corpus(&b));
    /* corpus.json, vocab.txt, tokens.counts, a shard, and mine */
    assert_int_equal(count_files(b.output), 5);
    end(&b);
}

static int wait_for(pid_t child)
{
    int code;
    assert_int_equal(waitpid(child, &code, 0), child);
    return code;
}

/* Locks are those of a process. */
static void assert_refused_to_others(struct prepare_fixture *b)
{
    pid_t child = fork();
    if (child == 0) {
        alarm(20); /* were it let in, its threads would hang: a fork has none of the parent's */
        _exit(prepare_corpus(&b->options, &b->report, &b->err) == -1 &&
                      strstr(b->err.text, "another process is at work")
                  ? 7
                  : 1);
    }
    int code = wait_for(child);
    assert_true(WIFEXITED(code) && WEXITSTATUS(code) == 7);
}

static void two_at_once_do_not_meet(void **state)
{
    (void)state;
    struct prepare_fixture b;
    struct preparation *p;
    begin(&b);
    write_many(b.texts, 300);
    assert_int_equal(prepare_open(&p, &b.options, 0, 1, &b.err), 0);
    assert_int_equal(prepare_begin(p, &b.err), 0);
    assert_refused_to_others(&b);
    assert_int_equal(prepare_chunks(p, &b.err), 0);
    b.options.overwrite = true;
    b.options.shard_bytes = 4096; /* another plan: would remove what is there */
    assert_refused_to_others(&b);
    assert_int_equal(prepare_finish(p, &b.report, &b.err), 0);
    prepare_close(p);
    corpus_close(open_corpus(&b));
    assert_int_equal(count_files(b.output), 4); /* no lock among them */
    prepare(&b);
    end(&b);
}

static void the_lock_of_what_was_killed_does_not_stand(void **state)
{
    (void)state;
    struct prepare_fixture b;
    struct preparation *p;
    begin(&b);
    write_many(b.texts, 30);
    pid_t child = fork();
    if (child == 0) {
        if (prepare_open(&p, &b.options, 0, 1, &b.err) == 0 && prepare_begin(p, &b.err) == 0)
            raise(SIGKILL);
        _exit(1);
    }
    int code = wait_for(child);
    assert_true(WIFSIGNALED(code) && WTERMSIG(code) == SIGKILL);
    assert_int_equal(count_files(b.output), 1); /* the lock's file */
    prepare(&b);
    assert_int_equal(count_files(b.output), 4);
    end(&b);
}

static void a_vocabulary_that_lies_there_is_not_lost(void **state)
{
    (void)state;
    struct prepare_fixture b;
    begin(&b);
    write_text(b.texts, "a.txt", "one\n\ntwo\n");
    assert_int_equal(folder_create(b.output, &b.err), 0);
    write_text(b.output, "vocab.txt", "somebody's");
    assert_refused(&b, "vocab.txt");
    write_text(b.output, "vocab.txt", vocabulary); /* the very one: fine, and may be the source */
    free(b.vocabulary);
    b.vocabulary = path_join(b.output, "vocab.txt");
    b.options.vocabulary = b.vocabulary;
    write_text(b.texts, "a.txt", "\n");
    assert_refused(&b, "no document with text");
    assert_true(file_exists(b.vocabulary)); /* a failure takes it no more than success does */
    write_text(b.texts, "a.txt", "one\n\ntwo\n");
    prepare(&b);
    b.options.overwrite = true;
    prepare(&b);
    corpus_close(open_corpus(&b));
    end(&b);
}

/* What the rules of reading make of files in all layouts. Where this fails, the rules have changed: raise
 * READING_RULES (or SENTENCE_RULES, where sentences end otherwise), and write number and hash here. */
static void the_rules_of_reading_have_a_number(void **state)
{
    (void)state;
    static const struct {
        int reading, sentences;
        uint64_t hash;
    } known = {2, 2, UINT64_C(0xcd93d4a65d4deb7f)};
    struct prepare_fixture b;
    begin(&b);
    write_text(b.texts, "a.txt",
               "\xEF\xBB\xBFOne two. Three\r\nfour!\r\n\r\n \nFive six. \xFF"
               "Seven\n\f\nOne" FIFTY_BLANKS FIFTY_BLANKS);
    write_text(
        b.texts, "b.txt",
        "<root>\n<doc id=\"1\" url=\"u\" title=\"One &amp; two\" lang='x'>\nOne &amp; two\n\nThree &lt;four."
        "\n</doc>\n\n<doc id=\"2\" title=\"Two\">\nFive. Six\n<doc id=3 title=x>\nSeven.\n</root>\n");
    write_text(
        b.texts, "c.jsonl",
        "{\"title\":\"One\",\"text\":\"One\\nTwo three. Four\\u0000 five\"}\n{\"text\":null}\n"
        "{\"index\":{\"_id\":\"1\"}}\n{\"id\":1,\"revid\":2,\"text\":\"Six &amp; seven\"}\n{\"text\":\n"
        "{\"n\":NaN,\"content\":\"\\ud83d one\"}\n");
    write_text(b.texts, "d.json", "[\n {\"text\": \"One. Two\"},\n {\"text\": \"Three\"}]\n");
    write_text(b.texts, "e.txt",
               "one\rtwo\r\rthree\n\n\xEF\xBB\xBF"
               "four\n");
    prepare(&b);
    struct corpus *corpus = open_corpus(&b);
    const uint64_t hash = corpus_hash(corpus);
    if (READING_RULES != known.reading || SENTENCE_RULES != known.sentences || hash != known.hash)
        fail_msg("rules %d of reading, %d of sentences: hash %016" PRIx64, READING_RULES,
                 SENTENCE_RULES, hash);
    corpus_close(corpus);
    end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_text_becomes_documents_and_sentences),
        cmocka_unit_test(lines_can_be_sentences),
        cmocka_unit_test(the_rules_of_reading_have_a_number),
        cmocka_unit_test(wiki_extractor_output_is_read),
        cmocka_unit_test(the_same_input_makes_the_same_bytes),
        cmocka_unit_test(ranks_make_the_same_bytes),
        cmocka_unit_test(parts_that_are_done_are_kept),
        cmocka_unit_test(parts_of_another_preparation_go),
        cmocka_unit_test(duplicates_are_counted),
        cmocka_unit_test(the_first_of_each_text_is_kept),
        cmocka_unit_test(ranks_drop_the_same),
        cmocka_unit_test(dropping_is_gone_on_with),
        cmocka_unit_test(what_a_test_set_has_is_left_out),
        cmocka_unit_test(shards_are_cut_by_input_and_change_nothing),
        cmocka_unit_test(the_same_text_falls_on_the_same_side),
        cmocka_unit_test(nothing_to_tokenise_leaves_nothing),
        cmocka_unit_test(what_cannot_be_read_is_named),
        cmocka_unit_test(a_file_that_fails_midway_leaves_no_corpus),
        cmocka_unit_test(an_output_that_cannot_be_made_is_named),
        cmocka_unit_test(case_can_be_kept),
        cmocka_unit_test(a_corpus_is_not_overwritten_unasked),
        cmocka_unit_test(leftovers_of_an_interrupted_run_go),
        cmocka_unit_test(two_at_once_do_not_meet),
        cmocka_unit_test(the_lock_of_what_was_killed_does_not_stand),
        cmocka_unit_test(a_vocabulary_that_lies_there_is_not_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

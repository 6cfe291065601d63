#include "lib/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fixture.h"
#include "lambert/base/file.h"
#include "lambert/base/log.h"
#include "lambert/base/memory.h"
#include "lambert/corpus/corpus.h"
#include "lambert/prepare/prepare.h"

static const char words[] = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\none\ntwo\nthree\n";
static const char text[] = "one two\n\ntwo three\n\nthree\n\none one one\n\nthree two\n\ntwo\n";

/* FOLDER/v.txt, FOLDER/t.txt and corpus FOLDER/NAME. */
static char *prepare(const char *folder, const char *name, const char *of, uint64_t shard_bytes,
                     double heldout)
{
    struct corpus_report report;
    struct error err;
    write_text(folder, "v.txt", words);
    write_text(folder, "t.txt", of);
    char *vocabulary = path_join(folder, "v.txt"), *output = path_join(folder, name);
    char *inputs[] = {path_join(folder, "t.txt")};
    struct prepare_options options = prepare_defaults;
    options.inputs = inputs;
    options.input_count = 1;
    options.vocabulary = vocabulary;
    options.output = output;
    options.heldout_fraction = heldout;
    options.shard_bytes = shard_bytes;
    log_set_level(LOG_ERROR);
    assert_int_equal(prepare_corpus(&options, &report, &err), 0);
    log_set_level(LOG_INFO);
    free(vocabulary);
    free(inputs[0]);
    return output;
}

/* A document a shard: shards are cut every 4,096 bytes. */
static char *prepare_spread(const char *folder)
{
    struct buffer spread = {0};
    for (const char *c = text; *c; c++) {
        buffer_put_u8(&spread, (uint8_t)*c);
        for (int i = 0; i < 5000 && *c == '\n'; i++)
            buffer_put_u8(&spread, '\n');
    }
    char *path = prepare(folder, "c", buffer_text(&spread), 4096, 0.5);
    buffer_release(&spread);
    return path;
}

static struct corpus *open_corpus(const char *path)
{
    struct corpus *corpus;
    struct error err;
    assert_int_equal(corpus_open(&corpus, path, &err), 0);
    return corpus;
}

static void assert_refused(const char *path, const char *word)
{
    struct corpus *corpus;
    struct error err;
    assert_int_equal(corpus_open(&corpus, path, &err), -1);
    assert_null(corpus);
    assert_non_null(strstr(err.text, path));
    if (!strstr(err.text, word))
        fail_msg("'%s' does not name '%s'", err.text, word);
}

static void a_corpus_tells_what_it_is(void **state)
{
    (void)state;
    struct error err;
    char *folder = scratch_folder_new(), *path = prepare(folder, "c", text, 4096, 0.5);
    struct corpus *corpus = open_corpus(path);
    assert_string_equal(corpus_folder(corpus), path);
    assert_true(corpus_tokenizer(corpus)->lower_case);
    assert_int_equal(vocabulary_size(corpus_vocabulary(corpus)), 8);
    assert_int_equal(corpus_report(corpus).documents, 6);
    assert_int_equal(document_store_documents(corpus_store(corpus, CORPUS_TRAIN)) +
                         document_store_documents(corpus_store(corpus, CORPUS_HELDOUT)),
                     6);
    assert_non_null(strstr(corpus_manifest(corpus), "\"program\":\t\"lambert "));
    assert_null(strstr(corpus_manifest(corpus), folder));

    char *vocabulary = path_join(folder, "v.txt");
    assert_int_equal(corpus_check_vocabulary(corpus, vocabulary, &err), 0);
    write_text(folder, "v.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\none\ntwo\nfour\n");
    assert_int_equal(corpus_check_vocabulary(corpus, vocabulary, &err), -1);
    assert_non_null(strstr(err.text, vocabulary));
    assert_non_null(strstr(err.text, path));
    free(vocabulary);
    corpus_close(corpus);
    free(path);
    scratch_folder_free(folder);
}

static void the_hash_tells_corpora_apart(void **state)
{
    (void)state;
    static const char in_another_order[] =
        "two three\n\none two\n\nthree\n\none one one\n\nthree two\n\ntwo\n";
    char *folder = scratch_folder_new(), *paths[5];
    uint64_t hashes[5];
    paths[0] = prepare(folder, "a", text, 4096, 0);
    paths[1] = prepare(folder, "b", text, 4096, 0);
    paths[2] = prepare(folder, "c", text, 4096, 0.5); /* other splits */
    paths[3] = prepare(folder, "d", text + 9, 4096, 0);
    paths[4] = prepare(folder, "e", in_another_order, 4096, 0);
    for (int i = 0; i < 5; i++) {
        struct corpus *corpus = open_corpus(paths[i]);
        hashes[i] = corpus_hash(corpus);
        corpus_close(corpus);
        free(paths[i]);
    }
    assert_int_equal(hashes[0], hashes[1]);
    for (int i = 2; i < 5; i++)
        assert_int_not_equal(hashes[0], hashes[i]);
    scratch_folder_free(folder);
}

static void move(const char *folder, const char *from, const char *to)
{
    char *a = path_join(folder, from), *b = path_join(folder, to);
    assert_int_equal(rename(a, b), 0);
    free(a);
    free(b);
}

static char *first_shard(const char *folder, int number)
{
    struct folder_list names;
    struct error err;
    char *name = NULL;
    assert_int_equal(folder_list_open(&names, folder, &err), 0);
    for (int i = 0; i < names.count && !name; i++)
        if (strstr(names.names[i], ".shard") && number-- == 0)
            name = memory_copy_text(names.names[i]);
    assert_non_null(name);
    folder_list_close(&names);
    return name;
}

static void what_is_missing_or_strange_is_named(void **state)
{
    (void)state;
    char *folder = scratch_folder_new(), *path = prepare_spread(folder);
    char *a = first_shard(path, 0), *b = first_shard(path, 1);
    assert_refused("/nowhere", "no such folder");

    move(path, "corpus.json", "away");
    assert_refused(path, "corpus.json");
    move(path, "away", "corpus.json");

    move(path, "vocab.txt", "away");
    assert_refused(path, "vocab.txt");
    write_text(path, "vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\none\ntwo\nfour\n");
    assert_refused(path, "vocab.txt");
    move(path, "away", "vocab.txt");

    move(path, a, "away");
    assert_refused(path, a);
    move(path, b, a); /* a shard that is whole, but not this one */
    move(path, "away", b);
    assert_refused(path, a);
    move(path, b, "away");
    move(path, a, b);
    move(path, "away", a);
    corpus_close(open_corpus(path));
    corpus_close(NULL);
    free(a);
    free(b);
    free(path);
    scratch_folder_free(folder);
}

static void damaged_counts_are_named(void **state)
{
    (void)state;
    struct error err;
    uint64_t counts[8];
    char *folder = scratch_folder_new(), *path = prepare(folder, "c", text, 4096, 0.5);
    struct corpus *corpus = open_corpus(path);
    assert_int_equal(corpus_token_counts(corpus, counts, &err), 0);
    char *counts_path = path_join(path, "tokens.counts");
    FILE *file = fopen(counts_path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, 64 + 20, SEEK_SET), 0);
    fputc(77, file);
    fclose(file);
    assert_int_equal(corpus_token_counts(corpus, counts, &err), -1);
    assert_non_null(strstr(err.text, counts_path));
    assert_int_equal(unlink(counts_path), 0);
    assert_int_equal(corpus_token_counts(corpus, counts, &err), -1);
    assert_non_null(strstr(err.text, counts_path));
    corpus_close(corpus);
    free(counts_path);
    free(path);
    scratch_folder_free(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_corpus_tells_what_it_is),
        cmocka_unit_test(the_hash_tells_corpora_apart),
        cmocka_unit_test(what_is_missing_or_strange_is_named),
        cmocka_unit_test(damaged_counts_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lambert/base/file.h"
#include "lambert/base/memory.h"
#include "lambert/corpus/corpus.h"
#include "lambert/corpus/corpus_copy.h"
#include "lambert/corpus/manifest.h"
#include "lambert/prepare/prepare.h"

static const char words[] = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nthe\nking\nsaw\n.\n";

/* A corpus of several shards. */
static void make_corpus(const char *folder)
{
    struct buffer text = {0};
    struct error err;
    struct corpus_report report;
    char *input = memory_copy_text(scratch_path("text")),
         *vocabulary = memory_copy_text(scratch_path("vocabulary"));
    for (int d = 0; d < 2000; d++)
        buffer_print(&text, "The king saw the king %d.\nThe king saw.\n\n", d);
    scratch_write(vocabulary, words, sizeof words - 1);
    scratch_write(input, text.data, text.size);
    struct prepare_options options = prepare_defaults;
    options.inputs = &input;
    options.input_count = 1;
    options.vocabulary = vocabulary;
    options.output = folder;
    options.shard_bytes = 16384;
    options.heldout_fraction = 0.3;
    assert_int_equal(prepare_corpus(&options, &report, &err), 0);
    buffer_release(&text);
    free(input);
    free(vocabulary);
}

/* The bytes of all files of a folder, with their names. */
static void read_folder(const char *folder, struct buffer *all)
{
    struct folder_list names;
    struct error err;
    buffer_reset(all);
    assert_int_equal(folder_list_open(&names, folder, &err), 0);
    for (int i = 0; i < names.count; i++) {
        char *path = path_join(folder, names.names[i]);
        buffer_print(all, "%s: ", names.names[i]);
        assert_int_equal(file_read(path, all, &err), 0);
        free(path);
    }
    folder_list_close(&names);
}

/* Copies to the end, with no time for more than a part at once where `hurried`. */
static int copy(const char *from, const char *to, bool hurried, struct error *err)
{
    struct corpus_copy *copy;
    int more;
    if (corpus_copy_open(&copy, from, to, err) < 0)
        return -1;
    while ((more = corpus_copy_go_on(copy, hurried ? 1e-5 : 60, err)) == 1)
        continue;
    corpus_copy_close(copy);
    return more;
}

static void a_copy_is_the_corpus(void **state)
{
    (void)state;
    struct error err;
    struct buffer one = {0}, other = {0};
    char *from = memory_copy_text(scratch_path("corpus"));
    make_corpus(from);
    read_folder(from, &one);
    for (int hurried = 0; hurried < 2; hurried++) {
        const char *to = scratch_path(hurried ? "hurried" : "copy");
        assert_int_equal(folder_create(to, &err), 0);
        assert_int_equal(copy(from, to, hurried, &err), 0);
        read_folder(to, &other);
        assert_int_equal(one.size, other.size);
        assert_memory_equal(one.data, other.data, one.size);
    }
    struct corpus *corpus;
    struct corpus_copy *listed;
    assert_int_equal(corpus_open_copy(&corpus, from, scratch_path("copy"), false, &err), 0);
    assert_string_equal(corpus_folder(corpus), from);
    assert_true(document_store_shards(corpus_store(corpus, CORPUS_TRAIN)) > 3);
    corpus_close(corpus);
    assert_int_equal(corpus_copy_open(&listed, from, scratch_path("none"), &err), 0);
    assert_true(corpus_copy_bytes(listed) > 1000 && corpus_copy_bytes(listed) < one.size);
    corpus_copy_close(listed);
    buffer_release(&one);
    buffer_release(&other);
    free(from);
}

/* Each file in turn, with a byte in its middle turned. */
static void damage_does_not_pass(void **state)
{
    (void)state;
    struct error err;
    struct folder_list names;
    struct buffer bytes = {0};
    char *from = memory_copy_text(scratch_path("corpus"));
    assert_int_equal(folder_list_open(&names, from, &err), 0);
    for (int i = 0; i < names.count; i++) {
        char *path = path_join(from, names.names[i]), name[64];
        if (!strstr(names.names[i], ".shard") && !strstr(names.names[i], ".counts")) {
            free(path);
            continue;
        }
        snprintf(name, sizeof name, "damaged-%d", i);
        assert_int_equal(folder_create(scratch_path(name), &err), 0);
        scratch_read(path, &bytes);
        bytes.data[bytes.size / 2] ^= 4;
        scratch_write(path, bytes.data, bytes.size);
        assert_int_equal(copy(from, scratch_path(name), false, &err), -1);
        assert_non_null(strstr(err.text, "the copy of "));
        assert_non_null(strstr(err.text, names.names[i]));
        assert_false(file_exists(scratch_path(strcat(name, "/" MANIFEST_FILE))));
        bytes.data[bytes.size / 2] ^= 4;
        scratch_write(path, bytes.data, bytes.size);
        free(path);
    }
    folder_list_close(&names);
    buffer_release(&bytes);
    free(from);
}

static void what_is_no_corpus(void **state)
{
    (void)state;
    struct error err;
    assert_int_equal(folder_create(scratch_path("empty"), &err), 0);
    assert_int_equal(copy(scratch_path("empty"), scratch_path("to"), false, &err), -1);
    assert_non_null(strstr(err.text, MANIFEST_FILE));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_copy_is_the_corpus),
        cmocka_unit_test(damage_does_not_pass),
        cmocka_unit_test(what_is_no_corpus),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}

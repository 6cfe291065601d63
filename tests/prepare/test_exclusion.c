#include "lib/scratch.h"

#include <stdlib.h>
#include <string.h>

#include "lambert/base/file.h"
#include "lambert/base/memory.h"
#include "prepare/exclusion.h"

static void open_set(struct exclusion *exclusion, const char *content, int words)
{
    struct error err;
    const char *path = scratch_path("set");
    scratch_write(path, content, strlen(content));
    int status = exclusion_open(exclusion, path, words, NULL, 1, &err);
    if (status < 0)
        print_message("%s\n", err.text);
    assert_int_equal(status, 0);
}

/* The n-gram that the text shares, as words; "" where there is none. */
static void assert_shared(const struct exclusion *exclusion, const char *text, const char *ngram)
{
    struct exclusion_match match;
    struct buffer words = {0};
    bool found = exclusion_find(exclusion, text, strlen(text), &match);
    if (found)
        exclusion_print(exclusion, text, strlen(text), &match, &words);
    assert_string_equal(buffer_text(&words), ngram);
    assert_int_equal(found, ngram[0] != 0);
    buffer_release(&words);
}

static void an_ngram_anywhere_is_found(void **state)
{
    (void)state;
    struct exclusion set;
    open_set(&set, "The old house sees a river.\n", 4);
    assert_int_equal(set.ngrams, 3);
    assert_shared(&set, "the old house sees", "the old house sees");
    assert_shared(&set, "house sees a river", "house sees a river");
    assert_shared(&set, "I: the\nold HOUSE -- \"sees\"\n", "the old house sees");
    assert_shared(&set, "one two three four house\nsees\na\nriver", "house sees a river");
    assert_shared(&set, "an old house sees the river", "");
    assert_shared(&set, "old house sees", "");
    assert_shared(&set, "", "");
    exclusion_close(&set);
}

static void what_differs_in_form_alone_is_the_same(void **state)
{
    (void)state;
    struct exclusion set;
    open_set(&set, "\xC3\x89t\xC3\xA9 \xE2\x80\x9Cin\xE2\x80\x9D don't $5", 5);
    assert_shared(&set, "ete, in, DON T 5", "ete in don t 5");
    assert_shared(&set, "E\xCC\x81te\xCC\x81 in\xFF don\xE2\x80\x99t (5)", "ete in don t 5");
    assert_shared(&set, "ete in dont 5 5", "");
    exclusion_close(&set);
    open_set(&set, "\xE6\x9D\xB1\xE4\xBA\xAC\xE5\xA4\xA7\xE5\xAD\xA6", 4); /* 4 ideographs */
    assert_shared(&set, "\xE6\x9D\xB1\xE4\xBA\xAC\xE3\x80\x82\xE5\xA4\xA7 \xE5\xAD\xA6",
                  "\xE6\x9D\xB1 \xE4\xBA\xAC \xE5\xA4\xA7 \xE5\xAD\xA6");
    exclusion_close(&set);
}

static void no_ngram_goes_across_texts(void **state)
{
    (void)state;
    struct exclusion set;
    open_set(&set, "a b\tc d e f\n\ng h i\nj\n\nk l m\n", 4);
    assert_int_equal(set.texts, 4);
    assert_int_equal(set.short_texts, 2);
    assert_int_equal(set.ngrams, 2);
    assert_shared(&set, "a b c d", "");
    assert_shared(&set, "d e f g h i", "");
    assert_shared(&set, "x g h i j", "g h i j");
    exclusion_close(&set);
}

/* So many that the table grows: each is found, its neighbours are not; and the hash is of what is in
 * them, in whatever order. */
static void many_are_found(void **state)
{
    (void)state;
    struct exclusion set, other;
    struct buffer there = {0}, back = {0};
    enum { MANY = 5000 };
    for (int i = 0; i < MANY; i++) {
        buffer_print(&there, "%d x y\n\n", 2 * i);
        buffer_print(&back, "%d x y\n\n%d X: y\n\n", 2 * (MANY - 1 - i), 2 * i);
    }
    open_set(&set, buffer_text(&there), 3);
    open_set(&other, buffer_text(&back), 3);
    assert_int_equal(set.ngrams, MANY);
    assert_int_equal(other.ngrams, MANY);
    assert_int_equal(set.hash, other.hash);
    assert_in_range(exclusion_memory(&set), 32 * MANY, 64 * MANY);
    for (int i = 0; i < 2 * MANY; i++) {
        char *text = memory_text("%d x y", i),
             *shared = i % 2 ? memory_copy_text("") : memory_copy_text(text);
        assert_shared(&set, text, shared);
        free(text);
        free(shared);
    }
    exclusion_close(&other);
    open_set(&other, "0 x y z", 4);
    assert_int_not_equal(set.hash, other.hash);
    exclusion_close(&set);
    exclusion_close(&other);
    buffer_release(&there);
    buffer_release(&back);
}

/* Of several files those without an n-gram are known, and all are read in the encoding that is said. */
static void files_that_exclude_nothing_are_known(void **state)
{
    (void)state;
    struct exclusion set;
    struct error err;
    const char *folder = scratch_path("sets");
    assert_int_equal(folder_create(folder, &err), 0);
    scratch_write(scratch_path("sets/a"), "one two\n", 8);
    scratch_write(scratch_path("sets/b"), "\xE4\xEE\xEC \xE4\xEE\xEC \xE4\xEE\xEC\n", 12);
    scratch_write(scratch_path("sets/c"), "", 0);
    assert_int_equal(exclusion_open(&set, folder, 3, "CP1251", 1, &err), 0);
    assert_int_equal(set.barren_files, 2);
    assert_string_equal(set.files.files[set.barren[0]].path, scratch_path("sets/a"));
    assert_string_equal(set.files.files[set.barren[1]].path, scratch_path("sets/c"));
    assert_shared(&set, "\u0434\u043e\u043c \u0434\u043e\u043c \u0414\u043e\u043c",
                  "\u0434\u043e\u043c \u0434\u043e\u043c \u0434\u043e\u043c");
    exclusion_close(&set);
}

static void what_excludes_nothing_is_refused(void **state)
{
    (void)state;
    struct exclusion set;
    struct error err;
    const char *path = scratch_path("set");
    scratch_write(path, "a b c\n", 6);
    assert_int_equal(exclusion_open(&set, path, 4, NULL, 1, &err), -1);
    assert_non_null(strstr(err.text, "has 4 words"));
    exclusion_close(&set);
    assert_int_equal(exclusion_open(&set, scratch_path("none"), 4, NULL, 1, &err), -1);
    assert_non_null(strstr(err.text, "none"));
    exclusion_close(&set);
    assert_int_equal(exclusion_open(&set, "-", 4, NULL, 1, &err), -1);
    assert_non_null(strstr(err.text, "standard input"));
    exclusion_close(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_ngram_anywhere_is_found),
        cmocka_unit_test(what_differs_in_form_alone_is_the_same),
        cmocka_unit_test(no_ngram_goes_across_texts),
        cmocka_unit_test(many_are_found),
        cmocka_unit_test(files_that_exclude_nothing_are_known),
        cmocka_unit_test(what_excludes_nothing_is_refused),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}

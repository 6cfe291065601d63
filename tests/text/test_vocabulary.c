#include "lib/scratch.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lambert/base/file.h"
#include "lambert/base/log.h"
#include "lambert/text/vocabulary.h"

static const char small[] = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nwant\n##ed\n";

static struct vocabulary *parse(const char *text)
{
    struct vocabulary *vocabulary = NULL;
    struct error err;
    assert_int_equal(vocabulary_parse(&vocabulary, "test", text, strlen(text), &err), 0);
    return vocabulary;
}

static void assert_refused(const char *text, const char *because)
{
    struct vocabulary *vocabulary;
    struct error err = {{0}};
    assert_int_equal(vocabulary_parse(&vocabulary, "test.txt", text, strlen(text), &err), -1);
    assert_non_null(strstr(err.text, "test.txt"));
    assert_non_null(strstr(err.text, because));
}

static void lines_are_ids(void **state)
{
    (void)state;
    struct vocabulary *vocabulary = parse(small);
    size_t size;
    assert_int_equal(vocabulary_size(vocabulary), 7);
    assert_string_equal(vocabulary_token(vocabulary, 5), "want");
    assert_int_equal(vocabulary_find(vocabulary, "##ed", 4), 6);
    assert_int_equal(vocabulary_find(vocabulary, "##e", 3), -1);
    assert_int_equal(vocabulary_find(vocabulary, "ed", 2), -1);
    assert_int_equal(vocabulary_find(vocabulary, "wanted", 4), 5);
    struct special_tokens special = vocabulary_special_tokens(vocabulary);
    assert_int_equal(special.pad, 0);
    assert_int_equal(special.unk, 1);
    assert_int_equal(special.cls, 2);
    assert_int_equal(special.sep, 3);
    assert_int_equal(special.mask, 4);
    static const uint8_t continuation[] = {0, 0, 0, 0, 0, 0, 1};
    assert_memory_equal(vocabulary_continuation(vocabulary), continuation, 7);
    assert_memory_equal(vocabulary_text(vocabulary, &size), small, strlen(small));
    assert_int_equal(size, strlen(small));
    vocabulary_free(vocabulary);
}

static void white_space_around_tokens_is_dropped(void **state)
{
    (void)state;
    struct vocabulary *vocabulary =
        parse("[MASK] \r\n\t[PAD]\r\n\u3000[UNK]\u00A0\r\n\n[CLS]\n[SEP]\na b\nlast");
    assert_int_equal(vocabulary_size(vocabulary), 8); /* an empty line has an id as well */
    assert_int_equal(vocabulary_find(vocabulary, "[MASK]", 6), 0);
    assert_int_equal(vocabulary_find(vocabulary, "[UNK]", 5), 2);
    assert_int_equal(vocabulary_find(vocabulary, "", 0), 3);
    assert_int_equal(vocabulary_find(vocabulary, "a b", 3), 6);
    assert_int_equal(vocabulary_find(vocabulary, "last", 4), 7);
    vocabulary_free(vocabulary);
}

static void last_of_repeated_tokens_wins(void **state)
{
    (void)state;
    log_set_level(LOG_ERROR);
    struct vocabulary *vocabulary = parse("x\n[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n[UNK]\nx\n");
    assert_int_equal(vocabulary_size(vocabulary), 8);
    assert_int_equal(vocabulary_find(vocabulary, "x", 1), 7);
    assert_int_equal(vocabulary_special_tokens(vocabulary).unk, 6);
    assert_string_equal(vocabulary_token(vocabulary, 0), "x");
    assert_string_equal(vocabulary_token(vocabulary, 7), "x");
    vocabulary_free(vocabulary);
    log_set_level(LOG_INFO);
}

static void hash_tells_contents_apart(void **state)
{
    (void)state;
    struct vocabulary *a = parse(small);
    struct vocabulary *b = parse(small);
    struct vocabulary *c = parse("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nwant\n##eD\n");
    assert_true(vocabulary_hash(a) == vocabulary_hash(b));
    assert_true(vocabulary_hash(a) != vocabulary_hash(c));
    vocabulary_free(a);
    vocabulary_free(b);
    vocabulary_free(c);
}

static void refuses_what_is_no_vocabulary(void **state)
{
    (void)state;
    assert_refused("", "[PAD]");
    assert_refused("[PAD]\n[UNK]\n[CLS]\n[SEP]\nMASK\n", "[MASK]");
    assert_refused("[PAD]\n[UNK]\n[SEP]\n[MASK]\n", "[CLS]");
    assert_refused("[PAD]\n[UNK]\n\xE9t\xE9\n[CLS]\n[SEP]\n[MASK]\n", "line 3");
}

static void loads_files(void **state)
{
    (void)state;
    const char *path = scratch_path("vocab.txt");
    struct vocabulary *vocabulary;
    struct error err = {{0}};
    assert_int_equal(vocabulary_load(&vocabulary, path, &err), -1);
    assert_non_null(strstr(err.text, path));
    assert_int_equal(file_write(path, small, strlen(small), &err), 0);
    assert_int_equal(vocabulary_load(&vocabulary, path, &err), 0);
    assert_int_equal(vocabulary_size(vocabulary), 7);
    vocabulary_free(vocabulary);
}

static void holds_tens_of_thousands(void **state)
{
    (void)state;
    struct buffer text = {0};
    struct vocabulary *vocabulary;
    struct error err;
    buffer_print(&text, "%s", small);
    for (int i = 7; i < 50000; i++)
        buffer_print(&text, "%st%x\n", i % 3 ? "" : "##", i);
    assert_int_equal(vocabulary_parse(&vocabulary, "test", text.data, text.size, &err), 0);
    assert_int_equal(vocabulary_size(vocabulary), 50000);
    for (int32_t i = 7; i < 50000; i++) {
        const char *token = vocabulary_token(vocabulary, i);
        assert_int_equal(vocabulary_find(vocabulary, token, strlen(token)), i);
        assert_int_equal(vocabulary_continuation(vocabulary)[i], i % 3 == 0);
    }
    vocabulary_free(vocabulary);
    buffer_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_ids),
        cmocka_unit_test(white_space_around_tokens_is_dropped),
        cmocka_unit_test(last_of_repeated_tokens_wins),
        cmocka_unit_test(hash_tells_contents_apart),
        cmocka_unit_test(refuses_what_is_no_vocabulary),
        cmocka_unit_test(loads_files),
        cmocka_unit_test(holds_tens_of_thousands),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}

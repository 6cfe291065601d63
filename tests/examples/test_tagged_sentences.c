#include "examples/files.h"

#include <string.h>

#include "lambert/examples/tagged_sentences.h"

/* As "3 word/tag 4 word/tag;" with the lines in front. */
static void check(const struct task_format *format, const char *path, bool tags_wanted,
                  const char *expected)
{
    struct tagged_sentences set;
    struct error err;
    struct buffer got = {0};
    size_t words = 0;
    if (tagged_sentences_read(&set, format, path, tags_wanted, &err) < 0) {
        assert_string_equal(strrchr(err.text, '/') + 1, expected);
        assert_int_equal(set.count, 0);
        return;
    }
    for (int s = 0; s < set.count; s++) {
        for (int w = 0; w < set.at[s].count; w++) {
            const struct tagged_word *word = &set.at[s].words[w];
            assert_true(set.labelled == (word->tag != NULL));
            buffer_print(&got, "%d %s/%s ", word->line, word->word, word->tag ? word->tag : "");
            words++;
        }
        buffer_print(&got, ";");
    }
    assert_string_equal(buffer_text(&got), expected);
    assert_int_equal(words, set.words);
    buffer_release(&got);
    tagged_sentences_release(&set);
    tagged_sentences_release(&set);
}

static const struct task_format plain = {.kind = TASK_TAGGING};

static void sentences_end_at_blank_lines(void **state)
{
    (void)state;
    check(&plain, file_of("t.txt", "EU NNP B-ORG\nrejects VBZ O\n\nPeter NNP B-PER"), true,
          "1 EU/B-ORG 2 rejects/O ;4 Peter/B-PER ;");
    check(&plain, gzip_of("t.gz", "\xEF\xBB\xBF\r\n\r\na\tO\r\n \t\r\n\r\nb  O \r\n\r\n"), true,
          "3 a/O ;6 b/O ;");
    check(&plain, file_of("t.txt", "-DOCSTART- -X- O\n\na N O\n-DOCSTART- -X-\n\nb N O\n"), true,
          "3 a/O ;6 b/O ;");
    check(&plain, file_of("t.txt", "caf\u00E9\u00A0x O\n"), true, "1 caf\u00E9\u00A0x/O ;");
}

static void columns_may_be_named(void **state)
{
    (void)state;
    struct task_format format = {.kind = TASK_TAGGING, .columns = {.text = "2", .label = "3"}};
    check(&format, file_of("t.txt", "1 a O x\n2 b B-X y\n"), true, "1 a/O 2 b/B-X ;");
    format.columns.label = "5";
    check(&format, file_of("t.txt", "1 a O x\n"), true,
          "t.txt:1: there is no column 5; there are 4, and 1 is the first");
    /* No word is lost to names that nobody asks for. */
    format = (struct task_format){.kind = TASK_TAGGING, .header = true};
    check(&format, file_of("t.txt", "a O\nb O\n"), true, "1 a/O 2 b/O ;");
    format.columns = (struct task_columns){.text = "2", .label = ""};
    check(&format, file_of("t.txt", "1 a O\n2 b O\n"), true, "1 a/O 2 b/O ;");
    format = (struct task_format){
        .kind = TASK_TAGGING, .columns = {.text = "form", .label = "ner"}, .header = true};
    check(&format, file_of("t.txt", "n form ner pos\n1 a O x\n\n1 b O x\n"), true,
          "2 a/O ;4 b/O ;");
}

static void tags_may_be_missing_where_none_are_wanted(void **state)
{
    (void)state;
    check(&plain, file_of("t.txt", "a\nb\n\nc\n"), false, "1 a/ 2 b/ ;4 c/ ;");
    check(&plain, file_of("t.txt", "a O\n"), false, "1 a/O ;");
    check(&plain, file_of("t.txt", "a\nb\n"), true,
          "t.txt:1: the tag would be read from the column of the word, 1 of 1");
}

static void json_has_lists(void **state)
{
    (void)state;
    struct task_format format = {.kind = TASK_TAGGING};
    check(&format,
          file_of("t.jsonl", "{\"id\": 1, \"words\": [\"a\", \"b c\"], \"tags\": [\"O\", "
                             "\"B-X\"]}\n{\"words\": [\"d\"], \"tags\": [\"O\"]}\n"),
          true, "1 a/O 1 b c/B-X ;2 d/O ;");
    check(&format, file_of("t.jsonl", "{\"words\": [\"a\"]}\n"), false, "1 a/ ;");
    check(&format, file_of("t.jsonl", "{\"words\": [\"a\"]}\n"), true,
          "t.jsonl:1: there is no column tags; there are: words");
    check(&format, file_of("t.jsonl", "{\"words\": [\"a\"], \"tags\": []}\n"), true,
          "t.jsonl:1: 1 words have 0 tags");
    check(&format, file_of("t.jsonl", "{\"words\": [\"a\"], \"tags\": [\"O\"]}\n{\"words\": []}\n"),
          true, "t.jsonl:2: the object has no \"tags\"");
    check(&format, file_of("t.jsonl", "{\"words\": [1], \"tags\": [\"O\"]}\n"), true,
          "t.jsonl:1: a word or a tag that is no text");
    format.form = TABLE_JSON;
    format.columns = (struct task_columns){.text = "tokens", .label = "ner"};
    check(&format, file_of("t.txt", "{\"tokens\": [\"a\"], \"ner\": [\"O\"]}\n"), true, "1 a/O ;");
}

static void bad_files_are_told(void **state)
{
    (void)state;
    check(&plain, file_of("t.txt", ""), true, "t.txt is empty");
    check(&plain, file_of("t.txt", "\n-DOCSTART- O\n\n"), true, "t.txt has no words");
    check(&plain, file_of("t.txt", "\na x O\n\nb O\n"), true,
          "t.txt:4: 2 columns, where line 2 has 3: something is missing or too much");
    check(&plain, file_of("t.txt", "a O\n\xE9 O\n"), true,
          "t.txt:2: byte 0xE9 there is not UTF-8; convert the file first, as in iconv -f latin1 -t "
          "utf-8");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sentences_end_at_blank_lines),
        cmocka_unit_test(columns_may_be_named),
        cmocka_unit_test(tags_may_be_missing_where_none_are_wanted),
        cmocka_unit_test(json_has_lists),
        cmocka_unit_test(bad_files_are_told),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}

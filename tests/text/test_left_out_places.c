#include "lib/unit.h"

#include <stdio.h>
#include <string.h>

#include "lambert/text/left_out_places.h"

/* Reads a span of JSON lines of the file, and adds it. */
static void add(struct left_out_places *places, int file, uint64_t offset, const char *text)
{
    const struct text_options plainly = {0};
    const struct input_span span = {.file = file, .layout = LAYOUT_JSON, .offset = offset};
    struct document_reader reader;
    struct document document;
    document_init(&document);
    document_reader_init(&reader, LAYOUT_JSON, &plainly, text, strlen(text));
    while (document_reader_next(&reader, &document))
        ;
    left_out_places_add(places, &span, text, &reader);
    document_reader_release(&reader);
    document_release(&document);
}

/* Joins what a record of the part gives back. */
static void join(struct left_out_places *all, const struct left_out_places *part)
{
    struct buffer numbers = {0};
    struct byte_reader reader;
    struct left_out_places back;
    left_out_places_put(part, &numbers);
    byte_reader_init(&reader, numbers.data, numbers.size);
    left_out_places_get(&back, &reader);
    assert_true(!reader.overrun && reader.position == numbers.size);
    left_out_places_join(all, &back);
    buffer_release(&numbers);
}

static void assert_place(const struct left_out_places *all, enum left_out reason, uint64_t file,
                         uint64_t line)
{
    assert_int_equal(all->first[reason].file, file);
    assert_int_equal(all->first[reason].line, line);
}

#define FINE "{\"text\": \"x\"}\n"

/* Of three files, the second is in three parts: with the first, empty, and with the third. */
static void lines_are_counted_from_the_beginning_of_their_file(void **state)
{
    (void)state;
    struct left_out_places parts[4], all = {0};
    for (int i = 0; i < 4; i++)
        left_out_places_reset(&parts[i]);
    add(&parts[0], 0, 0, FINE FINE "\n");
    add(&parts[0], 1, 3, FINE FINE FINE);
    add(&parts[1], 1, 5000, FINE FINE);
    add(&parts[3], 1, 9000, FINE "{\"text\": 1}\n" FINE);
    add(&parts[3], 2, 0, FINE FINE "broken\n{\"text\": 2}\n");
    for (int i = 0; i < 4; i++)
        join(&all, &parts[i]);
    assert_place(&all, LEFT_OUT_NO_TEXT, 2, 6);
    assert_place(&all, LEFT_OUT_NO_OBJECT, 3, 2);
    assert_place(&all, LEFT_OUT_NO_KEY, 0, 0);
}

/* Which file has no key is known when its parts have been joined, wherever they are cut. */
static void files_without_a_key_are_known(void **state)
{
    (void)state;
    static const char keyed[] = "{\"text\": \"a\"}\n", none[] = "{\"txt\": \"a\"}\n";
    static const struct {
        const char *spans
            [6]; /* the file of each as a letter, and k: keyed, n: none; a part each, or all in one */
        const char *path; /* of the first file without a key; NULL: there is none */
    } cases[] = {{{"ak", "bk"}, NULL},
                 {{"an", "ak", "bn", "bk"}, NULL},
                 {{"an", "an", "bk"}, "a"},
                 {{"ak", "bn", "bn", "ck"}, "b"},
                 {{"ak", "bk", "cn"}, "c"},
                 {{"ak", "an", "bn", "ck", "dn"}, "b"},
                 {{"an"}, "a"},
                 {{NULL}, NULL}};
    struct input_file files[] = {{.path = "a"}, {.path = "b"}, {.path = "c"}, {.path = "d"}};
    const struct input_list list = {.files = files, .count = 4};
    const struct text_options plainly = {0};
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++)
        for (int each = 1; each <= 6; each++) { /* spans of a part */
            struct left_out_places all = {0}, part;
            struct error err = {"no key"};
            for (int s = 0; s < 6 && cases[c].spans[s]; s++) {
                if (s % each == 0)
                    left_out_places_reset(&part);
                add(&part, cases[c].spans[s][0] - 'a', 0,
                    cases[c].spans[s][1] == 'k' ? keyed : none);
                if (s % each == each - 1 || s == 5 || !cases[c].spans[s + 1])
                    join(&all, &part);
            }
            const int status = left_out_places_check(&all, &list, &plainly, &err);
            assert_int_equal(status, cases[c].path ? -1 : 0);
            if (cases[c].path) {
                char said[32];
                snprintf(said, sizeof said, "the JSON of %s has", cases[c].path);
                assert_non_null(strstr(err.text, said));
            }
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_counted_from_the_beginning_of_their_file),
        cmocka_unit_test(files_without_a_key_are_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

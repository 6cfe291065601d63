#include "lib/unit.h"

#include <string.h>

#include "lambert/base/buffer.h"
#include "prepare/line_widths.h"

static const char words[] =
    "It was in the spring of that year, and the road to the river lay under water, "
    "that the old man whom they called the keeper went down from the house and did "
    "not come back to it. ";

/* A document in which `text`, a number of times, is broken into lines: at the last space before `page`
 * bytes; `page` 0: behind each time. */
static void make_document(struct document *document, const char *text, int times, size_t page)
{
    struct buffer all = {0};
    if (page == 0) {
        for (int t = 0; t < times; t++)
            buffer_print(&document->text, "%s\n", text);
        return;
    }
    for (int t = 0; t < times; t++)
        buffer_print(&all, "%s", text);
    for (size_t begin = 0, end; begin < all.size; begin = end + 1) {
        end = begin + page < all.size ? begin + page : all.size;
        while (end < all.size && all.data[end] != ' ')
            end--;
        buffer_put(&document->text, all.data + begin, end - begin);
        buffer_put_u8(&document->text, '\n');
    }
    buffer_release(&all);
}

static void check(const char *text, int times, size_t page, bool wrapped)
{
    struct line_widths widths = {0};
    struct document document;
    document_init(&document);
    make_document(&document, text, times, page);
    line_widths_add(&widths, &document);
    assert_int_equal(line_widths_look_wrapped(&widths), wrapped);
    document_release(&document);
}

static void lines_that_were_broken_are_seen(void **state)
{
    (void)state;
    check(words, 40, 72, true);
    check(words, 40, 50, true);
    check(words, 40, 100, true);
    /* Of 60 characters and a little, in two bytes each. */
    check(
        "\u042d\u0442\u043e \u0431\u044b\u043b\u043e \u0432\u0435\u0441\u043d\u043e\u0439, \u0438 "
        "\u0434\u043e\u0440\u043e\u0433\u0430 \u0448\u043b\u0430 \u043a \u0440\u0435\u043a\u0435. ",
        100, 120, true);
}

static void others_are_not(void **state)
{
    (void)state;
    check("The road lay under water. He went down, and did not come back.", 40, 0, false);
    check(words, 2, 72, false); /* too few to tell */
    check("A heading\nA longer heading, which has no mark\nIntroduction", 40, 0, false);
    check("The rose is red,\nThe violet's blue.\nSo are you.", 20, 0, false);
    check("one", 1000, 0, false);  /* a list of words */
    check(words, 40, 2000, false); /* no page is so wide */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_that_were_broken_are_seen),
        cmocka_unit_test(others_are_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

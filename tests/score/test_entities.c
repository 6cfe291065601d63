#include "lib/unit.h"

#include <stdlib.h>
#include <string.h>

#include "lambert/base/buffer.h"
#include "score/entities.h"

enum { MOST = 32 };

static int cut(char *text, const char **tags)
{
    int count = 0;
    for (char *tag = strtok(text, " "); tag; tag = strtok(NULL, " "))
        tags[count++] = tag;
    return count;
}

/* Entities as "PER 0-2": words 0 and 1. */
static void check(const char *tags, const char *expected)
{
    char *text = strdup(tags);
    const char *at[MOST];
    struct entity_list list = {0};
    struct buffer got = {0};
    entities_find(&list, at, cut(text, at));
    for (int e = 0; e < list.count; e++)
        buffer_print(&got, "%s%s %d-%d", e > 0 ? ", " : "", list.at[e].type, list.at[e].begin,
                     list.at[e].end);
    assert_string_equal(buffer_text(&got), expected);
    buffer_release(&got);
    entities_release(&list);
    free(text);
}

static void iob2_begins_each(void **state)
{
    (void)state;
    check("B-PER I-PER O B-LOC", "PER 0-2, LOC 3-4");
    check("B-PER B-PER I-PER", "PER 0-1, PER 1-3");
    check("O O", "");
    check("", "");
    check("B-PER I-LOC", "PER 0-1, LOC 1-2");
}

static void iob1_begins_where_it_must(void **state)
{
    (void)state;
    check("I-PER I-PER O I-LOC", "PER 0-2, LOC 3-4");
    check("I-PER B-PER I-PER", "PER 0-1, PER 1-3");
    check("I-PER I-LOC I-LOC", "PER 0-1, LOC 1-3");
}

static void iobes_ends_each(void **state)
{
    (void)state;
    check("S-PER B-LOC I-LOC E-LOC S-LOC O", "PER 0-1, LOC 1-4, LOC 4-5");
    check("B-PER E-PER B-PER E-PER", "PER 0-2, PER 2-4");
    check("E-PER E-PER I-PER", "PER 0-1, PER 1-2, PER 2-3");
    check("S-PER I-PER", "PER 0-1, PER 1-2");
}

static void odd_tags(void **state)
{
    (void)state;
    check("B-a-b I-a-b I-a", "a-b 0-2, a 2-3");
    check("B I O B", " 0-2,  3-4");
    check("NOUN VERB", "");
    check("I-A O-A I-A", "A 0-1, A 2-3");
}

static void check_common(const char *one, const char *two, int expected)
{
    char *first = strdup(one), *second = strdup(two);
    const char *a[MOST], *b[MOST];
    struct entity_list x = {0}, y = {0};
    entities_find(&x, a, cut(first, a));
    entities_find(&y, b, cut(second, b));
    assert_int_equal(entities_in_common(&x, &y), expected);
    assert_int_equal(entities_in_common(&y, &x), expected);
    entities_release(&x);
    entities_release(&y);
    free(first);
    free(second);
}

static void entities_are_common_whole(void **state)
{
    (void)state;
    check_common("B-A I-A O B-B", "B-A I-A O B-B", 2);
    check_common("B-A I-A O B-B", "B-A O O B-B", 1);
    check_common("B-A I-A O B-B", "B-A I-A I-A B-B", 1);
    check_common("B-A I-A O B-B", "B-B I-B O B-A", 0);
    check_common("B-A I-A B-B I-B", "O B-A B-B I-B", 1);
    check_common("B-A I-A", "I-A I-A", 1);
    check_common("O O", "B-A B-A", 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(iob2_begins_each),          cmocka_unit_test(iob1_begins_where_it_must),
        cmocka_unit_test(iobes_ends_each),           cmocka_unit_test(odd_tags),
        cmocka_unit_test(entities_are_common_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

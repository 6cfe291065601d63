/* Lists and repeated sections, on a table of this test's own: two kinds of repeated sections, and
 * lists of every type. */
#include "load.h"

#include <stdio.h>
#include <string.h>

#include "config/schema.h"

enum pace { PACE_SLOW = 4, PACE_FAST = 2 };

struct config_data_of_test {
    char names[3][16];
    int name_count;
    int lengths[4];
    int length_count;
    enum pace paces[2];
    int pace_count;
};

struct source {
    char name[CONFIG_NAME];
    char folder[64];
    double weight;
};

struct task {
    char name[CONFIG_NAME];
    double rates[8];
    int rate_count;
    bool flags[2];
    int flag_count;
};

struct setup {
    struct config_data_of_test data;
    struct source sources[3];
    struct task tasks[2];
    int source_count, task_count;
};

static const struct choice paces[] = {{"slow", PACE_SLOW}, {"fast", PACE_FAST}, {0}};

static const struct key data_keys[] = {
    {.name = "names",
     KEY_LIST(config_data_of_test, names, name_count),
     .standard = "",
     .result = true},
    {.name = "lengths",
     KEY_LIST(config_data_of_test, lengths, length_count),
     .accepts = "[1, 9]",
     .result = true},
    {.name = "paces",
     KEY_LIST(config_data_of_test, paces, pace_count),
     .standard = "fast",
     .choices = paces},
};
static const struct key source_keys[] = {
    {.name = "folder", KEY_VALUE(source, folder), .standard = NULL},
    {.name = "weight",
     KEY_VALUE(source, weight),
     .standard = "1",
     .accepts = "(0, 1]",
     .result = true},
};
static const struct key task_keys[] = {
    {.name = "rates",
     KEY_LIST(task, rates, rate_count),
     .standard = "0.5",
     .accepts = "[0, 1]",
     .result = true},
    {.name = "flags", KEY_LIST(task, flags, flag_count), .standard = "", .result = true},
};

static const struct section sections[] = {
    {.name = "data",
     .keys = data_keys,
     .key_count = 3,
     .offset = offsetof(struct setup, data),
     .size = sizeof(struct config_data_of_test)},
    {.name = "source",
     .keys = source_keys,
     .key_count = 2,
     .offset = offsetof(struct setup, sources),
     .size = sizeof(struct source),
     .plural = "sources",
     .most = 3,
     .count_offset = offsetof(struct setup, source_count)},
    {.name = "task",
     .keys = task_keys,
     .key_count = 2,
     .offset = offsetof(struct setup, tasks),
     .size = sizeof(struct task),
     .plural = "tasks",
     .most = 2,
     .count_offset = offsetof(struct setup, task_count)},
};
static const struct schema schema = {.sections = sections, .count = 3};

static const char whole[] = "[data]\n"
                            "names = a, b c\n"
                            "lengths = 1, 9, 3, 2\n"
                            "paces = slow, fast\n"
                            "\n"
                            "[source web]\n"
                            "folder = /w\n"
                            "weight = 0.25\n"
                            "\n"
                            "[source books]\n"
                            "folder = /b\n"
                            "weight = 1\n"
                            "\n"
                            "[task last]\n"
                            "rates = 0.1, 1e-05, 0\n"
                            "flags = yes, no\n";

static int read_setup(struct setup *setup, const char *text, struct error *err)
{
    memset(setup, 0, sizeof *setup);
    schema_defaults(&schema, setup);
    return schema_read_text(&schema, setup, text, "demo.ini", err);
}

static void assert_reads(struct setup *setup, const char *text)
{
    struct error err;
    if (read_setup(setup, text, &err) < 0)
        fail_msg("%s", err.text);
}

static void assert_refused(const char *text, const char *sentence)
{
    struct setup setup;
    struct error err;
    assert_int_equal(read_setup(&setup, text, &err), -1);
    assert_string_equal(err.text, sentence);
}

static void what_is_read(void **state)
{
    (void)state;
    struct setup setup;
    assert_reads(&setup, whole);
    assert_int_equal(setup.data.name_count, 2);
    assert_string_equal(setup.data.names[1], "b c");
    assert_int_equal(setup.data.length_count, 4);
    assert_int_equal(setup.data.lengths[3], 2);
    assert_int_equal(setup.data.pace_count, 2);
    assert_int_equal(setup.data.paces[0], PACE_SLOW);
    assert_int_equal(setup.source_count, 2);
    assert_string_equal(setup.sources[1].name, "books");
    assert_true(setup.sources[0].weight == 0.25);
    assert_int_equal(setup.task_count, 1);
    assert_int_equal(setup.tasks[0].rate_count, 3);
    assert_true(setup.tasks[0].rates[1] == 1e-5);
    assert_int_equal(setup.tasks[0].flag_count, 2);
    assert_true(setup.tasks[0].flags[0]);
}

static void what_is_printed_reads_back(void **state)
{
    (void)state;
    struct setup first, second;
    struct buffer text = {0};
    assert_reads(&first, whole);
    schema_print(&schema, &first, false, &text);
    assert_string_equal(buffer_text(&text), whole);
    assert_reads(&second, buffer_text(&text));
    assert_memory_equal(&first, &second, sizeof first);
    buffer_release(&text);
}

static void lists(void **state)
{
    (void)state;
    struct setup setup;
    assert_reads(&setup, "[data]\nnames =\nlengths=1 ,2,  3\n[task a]\n");
    assert_int_equal(setup.data.name_count, 0);
    assert_int_equal(setup.data.length_count, 3);
    assert_int_equal(setup.data.lengths[1], 2);
    assert_int_equal(setup.data.pace_count, 1); /* the default */
    assert_int_equal(setup.tasks[0].rate_count, 1);
    const char *bad[] = {"1,", ",1", "1,,2", ",", "1, 10", "1 2", "1, x", "1, 2, 3, 4, 5"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char text[64], sentence[256];
        snprintf(text, sizeof text, "[data]\nlengths = %s\n", bad[i]);
        snprintf(sentence, sizeof sentence,
                 "demo.ini:2: 'data.lengths' cannot be '%s'; it must be a list of at most 4, with "
                 "commas between them, each a whole number in [1, 9]",
                 bad[i]);
        assert_refused(text, sentence);
    }
    assert_refused("[data]\npaces = fast, medium\n",
                   "demo.ini:2: 'data.paces' cannot be 'fast, medium'; it must be a list of at "
                   "most 2, with commas between them, each one of: slow, fast");
}

static void repeated_sections(void **state)
{
    (void)state;
    assert_refused("[source a b]\n", "demo.ini:1: a source's name is 1 to 31 letters, digits, '-' "
                                     "or '_', not 'a b': [source one]");
    assert_refused("[task a]\n[task b]\n[task c]\n",
                   "demo.ini:3: task 'c' is one too many: there can be 2");
    assert_refused("[source a]\n[task a]\n[source a]\n",
                   "demo.ini:3: section [source a] has begun before, in line 1");
    assert_refused("[source a]\nwieght = 1\n", "demo.ini:2: unknown key 'source.a.wieght'; did you "
                                               "mean 'source.a.weight'?");
    assert_refused("[source a]\nweight = 1\nweight = 1\n",
                   "demo.ini:3: 'source.a.weight' was given before, in line 2");
}

/* Words append to a kind of section that the file has none of, and only to that. */
static void words(void **state)
{
    (void)state;
    struct setup setup;
    struct error err;
    char *good[] = {"task.x.rates=0.5,0.25", "source.web.weight=0.5", "task.y.flags=on",
                    "data.names=q"};
    char *bad[] = {"source.news.weight=0.5"};
    assert_reads(&setup, "[source web]\n");
    assert_int_equal(schema_read_words(&schema, &setup, good, 4, &err), 0);
    assert_int_equal(setup.task_count, 2);
    assert_int_equal(setup.tasks[0].rate_count, 2);
    assert_true(setup.sources[0].weight == 0.5);
    assert_int_equal(setup.data.name_count, 1);
    assert_int_equal(schema_read_words(&schema, &setup, bad, 1, &err), -1);
    assert_string_equal(err.text, "command line: there is no source 'news'; sources are begun in "
                                  "the file, with [source NAME]");
}

static void what_must_be_given(void **state)
{
    (void)state;
    struct setup setup;
    struct error err;
    assert_reads(&setup, "[source web]\n");
    assert_int_equal(schema_check_given(&schema, &setup, &err), -1);
    assert_non_null(strstr(err.text, "'data.lengths' is not given"));
    assert_reads(&setup, "[data]\nlengths = 1\n[source web]\n");
    assert_int_equal(schema_check_given(&schema, &setup, &err), -1);
    assert_non_null(strstr(err.text, "'source.web.folder' is not given"));
    assert_reads(&setup, whole);
    assert_int_equal(schema_check_given(&schema, &setup, &err), 0);
}

static void assert_compares(const char *stored, const char *wanted, const char *accepted,
                            const char *differences)
{
    struct error err = {""};
    int status = schema_compare(&schema, stored, wanted, accepted, false, &err);
    assert_int_equal(status, differences ? -1 : 0);
    if (differences && !strstr(err.text, differences))
        fail_msg("%s", err.text);
}

static void comparing(void **state)
{
    (void)state;
    const char *two = "[source a]\nweight = 1\n[source b]\nweight = 0.5\n";
    assert_compares(whole, whole, NULL, NULL);
    assert_compares("[data]\nlengths = 1,2\n", "[data]\nlengths = 1, 2\n", NULL, NULL);
    assert_compares("[data]\nlengths = 1, 2\n", "[data]\nlengths = 2, 1\n", NULL,
                    "\n  data.lengths = 2, 1, was 1, 2\n");
    assert_compares(two, "[source b]\nweight = 0.5\n[source a]\nweight = 1\n", NULL,
                    "result:\n  sources = b, a, was a, b\n  Put");
    assert_compares(two, "[source a]\nweight = 1\n", NULL,
                    "result:\n  sources = a, was a, b\n  Put");
    assert_compares(two, "[source a]\nweight = 1\n", "sources", NULL);
    assert_compares(two, "[source a]\nweight = 0.1\n[source b]\nweight = 0.50\n", NULL,
                    "result:\n  source.a.weight = 0.1, was 1\n  Put");
    /* each kind has an order of its own */
    assert_compares(two, "[source a]\n[source b]\nweight = 0.5\n[task x]\nrates = 1\n", NULL,
                    "result:\n  tasks = x, was \n  Put");
    /* a section of another version of the program is not passed over */
    assert_compares("[corpus a]\nweight = 1\n", "", NULL,
                    "corpus.a.weight = (no such key), was 1\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_read), cmocka_unit_test(what_is_printed_reads_back),
        cmocka_unit_test(lists),        cmocka_unit_test(repeated_sections),
        cmocka_unit_test(words),        cmocka_unit_test(what_must_be_given),
        cmocka_unit_test(comparing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_WORDS = 32 };

/* The file is written to a folder of its own, from which the test runs: errors then name it
 * "demo.ini". */
static void write_demo(const char *text)
{
    FILE *file = fopen("demo.ini", "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
}

static void enter_folder(char folder[256])
{
    const char *parent = getenv("TMPDIR");
    snprintf(folder, 256, "%s/test-config-XXXXXX", parent != NULL ? parent : "/tmp");
    assert_non_null(mkdtemp(folder));
    assert_int_equal(chdir(folder), 0);
}

int load(struct config *config, struct error *err, const char *text, ...)
{
    char *words[MOST_WORDS];
    int count = 0;
    va_list args;
    va_start(args, text);
    while ((words[count] = va_arg(args, char *)) != NULL)
        assert_true(++count < MOST_WORDS);
    va_end(args);
    if (text == NULL)
        return config_load(config, NULL, words, count, err);

    char folder[256], before[1024];
    assert_non_null(getcwd(before, sizeof before));
    enter_folder(folder);
    write_demo(text);
    int result = config_load(config, "demo.ini", words, count, err);
    unlink("demo.ini");
    assert_int_equal(chdir(before), 0);
    rmdir(folder);
    return result;
}

void assert_loads(struct config *config, const char *text)
{
    struct error err;
    if (load(config, &err, text, NULL) != 0)
        fail_msg("%s", err.text);
}

void assert_text_fails(const char *text, const char *sentence)
{
    struct config config;
    struct error err;
    assert_int_equal(load(&config, &err, text, NULL), -1);
    assert_string_equal(err.text, sentence);
}

void assert_word_fails(const char *word, const char *sentence)
{
    struct config config;
    struct error err;
    assert_int_equal(load(&config, &err, LEAST, word, NULL), -1);
    assert_string_equal(err.text, sentence);
}

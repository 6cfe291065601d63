#include "load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/scratch.h"

enum { MOST_WORDS = 32 };

static void write_file(const struct file *file)
{
    char folder[256];
    const char *slash = strchr(file->name, '/');
    if (slash) {
        snprintf(folder, sizeof folder, "%.*s", (int)(slash - file->name), file->name);
        mkdir(folder, 0700);
    }
    FILE *stream = fopen(file->name, "w");
    assert_non_null(stream);
    assert_int_equal(fwrite(file->text, 1, strlen(file->text), stream), strlen(file->text));
    assert_int_equal(fclose(stream), 0);
}

/* Files are written to a folder of their own, from which the test runs: errors then name them as
 * they are given here. */
static int load_from(struct config *config, struct error *err, const struct file *files,
                     char *const *words, int count)
{
    char *folder = scratch_folder_new(), before[1024];
    assert_non_null(getcwd(before, sizeof before));
    assert_int_equal(chdir(folder), 0);
    for (const struct file *file = files; file->name; file++)
        write_file(file);
    int status = config_load(config, files->name, words, count, err);
    assert_int_equal(chdir(before), 0);
    scratch_folder_free(folder);
    return status;
}

int load(struct config *config, struct error *err, const char *text, ...)
{
    char *words[MOST_WORDS];
    int count = 0;
    va_list args;
    va_start(args, text);
    while ((words[count] = va_arg(args, char *)))
        assert_true(++count < MOST_WORDS);
    va_end(args);
    if (!text)
        return config_load(config, NULL, words, count, err);

    const struct file files[] = {{"demo.ini", text}, {0}};
    return load_from(config, err, files, words, count);
}

int load_files(struct config *config, struct error *err, const struct file *files)
{
    return load_from(config, err, files, NULL, 0);
}

void assert_files_load(struct config *config, const struct file *files)
{
    struct error err;
    if (load_files(config, &err, files) < 0)
        fail_msg("%s", err.text);
}

void assert_files_fail(const struct file *files, const char *sentence)
{
    struct config config;
    struct error err;
    assert_int_equal(load_files(&config, &err, files), -1);
    assert_string_equal(err.text, sentence);
}

void assert_loads(struct config *config, const char *text)
{
    struct error err;
    if (load(config, &err, text, NULL) < 0)
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

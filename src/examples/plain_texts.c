#include "lambert/examples/plain_texts.h"

#include <stdio.h>
#include <string.h>

#include "lambert/base/array.h"
#include "lambert/base/memory.h"
#include "lambert/examples/example_file.h"

/* A line [size] as an example: the text, and the pair behind the tab. */
static int take_line(struct text_examples *set, size_t *capacity, const char *line, size_t size,
                     const char *path, int number, struct error *err)
{
    struct text_example example = {.line = number};
    const char *end = line + size;
    const char *tab = memchr(line, '\t', size);
    if (tab && memchr(tab + 1, '\t', (size_t)(end - tab - 1)))
        return error_set(
            err,
            "%s:%d: more than one tab; a line is a text, or two with a tab between them "
            "(make spaces of tabs that are a part of the text)",
            path, number);
    example.text = pool_copy_text(&set->memory, line, (size_t)((tab ? tab : end) - line));
    if (tab)
        example.pair = pool_copy_text(&set->memory, tab + 1, (size_t)(end - tab - 1));
    char id[16];
    const int digits = snprintf(id, sizeof id, "%d", set->count);
    example.id = pool_copy_text(&set->memory, id, (size_t)digits);
    ARRAY_RESERVE(set->at, (size_t)set->count + 1, *capacity);
    set->at[set->count++] = example;
    return 0;
}

static int read_file(struct text_examples *set, size_t *capacity, const char *path,
                     struct error *err)
{
    struct buffer bytes = {0};
    int number = 1;
    int status = example_file_read(&bytes, path, err);
    const char *line = (const char *)bytes.data, *end = line + bytes.size;
    while (status == 0 && line < end) {
        const char *newline = memchr(line, '\n', (size_t)(end - line));
        const char *next = newline ? newline + 1 : end;
        const char *stop = newline ? newline : end;
        if (stop > line && stop[-1] == '\r')
            stop--;
        status = take_line(set, capacity, line, (size_t)(stop - line), path, number++, err);
        line = next;
    }
    buffer_release(&bytes);
    return status;
}

int plain_texts_read(struct text_examples *set, const struct input_list *files, struct error *err)
{
    size_t capacity = 0;
    *set = (struct text_examples){.path = memory_copy_text(files->files[0].path)};
    for (int f = 0; f < files->count; f++) {
        if (read_file(set, &capacity, files->files[f].path, err) < 0) {
            text_examples_release(set);
            return -1;
        }
    }
    return 0;
}

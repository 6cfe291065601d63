/* The text that a command is given: files, folders, globs, standard input.
 *
 * An input is a file, a folder (all files below it, sorted by name byte by byte, those whose names
 * begin with a dot passed over), a pattern (* ? [ ], sorted, for shells that did not expand it; a
 * file of that very name comes first), or "-" for standard input, once. A file that begins with
 * gzip's magic bytes is compressed, whatever its name. No file at all is an error. */
#ifndef LAMBERT_TEXT_INPUT_LIST_H
#define LAMBERT_TEXT_INPUT_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lambert/base/error.h"

enum input_kind {
    INPUT_FILE,  /* plain, readable at any place */
    INPUT_GZIP,  /* read from the beginning */
    INPUT_STREAM /* standard input, pipes, devices; plain or gzip */
};

struct input_file {
    char *path; /* "-": standard input */
    enum input_kind kind;
    uint64_t bytes;   /* as stored; 0: not known */
    int64_t modified; /* nanoseconds since 1970; 0: not known */
};

struct input_list {
    struct input_file *files; /* [count], in the order they are read */
    int count;
    size_t capacity; /* of files */
    uint64_t bytes;  /* as stored, of all files */
};

int input_list_open(struct input_list *list, char *const *inputs, int input_count,
                    struct error *err);
void input_list_close(struct input_list *list);

/* Whether standard input or a pipe is among them, which can be read only once. */
bool input_list_has_stream(const struct input_list *list);

/* Fails where several ranks would read a stream. */
int input_list_check_ranks(const struct input_list *list, int ranks, struct error *err);

#endif

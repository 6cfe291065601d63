/* The text that a command is given: files, folders, globs, standard input.
 *
 * An input is a file, a folder (all files below it, sorted by name byte by byte, those whose names
 * begin with a dot passed over), a pattern (* ? [ ], sorted, for shells that did not expand it; a
 * file of that very name comes first), or "-" for standard input, once. Whether a file is compressed is
 * told from its first bytes (text/compression.h), whatever its name. No file at all is an error.
 *
 * What folders and patterns give is taken once, whatever names and links lead to it, and only where it is a
 * regular file; what is passed over is counted and told. A file that is named by itself is taken as often as it
 * is named. It may be a pipe, once, but no device: /dev/zero has no end.
 *
 * What the files hold is found by looking into them, before any work (text/input_look.h). */
#ifndef LAMBERT_TEXT_INPUT_LIST_H
#define LAMBERT_TEXT_INPUT_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lambert/base/buffer.h"
#include "lambert/base/error.h"
#include "lambert/text/compression.h"
#include "lambert/text/input_stream.h"
#include "lambert/text/text_layout.h"
#include "lambert/text/text_options.h"

/* Records of interrupted preparations depend on the numbers. */
enum input_kind {
    INPUT_FILE = 0,       /* readable at any place */
    INPUT_SEQUENTIAL = 1, /* to be read from the beginning: compressed, or not in UTF-8 */
    INPUT_STREAM = 2      /* standard input and pipes: to be read once, whatever they hold */
};

struct input_file {
    char *path; /* "-": standard input */
    enum input_kind kind;
    enum compression compression; /* NONE too where it is not known */
    uint64_t bytes;               /* as stored; 0: not known */
    int64_t modified;             /* nanoseconds since 1970; 0: not known */

    /* What input_look() found. */
    bool looked_at;
    const char *encoding; /* NULL: UTF-8 */
    enum text_layout layout;
    size_t mark;                 /* bytes of the byte-order mark that the text begins with */
    struct input_stream *opened; /* of a stream that was looked at, to be read on from there */
};

/* Why what lies in a folder, or matches a pattern, is not read. */
enum input_passed_reason {
    INPUT_PASSED_USED,   /* it is a struct input_use of the command */
    INPUT_PASSED_OTHER,  /* a pipe, a socket, a device */
    INPUT_PASSED_BEFORE, /* a file or folder that was met, perhaps under another name */
    INPUT_PASSED_REASONS
};

struct input_passed_over {
    int count;
    char *first; /* path */
};

struct input_list {
    struct input_file *files; /* [count], in the order they are read */
    int count;
    size_t capacity;                    /* of files */
    uint64_t bytes;                     /* as stored, of all files */
    const struct text_options *options; /* those that the files were looked at with */
    struct input_passed_over passed_over[INPUT_PASSED_REASONS];
};

/* A file or folder that the command has another use for: it is no text of the input, though it may lie in a
 * folder that is. */
struct input_use {
    const char *path; /* NULL behind the last one; what is not there is fine */
    const char *what; /* "where the result is to go", "the vocabulary"; behind "is" */
};

/* `used` is passed over where a folder or a pattern has it; naming it as an input is an error. NULL: none. */
int input_list_open(struct input_list *list, char *const *inputs, int input_count,
                    const struct input_use *used, struct error *err);
void input_list_close(struct input_list *list);

/* Appends what was passed over, as "; passed over: 2 that the command has another use for (texts/vocab.txt)";
 * nothing where nothing was. */
void input_list_print_passed_over(const struct input_list *list, struct buffer *sentence);

/* Whether standard input or a pipe is among them, which can be read only once. */
bool input_list_has_stream(const struct input_list *list);

/* As how many bytes of text the file counts where text is shared out; 0 where that is not known. */
uint64_t input_file_weight(const struct input_file *file);

/* Fails where several ranks would read a stream. */
int input_list_check_ranks(const struct input_list *list, int ranks, struct error *err);

#endif

/* What a file is that is not text, told from its first bytes as the formats' specifications have them. */
#ifndef LAMBERT_TEXT_FILE_KIND_H
#define LAMBERT_TEXT_FILE_KIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct file_kind {
    const char *name; /* "a PDF": follows "is" */
    const char *cure; /* what to do, FILE standing for its name */
};

/* False where nothing of that kind is seen. `head` are the file's first bytes, decompressed. */
bool file_kind_of(const uint8_t *head, size_t size, struct file_kind *kind);

/* The same of what is text as far as its characters go, but is there to be read by a program: HTML, XML,
 * what Git LFS leaves in a file's place. */
bool file_kind_of_markup(const char *text, size_t size, struct file_kind *kind);

#endif

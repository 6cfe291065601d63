/* What <string.h> leaves out: how texts begin and end, how many lines they have, and how a shell is told one. */
#ifndef LAMBERT_BASE_STRINGS_H
#define LAMBERT_BASE_STRINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static inline bool string_begins_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

static inline bool string_ends_with(const char *text, const char *end)
{
    const size_t length = strlen(text), wanted = strlen(end);
    return length >= wanted && strcmp(text + length - wanted, end) == 0;
}

/* Of any bytes, which need not be a string. */
static inline size_t count_newlines(const void *bytes, size_t size)
{
    const char *at = (const char *)bytes, *const end = at + size;
    size_t count = 0;
    while (at < end && (at = (const char *)memchr(at, '\n', (size_t)(end - at)))) {
        count++;
        at++;
    }
    return count;
}

/* Any text as one word of a shell's line, for sentences that give a line to type; free(). */
char *shell_word(const char *text);

#endif

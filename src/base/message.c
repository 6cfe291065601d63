#include "message.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/base/utf8.h"

/* Whether the character is one that a terminal shows. Not C1 controls, line and paragraph separators, and what
 * turns the direction of all that follows (U+202A to 202E, U+2066 to 2069). */
static bool is_shown(const char *text, size_t bytes, size_t size)
{
    const uint8_t *c = (const uint8_t *)text;
    switch (bytes) {
    case 0:
        return false;
    case 1:
        if (c[0] == '\n')
            return size >= 3 && c[1] == ' ' && c[2] == ' ';
        return c[0] >= ' ' && c[0] != 0x7F;
    case 2:
        return !(c[0] == 0xC2 && c[1] < 0xA0);
    case 3:
        return !(c[0] == 0xE2 && ((c[1] == 0x80 && c[2] >= 0xA8 && c[2] <= 0xAE) ||
                                  (c[1] == 0x81 && c[2] >= 0xA6 && c[2] <= 0xA9)));
    default:
        return true;
    }
}

enum { HIDDEN = 4, LONGEST = 4 * HIDDEN }; /* bytes of "\xNN", and of four of them */

/* Writes the first character of text [size] as it is shown; *taken are its bytes there. */
static size_t show(char shown[LONGEST + 1], const char *text, size_t size, size_t *taken)
{
    const size_t bytes = utf8_character(text, size);
    *taken = bytes > 0 ? bytes : 1;
    if (is_shown(text, bytes, size)) {
        memcpy(shown, text, bytes);
        return bytes;
    }
    for (size_t i = 0; i < *taken; i++)
        snprintf(shown + i * HIDDEN, HIDDEN + 1, "\\x%02X", (unsigned)(uint8_t)text[i]);
    return *taken * HIDDEN;
}

/* Writes characters of text [size] as long as there is room for them, and counts the bytes that they take
 * there in *taken; returns what they take as they are shown. `out` may be NULL. */
static size_t show_some(char *out, size_t room, const char *text, size_t size, size_t *taken)
{
    char shown[LONGEST + 1];
    size_t length = 0, bytes;
    for (*taken = 0; *taken < size; *taken += bytes) {
        const size_t more = show(shown, text + *taken, size - *taken, &bytes);
        if (length + more > room)
            break;
        if (out)
            memcpy(out + length, shown, more);
        length += more;
    }
    return length;
}

/* Where the end of text [size] begins that takes no more room than `room` as it is shown. */
static size_t find_end(const char *text, size_t size, size_t room)
{
    size_t at = size > room ? size - room : 0, taken;
    while (at < size && ((uint8_t)text[at] & 0xC0) == 0x80)
        at++;
    char shown[LONGEST + 1];
    size_t length = show_some(NULL, SIZE_MAX, text + at, size - at, &taken);
    while (length > room) {
        length -= show(shown, text + at, size - at, &taken);
        at += taken;
    }
    return at;
}

/* text [room]: the message [size] as it is shown. */
static size_t show_all(char *text, size_t room, const char *message, size_t size)
{
    enum { BETWEEN = 64 };
    size_t taken, length = show_some(text, room - 1, message, size, &taken);
    if (taken < size) {
        const size_t end = find_end(message, size, (room - BETWEEN) / 3);
        length = show_some(text, room - BETWEEN - (room - BETWEEN) / 3, message, end, &taken);
        length += (size_t)snprintf(text + length, BETWEEN, " ...[%zu bytes]... ", end - taken);
        length += show_some(text + length, room - 1 - length, message + end, size - end, &taken);
    }
    text[length] = '\0';
    return length;
}

size_t message_make(char *text, size_t room, const char *format, va_list args)
{
    char small[2048], *message = small;
    va_list again;
    va_copy(again, args);
    const int needed = vsnprintf(small, sizeof small, format, args);
    size_t size = needed > 0 ? (size_t)needed : 0;
    if (size >= sizeof small) {
        message = malloc(size + 1);
        if (message)
            vsnprintf(message, size + 1, format, again);
        else
            size = strlen(message = small);
    }
    va_end(again);
    const size_t length = show_all(text, room, message, size);
    if (message != small)
        free(message);
    return length;
}

/* Sentences for people, made of a format and of what may come from outside: names of files and tensors, pieces of
 * texts. Whatever these hold, what comes out is fit for a terminal and a log:
 *
 *   - What is no printable character is written as \xNN, byte by byte: control characters (escape sequences,
 *     newlines), those that turn the direction of writing, and bytes that are not UTF-8. A newline stays before
 *     two blanks: so a message sets its own lists, and no name can begin a line that looks like another message.
 *   - What is too long loses its middle, so that its beginning, which says what is wrong, and its end, which
 *     says what to do, are both there. */
#ifndef LAMBERT_BASE_MESSAGE_H
#define LAMBERT_BASE_MESSAGE_H

#include <stdarg.h>
#include <stddef.h>

enum { MESSAGE_LEAST_ROOM = 256 };

/* Writes it to text [room], with a NUL behind it; room is MESSAGE_LEAST_ROOM or more. Returns the length.
 * Arguments must not lie in text. Uses no other memory than malloc()'s, and none where a message is short;
 * where there is no memory the end is lost. */
size_t message_make(char *text, size_t room, const char *format, va_list args);

#endif

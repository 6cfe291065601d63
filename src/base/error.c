#include "lambert/base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lambert/base/log.h"
#include "message.h"
#include "terminal.h"

/* Arguments may point into err->text, so a sentence is made aside. */
int error_set(struct error *err, const char *format, ...)
{
    char text[sizeof err->text];
    va_list args;
    va_start(args, format);
    message_make(text, sizeof text, format, args);
    va_end(args);
    memcpy(err->text, text, sizeof text);
    return -1;
}

int error_errno(struct error *err, const char *format, ...)
{
    char reason[256];
    if (strerror_r(errno, reason, sizeof reason) != 0)
        snprintf(reason, sizeof reason, "error %d", errno);
    char text[sizeof err->text];
    va_list args;
    va_start(args, format);
    message_make(text, sizeof text, format, args);
    va_end(args);
    return error_set(err, "%s: %s", text, reason);
}

int error_prefix(struct error *err, const char *format, ...)
{
    char text[sizeof err->text];
    va_list args;
    va_start(args, format);
    message_make(text, sizeof text, format, args);
    va_end(args);
    return error_set(err, "%s: %s", text, err->text);
}

/* On the stack, as below; and without what is done at exit, where other threads still work. */
void end_process(const char *format, ...)
{
    char what[1024], rank[32] = "", text[1536];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    if (log_rank() != 0)
        snprintf(rank, sizeof rank, "[rank %d] ", log_rank());
    snprintf(text, sizeof text, "%serror: %s\n", rank, what);
    terminal_message(text, strlen(text));
    terminal_flush(1);
    _exit(1);
}

/* Formats on the stack: there may be no memory left, or no lock to be had. */
void bug_at(const char *file, int line, const char *format, ...)
{
    char what[1024], text[1536];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    snprintf(text, sizeof text, "bug at %.200s:%d (rank %d): %s\n", file, line, log_rank(), what);
    terminal_message(text, strlen(text));
    terminal_flush(1);
    abort();
}

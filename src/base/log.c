#include "lambert/base/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "message.h"
#include "terminal.h"

static atomic_int current_level = LOG_INFO;
static atomic_int current_rank = 0;

void log_set_level(enum log_level level)
{
    atomic_store(&current_level, (int)level);
}

void log_set_rank(int rank)
{
    atomic_store(&current_rank, rank);
}

int log_rank(void)
{
    return atomic_load(&current_rank);
}

bool log_shows(enum log_level level)
{
    return (int)level <= atomic_load(&current_level) && (level != LOG_INFO || log_rank() == 0);
}

enum { LONGEST_LINE = 1 << 16 }; /* bytes: what is longer loses its middle */

/* Formats without base/buffer.h and base/memory.h, which say through here what is wrong with them. */
static void print_message(enum log_level level, const char *format, va_list args)
{
    static const char *const names[] = {"error: ", "warning: ", "", "debug: "};
    char short_line[2048], *line = NULL, rank[32] = "";
    va_list again;
    if (!log_shows(level))
        return;
    va_copy(again, args);
    if (log_rank() != 0)
        snprintf(rank, sizeof rank, "[rank %d] ", log_rank());
    const size_t head = strlen(rank) + strlen(names[level]);
    /* Each byte may become four as it is shown; a newline and a NUL follow. */
    size_t room = head + 4 * (size_t)vsnprintf(NULL, 0, format, again) + 2;
    room = room < LONGEST_LINE ? room : LONGEST_LINE;
    va_end(again);
    if (room > sizeof short_line)
        line = malloc(room);
    if (!line) {
        line = short_line;
        room = sizeof short_line;
    }
    snprintf(line, room, "%s%s", rank, names[level]);
    const size_t length = head + message_make(line + head, room - head - 1, format, args);
    line[length] = '\n';
    terminal_message(line, length + 1);
    if (line != short_line)
        free(line);
}

void log_error(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    print_message(LOG_ERROR, format, args);
    va_end(args);
}

void log_warning(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    print_message(LOG_WARNING, format, args);
    va_end(args);
}

void log_info(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    print_message(LOG_INFO, format, args);
    va_end(args);
}

void log_debug(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    print_message(LOG_DEBUG, format, args);
    va_end(args);
}

void log_write_behind(void)
{
    terminal_write_behind();
}

void log_flush(double seconds)
{
    terminal_flush(seconds);
}

struct log_losses log_losses(void)
{
    return terminal_losses();
}

#include "lambert/base/log.h"

#include <stdarg.h>
#include <stdatomic.h>

#include "lambert/base/buffer.h"
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

static void say(enum log_level level, const char *format, va_list args)
{
    static const char *const names[] = {"error: ", "warning: ", "", "debug: "};
    if (!log_shows(level))
        return;
    struct buffer line = {0};
    if (log_rank() != 0)
        buffer_print(&line, "[rank %d] ", log_rank());
    buffer_print(&line, "%s", names[level]);
    buffer_vprint(&line, format, args);
    buffer_put_u8(&line, '\n');
    terminal_message((const char *)line.data, line.size);
    buffer_release(&line);
}

void log_error(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(LOG_ERROR, format, args);
    va_end(args);
}

void log_warning(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(LOG_WARNING, format, args);
    va_end(args);
}

void log_info(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(LOG_INFO, format, args);
    va_end(args);
}

void log_debug(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(LOG_DEBUG, format, args);
    va_end(args);
}

#include "lambert/base/progress.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "lambert/base/buffer.h"
#include "lambert/base/clock.h"
#include "lambert/base/log.h"
#include "terminal.h"

enum { BAR_WIDTH = 24 };

void progress_init(struct progress *progress, const char *label, double total, const char *unit,
                   double seconds)
{
    double now = clock_seconds();
    *progress = (struct progress){.label = label,
                                  .unit = unit,
                                  .total = total,
                                  .started = now,
                                  .last_drawn = now,
                                  .seconds = seconds,
                                  .terminal = isatty(STDERR_FILENO) == 1};
}

static void put_bar(struct buffer *line, double part)
{
    int filled = (int)(part * BAR_WIDTH);
    buffer_print(line, "  [");
    for (int i = 0; i < BAR_WIDTH; i++)
        buffer_put_u8(line, i < filled ? '=' : ' ');
    buffer_print(line, "]");
}

/* "preparing  120 of 450 MB  27%  [======      ]  1:02 left" */
static void put_line(struct buffer *line, const struct progress *progress, double done, double now)
{
    /* Whole numbers, but one decimal where they are small and not whole (4.2 of 7.5 MB). */
    double scale = progress->total > 0 ? progress->total : done;
    int decimals = scale < 100 && scale != floor(scale) ? 1 : 0;
    double elapsed = now - progress->started;
    char clock[32];
    buffer_print(line, "%s  %.*f", progress->label, decimals, done);
    if (!(progress->total > 0)) {
        buffer_print(line, " %s  %s", progress->unit, clock_text(elapsed, clock));
        return;
    }
    double part = fmin(fmax(done / progress->total, 0), 1);
    buffer_print(line, " of %.*f %s  %.0f%%", decimals, progress->total, progress->unit,
                 floor(100 * part));
    if (progress->terminal)
        put_bar(line, part);
    if (done > progress->initial && progress->total >= done) {
        double left = elapsed * (progress->total - done) / (done - progress->initial);
        buffer_print(line, "  %s left", clock_text(left, clock));
    }
}

void progress_update(struct progress *progress, double done, const char *note, ...)
{
    double now = clock_seconds();
    double pause = progress->terminal ? 0.2 : progress->seconds;
    if (now - progress->last_drawn < pause || log_rank() != 0 || !log_shows(LOG_INFO))
        return;
    progress->last_drawn = now;

    struct buffer line = {0};
    put_line(&line, progress, done, now);
    size_t bare = line.size;
    va_list args;
    va_start(args, note);
    buffer_print(&line, "  ");
    buffer_vprint(&line, note, args);
    va_end(args);
    if (line.size == bare + 2) /* an empty note */
        line.size = bare;
    if (progress->terminal) {
        terminal_status((const char *)line.data, line.size);
    } else {
        buffer_put_u8(&line, '\n');
        terminal_message((const char *)line.data, line.size);
    }
    buffer_release(&line);
}

void progress_release(struct progress *progress)
{
    if (progress->terminal)
        terminal_wipe();
}

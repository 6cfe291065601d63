/* Standard error, where messages and the progress line meet. One lock keeps lines whole between
 * threads; each is one write, which keeps them whole between processes as well.
 *
 * Nothing here allocates or can call bug() while the lock is held, so that bug() may use it. */
#ifndef LAMBERT_BASE_TERMINAL_H
#define LAMBERT_BASE_TERMINAL_H

#include <stddef.h>

#include "lambert/base/log.h"

/* Whole lines, with their newlines; a standing progress line is wiped first. */
void terminal_message(const char *text, size_t size);

/* Redraws the progress line: text has no newline and is cut to the width of the terminal. */
void terminal_status(const char *text, size_t size);

/* Wipes the progress line if one stands. */
void terminal_wipe(void);

/* What log.h says of log_write_behind(), log_flush() and log_losses(). */
void terminal_write_behind(void);
void terminal_flush(double seconds);
struct log_losses terminal_losses(void);

#endif

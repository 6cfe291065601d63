/* What the process was started to be deaf to: nohup has SIGHUP ignored, a shell SIGINT of what a script starts with `&`.
 * Who catches a signal asks first, and leaves an ignored one as it is. */
#ifndef LAMBERT_BASE_IGNORED_SIGNAL_H
#define LAMBERT_BASE_IGNORED_SIGNAL_H

#include <stdbool.h>

bool signal_is_ignored(int number);

#endif

/* `lambert bench`: how fast this machine does the work. It has a command for each thing that is
 * measured (src/bench). */
#ifndef LAMBERT_BENCH_BENCH_H
#define LAMBERT_BENCH_BENCH_H

#include "lambert/command/command.h"

extern const struct command command_bench;

#endif

/* A command with an option of each kind, and the group it is in, for tests of what is printed. */
#ifndef LAMBERT_TESTS_COMMAND_SAMPLE_H
#define LAMBERT_TESTS_COMMAND_SAMPLE_H

#include "lambert/command/command.h"

extern const struct command command_sample, command_group;

#endif

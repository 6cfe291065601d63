/* Puts the values of an INI text, or of a word of the command line, into a configuration. Neither
 * checks the whole (config_check). */
#ifndef LAMBERT_CONFIG_PARSE_H
#define LAMBERT_CONFIG_PARSE_H

#include "lambert/config/config.h"

/* `file` names the text in errors. Phases are appended in the order they appear. */
int parse_ini(struct config *config, const char *text, const char *file, struct error *err);

/* "section.key=value" or "phase.NAME.key=value". new_phases: a NAME that is not there yet begins a
 * phase, for configurations that have no file to begin them. */
int parse_word(struct config *config, const char *word, bool new_phases, struct error *err);

#endif

/* Loads configurations from texts. */
#ifndef LAMBERT_TESTS_CONFIG_LOAD_H
#define LAMBERT_TESTS_CONFIG_LOAD_H

#include "lib/unit.h"

#include "lambert/config/config.h"

/* The least that makes a valid configuration, as a file and as words. */
#define LEAST_DATA  "[run]\nfolder = runs/a\n[data]\ncorpus = c\n"
#define LEAST_PHASE "[phase one]\nsteps = 10\nlearning_rate = 0.001\n"
#define LEAST       LEAST_DATA LEAST_PHASE
#define LEAST_WORDS                                                                                \
    "run.folder=runs/a", "data.corpus=c", "phase.one.steps=10", "phase.one.learning_rate=0.001"

/* config_load() of a file "demo.ini" with this text (NULL: no file), and words up to a NULL. */
int load(struct config *config, struct error *err, const char *text, ...) __attribute__((sentinel));

/* A file to be written, "parts/a.ini" at the most one folder deep; {0} ends a list of them. */
struct file {
    const char *name, *text;
};

/* config_load() of the first of the files, from the folder that they are written to. */
int load_files(struct config *config, struct error *err, const struct file *files);
void assert_files_load(struct config *config, const struct file *files);
void assert_files_fail(const struct file *files, const char *sentence);

/* It loads. */
void assert_loads(struct config *config, const char *text);

/* It does not, and says exactly this. */
void assert_text_fails(const char *text, const char *sentence);
void assert_word_fails(const char *word, const char *sentence);

#endif

/* What `lambert show` can show: one file each. They get the words from their own name on and return
 * the exit code. */
#ifndef LAMBERT_CLI_SHOW_H
#define LAMBERT_CLI_SHOW_H

#include "lambert/base/error.h"
#include "lambert/config/config.h"
#include "lambert/corpus/corpus.h"

int show_corpus(int argc, char **argv);
int show_batch(int argc, char **argv);
int show_balance(int argc, char **argv);
int show_gradients(int argc, char **argv);
int show_tokens(int argc, char **argv);
int show_config(int argc, char **argv);
int show_checkpoint(int argc, char **argv);

/* What several of them look at: the configuration, the phase of that name (NULL: the first), and its
 * corpus, which is to be closed. The words are those behind the file's name. */
struct show_phase {
    struct config config;
    int phase;
    struct corpus *corpus;
};
int show_phase_open(struct show_phase *shown, const char *path, char *const *words, int word_count,
                    const char *phase, struct error *err);

#endif

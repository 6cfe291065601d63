/* What `lambert show` can show: one file each. They get the words from their own name on and return
 * the exit code. */
#ifndef LAMBERT_CLI_SHOW_H
#define LAMBERT_CLI_SHOW_H

int show_corpus(int argc, char **argv);
int show_batch(int argc, char **argv);
int show_deal(int argc, char **argv);
int show_gradients(int argc, char **argv);
int show_tokens(int argc, char **argv);
int show_config(int argc, char **argv);
int show_checkpoint(int argc, char **argv);

#endif

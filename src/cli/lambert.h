/* The commands of the program: a file each, listed in lambert.c, show.c and bench/bench.c. */
#ifndef LAMBERT_CLI_LAMBERT_H
#define LAMBERT_CLI_LAMBERT_H

#include "lambert/command/command.h"

extern const struct command command_lambert; /* the program, with all below as its commands */

extern const struct command command_vocab, command_prep, command_train, command_finetune,
    command_predict, command_fill, command_embed, command_eval, command_export, command_import,
    command_score, command_plan, command_doctor, command_selftest, command_show, command_help_pages;

/* Of `lambert show`. */
extern const struct command command_show_corpus, command_show_batch, command_show_balance,
    command_show_tokens, command_show_sentences, command_show_features, command_show_answers,
    command_show_gradients, command_show_checkpoint, command_show_config;

#endif

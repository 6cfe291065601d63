#include "lambert.h"

const struct command command_show = {
    .name = "show",
    .summary = "show a corpus, a batch, features, a checkpoint or a configuration",
    .examples = "lambert show corpus corpus/\n",
    .commands = (const struct command *const[]){
        &command_show_corpus, &command_show_batch, &command_show_balance, &command_show_tokens,
        &command_show_sentences, &command_show_features, &command_show_answers,
        &command_show_gradients, &command_show_checkpoint, &command_show_config, NULL}};

#include "lambert.h"

#include "lambert/bench/bench.h"

const struct command command_lambert = {
    .name = "lambert",
    .summary = "pre-train BERT on CPU clusters",
    .description =
        "Pre-trains BERT on CPU clusters: from text to a vocabulary, a corpus, a trained "
        "model, and a folder that Hugging Face's transformers read; fine-tunes it for a task, and "
        "says how good it is. lambert --version says which version this is. Exit codes: 0 done, 1 failed, 2 wrong use, "
        "71 a host's processor or memory was found to be wrong (train.replay_every), "
        "75 failed by what may pass (a lock of another host): try again later.",
    .commands = (const struct command *const[]){&command_vocab, &command_prep, &command_train,
                                                &command_finetune, &command_predict, &command_fill,
                                                &command_embed, &command_eval, &command_export,
                                                &command_import, &command_score, &command_plan,
                                                &command_doctor, &command_selftest, &command_show,
                                                &command_bench, &command_help_pages, NULL},
};

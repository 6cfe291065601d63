#include "lambert.h"
#include "lambert/run/run.h"
#include "start_training.h"

static int train(struct dist *dist, const void *context, struct error *err)
{
    return start_training(dist, context, false, err);
}

const struct command command_train = {
    .name = "train",
    .summary = "pre-train a BERT on a corpus, under mpirun or alone",
    .description =
        "Pre-trains a BERT: the phases of CONFIG one after another, on the corpus data.corpus or several, into "
        "the folder run.folder (config.ini, metrics.jsonl, checkpoints/).\n"
        "\n"
        "SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2 or SIGXCPU to a rank end the run after the current step, or "
        "without it if it takes longer than a second, with a checkpoint and exit code 0, or that of --stopped-code. "
        "mpirun passes SIGUSR1 on: kill -USR1 PID_OF_MPIRUN stops a job cleanly. A log that nobody reads stops "
        "nothing; metrics.jsonl says how much of it is lost.\n",
    .examples = "mpirun -n 2 --bind-to none lambert train configs/demo.ini phase.one.steps=500\n",
    .more_help = print_keys,
    .options = training_options,
    COMMAND_ARGUMENTS(struct training_arguments, .config = NULL),
    .check = check_training,
    .run_on_ranks = train,
    .before_ranks = run_before_ranks};

#include "lambert.h"
#include "lambert/run/run.h"
#include "start_training.h"

static int finetune(struct dist *dist, const void *context, struct error *err)
{
    return start_training(dist, context, true, err);
}

const struct command command_finetune = {
    .name = "finetune",
    .summary = "fine-tune a model for a task, under mpirun or alone",
    .description =
        "Fine-tunes the model run.start_from (a Hugging Face folder, a checkpoint, a run folder) for "
        "what [task] says: classification, regression or several labels of a text or a pair, tags of "
        "words, questions about a paragraph. A head for it is trained with all weights on the file "
        "task.train, and judged on task.evaluate every train.evaluate_every steps and at the end; the "
        "weights that did best are kept in best.checkpoint of the folder run.folder, which predict and "
        "export take. docs/finetuning.md shows one of each kind.\n"
        "\n"
        "Signals and --resume are as in lambert train.\n",
    .examples = "lambert finetune my-task.ini run.start_from=runs/base run.folder=runs/task\n",
    .more_help = print_keys,
    .options = training_options,
    COMMAND_ARGUMENTS(struct training_arguments, .config = NULL),
    .check = check_training,
    .run_on_ranks = finetune,
    .before_ranks = run_before_ranks};

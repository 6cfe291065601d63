#include "lambert/doctor/doctor.h"

#include "lambert.h"
#include "start_training.h"

struct doctor_arguments {
    const char *config;
    struct command_words words;
    struct start_arguments start;
    bool quick, json, strict;
};

static const struct command_option doctor_options[] = {
    {.kind = OPTION_WORD,
     OPTION_PLACE(struct doctor_arguments, config),
     .metavar = "CONFIG",
     .completion = COMPLETE_FILES},
    {.kind = OPTION_WORDS,
     OPTION_PLACE(struct doctor_arguments, words),
     .metavar = "SECTION.KEY=VALUE",
     .completion = COMPLETE_KEYS},
    TRAINING_OPTIONS(struct doctor_arguments, start),
    {.name = "quick",
     .kind = OPTION_FLAG,
     OPTION_PLACE(struct doctor_arguments, quick),
     .help = "without what takes a while to measure: speed, clocks, network"},
    {.name = "json",
     .kind = OPTION_FLAG,
     OPTION_PLACE(struct doctor_arguments, json),
     .help = "a JSON object a finding, and one at the end"},
    {.name = "strict",
     .kind = OPTION_FLAG,
     OPTION_PLACE(struct doctor_arguments, strict),
     .help = "warnings give exit code 1 as well"},
    {0}};

static int check_doctor(const void *context, struct error *err)
{
    const struct doctor_arguments *arguments = context;
    return check_start(&arguments->start, err);
}

static int doctor(struct dist *dist, const void *context, struct error *err)
{
    const struct doctor_arguments *arguments = context;
    const struct doctor_request request = {.config = arguments->config,
                                           .words = arguments->words.at,
                                           .word_count = arguments->words.count,
                                           .resume = arguments->start.resume,
                                           .max_hours = arguments->start.max_hours,
                                           .quick = arguments->quick,
                                           .json = arguments->json};
    struct doctor_counts counts;
    if (doctor_examine(dist, &request, &counts, err) < 0)
        return -1;
    return counts.faults > 0 || (arguments->strict && counts.warnings > 0) ? EXIT_FAILED
                                                                           : EXIT_DONE;
}

const struct command command_doctor = {
    .name = "doctor",
    .summary = "what a job will meet, looked at in seconds before it is started",
    .description =
        "Looks at what a job depends on, on all its ranks at once and within ten seconds: started in the place of "
        "lambert train (or finetune), with the same mpirun, options, CONFIG and words; of the options --resume and "
        "--max-hours make a difference to it. Without CONFIG it looks at what needs none; "
        "without mpirun, at this machine.\n"
        "\n"
        "A line a finding: ok, warn or FAIL, the check, where (which hosts or ranks) and what was found; behind a warn "
        "or a FAIL a line with its cure. FAIL is what the run would fail of, or what would spoil it; warn what costs "
        "time, or safety. The exit code is 1 when anything FAILs, else 0; with --strict, 1 at a warn too.\n"
        "\n"
        "  configuration   CONFIG reads the same on all ranks; ranks against sequences of a step\n"
        "  ranks           ranks and hosts, as many on each; the MPI library\n"
        "  program         one build of Lambert on all ranks\n"
        "  kernels         the CPUs, and the instructions that ranks have chosen\n"
        "  threads         cores, binding, quotas, variables of OpenMP\n"
        "  speed           what a core makes while all ranks compute: neighbours, and slow hosts\n"
        "  training-data   every rank reads the same corpora, or the task's files; run.start_from,\n"
        "                  run.branch_from\n"
        "  memory          what the run will hold, and what each host has, its control groups minded\n"
        "  shared-memory   what killed ranks have left in /dev/shm, and its room; weights that a host shares\n"
        "  limits          open files, addresses, sizes of files, processors' time, locked memory\n"
        "  job-time        when the scheduler ends the job\n"
        "  run-folder      it can be made and written to, hosts see it, locks hold; no other run is in it\n"
        "  disk            room for the checkpoints, how fast they are written, whether fsync works\n"
        "  stage           room on the hosts' own disks\n"
        "  clocks          how far those of the ranks are from rank 0's\n"
        "  network         latency and bandwidth between neighbours, the slow pairs by name\n"
        "\n"
        "Nothing is left in any folder, unless it is killed by SIGKILL (.lambert-doctor.*, which may be removed), and a run "
        "that is at work there is not touched.\n",
    .examples = "mpirun -n 2 lambert doctor configs/demo.ini phase.one.steps=500\n",
    .options = doctor_options,
    COMMAND_ARGUMENTS(struct doctor_arguments, .config = NULL),
    .check = check_doctor,
    .run_on_ranks = doctor};

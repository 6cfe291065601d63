#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lambert.h"
#include "lambert/base/clock.h"
#include "lambert/base/file.h"
#include "lambert/base/hash.h"
#include "lambert/base/json.h"
#include "lambert/base/memory.h"
#include "lambert/base/minmax.h"
#include "lambert/base/rng.h"
#include "lambert/base/strings.h"
#include "lambert/dist/dist.h"
#include "lambert/dist/launch.h"
#include "lambert/store/checkpoint_folder.h"
#include "selftest_job.h"

struct selftest_arguments {
    const char *launcher; /* NULL: find_launcher() */
    const char *folder;   /* NULL: TMPDIR, or /tmp */
    bool keep;
};

static const struct command_option selftest_options[] = {
    {.name = "launcher",
     .kind = OPTION_TEXT,
     OPTION_PLACE(struct selftest_arguments, launcher),
     .metavar = "COMMAND",
     .standard = "mpirun -n 2, of the MPI that the program is built with, where there is one",
     .help = "what starts two ranks, with its words: 'srun --mpi=pmix -n 2'"},
    {.name = "folder",
     .kind = OPTION_TEXT,
     OPTION_PLACE(struct selftest_arguments, folder),
     .metavar = "DIR",
     .completion = COMPLETE_FOLDERS,
     .standard = "TMPDIR, or /tmp",
     .help =
         "where a folder is made for the time of the test: one that all hosts see, where the launcher uses several"},
    {.name = "keep",
     .kind = OPTION_FLAG,
     OPTION_PLACE(struct selftest_arguments, keep),
     .help = "leave that folder there, to be looked at"},
    {0}};

struct selftest {
    struct selftest_job job;
    const char *launcher; /* as it was given */
};

/* What a check comes to. */
enum outcome { PASSED, LEFT_OUT, BROKEN };

/* --- what is known --------------------------------------------------------------------------- */

enum {
    STEPS = 60,
    GOLDEN_STEPS = 8,      /* of these, which are held against numbers */
    CHECKPOINT_EVERY = 10, /* steps */
};

static const char configuration[] = "[model]\n"
                                    "hidden_size = 64\n"
                                    "num_hidden_layers = 2\n"
                                    "num_attention_heads = 4\n"
                                    "intermediate_size = 192\n"
                                    "max_position_embeddings = 64\n"
                                    "[optimizer]\n"
                                    "name = lamb\n"
                                    "[train]\n"
                                    "micro_batch_tokens = 256\n"
                                    "evaluate_sequences = 16\n"
                                    "checkpoint_every = 10\n"
                                    "checkpoint_keep = 10\n"
                                    "[phase one]\n"
                                    "sequence_length = 64\n"
                                    "global_batch = 8\n"
                                    "steps = 60\n"
                                    "learning_rate = 0.01\n"
                                    "warmup_steps = 10\n";

/* The corpus's hash, and the first steps on it, made with the kernels that are the definition of all others
 * (LAMBERT_ISA=plain), which tests hold against PyTorch; an update is in what the steps behind it say. Other kernels
 * differ by 4e-8 of a number at most, and in bfloat16, where what rounds to the other side makes more of it, by 1e-4. */
static const uint64_t golden_corpus = UINT64_C(0xb41a7617dea6a210);

struct golden_run {
    const char *type; /* of train.compute_type */
    double tolerance; /* of a number, relative */
    struct selftest_step steps[GOLDEN_STEPS];
};

static const struct golden_run golden_float32 = {"float32",
                                                 1e-5,
                                                 {{5.111813907, 0.693969886, 3.015715000},
                                                  {5.097592246, 0.693338773, 3.174607759},
                                                  {5.023237637, 0.693235084, 2.629849211},
                                                  {5.026286400, 0.695001975, 3.698383243},
                                                  {5.009610999, 0.693642807, 3.221091960},
                                                  {4.992560260, 0.691998265, 2.681204275},
                                                  {4.956818594, 0.692840031, 2.578358381},
                                                  {4.905429478, 0.698818502, 2.567942846}}};
static const struct golden_run golden_bfloat16 = {"bfloat16",
                                                  1e-3,
                                                  {{5.111905072, 0.693969880, 3.014928508},
                                                   {5.097611075, 0.693325409, 3.175066446},
                                                   {5.023263984, 0.693236577, 2.625338453},
                                                   {5.026114533, 0.695010532, 3.702546629},
                                                   {5.009788842, 0.693643606, 3.221269087},
                                                   {4.992534256, 0.691977525, 2.679403929},
                                                   {4.956823981, 0.692861904, 2.579139474},
                                                   {4.905396375, 0.698850449, 2.566988062}}};

/* --- from text to a corpus ------------------------------------------------------------------- */

/* Documents of a small grammar, a sentence a line. */
static void make_text(struct buffer *text)
{
    static const char *const nouns[] = {"king",   "river",    "stone", "city",  "bird",   "garden",
                                        "letter", "mountain", "ship",  "lamp",  "forest", "child",
                                        "winter", "market",   "horse", "window"};
    static const char *const verbs[] = {"saw",      "carried",    "lost",    "found",  "built",
                                        "followed", "remembered", "crossed", "painted"};
    static const char *const adjectives[] = {"old",     "quiet", "golden",  "broken",
                                             "distant", "small", "northern"};
    enum { NOUNS = sizeof nouns / sizeof *nouns, VERBS = sizeof verbs / sizeof *verbs };
    enum { ADJECTIVES = sizeof adjectives / sizeof *adjectives, DOCUMENTS = 120 };
    struct rng rng;
    rng_init(&rng, rng_key(1, RNG_TEST, 0, 0));
    for (int d = 0; d < DOCUMENTS; d++) {
        const uint32_t sentences = 4 + rng_below(&rng, 10);
        for (uint32_t s = 0; s < sentences; s++) {
            const uint32_t subject = rng_below(&rng, NOUNS); /* which says most of the rest */
            buffer_print(text, "The %s %s %s the %s", adjectives[subject % ADJECTIVES],
                         nouns[subject], verbs[subject % VERBS], nouns[(subject + 3) % NOUNS]);
            if (rng_below(&rng, 3) == 0)
                buffer_print(text, " near the %s", nouns[rng_below(&rng, NOUNS)]);
            buffer_print(text, ".\n");
        }
        buffer_print(text, "\n");
    }
}

static int read_corpus_hash(const struct selftest_job *job, uint64_t *hash, struct error *err)
{
    char *path = selftest_path(job, "corpus/corpus.json");
    struct buffer text = {0};
    int status = file_read(path, &text, err);
    if (status == 0) {
        cJSON *manifest = cJSON_Parse(buffer_text(&text));
        if (!manifest || !json_get_hash(manifest, "hash", hash))
            status = error_set(err, "%s has no hash", path);
        cJSON_Delete(manifest);
    }
    buffer_release(&text);
    free(path);
    return status;
}

static int write_file(const struct selftest_job *job, const char *name, const void *data,
                      size_t size, struct error *err)
{
    char *path = selftest_path(job, name);
    const int status = file_write(path, data, size, err);
    free(path);
    return status;
}

static enum outcome check_corpus(const struct selftest *test, struct buffer *note,
                                 struct error *err)
{
    const struct selftest_job *job = &test->job;
    struct buffer text = {0};
    make_text(&text);
    int status = write_file(job, "text.txt", text.data, text.size, err);
    buffer_release(&text);
    uint64_t hash = 0;
    if (status < 0 || write_file(job, "test.ini", configuration, strlen(configuration), err) < 0 ||
        selftest_run(job, NULL, "vocab --output @vocab.txt --size 160 --min-frequency 1 @text.txt",
                     err) < 0 ||
        selftest_run(job, NULL,
                     "prep --vocabulary @vocab.txt --output @corpus --heldout 0.1 @text.txt",
                     err) < 0 ||
        selftest_run(job, NULL, "show corpus @corpus --verify", err) < 0 ||
        read_corpus_hash(job, &hash, err) < 0)
        return BROKEN;
    char seen[HASH_TEXT], wanted[HASH_TEXT];
    if (hash != golden_corpus) {
        error_set(err, "the corpus has the hash %s, not %s", hash_print(hash, seen),
                  hash_print(golden_corpus, wanted));
        return BROKEN;
    }
    buffer_print(note, "text, vocabulary and corpus are what they are on every machine");
    return PASSED;
}

/* --- steps ------------------------------------------------------------------------------------ */

/* The larger of what was the worst and how far `seen` is from `wanted`. */
static double worse(double worst, double seen, double wanted)
{
    const double off = fabs(seen - wanted) / fabs(wanted);
    return off <= worst ? worst : off; /* of NaN as well */
}

static enum outcome compare_steps(const struct selftest *test, const char *run,
                                  const struct golden_run *golden, struct buffer *note,
                                  struct error *err)
{
    struct selftest_step steps[GOLDEN_STEPS];
    if (selftest_read_steps(&test->job, run, steps, GOLDEN_STEPS, err) < 0)
        return BROKEN;
    double worst = 0;
    for (int i = 0; i < GOLDEN_STEPS; i++) {
        const struct selftest_step *seen = &steps[i], *wanted = &golden->steps[i];
        worst = worse(worst, seen->mlm_loss, wanted->mlm_loss);
        worst = worse(worst, seen->nsp_loss, wanted->nsp_loss);
        worst = worse(worst, seen->gradient_norm, wanted->gradient_norm);
        if (!(worst <= golden->tolerance)) {
            error_set(
                err,
                "step %d has the losses %.9g and %.9g and the gradient norm %.9g, not %.9g, %.9g and %.9g",
                i + 1, seen->mlm_loss, seen->nsp_loss, seen->gradient_norm, wanted->mlm_loss,
                wanted->nsp_loss, wanted->gradient_norm);
            return BROKEN;
        }
    }
    buffer_print(note, "losses and gradient norms of %d steps are right to %.0e", GOLDEN_STEPS,
                 worst);
    return PASSED;
}

static enum outcome check_type(const struct selftest *test, const struct golden_run *golden,
                               struct buffer *note, struct error *err)
{
    char *line =
        memory_text("train @test.ini data.corpus=@corpus run.folder=@%s train.compute_type=%s",
                    golden->type, golden->type);
    const int status = selftest_run(&test->job, NULL, line, err);
    free(line);
    return status < 0 ? BROKEN : compare_steps(test, golden->type, golden, note, err);
}

static enum outcome check_float32(const struct selftest *test, struct buffer *note,
                                  struct error *err)
{
    return check_type(test, &golden_float32, note, err);
}

static enum outcome check_bfloat16(const struct selftest *test, struct buffer *note,
                                   struct error *err)
{
    return check_type(test, &golden_bfloat16, note, err);
}

/* --- two ranks -------------------------------------------------------------------------------- */

static bool is_in_path(const char *program)
{
    char *const path = memory_copy_text(getenv("PATH") ? getenv("PATH") : "");
    bool found = false;
    for (char *folder = path, *next; folder && !found; folder = next) {
        next = strchr(folder, ':');
        if (next)
            *next++ = '\0';
        char *file = path_join(*folder ? folder : ".", program);
        found = file_exists(file);
        free(file);
    }
    free(path);
    return found;
}

/* Whether `mpirun --version` has this text in it. */
static bool mpirun_says(const struct selftest_job *job, const char *text)
{
    static const char *const words[] = {"mpirun", "--version", NULL};
    char *output = selftest_path(job, "launcher");
    struct buffer said = {0};
    struct child child;
    struct error err;
    bool found = false;
    if (child_start(&child, words, NULL, output, &err) == 0) {
        if (!child_wait(&child, job->patience))
            child_end(&child, SIGTERM);
        found = file_read(output, &said, &err) == 0 && strstr(buffer_text(&said), text);
    }
    buffer_release(&said);
    free(output);
    return found;
}

/* The mpirun of the MPI library that this program is built with. Where a system has several of them (Debian's
 * alternatives), one is called mpirun, and each has a name of its own. NULL: there is none. */
static const char *find_launcher(const struct selftest_job *job)
{
    static const struct {
        const char *library, *version, *own, *line;
    } known[] = {{"Open MPI", "Open MPI", "mpirun.openmpi", "mpirun.openmpi -n 2"},
                 {"MPICH", "HYDRA", "mpirun.mpich", "mpirun.mpich -n 2"}};
    const bool plain = is_in_path("mpirun");
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (string_begins_with(dist_library(), known[i].library) && is_in_path(known[i].own) &&
            !(plain && mpirun_says(job, known[i].version)))
            return known[i].line;
    return plain ? "mpirun -n 2" : NULL;
}

static enum outcome check_ranks(const struct selftest *test, struct buffer *note, struct error *err)
{
    const char *const launcher = test->launcher ? test->launcher : find_launcher(&test->job);
    if (!launcher) {
        buffer_print(note,
                     "there is no mpirun in PATH; --launcher names what starts two ranks here");
        return LEFT_OUT;
    }
    if (selftest_run(&test->job, launcher, "train @test.ini data.corpus=@corpus run.folder=@ranks",
                     err) < 0)
        return BROKEN;
    /* That there were two of them. */
    char *path = selftest_path(&test->job, "said");
    struct buffer said = {0};
    int status = file_read(path, &said, err);
    if (status == 0 && !strstr(buffer_text(&said), "2 rank(s) on "))
        status = error_set(err, "%s did not make one run of two ranks of them", launcher);
    buffer_release(&said);
    free(path);
    return status < 0 ? BROKEN : compare_steps(test, "ranks", &golden_float32, note, err);
}

/* --- a run that is killed --------------------------------------------------------------------- */

/* The newest checkpoint of a run; the caller closes it. */
static int open_newest(const struct selftest *test, const char *run, struct checkpoint_file *file,
                       struct error *err)
{
    char *folder = selftest_path(&test->job, run);
    int status = checkpoint_newest(folder, file, err);
    if (status == 0 && !checkpoint_file_path(file))
        status = error_set(err, "%s has no checkpoint", folder);
    free(folder);
    return status;
}

static char *path_of(const struct selftest *test, const char *run, int step)
{
    char *folder = selftest_path(&test->job, run), *path = checkpoint_path(folder, step);
    free(folder);
    return path;
}

/* Begins the run, and kills it when it has a checkpoint. *ended: before, it had come to its end by itself. */
static int train_and_kill(const struct selftest *test, const char *line, bool *ended,
                          struct error *err)
{
    struct child child;
    char *first = path_of(test, "killed", CHECKPOINT_EVERY);
    int status = selftest_start(&test->job, &child, NULL, line, err);
    if (status == 0)
        status = selftest_await(&test->job, &child, line, first, err);
    if (status == 0) {
        *ended = child_wait(&child, 0);
        child_end(&child, SIGKILL);
        if (*ended)
            status = selftest_finish(&test->job, &child, line, err);
    }
    free(first);
    return status;
}

/* Where a disk is slow the run may have ended before its first checkpoint was written: those behind that one go. */
static int forget_checkpoints(const struct selftest *test, struct error *err)
{
    int status = 0;
    for (int step = 2 * CHECKPOINT_EVERY; step <= STEPS && status == 0; step += CHECKPOINT_EVERY) {
        char *path = path_of(test, "killed", step);
        status = file_remove(path, err);
        free(path);
    }
    return status;
}

static enum outcome check_resuming(const struct selftest *test, struct buffer *note,
                                   struct error *err)
{
    static const char line[] = "train @test.ini data.corpus=@corpus run.folder=@killed --resume";
    struct checkpoint_file file = {0};
    bool ended = false;
    if (train_and_kill(test, line, &ended, err) < 0 ||
        (ended && forget_checkpoints(test, err) < 0) || open_newest(test, "killed", &file, err) < 0)
        return BROKEN;
    const int resumed = (int)file.meta.state.total_steps;
    checkpoint_file_close(&file);
    if (selftest_run(&test->job, NULL, line, err) < 0)
        return BROKEN;

    char *one = path_of(test, "float32", STEPS), *other = path_of(test, "killed", STEPS);
    struct buffer undisturbed = {0}, seen = {0};
    int status = file_read(one, &undisturbed, err);
    if (status == 0)
        status = file_read(other, &seen, err);
    if (status == 0 &&
        (seen.size != undisturbed.size || memcmp(seen.data, undisturbed.data, seen.size) != 0))
        status = error_set(
            err,
            "a run that was killed and resumed at step %d ends with other weights than one that was "
            "left alone",
            resumed);
    buffer_release(&undisturbed);
    buffer_release(&seen);
    free(one);
    free(other);
    if (status < 0)
        return BROKEN;
    buffer_print(
        note, "%s and resumed at step %d of %d, it ends with the bits of a run that was left alone",
        ended ? "ended" : "killed", resumed, STEPS);
    return PASSED;
}

/* --- a model goes out, and comes back ---------------------------------------------------------- */

static enum outcome check_export(const struct selftest *test, struct buffer *note,
                                 struct error *err)
{
    if (selftest_run(&test->job, NULL, "export --checkpoint @float32 --output @bert", err) < 0 ||
        selftest_run(&test->job, NULL, "import --from @bert --output @back.checkpoint", err) < 0)
        return BROKEN;
    struct checkpoint_file before = {0}, after = {0};
    char *path = selftest_path(&test->job, "back.checkpoint");
    int status = open_newest(test, "float32", &before, err);
    if (status == 0)
        status = checkpoint_file_open(&after, path, err);
    if (status == 0 &&
        (before.elements != after.elements ||
         memcmp(before.weights, after.weights, before.elements * sizeof *before.weights) != 0))
        status = error_set(err, "the weights that were exported come back as others");
    checkpoint_file_close(&before);
    checkpoint_file_close(&after);
    free(path);
    if (status < 0)
        return BROKEN;
    buffer_print(note, "a Hugging Face folder was written, and read back to the bit");
    return PASSED;
}

/* --- the command ------------------------------------------------------------------------------ */

static const struct check {
    const char *name;
    enum outcome (*run)(const struct selftest *test, struct buffer *note, struct error *err);
    const char *cure;
    bool goes_first; /* without it there is nothing for those behind it */
} checks[] = {
    {"corpus", check_corpus,
     "what it is built with (utf8proc, zlib, xxHash) or the disk of the folder does not do; --folder takes another "
     "disk, --keep leaves the files there",
     true},
    {"float32", check_float32,
     "LAMBERT_ISA=plain lambert selftest takes other kernels, and LAMBERT_GEMM=blas the BLAS's products: what passes "
     "may be used so until the compiler is mended",
     true},
    {"bfloat16", check_bfloat16,
     "train with train.compute_type=float32, or with what passes of LAMBERT_ISA=v4, v3 or plain",
     false},
    {"ranks", check_ranks,
     "the launcher has to be that of the MPI library that this program is built with (docs/cluster.md, Launchers); "
     "--launcher names another one",
     false},
    {"resume", check_resuming,
     "try --folder DIR on another disk; if only this one fails there, do not train there", false},
    {"export", check_export, "what the line says; --keep leaves the files there", false},
};

static int selftest(const void *context, struct error *err)
{
    const struct selftest_arguments *arguments = context;
    const struct launch launch = launch_found();
    if (launch.is_rank)
        return error_set(err, "it starts its ranks by itself, and is to be started once, not by %s",
                         launch.by);
    struct selftest test = {.launcher = arguments->launcher};
    if (selftest_job_open(&test.job, arguments->folder, err) < 0)
        return -1;
    enum { COUNT = sizeof checks / sizeof *checks };
    int broken = 0;
    for (int i = 0; i < COUNT && !selftest_is_stopped(); i++) {
        const struct check *check = &checks[i];
        struct buffer note = {0};
        const double began = clock_seconds();
        const enum outcome outcome = check->run(&test, &note, err);
        const char *const text = outcome == BROKEN ? err->text : buffer_text(&note);
        if (!selftest_is_stopped())
            printf("%-8s %-9s %s (%.1f s)\n",
                   outcome == PASSED     ? "ok"
                   : outcome == LEFT_OUT ? "left out"
                                         : "FAILED",
                   check->name, text, clock_seconds() - began);
        if (outcome == BROKEN && !selftest_is_stopped())
            printf("%-18s %s\n", "", check->cure);
        fflush(stdout);
        buffer_release(&note);
        broken += outcome == BROKEN;
        if (outcome == BROKEN && check->goes_first)
            break;
    }
    selftest_job_close(&test.job, arguments->keep);
    if (selftest_is_stopped())
        return error_set(err, "stopped by a signal");
    return broken == 0
               ? 0
               : error_set(err,
                           "this build, machine or launcher is not to be trained with as it is");
}

const struct command command_selftest = {
    .name = "selftest",
    .summary = "whether this program computes right on this machine, in seconds",
    .description =
        "Makes a small corpus, and holds what training on it comes to against numbers that it has in itself: in float32, "
        "in bfloat16, on two ranks; kills a run and resumes it, and exports a model and reads it back. A line each, and "
        "what to do about what fails; the exit code is 1 then. What it writes goes to a folder that it removes. It is "
        "started once, without mpirun, which it starts by itself where there is one.",
    .examples = "lambert selftest\n"
                "lambert selftest --launcher 'srun --mpi=pmix -n 2' --folder $HOME\n",
    .options = selftest_options,
    COMMAND_ARGUMENTS(struct selftest_arguments, .launcher = NULL),
    .run = selftest};

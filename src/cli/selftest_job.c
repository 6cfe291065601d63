#include "selftest_job.h"

#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "lambert/base/array.h"
#include "lambert/base/clock.h"
#include "lambert/base/file.h"
#include "lambert/base/ignored_signal.h"
#include "lambert/base/json.h"
#include "lambert/base/log.h"
#include "lambert/base/memory.h"
#include "lambert/base/temporary_folder.h"

enum { PATIENCE = 120 /* seconds */ };

static volatile sig_atomic_t stopped;

static void stop(int signal)
{
    stopped = signal;
}

bool selftest_is_stopped(void)
{
    return stopped != 0;
}

static void catch_ends(void)
{
    static const int ends[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction action = {.sa_handler = stop};
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (!signal_is_ignored(ends[i]))
            sigaction(ends[i], &action, NULL);
}

int selftest_job_open(struct selftest_job *job, const char *parent, struct error *err)
{
    *job = (struct selftest_job){.patience = PATIENCE};
    char *program = realpath("/proc/self/exe", NULL), *made = NULL, *folder = NULL;
    if (!program) {
        error_errno(err, "this program cannot be found, /proc/self/exe");
        goto fail;
    }
    if (temporary_folder_make(&made, parent, "lambert-selftest", err) < 0)
        goto fail;
    folder = realpath(made, NULL); /* ranks may stand elsewhere */
    if (!folder) {
        error_errno(err, "%s", made);
        goto fail;
    }
    free(made);
    job->program = program;
    job->folder = folder;
    catch_ends();
    return 0;

fail:
    temporary_folder_remove(made);
    free(program);
    return -1;
}

void selftest_job_close(struct selftest_job *job, bool keep)
{
    if (job->folder && keep) {
        log_info("what the commands made and said is in %s", job->folder);
        free(job->folder);
    } else {
        temporary_folder_remove(job->folder);
    }
    free(job->program);
    *job = (struct selftest_job){0};
}

char *selftest_path(const struct selftest_job *job, const char *name)
{
    return path_join(job->folder, name);
}

/* --- commands --------------------------------------------------------------------------------- */

struct words {
    char **all;
    size_t count, capacity;
};

/* Takes the word over; NULL ends the list. */
static void add_word(struct words *words, char *word)
{
    ARRAY_RESERVE(words->all, words->count + 1, words->capacity);
    words->all[words->count++] = word;
}

static void free_words(struct words *words)
{
    for (size_t i = 0; i < words->count; i++)
        free(words->all[i]);
    free(words->all);
}

/* The words of a line, behind those that are there. folder: what '@' stands for; NULL: for itself. */
static void add_words(struct words *words, const char *line, const char *folder)
{
    for (line += strspn(line, " "); *line != '\0'; line += strspn(line, " ")) {
        const size_t length = strcspn(line, " ");
        char *word = memory_text("%.*s", (int)length, line);
        char *const at = folder ? strchr(word, '@') : NULL;
        if (at) {
            char *placed = memory_text("%.*s%s/%s", (int)(at - word), word, folder, at + 1);
            free(word);
            word = placed;
        }
        add_word(words, word);
        line += length;
    }
}

int selftest_start(const struct selftest_job *job, struct child *child, const char *launcher,
                   const char *line, struct error *err)
{
    /* Of Open MPI, which others do not know: on one host, however few cores it has, and whoever is asking. */
    static const char *const variables[] = {"OMPI_ALLOW_RUN_AS_ROOT=1",
                                            "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1",
                                            "OMPI_MCA_rmaps_base_oversubscribe=1",
                                            "OMPI_MCA_hwloc_base_binding_policy=none",
                                            "OMPI_MCA_mpi_yield_when_idle=1",
                                            NULL};
    struct words words = {0};
    add_words(&words, launcher ? launcher : "", NULL);
    add_word(&words, memory_copy_text(job->program));
    add_words(&words, line, job->folder);
    add_word(&words, NULL);
    char *output = selftest_path(job, "said");
    int status = file_remove(output, err);
    if (status == 0)
        status = child_start(child, (const char *const *)words.all, variables, output, err);
    free_words(&words);
    free(output);
    return status;
}

/* The last line of a text that has something in it, cut out of it. */
static const char *last_line(char *text)
{
    size_t end = strlen(text);
    while (end > 0 && strchr("\n\r -", text[end - 1])) /* mpirun ends with a rule */
        text[--end] = '\0';
    const char *const before = strrchr(text, '\n');
    return before ? before + 1 : text;
}

/* Of all that was said the line to show: the first error, or else the last line. */
static const char *line_to_show(char *text)
{
    char *const error = strstr(text, "error: ");
    if (!error)
        return last_line(text);
    error[strcspn(error, "\n")] = '\0';
    return error;
}

int selftest_await(const struct selftest_job *job, struct child *child, const char *line,
                   const char *file, struct error *err)
{
    const double end = clock_seconds() + job->patience;
    while (!child_wait(child, 0.002) && !(file && file_exists(file))) {
        const bool late = clock_seconds() > end;
        if (!late && !stopped)
            continue;
        child_end(child, SIGTERM);
        if (!late)
            return error_set(err, "stopped by a signal");
        return file ? error_set(err, "lambert %s has not written %s after %g s", line, file,
                                job->patience)
                    : error_set(err, "lambert %s has not ended after %g s", line, job->patience);
    }
    return 0;
}

int selftest_finish(const struct selftest_job *job, struct child *child, const char *line,
                    struct error *err)
{
    if (selftest_await(job, child, line, NULL, err) < 0)
        return -1;
    if (child->code == 0)
        return 0;
    char *output = selftest_path(job, "said");
    struct buffer said = {0};
    struct error unread;
    if (stopped)
        error_set(err, "stopped by a signal");
    else if (file_read(output, &said, &unread) < 0)
        error_set(err, "lambert %s ended with exit code %d", line, child->code);
    else
        error_set(err, "lambert %s ended with exit code %d: %s", line, child->code,
                  line_to_show((char *)buffer_text(&said)));
    buffer_release(&said);
    free(output);
    return -1;
}

int selftest_run(const struct selftest_job *job, const char *launcher, const char *line,
                 struct error *err)
{
    struct child child;
    if (selftest_start(job, &child, launcher, line, err) < 0)
        return -1;
    return selftest_finish(job, &child, line, err);
}

/* --- what runs leave -------------------------------------------------------------------------- */

static bool read_number(const cJSON *line, const char *name, double *value)
{
    *value = json_get_number(line, name, NAN);
    return !isnan(*value);
}

/* 1: the line is a step's; 0: of another kind; -1: neither. */
static int read_step(const char *text, struct selftest_step *step)
{
    cJSON *line = cJSON_Parse(text);
    const char *kind = line ? json_get_text(line, "kind") : NULL;
    int status = kind ? strcmp(kind, "step") == 0 : -1;
    if (status == 1 && !(read_number(line, "mlm_loss", &step->mlm_loss) &&
                         read_number(line, "nsp_loss", &step->nsp_loss) &&
                         read_number(line, "gradient_norm", &step->gradient_norm)))
        status = -1;
    cJSON_Delete(line);
    return status;
}

int selftest_read_steps(const struct selftest_job *job, const char *run,
                        struct selftest_step *steps, int count, struct error *err)
{
    char *folder = selftest_path(job, run), *path = path_join(folder, "metrics.jsonl");
    struct buffer text = {0};
    int status = file_read(path, &text, err), found = 0;
    char *next = (char *)buffer_text(&text);
    while (status == 0 && found < count && *next != '\0') {
        char *const line = next;
        next += strcspn(next, "\n");
        if (*next == '\n')
            *next++ = '\0';
        const int is_step = read_step(line, &steps[found]);
        if (is_step < 0)
            status =
                error_set(err, "%s has a line that is no metric of a step: %.100s", path, line);
        found += is_step > 0;
    }
    if (status == 0 && found < count)
        status = error_set(err, "%s has %d steps, not %d", path, found, count);
    buffer_release(&text);
    free(path);
    free(folder);
    return status;
}

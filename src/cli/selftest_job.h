/* What `lambert selftest` runs: this program, by its commands, in a folder of its own, and what came of it. */
#ifndef LAMBERT_CLI_SELFTEST_JOB_H
#define LAMBERT_CLI_SELFTEST_JOB_H

#include <stdbool.h>
#include <stdint.h>

#include "lambert/base/buffer.h"
#include "lambert/base/child.h"
#include "lambert/base/error.h"

struct selftest_job {
    char *program;   /* this one */
    char *folder;    /* of all files, which goes away with the job */
    double patience; /* seconds that are waited for a program at most */
};

/* The folder is made in `parent` (NULL: TMPDIR, or /tmp). From here on SIGINT, SIGTERM and SIGHUP, but those that were
 * ignored (nohup), end the program that is run, and with it, by an error, the caller: the folder is to go away. After an
 * error there is nothing to be closed. */
int selftest_job_open(struct selftest_job *job, const char *parent, struct error *err);
void selftest_job_close(struct selftest_job *job, bool keep); /* fine on a zeroed one */

char *selftest_path(const struct selftest_job *job, const char *name); /* in the folder; free() */

/* A command line: words with blanks between them, in which '@' stands for the job's folder and a slash. `launcher`
 * (NULL: none) are words that stand before the program. */
int selftest_run(const struct selftest_job *job, const char *launcher, const char *line,
                 struct error *err);

/* The same, as it begins. */
int selftest_start(const struct selftest_job *job, struct child *child, const char *launcher,
                   const char *line, struct error *err);

/* Waits until what was begun has written the absolute path `file` (NULL: never), or has ended, which the child's process
 * tells. -1: it took longer than the job's patience, or the caller is to end; the child was ended then. */
int selftest_await(const struct selftest_job *job, struct child *child, const char *line,
                   const char *file, struct error *err);

/* The end of what was begun: 0, or -1 with the last line that it said. */
int selftest_finish(const struct selftest_job *job, struct child *child, const char *line,
                    struct error *err);

/* Whether the caller is to end, by a signal. */
bool selftest_is_stopped(void);

/* What a run's metrics say of its first steps. */
struct selftest_step {
    double mlm_loss, nsp_loss, gradient_norm;
};
int selftest_read_steps(const struct selftest_job *job, const char *run,
                        struct selftest_step *steps /* [count] */, int count, struct error *err);

#endif

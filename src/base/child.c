#include "lambert/base/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lambert/base/clock.h"
#include "lambert/base/memory.h"

extern char **environ;

static bool is_replaced(const char *entry, const char *const *variables)
{
    const size_t name = strcspn(entry, "=") + 1;
    for (; *variables; variables++)
        if (strncmp(entry, *variables, name) == 0)
            return true;
    return false;
}

/* Pointers to the entries of this process's environment and of `variables`; free(). */
static char **environment_with(const char *const *variables)
{
    static const char *const none[] = {NULL};
    size_t count = 0, kept = 0;
    variables = variables ? variables : none;
    while (environ[count])
        count++;
    for (size_t i = 0; variables[i]; i++)
        count++;
    char **all = memory_new(count + 1, sizeof *all);
    for (char **entry = environ; *entry; entry++)
        if (!is_replaced(*entry, variables))
            all[kept++] = *entry;
    for (; *variables; variables++)
        all[kept++] = (char *)*variables;
    return all;
}

int child_start(struct child *child, const char *const *words, const char *const *variables,
                const char *output, struct error *err)
{
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, output, O_WRONLY | O_CREAT | O_APPEND,
                                     0666);
    posix_spawn_file_actions_adddup2(&files, STDOUT_FILENO, STDERR_FILENO);
    char **environment = environment_with(variables);
    *child = (struct child){0};
    errno =
        posix_spawnp(&child->process, words[0], &files, NULL, (char *const *)words, environment);
    const int status = errno == 0 ? 0 : error_errno(err, "cannot start %s", words[0]);
    if (status < 0)
        child->process = 0;
    free(environment);
    posix_spawn_file_actions_destroy(&files);
    return status;
}

bool child_wait(struct child *child, double seconds)
{
    /* Waiting for a signal of the child's end would want SIGCHLD for itself, in a process that may have threads. */
    const struct timespec pause = {.tv_nsec = 2000000};
    const double end = clock_seconds() + seconds;
    while (child->process != 0) {
        int state;
        const pid_t ended = waitpid(child->process, &state, WNOHANG);
        if (ended == child->process) {
            child->process = 0;
            child->code = WIFEXITED(state) ? WEXITSTATUS(state) : 128 + WTERMSIG(state);
        } else if (clock_seconds() >= end) {
            return false;
        } else {
            nanosleep(&pause, NULL);
        }
    }
    return true;
}

void child_end(struct child *child, int signal)
{
    if (child->process == 0)
        return;
    kill(child->process, signal);
    if (!child_wait(child, 10)) {
        kill(child->process, SIGKILL);
        child_wait(child, 10);
    }
}

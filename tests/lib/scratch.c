#define _GNU_SOURCE
#include "lib/scratch.h"

#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lambert/base/file.h"
#include "lambert/base/memory.h"

static char folder[512]; /* of this process; "": none */

static void make_folder(char *name, size_t size)
{
    const char *parent = getenv("TMPDIR");
    snprintf(name, size, "%s/lambert-test-XXXXXX", parent != NULL ? parent : "/tmp");
    if (mkdtemp(name) == NULL)
        name[0] = '\0';
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    (void)status;
    (void)kind;
    (void)walk;
    return remove(path);
}

static int remove_all(const char *path)
{
    return nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

char *scratch_folder_new(void)
{
    char name[sizeof folder];
    make_folder(name, sizeof name);
    assert_true(name[0] != '\0');
    return memory_copy_text(name);
}

void scratch_folder_free(char *name)
{
    assert_int_equal(remove_all(name), 0);
    free(name);
}

int scratch_setup(void **state)
{
    (void)state;
    make_folder(folder, sizeof folder);
    return folder[0] != '\0' ? 0 : -1;
}

int scratch_enter(void **state)
{
    return scratch_setup(state) < 0 ? -1 : chdir(folder);
}

int scratch_teardown(void **state)
{
    (void)state;
    return remove_all(folder);
}

void scratch_share(const char *name)
{
    snprintf(folder, sizeof folder, "%s", name);
}

const char *scratch_folder(void)
{
    return folder;
}

const char *scratch_path(const char *name)
{
    static char paths[8][640];
    static int turn;
    char *path = paths[turn++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

void scratch_write(const char *path, const void *data, size_t size)
{
    unlink(path); /* some file systems sync a file that is truncated and written again */
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    if (size > 0)
        assert_int_equal(fwrite(data, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

void scratch_put(const char *in, const char *name, const char *text)
{
    struct error err;
    char *path = path_join(in, name);
    assert_int_equal(folder_create(in, &err), 0);
    scratch_write(path, text, strlen(text));
    free(path);
}

void assert_names(const char *in, const char *wanted)
{
    struct folder_list list;
    struct buffer names = {0};
    struct error err;
    assert_int_equal(folder_list_open(&list, in, &err), 0);
    for (int i = 0; i < list.count; i++)
        buffer_print(&names, "%s%s", i > 0 ? " " : "", list.names[i]);
    assert_string_equal(buffer_text(&names), wanted);
    folder_list_close(&list);
    buffer_release(&names);
}

void scratch_read(const char *path, struct buffer *bytes)
{
    struct error err;
    buffer_reset(bytes);
    if (file_read(path, bytes, &err) < 0)
        fail_msg("%s", err.text);
}

static FILE *caught;
static int real_stderr = -1;

void catch_begin(void)
{
    caught = tmpfile();
    assert_non_null(caught);
    fflush(stderr);
    real_stderr = dup(STDERR_FILENO);
    dup2(fileno(caught), STDERR_FILENO);
}

void catch_end(struct buffer *said)
{
    fflush(stderr);
    dup2(real_stderr, STDERR_FILENO);
    close(real_stderr);
    buffer_reset(said);
    rewind(caught);
    int c;
    while ((c = fgetc(caught)) != EOF)
        buffer_put_u8(said, (uint8_t)c);
    fclose(caught);
}

/* How it ended, as waitpid() says. */
static int status_of(void (*body)(void), struct buffer *said)
{
    fflush(NULL);
    catch_begin();
    pid_t child = fork();
    if (child == 0) {
        struct rlimit none = {0, 0};
        setrlimit(RLIMIT_CORE, &none);
        signal(SIGABRT, SIG_DFL); /* cmocka has handlers of its own */
        signal(SIGBUS, SIG_DFL);
        body();
        _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    catch_end(said);
    assert_true(child > 0);
    return status;
}

int signal_of(void (*body)(void), struct buffer *said)
{
    const int status = status_of(body, said);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

int exit_code_of(void (*body)(void), struct buffer *said)
{
    const int status = status_of(body, said);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

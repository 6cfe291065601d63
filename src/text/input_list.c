#include "lambert/text/input_list.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lambert/base/array.h"
#include "lambert/base/file.h"
#include "lambert/base/file_set.h"
#include "lambert/base/memory.h"

/* What is needed while inputs are looked for. */
struct search {
    struct input_list *list;
    const struct input_use *used;
    struct file_set used_files; /* those that are there */
    struct file_set found;      /* files and folders that folders and patterns gave so far */
    struct file_set pipes;
};

static int add_path(struct search *search, const char *path, bool named, struct error *err);

static void add_file(struct input_list *list, const struct input_file *file)
{
    ARRAY_RESERVE(list->files, (size_t)list->count + 1, list->capacity);
    list->files[list->count] = *file;
    list->files[list->count++].path = memory_copy_text(file->path);
    list->bytes += file->bytes;
}

static void pass_over(struct input_list *list, const char *path, enum input_passed_reason reason)
{
    struct input_passed_over *passed = &list->passed_over[reason];
    if (passed->count++ == 0)
        passed->first = memory_copy_text(path);
}

/* Its first bytes say whether it is compressed. */
static int add_regular(struct input_list *list, const char *path, const struct stat *status,
                       struct error *err)
{
    uint8_t magic[COMPRESSION_HEAD];
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0)
        return error_errno(err, "cannot open the text file %s", path);
    ssize_t got = pread(descriptor, magic, sizeof magic, 0);
    if (got < 0)
        error_errno(err, "cannot read the text file %s", path);
    close(descriptor);
    if (got < 0)
        return -1;
    const enum compression compression = compression_of(magic, (size_t)got);
    add_file(list, &(struct input_file){.path = (char *)path,
                                        .kind = compression == COMPRESSION_NONE ? INPUT_FILE
                                                                                : INPUT_SEQUENTIAL,
                                        .compression = compression,
                                        .bytes = (uint64_t)status->st_size,
                                        .modified = (int64_t)status->st_mtim.tv_sec * 1000000000 +
                                                    status->st_mtim.tv_nsec});
    return 0;
}

static int read_twice(const char *path, struct error *err)
{
    return error_set(err, "input %s can be read only once, but is named twice", path);
}

/* Standard input may be the same pipe as one that has a name. */
static int add_standard_input(struct search *search, struct error *err)
{
    struct stat status;
    for (int i = 0; i < search->list->count; i++)
        if (strcmp(search->list->files[i].path, "-") == 0)
            return read_twice("-", err);
    if (fstat(STDIN_FILENO, &status) == 0 && S_ISFIFO(status.st_mode) &&
        !file_set_add(&search->pipes, &status))
        return read_twice("-", err);
    add_file(search->list, &(struct input_file){.path = "-", .kind = INPUT_STREAM});
    return 0;
}

/* What is no regular file: a pipe, if it is named. */
static int add_other(struct search *search, const char *path, const struct stat *status, bool named,
                     struct error *err)
{
    if (!named) {
        pass_over(search->list, path, INPUT_PASSED_OTHER);
        return 0;
    }
    if (!S_ISFIFO(status->st_mode))
        return error_set(
            err,
            "%s is %s, which has no text to be read; name a file, a folder, a pipe, or - for "
            "standard input",
            path, S_ISSOCK(status->st_mode) ? "a socket" : "a device");
    if (!file_set_add(&search->pipes, status))
        return read_twice(path, err);
    add_file(search->list, &(struct input_file){.path = (char *)path, .kind = INPUT_STREAM});
    return 0;
}

/* Names that begin with a dot are what editors and systems leave lying about. */
static int add_folder(struct search *search, const char *path, struct error *err)
{
    struct folder_list names;
    int status = 0;
    if (folder_list_open(&names, path, err) < 0)
        return -1;
    for (int i = 0; i < names.count && status == 0; i++) {
        if (names.names[i][0] == '.')
            continue;
        char *below = path_join(path, names.names[i]);
        status = add_path(search, below, false, err);
        free(below);
    }
    folder_list_close(&names);
    return status;
}

static int refuse_used(const struct search *search, const char *path, struct error *err)
{
    const struct input_use *use = search->used;
    require(use); /* one of its files was found */
    while (use[1].path && !file_is_same(path, use->path))
        use++;
    return error_set(
        err,
        "%s is an input, and is %s; name the files of the text (the other may lie in the "
        "same folder)",
        path, use->what);
}

/* `named`: by the user, and not found in a folder or by a pattern. A folder is searched once, however it is
 * come by: links may lead to it in more ways than could be walked. */
static int add_path(struct search *search, const char *path, bool named, struct error *err)
{
    struct stat status;
    if (stat(path, &status) < 0)
        return error_errno(err, "cannot read input %s", path);
    if (file_set_has(&search->used_files, &status)) {
        if (named)
            return refuse_used(search, path, err);
        pass_over(search->list, path, INPUT_PASSED_USED);
        return 0;
    }
    if (S_ISDIR(status.st_mode) || (S_ISREG(status.st_mode) && !named)) {
        if (!file_set_add(&search->found, &status)) {
            pass_over(search->list, path, INPUT_PASSED_BEFORE);
            return 0;
        }
    }
    if (S_ISDIR(status.st_mode))
        return add_folder(search, path, err);
    return S_ISREG(status.st_mode) ? add_regular(search->list, path, &status, err)
                                   : add_other(search, path, &status, named, err);
}

static int add_pattern(struct search *search, const char *pattern, struct error *err)
{
    glob_t found;
    int status = 0;
    int code = glob(pattern, 0, NULL, &found);
    if (code != 0)
        status = error_set(err,
                           code == GLOB_NOMATCH ? "no file matches the input %s"
                                                : "cannot look for files that match %s",
                           pattern);
    for (size_t i = 0; code == 0 && i < found.gl_pathc && status == 0; i++)
        status = add_path(search, found.gl_pathv[i], false, err);
    globfree(&found);
    return status;
}

static int add_input(struct search *search, const char *input, struct error *err)
{
    if (strcmp(input, "-") == 0)
        return add_standard_input(search, err);
    if (access(input, F_OK) < 0 && strpbrk(input, "*?["))
        return add_pattern(search, input, err);
    return add_path(search, input, true, err);
}

static int refuse_no_file(const struct input_list *list, const char *first, bool more,
                          struct error *err)
{
    struct buffer passed_over = {0};
    input_list_print_passed_over(list, &passed_over);
    error_set(err, "there are no files in %s%s%s", first, more ? " and the other inputs" : "",
              buffer_text(&passed_over));
    buffer_release(&passed_over);
    return -1;
}

int input_list_open(struct input_list *list, char *const *inputs, int input_count,
                    const struct input_use *used, struct error *err)
{
    struct search search = {.list = list, .used = used};
    struct stat info;
    int status = input_count > 0 ? 0 : error_set(err, "no input was named");
    *list = (struct input_list){0};
    for (const struct input_use *use = used; use && use->path; use++)
        if (stat(use->path, &info) == 0)
            file_set_add(&search.used_files, &info);
    for (int i = 0; i < input_count && status == 0; i++)
        status = add_input(&search, inputs[i], err);
    if (status == 0 && list->count == 0)
        status = refuse_no_file(list, inputs[0], input_count > 1, err);
    file_set_release(&search.used_files);
    file_set_release(&search.found);
    file_set_release(&search.pipes);
    if (status < 0)
        input_list_close(list);
    return status;
}

void input_list_print_passed_over(const struct input_list *list, struct buffer *sentence)
{
    static const char *const why[] = {[INPUT_PASSED_USED] = "that the command has another use for",
                                      [INPUT_PASSED_OTHER] = "that are no regular files",
                                      [INPUT_PASSED_BEFORE] = "that were met before"};
    bool begun = false;
    for (int r = 0; r < INPUT_PASSED_REASONS; r++) {
        const struct input_passed_over *passed = &list->passed_over[r];
        if (passed->count == 0)
            continue;
        buffer_print(sentence, "%s%d %s (%s%s)", begun ? ", " : "; passed over: ", passed->count,
                     why[r], passed->count > 1 ? "the first is " : "", passed->first);
        begun = true;
    }
}

void input_list_close(struct input_list *list)
{
    for (int i = 0; i < list->count; i++) {
        if (list->files[i].opened)
            input_stream_close(list->files[i].opened);
        free(list->files[i].opened);
        free(list->files[i].path);
    }
    free(list->files);
    for (int r = 0; r < INPUT_PASSED_REASONS; r++)
        free(list->passed_over[r].first);
    *list = (struct input_list){0};
}

bool input_list_has_stream(const struct input_list *list)
{
    for (int i = 0; i < list->count; i++)
        if (list->files[i].kind == INPUT_STREAM)
            return true;
    return false;
}

uint64_t input_file_weight(const struct input_file *file)
{
    return (uint64_t)compression_weight(file->compression) * file->bytes;
}

int input_list_check_ranks(const struct input_list *list, int ranks, struct error *err)
{
    if (ranks == 1 || !input_list_has_stream(list))
        return 0;
    return error_set(err, "standard input and pipes are read by one rank only; write the text to a "
                          "file, or run without mpirun");
}

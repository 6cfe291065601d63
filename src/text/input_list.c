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
#include "lambert/base/memory.h"

static int add_path(struct input_list *list, const char *path, bool named, struct error *err);

static void add_file(struct input_list *list, const struct input_file *file)
{
    ARRAY_RESERVE(list->files, (size_t)list->count + 1, list->capacity);
    list->files[list->count] = *file;
    list->files[list->count++].path = memory_copy_text(file->path);
    list->bytes += file->bytes;
}

/* Its first bytes say whether it is compressed. */
static int add_regular(struct input_list *list, const char *path, const struct stat *status,
                       struct error *err)
{
    uint8_t magic[COMPRESSION_HEAD];
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
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

static int add_stream(struct input_list *list, const char *path, struct error *err)
{
    for (int i = 0; i < list->count; i++)
        if (list->files[i].kind == INPUT_STREAM && strcmp(list->files[i].path, path) == 0)
            return error_set(err, "input %s can be read only once, but is named twice", path);
    add_file(list, &(struct input_file){.path = (char *)path, .kind = INPUT_STREAM});
    return 0;
}

/* Names that begin with a dot are what editors and systems leave lying about. */
static int add_folder(struct input_list *list, const char *path, struct error *err)
{
    struct folder_list names;
    int status = 0;
    if (folder_list_open(&names, path, err) < 0)
        return -1;
    for (int i = 0; i < names.count && status == 0; i++) {
        if (names.names[i][0] == '.')
            continue;
        char *below = path_join(path, names.names[i]);
        status = add_path(list, below, false, err);
        free(below);
    }
    folder_list_close(&names);
    return status;
}

/* `named`: by the user, and not found in a folder or by a pattern. */
static int add_path(struct input_list *list, const char *path, bool named, struct error *err)
{
    struct stat status;
    if (stat(path, &status) < 0)
        return error_errno(err, "cannot read input %s", path);
    if (list->has_except && status.st_dev == list->except_device &&
        status.st_ino == list->except_number) {
        list->passed_over++;
        return named ? error_set(
                           err,
                           "%s is an input, and is where the result is to go; name the files in "
                           "it, or another place for the result, which may lie inside it",
                           path)
                     : 0;
    }
    if (S_ISDIR(status.st_mode))
        return add_folder(list, path, err);
    return S_ISREG(status.st_mode) ? add_regular(list, path, &status, err)
                                   : add_stream(list, path, err);
}

static int add_pattern(struct input_list *list, const char *pattern, struct error *err)
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
        status = add_path(list, found.gl_pathv[i], false, err);
    globfree(&found);
    return status;
}

static int add_input(struct input_list *list, const char *input, struct error *err)
{
    if (strcmp(input, "-") == 0)
        return add_stream(list, input, err);
    if (access(input, F_OK) < 0 && strpbrk(input, "*?["))
        return add_pattern(list, input, err);
    return add_path(list, input, true, err);
}

int input_list_open(struct input_list *list, char *const *inputs, int input_count,
                    const char *except, struct error *err)
{
    struct stat status;
    *list = (struct input_list){0};
    if (except && stat(except, &status) == 0) {
        list->has_except = true;
        list->except_device = status.st_dev;
        list->except_number = status.st_ino;
    }
    for (int i = 0; i < input_count; i++)
        if (add_input(list, inputs[i], err) < 0)
            goto fail;
    if (input_count == 0) {
        error_set(err, "no input was named");
        goto fail;
    }
    if (list->count == 0) {
        error_set(err, "there are no files in %s%s", inputs[0],
                  input_count > 1 ? " and the other inputs" : "");
        goto fail;
    }
    return 0;

fail:
    input_list_close(list);
    return -1;
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

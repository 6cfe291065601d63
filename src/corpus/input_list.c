#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lambert/base/file.h"
#include "lambert/base/memory.h"
#include "lambert/corpus/prepare.h"

static int add_path(struct input_list *list, const char *path, struct error *err);

static void add_file(struct input_list *list, const char *path, uint64_t bytes)
{
    if ((list->count & (list->count + 1)) == 0) /* full at 0, 1, 3, 7 ... */
        list->paths = memory_resize(list->paths, 2 * (size_t)list->count + 1, sizeof *list->paths);
    list->paths[list->count++] = memory_copy_text(path);
    list->bytes += bytes;
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
        status = add_path(list, below, err);
        free(below);
    }
    folder_list_close(&names);
    return status;
}

static int add_path(struct input_list *list, const char *path, struct error *err)
{
    struct stat status;
    if (stat(path, &status) < 0)
        return error_errno(err, "cannot read input %s", path);
    if (S_ISDIR(status.st_mode))
        return add_folder(list, path, err);
    add_file(list, path, (uint64_t)status.st_size);
    return 0;
}

int input_list_open(struct input_list *list, char *const *inputs, int input_count,
                    struct error *err)
{
    int status = 0;
    *list = (struct input_list){0};
    for (int i = 0; i < input_count && status == 0; i++)
        status = add_path(list, inputs[i], err);
    if (status == 0 && list->count == 0)
        status = input_count == 0 ? error_set(err, "no input was named")
                                  : error_set(err, "there are no files in %s%s", inputs[0],
                                              input_count > 1 ? " and the other inputs" : "");
    if (status < 0)
        input_list_close(list);
    return status;
}

void input_list_close(struct input_list *list)
{
    for (int i = 0; i < list->count; i++)
        free(list->paths[i]);
    free(list->paths);
    *list = (struct input_list){0};
}

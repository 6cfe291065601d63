/* A set of files, each known by its device and its number there (inode), so that one is the same
 * under all its names: links, paths with "..", another mount of the same place. {0} is an empty set. */
#ifndef LAMBERT_BASE_FILE_SET_H
#define LAMBERT_BASE_FILE_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

struct file_identity {
    dev_t device;
    ino_t number;
    bool used; /* a place of the table that is taken */
};

struct file_set {
    struct file_identity *places; /* [mask + 1], open addressing, at most half full */
    size_t mask, count;
};

/* false: it was in the set already. */
bool file_set_add(struct file_set *set, const struct stat *status);
bool file_set_has(const struct file_set *set, const struct stat *status);
void file_set_release(struct file_set *set);

#endif

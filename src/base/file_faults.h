/* What file systems say that cannot do something. */
#ifndef LAMBERT_BASE_FILE_FAULTS_H
#define LAMBERT_BASE_FILE_FAULTS_H

#include <errno.h>
#include <stdbool.h>

/* The kernel's own "operation is not supported", which its headers keep from programs, and which some
 * of its network file systems let out. */
#define ENOTSUPP_OF_THE_KERNEL 524

/* Whether an errno means that the file system has no such operation, rather than that one failed. */
static inline bool file_says_unsupported(int error)
{
    return error == ENOSYS || error == EOPNOTSUPP || error == ENOTSUP ||
           error == ENOTSUPP_OF_THE_KERNEL;
}

/* Of a file that was whole when it was mapped. */
#define FILE_MAP_BROKEN "was cut short while it was in use, or its disk or its server has failed"

/* The path of the mapped file that holds the byte, NULL: none does. Good until that file is closed. */
const char *file_map_path(const void *data);

#endif

/* A file that a command writes where none is: what is there is never written over, also where two commands are given
 * one name at once. Folders above it are made. Its lock is PATH.lock, which is there while the command works.
 *
 *     new_file_begin(&lock, path, err) == 0 -> the file is written, atomically -> new_file_end(lock, path) */
#ifndef LAMBERT_CLI_NEW_FILE_H
#define LAMBERT_CLI_NEW_FILE_H

#include "lambert/base/error.h"

int new_file_begin(int *lock, const char *path, struct error *err);
void new_file_end(int lock, const char *path); /* whether it was written or not */

#endif

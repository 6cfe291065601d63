/* The files of a corpus and of a preparation that makes one, known by their names and, where something is to
 * be written over, by what they hold. vocab.txt is not among those of a name: it may be the user's own. */
#ifndef LAMBERT_PREPARE_CORPUS_FILES_H
#define LAMBERT_PREPARE_CORPUS_FILES_H

#include <stdbool.h>

#include "lambert/base/error.h"

/* By the name: what a preparation makes (records and temporary files included); a record; what a program that was
 * killed while it wrote has left. */
bool corpus_file_is_ours(const char *name);
bool corpus_file_is_record(const char *name);
bool corpus_file_is_temporary(const char *name);

/* Fails where something in the folder has such a name, but is no file that a preparation wrote: a folder, or a
 * file that begins otherwise. It names the first of them. An empty file is nobody's; temporary files are known
 * by their name alone. `vocabulary`: vocab.txt is going to be replaced, and is to be a vocabulary. */
int corpus_files_refuse_others(const char *folder, bool vocabulary, struct error *err);

#endif

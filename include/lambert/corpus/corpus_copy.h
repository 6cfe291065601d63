/* A corpus copied to another folder, for a host that reads it from its own disk.
 *
 *     corpus_copy_open -> corpus_copy_go_on ... until it gives 0 -> corpus_copy_close
 *
 * What was copied is read again and checked before it counts: shards and counts by their checksums, the other files byte by
 * byte. The manifest comes last, so that a copy which was interrupted is no corpus. Whoever copies keeps the original from
 * being replaced (base/file_use.h). All is [local]. */
#ifndef LAMBERT_CORPUS_CORPUS_COPY_H
#define LAMBERT_CORPUS_CORPUS_COPY_H

#include <stdint.h>

#include "lambert/base/error.h"

struct corpus_copy;

/* Lists the files of the corpus `from`; nothing is written yet. The folder `to` is there, and empty. */
int corpus_copy_open(struct corpus_copy **copy, const char *from, const char *to,
                     struct error *err);
void corpus_copy_close(struct corpus_copy *copy); /* NULL is fine; what was copied stays */

/* How many bytes all its files have. */
uint64_t corpus_copy_bytes(const struct corpus_copy *copy);

/* Copies for about so long: 1, there is more; 0, the copy is whole; -1. */
int corpus_copy_go_on(struct corpus_copy *copy, double seconds, struct error *err);

#endif

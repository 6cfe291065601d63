/* The one file format of the project: named sections with checksums. Corpus shards, token counts
 * and checkpoints are containers; docs/formats.md has it byte by byte.
 *
 *     0   8 bytes   "LAMBERT\n"
 *     8   8 bytes   kind, e.g. "shard", "checkpt", padded with NUL
 *     16  u32       version of the kind
 *     20  u32       0
 *     24  ...       sections, each starting at a multiple of 64, gaps zero
 *         ...       table: per section 16 bytes name (NUL padded), u64 offset, u64 size,
 *                          u32 CRC-32 of its bytes, u32 0; the table starts at a multiple of 64
 *     -40 u64       offset of the table
 *     -32 u64       number of sections
 *     -24 u32       CRC-32 of bytes 0..23 of the file and the table
 *     -20 u32       0
 *     -16 8 bytes   kind again
 *     -8  8 bytes   "\nTREBMAL"
 *
 * All numbers little-endian. The end is written last, so a truncated file is seen at once; each
 * section's own CRC is checked when it is read (container_section) or when asked
 * (container_verify). CRC-32 is zlib's. Sections start at multiples of 64 so that a mapped file is
 * an array in place. */
#ifndef LAMBERT_BASE_CONTAINER_H
#define LAMBERT_BASE_CONTAINER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lambert/base/error.h"
#include "lambert/base/file.h"

enum { CONTAINER_MAX_SECTIONS = 64 };

struct container_entry {
    char name[17];
    uint64_t offset;
    uint64_t size;
    uint32_t crc;
};

/* Writing: begin a section, write its bytes in any number of calls, end it; then commit. A name is
 * 1 to 16 bytes and taken once; breaking that, or the order of calls, is a bug. After a failure the
 * file is gone and the writer closed. */
struct container_writer {
    struct file_writer file;
    char kind[9];
    struct container_entry entries[CONTAINER_MAX_SECTIONS];
    int count;
    bool open; /* a section is open */
    uint32_t head_crc;
};
int container_writer_open(struct container_writer *writer, const char *path, const char *kind,
                          uint32_t version, struct error *err);
int container_writer_begin(struct container_writer *writer, const char *name, struct error *err);
int container_writer_write(struct container_writer *writer, const void *data, size_t size,
                           struct error *err);
void container_writer_end(struct container_writer *writer);
int container_writer_section(struct container_writer *writer, const char *name, const void *data,
                             size_t size, struct error *err); /* begin, write, end */
int container_writer_commit(struct container_writer *writer, struct error *err);
void container_writer_discard(struct container_writer *writer);

/* Reading: the file is mapped; opening checks head, end, table, and that sections lie where they
 * should with nothing but zeros between, so that every bit of a file is covered by a check. */
struct container {
    struct file_map map;
    char *path;
    uint32_t version;
    struct container_entry *entries; /* [count] */
    int count;
};
int container_open(struct container *container, const char *path, const char *kind,
                   uint32_t newest_version, struct error *err);
void container_close(struct container *container);

/* A section's bytes in place, NULL data when the file has no such section (then size is 0).
 * container_section() checks the CRC, container_section_unchecked() only that it lies in the file.
 */
int container_section(const struct container *container, const char *name, const void **data,
                      size_t *size, struct error *err);
void container_section_unchecked(const struct container *container, const char *name,
                                 const void **data, size_t *size);
int container_verify(const struct container *container, struct error *err);

#endif

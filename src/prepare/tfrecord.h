/* Reads TFRecord files, plain or as a whole compressed (gzip, of any number of members, or zlib),
 * which is told from their first bytes. How a record
 * lies: base/tfrecord.h.
 *
 *     tfrecord_open(&file, path, err);
 *     while ((got = tfrecord_next(&file, &data, &size, err)) == 1) ...
 *     tfrecord_close(&file);
 *
 * Both checksums of every record are checked. Sentences name the file and the record, counted
 * from 1. */
#ifndef LAMBERT_PREPARE_TFRECORD_H
#define LAMBERT_PREPARE_TFRECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <zlib.h>

#include "lambert/base/buffer.h"
#include "lambert/base/error.h"

struct tfrecord_file {
    const char *path; /* the caller's */
    FILE *stream;
    bool compressed;
    z_stream inflater;
    bool inside;      /* a compressed stream that has begun and not ended */
    uint8_t *stored;  /* bytes of the file that wait to be inflated */
    uint64_t records; /* handed out so far, the last one included */
    struct buffer data;
};

int tfrecord_open(struct tfrecord_file *file, const char *path, struct error *err);
void tfrecord_close(struct tfrecord_file *file); /* fine on a zeroed one */

/* 1: a record, valid until the next call; 0: there are no more; -1: the file is damaged, cut short
 * or cannot be read. */
int tfrecord_next(struct tfrecord_file *file, const uint8_t **data, size_t *size,
                  struct error *err);

/* Whether a file begins as a record does: a length, and the checksum of it. False where the file
 * cannot be read. */
bool tfrecord_is(const char *path);

#endif

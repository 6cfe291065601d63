/* Event files of TensorBoard: numbers by step and name, and texts, that it draws as they come. TFRecords
 * (base/tfrecord.h) of TensorFlow's Event. All is [local].
 *
 *     event_file_open(&file, folder, first, err)
 *     event_file_scalar(&file, "train/loss", 0.5) ...
 *     event_file_write(&file, step, err)          what was added since, as an event of the step
 *     event_file_close(&file)
 *
 * Each process has a file of its own in the folder, and TensorBoard reads them in the order of their names. A file begins
 * with the word that the process starts at step `first`: what files before it say of that step and of later ones is
 * discarded by whoever reads them. Events are in the file when event_file_write() returns, so that they are seen at once;
 * they are not synced. */
#ifndef LAMBERT_STORE_EVENT_FILE_H
#define LAMBERT_STORE_EVENT_FILE_H

#include <stdint.h>
#include <stdio.h>

#include "lambert/base/error.h"

struct event_value {
    char *tag;
    double number;
    char *text; /* NULL: it is a number */
};

struct event_file {
    FILE *stream; /* NULL: none is open */
    char *path;
    struct event_value *values; /* [count] of the next event */
    int count;
    size_t capacity;
};

/* Makes the folder where there is none. */
int event_file_open(struct event_file *file, const char *folder, int64_t first, struct error *err);
void event_file_close(struct event_file *file); /* fine on a zeroed one */

/* Names have parts, with slashes between them; TensorBoard groups by the first. Text is Markdown. Bytes of
 * either that are no UTF-8 are U+FFFD in the file. */
void event_file_scalar(struct event_file *file, const char *tag, double number);
void event_file_text(struct event_file *file, const char *tag, const char *text);

/* -1: the disk is full, say; what was added is gone, and the file may end in half an event. */
int event_file_write(struct event_file *file, int64_t step, struct error *err);

#endif

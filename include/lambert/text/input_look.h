/* Looks into every input before any work: into its first 64 KiB (INPUT_HEAD), decompressed and decoded.
 * What is text has its encoding and its layout from there; what is something else is refused by name, with
 * what to do about it.
 *
 *     input_list_open(&list, ...);
 *     input_look(&list, &options, err);          all files, and the first stream among them
 *     input_look_print(&list, &sentence);        for the report at the start
 *
 * A stream can be read only once: it stays open, and the feed reads on from there. Of several, the others
 * are looked at when their turn comes, since a writer may fill one pipe after the other. */
#ifndef LAMBERT_TEXT_INPUT_LOOK_H
#define LAMBERT_TEXT_INPUT_LOOK_H

#include <stddef.h>
#include <stdint.h>

#include "lambert/base/buffer.h"
#include "lambert/base/error.h"
#include "lambert/text/input_list.h"
#include "lambert/text/text_options.h"

/* Over all threads. Where files are not to be read, work ends within a thousand files of the first one, and the
 * sentence has the reasons of the first few, in the order of the list, and how many there are. The list keeps
 * `options`, which must outlive it. */
int input_look(struct input_list *list, const struct text_options *options, struct error *err);

/* The same for one file, by the head of its stream, which was opened. */
int input_look_at(struct input_file *file, const struct input_stream *stream,
                  const struct text_options *options, struct error *err);

/* Appends "9 WikiExtractor files, 1 plain (3 of them gzip)". */
void input_look_print(const struct input_list *list, struct buffer *sentence);

/* Reads in files that several ranks, or an earlier call of the program, have read parts of: fails where
 * more than TEXT_MOST_INVALID of one's bytes are not valid UTF-8, which none of them could tell. These are
 * plain files larger than `chunk_bytes`; `invalid` bytes were found in all files together, and those that are
 * too large for so few to matter are not read, and no file further than until it is settled. */
int input_look_again(const struct input_list *list, uint64_t chunk_bytes, uint64_t invalid,
                     struct error *err);

/* The sentence for a file of whose `bytes` so many are no text in its encoding; -1. `sample` are some of
 * these, as they stand in the file, by which the right encoding is guessed; there may be none. */
int input_look_refuse_encoding(const struct input_file *file, uint64_t invalid, uint64_t bytes,
                               const char *sample, size_t sample_size, struct error *err);

#endif

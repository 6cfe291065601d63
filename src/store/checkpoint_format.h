/* The sections of a checkpoint that are JSON, and the names of all sections (docs/formats.md,
 * "Checkpoint"). */
#ifndef LAMBERT_STORE_CHECKPOINT_FORMAT_H
#define LAMBERT_STORE_CHECKPOINT_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#include "lambert/base/real.h"
#include "lambert/model/params.h"
#include "lambert/store/checkpoint_file.h"

/* Arrays are written from memory and read in place. */
_Static_assert(sizeof(real) == 4, "checkpoints hold float; the double build has none");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "checkpoints are little-endian");

#define CHECKPOINT_KIND "checkpt"
/* Version 2: the tokenizer is more than its case says, which an older program would not see. */
enum { CHECKPOINT_PLAIN_VERSION = 1, CHECKPOINT_VERSION = 2 };

#define SECTION_STATE   "state"
#define SECTION_CONFIG  "config"
#define SECTION_TENSORS "tensors"
#define SECTION_VOCAB   "vocab"
#define SECTION_ADDED   "added_tokens" /* only where there are some */
#define SECTION_LABELS  "labels"       /* only where there are some */
#define SECTION_PROGRAM "program"      /* only where main() has said which binary it is */
#define SECTION_WEIGHTS "weights"
#define SECTION_MOMENT  "moment." /* and the moment's name */

/* The section of a moment ("moment.m" of "m"). */
enum { CHECKPOINT_SECTION = 17 };
void checkpoint_moment_section(const char *moment, char section[CHECKPOINT_SECTION]);

/* The text of a section; free(). */
char *checkpoint_state_print(const struct run_state *state, struct update_counts updates);
char *checkpoint_tensors_print(const struct param_table *table);

/* NULL, or the name of the member that is missing, or that no run would write: a count so near the end of what JSON
 * holds that it could not go on. */
const char *checkpoint_state_parse(const char *text, size_t size, struct run_state *state,
                                   struct update_counts *updates);

/* 0, or -1 where the text is not what the function above makes. tensors is for the caller to free,
 * names and array, even after -1. */
int checkpoint_tensors_parse(const char *text, size_t size, struct checkpoint_tensor **tensors,
                             int *count);

#endif

/* In which line of which file what is left out of the text first stands, for each reason. A part of the input
 * (chunk.h) knows how far a line is from where the part begins; that adds up to the number that the line
 * has in its file when the parts are gone through in their order.
 *
 *     left_out_places_reset(&places);                   a part
 *     left_out_places_add(&places, span, text, &reader);     each of its spans, read to its end
 *
 *     left_out_places_join(&all, &places);              all parts, in their order */
#ifndef LAMBERT_PREPARE_LEFT_OUT_PLACES_H
#define LAMBERT_PREPARE_LEFT_OUT_PLACES_H

#include <stdint.h>

#include "lambert/base/buffer.h"
#include "lambert/text/document_reader.h"
#include "lambert/text/input_feed.h"

/* A line of a file, counted from 0 at the file's beginning, or at the part's where the part begins inside the
 * file. */
struct place_of_line {
    uint64_t file; /* its number in the list, and 1; 0: nowhere */
    uint64_t line;
    uint64_t from_part; /* 1: counted from the part */
};

struct left_out_places {
    struct place_of_line first[LEFT_OUT_REASONS];
    struct place_of_line end; /* of what was read */
};

void left_out_places_reset(struct left_out_places *places);
void left_out_places_add(struct left_out_places *places, const struct input_span *span,
                         const char *text, const struct document_reader *reader);
void left_out_places_join(struct left_out_places *all, const struct left_out_places *part);

/* As numbers of a record. */
void left_out_places_put(const struct left_out_places *places, struct buffer *out);
void left_out_places_get(struct left_out_places *places, struct byte_reader *reader);

#endif

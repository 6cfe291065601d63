/* How much of JSON is left out, for each reason, and in which line of which file it first stands; and how many objects
 * lack some of the keys that they were to have. A part of the input (text/input_feed.h) knows how far a line is from where the part begins; that adds up to the number that the line
 * has in its file when the parts are gone through in their order.
 *
 *     left_out_places_reset(&places);                   a part
 *     left_out_places_add(&places, span, text, &reader);     each of its spans, read to its end
 *
 *     left_out_places_join(&all, &places);              all parts, in their order
 *     left_out_places_warn(&all, &inputs, &options); */
#ifndef LAMBERT_TEXT_LEFT_OUT_PLACES_H
#define LAMBERT_TEXT_LEFT_OUT_PLACES_H

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

/* Of a file of JSON. */
struct keyed_file {
    uint64_t file;           /* as above */
    uint64_t keyed, keyless; /* objects that have one of the keys, and those that have none */
};

struct left_out_places {
    uint64_t count[LEFT_OUT_REASONS];
    uint64_t records, lacking[TEXT_KEYS_MOST]; /* document_reader.h */
    struct place_of_line first[LEFT_OUT_REASONS];
    struct place_of_line end; /* of what was read */
    /* The first and the last file that was met, which may go on before and behind, and the first between them in
     * which no object has a key. */
    struct keyed_file head, tail;
    uint64_t unkeyed;
};

void left_out_places_reset(struct left_out_places *places);
void left_out_places_add(struct left_out_places *places, const struct input_span *span,
                         const char *text, const struct document_reader *reader);
void left_out_places_join(struct left_out_places *all, const struct left_out_places *part);

/* Says what was left out, but for lines of the bulk form, which are as they should be; and which keys of --text-key
 * objects lack: a warning where none has one. */
void left_out_places_warn(const struct left_out_places *all, const struct input_list *inputs,
                          const struct text_options *options);

/* Fails where no object of a file has one of the keys. */
int left_out_places_check(const struct left_out_places *all, const struct input_list *inputs,
                          const struct text_options *options, struct error *err);

/* Those of parts that come in any order, from several threads or ranks: sorted as they are joined. */
struct left_out_list {
    struct left_out_part {
        uint64_t chunk, part;
        struct left_out_places places;
    } * parts; /* [count] */
    size_t count, capacity;
};
void left_out_list_release(struct left_out_list *list); /* fine on a zeroed one */
void left_out_list_add(struct left_out_list *list, uint64_t chunk, uint64_t part,
                       const struct left_out_places *places);
void left_out_list_join(struct left_out_list *list, struct left_out_places *all);
void left_out_list_put(const struct left_out_list *list, struct buffer *out);
void left_out_list_get(struct left_out_list *list, struct byte_reader *reader); /* adds them */

/* As numbers of a record. */
void left_out_places_put(const struct left_out_places *places, struct buffer *out);
void left_out_places_get(struct left_out_places *places, struct byte_reader *reader);

#endif

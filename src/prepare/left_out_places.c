#include "left_out_places.h"

#include <stdbool.h>
#include <string.h>

#include "lambert/base/strings.h"

enum { LARGEST_MARK = 3 }; /* bytes of a byte-order mark, behind which a file's text may begin */

/* Nothing was read yet, so what comes may begin anywhere in its file. */
void left_out_places_reset(struct left_out_places *places)
{
    *places = (struct left_out_places){.end = {.from_part = 1}};
}

void left_out_places_add(struct left_out_places *places, const struct input_span *span,
                         const char *text, const struct document_reader *reader)
{
    const bool json = text_layout_is_json(span->layout);
    const uint64_t inside = span->offset > LARGEST_MARK, file = (uint64_t)span->file + 1;
    for (int r = 0; r < LEFT_OUT_REASONS; r++)
        if (reader->left_out[r] > 0 && places->first[r].file == 0)
            places->first[r] =
                (struct place_of_line){.file = file,
                                       .line = count_newlines(text, reader->first_left_out[r]),
                                       .from_part = inside};
    places->end = (struct place_of_line){
        .file = file, .line = json ? count_newlines(text, reader->size) : 0, .from_part = inside};
}

/* The place counted from the beginning of its file, where all that was read before ends at `end`. */
static struct place_of_line placed_behind(const struct place_of_line *end,
                                          struct place_of_line place)
{
    if (place.from_part)
        place.line += end->line;
    place.from_part = 0;
    return place;
}

void left_out_places_join(struct left_out_places *all, const struct left_out_places *part)
{
    const struct place_of_line before = all->end;
    for (int r = 0; r < LEFT_OUT_REASONS; r++)
        if (all->first[r].file == 0 && part->first[r].file > 0)
            all->first[r] = placed_behind(&before, part->first[r]);
    all->end = placed_behind(&before, part->end);
}

static void put_place(const struct place_of_line *place, struct buffer *out)
{
    buffer_put_u64(out, place->file);
    buffer_put_u64(out, place->line);
    buffer_put_u64(out, place->from_part);
}

static void get_place(struct place_of_line *place, struct byte_reader *reader)
{
    place->file = byte_reader_u64(reader);
    place->line = byte_reader_u64(reader);
    place->from_part = byte_reader_u64(reader);
}

void left_out_places_put(const struct left_out_places *places, struct buffer *out)
{
    for (int r = 0; r < LEFT_OUT_REASONS; r++)
        put_place(&places->first[r], out);
    put_place(&places->end, out);
}

void left_out_places_get(struct left_out_places *places, struct byte_reader *reader)
{
    for (int r = 0; r < LEFT_OUT_REASONS; r++)
        get_place(&places->first[r], reader);
    get_place(&places->end, reader);
}

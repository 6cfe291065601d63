#include "lambert/text/left_out_places.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "json_document.h"
#include "lambert/base/array.h"
#include "lambert/base/log.h"
#include "lambert/base/strings.h"

enum { LARGEST_MARK = 3 }; /* bytes of a byte-order mark, behind which a file's text may begin */

/* Nothing was read yet, so what comes may begin anywhere in its file. */
void left_out_places_reset(struct left_out_places *places)
{
    *places = (struct left_out_places){.end = {.from_part = 1}};
}

static bool is_unkeyed(const struct keyed_file *file)
{
    return file->keyed == 0 && file->keyless > 0;
}

/* Adds what was met of a file behind all others. */
static void add_keyed(struct left_out_places *places, const struct keyed_file *more)
{
    struct keyed_file *tail = &places->tail;
    if (tail->file == more->file) {
        tail->keyed += more->keyed;
        tail->keyless += more->keyless;
        return;
    }
    if (tail->file != 0 && places->head.file == 0)
        places->head = *tail;
    else if (is_unkeyed(tail) && places->unkeyed == 0)
        places->unkeyed = tail->file;
    *tail = *more;
}

void left_out_places_add(struct left_out_places *places, const struct input_span *span,
                         const char *text, const struct document_reader *reader)
{
    const bool json = text_layout_is_json(span->layout);
    const uint64_t inside = span->offset > LARGEST_MARK, file = (uint64_t)span->file + 1;
    for (int r = 0; r < LEFT_OUT_REASONS; r++)
        places->count[r] += reader->left_out[r];
    places->records += reader->records;
    if (span->layout == LAYOUT_JSON || span->layout == LAYOUT_JSON_VALUES)
        add_keyed(places, &(struct keyed_file){.file = file,
                                               .keyed = reader->records,
                                               .keyless = reader->left_out[LEFT_OUT_NO_KEY]});
    for (int k = 0; k < TEXT_KEYS_MOST; k++)
        places->lacking[k] += reader->lacking[k];
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
        all->count[r] += part->count[r];
    all->records += part->records;
    if (part->head.file != 0)
        add_keyed(all, &part->head);
    if (part->unkeyed != 0)
        add_keyed(all, &(struct keyed_file){.file = part->unkeyed, .keyless = 1});
    if (part->tail.file != 0)
        add_keyed(all, &part->tail);
    for (int k = 0; k < TEXT_KEYS_MOST; k++)
        all->lacking[k] += part->lacking[k];
    for (int r = 0; r < LEFT_OUT_REASONS; r++)
        if (all->first[r].file == 0 && part->first[r].file > 0)
            all->first[r] = placed_behind(&before, part->first[r]);
    all->end = placed_behind(&before, part->end);
}

/* --- what is said ----------------------------------------------------------------------------- */

static void warn_of_lacking(const struct left_out_places *all, const struct text_options *options)
{
    struct buffer sentence = {0};
    struct json_keys keys;
    bool none = false;
    int lacking = 0;
    json_keys_init(&keys, options);
    for (int k = 0; k < keys.count; k++) {
        if (all->lacking[k] == 0)
            continue;
        none = none || all->lacking[k] == all->records;
        buffer_print(&sentence, "%s%" PRIu64 " lack %.*s", lacking++ > 0 ? ", " : "",
                     all->lacking[k], (int)keys.keys[k].size, keys.keys[k].name);
    }
    if (lacking > 0)
        (none ? log_warning : log_info)("of %" PRIu64 " objects with a key of --text-key %s%s",
                                        all->records, buffer_text(&sentence),
                                        none ? ": is each of them spelt as in the text?" : "");
    buffer_release(&sentence);
}

void left_out_places_warn(const struct left_out_places *all, const struct input_list *inputs,
                          const struct text_options *options)
{
    static const char *const what[LEFT_OUT_REASONS] = {
        [LEFT_OUT_NO_OBJECT] = "is damaged, or no object",
        [LEFT_OUT_NO_KEY] = "has none of the keys of a text (--text-key)",
        [LEFT_OUT_NO_TEXT] = "has something else than a text under its key"};
    for (int r = 0; r < LEFT_OUT_REASONS; r++) {
        const uint64_t count = all->count[r];
        if (what[r] && count > 0 && all->first[r].file > 0)
            log_warning("%" PRIu64 " %s left out, the first in %s, line %" PRIu64 ": JSON that %s",
                        count, count == 1 ? "line or object" : "lines or objects",
                        inputs->files[all->first[r].file - 1].path, all->first[r].line + 1,
                        what[r]);
    }
    if (options->text_keys)
        warn_of_lacking(all, options);
}

int left_out_places_check(const struct left_out_places *all, const struct input_list *inputs,
                          const struct text_options *options, struct error *err)
{
    const uint64_t file = is_unkeyed(&all->head)   ? all->head.file
                          : all->unkeyed != 0      ? all->unkeyed
                          : is_unkeyed(&all->tail) ? all->tail.file
                                                   : 0;
    if (file == 0)
        return 0;
    return error_set(
        err,
        "no object in the JSON of %s has one of the keys %s: name those of its documents with --text-key, "
        "or leave the file out",
        inputs->files[file - 1].path,
        options->text_keys ? options->text_keys : "text, content or raw_content");
}

/* --- as numbers ------------------------------------------------------------------------------- */

static void put_keyed(const struct keyed_file *file, struct buffer *out)
{
    buffer_put_u64(out, file->file);
    buffer_put_u64(out, file->keyed);
    buffer_put_u64(out, file->keyless);
}

static void get_keyed(struct keyed_file *file, struct byte_reader *reader)
{
    file->file = byte_reader_u64(reader);
    file->keyed = byte_reader_u64(reader);
    file->keyless = byte_reader_u64(reader);
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
        buffer_put_u64(out, places->count[r]);
    buffer_put_u64(out, places->records);
    put_keyed(&places->head, out);
    put_keyed(&places->tail, out);
    buffer_put_u64(out, places->unkeyed);
    for (int k = 0; k < TEXT_KEYS_MOST; k++)
        buffer_put_u64(out, places->lacking[k]);
    for (int r = 0; r < LEFT_OUT_REASONS; r++)
        put_place(&places->first[r], out);
    put_place(&places->end, out);
}

void left_out_places_get(struct left_out_places *places, struct byte_reader *reader)
{
    for (int r = 0; r < LEFT_OUT_REASONS; r++)
        places->count[r] = byte_reader_u64(reader);
    places->records = byte_reader_u64(reader);
    get_keyed(&places->head, reader);
    get_keyed(&places->tail, reader);
    places->unkeyed = byte_reader_u64(reader);
    for (int k = 0; k < TEXT_KEYS_MOST; k++)
        places->lacking[k] = byte_reader_u64(reader);
    for (int r = 0; r < LEFT_OUT_REASONS; r++)
        get_place(&places->first[r], reader);
    get_place(&places->end, reader);
}

/* --- parts in any order ----------------------------------------------------------------------- */

void left_out_list_release(struct left_out_list *list)
{
    free(list->parts);
    *list = (struct left_out_list){0};
}

void left_out_list_add(struct left_out_list *list, uint64_t chunk, uint64_t part,
                       const struct left_out_places *places)
{
    ARRAY_RESERVE(list->parts, list->count + 1, list->capacity);
    list->parts[list->count++] =
        (struct left_out_part){.chunk = chunk, .part = part, .places = *places};
}

static int by_part(const void *a, const void *b)
{
    const struct left_out_part *x = a, *y = b;
    if (x->chunk != y->chunk)
        return x->chunk < y->chunk ? -1 : 1;
    return (x->part > y->part) - (x->part < y->part);
}

void left_out_list_join(struct left_out_list *list, struct left_out_places *all)
{
    *all = (struct left_out_places){0};
    if (list->count > 0)
        qsort(list->parts, list->count, sizeof *list->parts, by_part);
    for (size_t i = 0; i < list->count; i++)
        left_out_places_join(all, &list->parts[i].places);
}

void left_out_list_put(const struct left_out_list *list, struct buffer *out)
{
    buffer_put_u64(out, list->count);
    for (size_t i = 0; i < list->count; i++) {
        buffer_put_u64(out, list->parts[i].chunk);
        buffer_put_u64(out, list->parts[i].part);
        left_out_places_put(&list->parts[i].places, out);
    }
}

void left_out_list_get(struct left_out_list *list, struct byte_reader *reader)
{
    for (uint64_t left = byte_reader_u64(reader); left > 0 && !reader->overrun; left--) {
        struct left_out_places places;
        const uint64_t chunk = byte_reader_u64(reader), part = byte_reader_u64(reader);
        left_out_places_get(&places, reader);
        left_out_list_add(list, chunk, part, &places);
    }
}

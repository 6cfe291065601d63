#define _GNU_SOURCE /* memmem() */
#include "lambert/text/input_look.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "encoding_guess.h"
#include "file_kind.h"
#include "lambert/base/first_error.h"
#include "lambert/base/memory.h"
#include "lambert/text/text_encoding.h"
#include "lambert/text/unicode.h"

/* More control characters than that are in no text, fewer are in some. */
#define MOST_CONTROLS 0.01

enum {
    FEW_FILES = 64, /* are looked at sooner than threads are started */
    ESCAPE = 0x1B   /* begins what colours text on a terminal */
};

/* --- one file --------------------------------------------------------------------------------- */

/* The beginning of a file. */
struct head {
    const uint8_t *bytes; /* decompressed */
    size_t size;
    bool whole; /* the file has no more */
};

static int refuse(const struct input_file *file, const struct file_kind *kind, struct error *err)
{
    if (file->compression == COMPRESSION_NONE)
        return error_set(err, "%s is %s, not text: %s", file->path, kind->name, kind->cure);
    return error_set(err, "%s, compressed with %s, is %s inside, not text: %s", file->path,
                     compression_names[file->compression], kind->name, kind->cure);
}

/* Compressed data in compressed data; what is compressed once has been decompressed. */
static int refuse_nested(const struct input_file *file, enum compression inside, struct error *err)
{
    return error_set(
        err,
        "%s is compressed twice: with %s, and %s inside; decompress it once and name the "
        "result",
        file->path, compression_names[file->compression], compression_names[inside]);
}

int input_look_refuse_encoding(const struct input_file *file, uint64_t invalid, uint64_t bytes,
                               const char *sample, size_t sample_size, struct error *err)
{
    const double share = 100 * (double)invalid / (double)bytes;
    if (file->encoding)
        return error_set(err,
                         "%s is not in %s: %.1f%% of its bytes (%" PRIu64 " of %" PRIu64
                         ") are no character there; is it in another encoding?",
                         file->path, file->encoding, share, invalid, bytes);
    const char *guess = encoding_guess(sample, sample_size);
    if (!guess)
        return error_set(
            err,
            "%s is not in UTF-8: %.1f%% of its bytes (%" PRIu64 " of %" PRIu64
            ") are not valid there; if `file -i %s` tells its encoding, --encoding NAME "
            "reads it",
            file->path, share, invalid, bytes, file->path);
    return error_set(
        err,
        "%s is not in UTF-8: %.1f%% of its bytes (%" PRIu64 " of %" PRIu64
        ") are not valid there; it looks like %s: --encoding %s reads it, or make UTF-8 of "
        "it: iconv -f %s -t UTF-8 %s",
        file->path, share, invalid, bytes, guess, guess, guess, file->path);
}

/* Whether bytes are text in one of the encodings of UTF-16 and UTF-32, though no mark says so: nearly all
 * characters are letters, digits, signs and blanks. */
static const char *wide_encoding(const struct head *head)
{
    static const char *const encodings[] = {"UTF-16LE", "UTF-16BE", "UTF-32LE", "UTF-32BE"};
    const char *found = NULL;
    struct buffer text = {0};
    for (size_t e = 0; e < sizeof encodings / sizeof encodings[0] && !found; e++) {
        uint64_t characters = 0, usual = 0, blank = 0;
        int32_t code;
        buffer_reset(&text);
        if (text_decode(encodings[e], head->bytes, head->size, false, &text) > 0)
            continue;
        for (size_t at = 0, taken; at < text.size; at += taken) {
            taken = unicode_decode((const char *)text.data + at, text.size - at, &code);
            require(taken > 0);
            const bool is_blank = unicode_is_white_space(code);
            characters++;
            blank += is_blank;
            usual += is_blank || unicode_is_letter(code) || unicode_is_number(code) ||
                     unicode_is_accent(code) || unicode_is_punctuation(code);
        }
        if (characters > 0 && usual > 0.97 * (double)characters &&
            blank > 0.01 * (double)characters)
            found = encodings[e];
    }
    buffer_release(&text);
    return found;
}

static bool is_iso_2022_jp(const char *text, size_t size)
{
    return size > 0 && (memmem(text, size, "\x1B$B", 3) || memmem(text, size, "\x1B$@", 3));
}

static int refuse_controls(const struct input_file *file, const struct head *head,
                           struct error *err)
{
    const char *wide = file->encoding ? NULL : wide_encoding(head);
    if (wide)
        return error_set(err,
                         "%s looks like %s, without the mark that says so: --encoding %s reads it",
                         file->path, wide, wide);
    return refuse(file, &(struct file_kind){"binary data", "name the text files alone"}, err);
}

/* What is to be read as text has few control characters, and few bytes that are no character. */
static int check_characters(const struct input_file *file, const struct head *head,
                            const struct buffer *text, uint64_t invalid, struct error *err)
{
    uint64_t controls = 0;
    for (size_t i = 0; i < text->size; i++)
        controls += text->data[i] < 0x20 && !(text->data[i] >= '\t' && text->data[i] <= '\r') &&
                    text->data[i] != ESCAPE;
    if (is_iso_2022_jp((const char *)text->data, text->size))
        return error_set(err, "%s looks like ISO-2022-JP: --encoding ISO-2022-JP reads it",
                         file->path);
    if ((double)controls > MOST_CONTROLS * (double)text->size)
        return refuse_controls(file, head, err);
    if ((double)invalid > TEXT_MOST_INVALID * (double)head->size)
        return input_look_refuse_encoding(file, invalid, head->size, (const char *)head->bytes,
                                          head->size, err);
    return 0;
}

static int look_at_text(struct input_file *file, const struct head *head,
                        const struct text_options *options, const struct buffer *text,
                        uint64_t invalid, struct error *err)
{
    const char *characters = (const char *)text->data;
    struct file_kind kind;
    if (check_characters(file, head, text, invalid, err) < 0)
        return -1;
    file->mark = text_mark_size(characters, text->size);
    if (text_layout_find(&file->layout, options, file->path, characters, text->size, head->whole,
                         err) < 0)
        return -1;
    if (text_layout_sequential(file->layout) && file->kind == INPUT_FILE)
        file->kind = INPUT_SEQUENTIAL;
    if (file->layout != LAYOUT_WIKI &&
        file_kind_of_markup(characters + file->mark, text->size - file->mark, &kind))
        return refuse(file, &kind, err);
    return 0;
}

/* What is UTF-8 through and through, with enough characters beyond ASCII that it is none by accident, would
 * become other characters in nearly every encoding, and no fault would show it. */
static int check_no_utf8(const struct input_file *file, const struct head *head,
                         const char *encoding, struct error *err)
{
    enum { BY_ACCIDENT = 16 };
    size_t beyond = 0;
    struct buffer text = {0};
    for (size_t i = 0; i < head->size; i++)
        beyond += head->bytes[i] >= 0x80;
    const bool is_utf8 = beyond >= BY_ACCIDENT &&
                         text_decode(NULL, head->bytes, head->size, head->whole, &text) == 0;
    buffer_release(&text);
    if (!is_utf8)
        return 0;
    return error_set(
        err,
        "%s is in UTF-8, and --encoding %s would make other characters of it; make UTF-8 "
        "of the others, which are not (iconv -f %s -t UTF-8 FILE), and leave --encoding "
        "away",
        file->path, encoding, encoding);
}

static int look_at_head(struct input_file *file, const struct head *head,
                        const struct text_options *options, struct error *err)
{
    const enum compression inside = compression_of(head->bytes, head->size);
    struct file_kind kind;
    struct buffer text = {0};
    size_t mark;
    if (inside != COMPRESSION_NONE)
        return refuse_nested(file, inside, err);
    const char *marked = text_encoding_of_mark(head->bytes, head->size, &mark);
    const char *encoding = marked ? marked : options->encoding;
    if (!marked && file_kind_of(head->bytes, head->size, &kind))
        return refuse(file, &kind, err);
    if (text_encoding_is_utf8(encoding)) {
        encoding = NULL;
        mark = 0; /* it is a part of the text */
    }
    if (encoding && !marked && check_no_utf8(file, head, encoding, err) < 0)
        return -1;
    const uint64_t invalid =
        text_decode(encoding, head->bytes + mark, head->size - mark, head->whole, &text);
    file->encoding = encoding;
    if (encoding && file->kind == INPUT_FILE)
        file->kind = INPUT_SEQUENTIAL;
    const int status = look_at_text(file, head, options, &text, invalid, err);
    file->looked_at = status == 0;
    buffer_release(&text);
    return status;
}

int input_look_at(struct input_file *file, const struct input_stream *stream,
                  const struct text_options *options, struct error *err)
{
    const struct head head = {.bytes = stream->head.data,
                              .size = stream->head.size,
                              .whole = stream->head.size < INPUT_HEAD};
    file->compression = stream->compression;
    return look_at_head(file, &head, options, err);
}

/* Of a file that is not compressed no more than the head is read. */
static int look_at_plain(struct input_file *file, const struct text_options *options,
                         struct error *err)
{
    uint8_t *bytes = memory_new(INPUT_HEAD, 1);
    struct head head = {.bytes = bytes};
    int status = -1, descriptor = open(file->path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
        error_errno(err, "cannot open the text file %s", file->path);
        goto done;
    }
    while (head.size < INPUT_HEAD && !head.whole) {
        const ssize_t got =
            pread(descriptor, bytes + head.size, INPUT_HEAD - head.size, (off_t)head.size);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            error_errno(err, "cannot read the text file %s", file->path);
            goto done;
        }
        head.whole = got == 0;
        head.size += (size_t)got;
    }
    status = look_at_head(file, &head, options, err);
done:
    if (descriptor >= 0)
        close(descriptor);
    free(bytes);
    return status;
}

static int look_at_stored(struct input_file *file, const struct text_options *options,
                          struct error *err)
{
    struct input_stream stream;
    if (file->kind == INPUT_FILE)
        return look_at_plain(file, options, err);
    if (input_stream_open(&stream, file->path, options->encoding, err) < 0)
        return -1;
    int status = input_look_at(file, &stream, options, err);
    if (file->kind == INPUT_STREAM && status == 0) {
        file->opened = memory_new(1, sizeof *file->opened);
        *file->opened = stream;
    } else {
        input_stream_close(&stream);
    }
    return status;
}

/* --- all files -------------------------------------------------------------------------------- */

/* The first stream, or -1. */
static int first_stream(const struct input_list *list)
{
    for (int i = 0; i < list->count; i++)
        if (list->files[i].kind == INPUT_STREAM)
            return i;
    return -1;
}

/* Files are looked at in runs: in the first one with a file that is refused the work ends, and what is told
 * does not depend on how threads came through it. */
enum { RUN = 1024, MOST_TOLD = 4 };

/* Looks at files [first, end), and counts those that are refused; reasons [RUN] are then NULL or why. */
static int look_at_run(struct input_list *list, int first, int end, int stream, char **reasons)
{
    int refused = 0;
#pragma omp parallel for schedule(dynamic, 16) reduction(+ : refused) if (end - first > FEW_FILES)
    for (int i = first; i < end; i++) {
        struct error failure;
        reasons[i - first] = NULL;
        if (list->files[i].kind == INPUT_STREAM && i != stream)
            continue;
        if (look_at_stored(&list->files[i], list->options, &failure) == 0)
            continue;
        reasons[i - first] = memory_copy_text(failure.text);
        refused++;
    }
    return refused;
}

/* The first reasons, each in a line, and of how many files they are. */
static int refuse_run(char *const *reasons, int count, int refused, int looked_at,
                      struct error *err)
{
    struct buffer sentence = {0};
    int told = 0;
    for (int i = 0; i < count && told < MOST_TOLD; i++)
        if (reasons[i])
            buffer_print(&sentence, "%s%s", told++ > 0 ? "\n  " : "", reasons[i]);
    if (refused > told)
        buffer_print(&sentence, "\n  and %d more", refused - told);
    if (refused > 1)
        buffer_print(&sentence, "\n  (%d of the %d files that were looked at)", refused, looked_at);
    error_set(err, "%s", buffer_text(&sentence));
    buffer_release(&sentence);
    return -1;
}

int input_look(struct input_list *list, const struct text_options *options, struct error *err)
{
    const int stream = first_stream(list);
    char *reasons[RUN];
    list->options = options;
    if (text_options_check(options, err) < 0 || text_encoding_check(options->encoding, err) < 0)
        return -1;
    for (int first = 0; first < list->count; first += RUN) {
        const int end = first + RUN < list->count ? first + RUN : list->count;
        const int refused = look_at_run(list, first, end, stream, reasons);
        if (refused > 0)
            refuse_run(reasons, end - first, refused, end, err);
        for (int i = first; i < end; i++)
            free(reasons[i - first]);
        if (refused > 0)
            return -1;
    }
    return 0;
}

/* --- once more -------------------------------------------------------------------------------- */

/* Of a plain file: bytes read so far, those of them that are not valid, and what follows the first of these. */
struct count {
    uint64_t bytes, invalid;
    struct buffer sample;
};

/* Whether what is still to be read can change nothing: there is too much that is not valid already, or there
 * would not be if nothing else were. */
static bool is_settled(const struct count *count, uint64_t bytes)
{
    const double most = TEXT_MOST_INVALID * (double)bytes;
    const uint64_t left = bytes > count->bytes ? bytes - count->bytes : 0;
    return (double)count->invalid > most || (double)(count->invalid + left) <= most;
}

/* Reads until it is settled. A character that the end of what was read cuts off is left for the next time. */
static int count_invalid(const struct input_file *file, struct count *count, struct error *err)
{
    struct input_stream stream;
    struct buffer text = {0};
    bool last = false;
    if (input_stream_open(&stream, file->path, NULL, err) < 0)
        return -1;
    int status = 0;
    while (!last && !is_settled(count, file->bytes)) {
        const size_t kept = text.size;
        if ((status = input_stream_read(&stream, INPUT_HEAD, &text, err)) < 0)
            break;
        last = text.size < kept + INPUT_HEAD;
        const char *begin = (const char *)text.data;
        const size_t size = last ? text.size : text_whole_size(begin, text.size);
        const size_t valid = count->sample.size > 0 ? 0 : text_valid_size(begin, size);
        if (count->sample.size < INPUT_HEAD)
            buffer_put(&count->sample, begin + valid, size - valid);
        count->bytes += size;
        count->invalid += text_invalid_bytes(begin, size, true);
        memmove(text.data, text.data + size, text.size - size);
        text.size -= size;
    }
    input_stream_close(&stream);
    buffer_release(&text);
    return status;
}

int input_look_again(const struct input_list *list, uint64_t chunk_bytes, uint64_t invalid,
                     struct error *err)
{
    int status = 0;
    for (int i = 0; i < list->count && status == 0; i++) {
        const struct input_file *file = &list->files[i];
        struct count count = {0};
        if (file->kind != INPUT_FILE || file->bytes <= chunk_bytes ||
            (double)invalid <= TEXT_MOST_INVALID * (double)file->bytes)
            continue;
        status = count_invalid(file, &count, err);
        if (status == 0 && (double)count.invalid > TEXT_MOST_INVALID * (double)file->bytes)
            status =
                input_look_refuse_encoding(file, count.invalid, count.bytes,
                                           (const char *)count.sample.data, count.sample.size, err);
        buffer_release(&count.sample);
    }
    return status;
}

/* --- the report ------------------------------------------------------------------------------- */

struct counts {
    int layouts[TEXT_LAYOUTS], compressions[COMPRESSIONS], encoded, empty, later;
};

static struct counts count_files(const struct input_list *list)
{
    struct counts counts = {0};
    for (int i = 0; i < list->count; i++) {
        const struct input_file *file = &list->files[i];
        counts.compressions[file->compression]++;
        counts.encoded += file->encoding != NULL;
        if (!file->looked_at)
            counts.later++;
        else if (file->kind == INPUT_FILE && file->bytes == 0)
            counts.empty++;
        else
            counts.layouts[file->layout]++;
    }
    return counts;
}

/* Appends what there is of, with what parts it from what stands before; the first has the word "files". */
static void print_count(struct buffer *sentence, int *printed, int count, const char *what)
{
    if (count == 0)
        return;
    buffer_print(sentence, "%s%d %s%s", *printed > 0 ? ", " : "", count, what,
                 *printed > 0 ? ""
                 : count == 1 ? " file"
                              : " files");
    ++*printed;
}

void input_look_print(const struct input_list *list, struct buffer *sentence)
{
    const struct counts counts = count_files(list);
    int printed = 0, marked = 0;
    for (int l = 0; l < TEXT_LAYOUTS; l++)
        print_count(sentence, &printed, counts.layouts[l], text_layout_names[l]);
    print_count(sentence, &printed, counts.empty, "empty");
    print_count(sentence, &printed, counts.later, "to be seen");
    for (int c = COMPRESSION_GZIP; c < COMPRESSIONS; c++)
        if (counts.compressions[c] > 0)
            buffer_print(sentence, "%s%d of them %s", marked++ ? ", " : " (",
                         counts.compressions[c], compression_names[c]);
    if (counts.encoded > 0)
        buffer_print(sentence, "%s%d of them not in UTF-8", marked++ ? ", " : " (", counts.encoded);
    if (marked > 0)
        buffer_print(sentence, ")");
    input_list_print_passed_over(list, sentence);
}

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/base/memory.h"
#include "lambert/base/minmax.h"
#include "lambert/text/unicode.h"
#include "set.h"

struct questions {
    const struct question_set *questions;
    bool training;
    struct feature_set *set;
    struct encoding *encodings; /* [questions->count] */
    bool *left_out;             /* [questions->count] */
};

/* First and last of a run of words, or of pieces. */
struct run {
    int first, last;
};

/* --- where the answer is ---------------------------------------------------------------------- */

static bool begins_code_point(char byte)
{
    return ((unsigned char)byte & 0xC0) != 0x80;
}

/* Where in the text the code point with this number begins; NULL: it has no more than that. */
static const char *code_point(const char *text, size_t number)
{
    for (; *text != '\0'; text++)
        if (begins_code_point(*text) && number-- == 0)
            return text;
    return NULL;
}

/* The text with white space at its ends gone and one space elsewhere, as Python's " ".join(text.split()). */
static void put_cleaned(const char *text, struct buffer *out)
{
    const size_t before = out->size;
    bool space = false;
    int32_t code;
    for (size_t left = strlen(text), taken; left > 0; text += taken, left -= taken) {
        taken = unicode_decode(text, left, &code);
        if (taken > 0 && unicode_is_white_space(code)) {
            space = true;
            continue;
        }
        taken = taken > 0 ? taken : 1;
        if (space && out->size > before)
            buffer_put_u8(out, ' ');
        space = false;
        buffer_put(out, text, taken);
    }
}

/* The words from the one that the answer begins in to the one that it ends in; false where they do not hold
 * its text, white space aside. */
static bool find_words(const struct paragraph *paragraph, const char *context,
                       const struct answer *answer, struct run *words)
{
    size_t length = 0; /* code points: if the answer is not there, its bytes say nothing */
    for (const char *c = answer->text; *c != '\0'; c++)
        length += begins_code_point(*c);
    if (length == 0 || answer->start >= strlen(context))
        return false;
    const char *last = code_point(context + answer->start, length - 1);
    if (!last)
        return false;
    words->first = paragraph_word_at(paragraph, answer->start);
    words->last = paragraph_word_at(paragraph, (size_t)(last - context));
    if (words->first < 0)
        return false;
    struct buffer there = {0}, wanted = {0};
    paragraph_put_words(paragraph, context, words->first, words->last, &there);
    put_cleaned(answer->text, &wanted);
    const bool found = strstr(buffer_text(&there), buffer_text(&wanted)) != NULL;
    buffer_release(&there);
    buffer_release(&wanted);
    return found;
}

/* The first run of pieces among these that spells the answer just so: "1895" in "(1895-1943).". Where there is
 * none, as of "Japan" in "Japanese", all of them. */
static struct run narrow(const int32_t *pieces, struct run among, const int32_t *answer, int count)
{
    for (int first = among.first; first + count - 1 <= among.last; first++)
        if (count > 0 && memcmp(pieces + first, answer, (size_t)count * sizeof *answer) == 0)
            return (struct run){first, first + count - 1};
    return among;
}

static bool find_pieces(struct encoder *encoder, const struct paragraph *paragraph,
                        const char *context, const struct answer *answer, struct run *pieces)
{
    struct run words;
    if (!find_words(paragraph, context, answer, &words))
        return false;
    const struct run all = {paragraph->first_piece[words.first],
                            paragraph->first_piece[words.last + 1] - 1};
    const size_t before = encoder->ids.size;
    const int count = encoder_put(encoder, answer->text);
    *pieces = narrow(paragraph->pieces, all, encoder_ids(encoder, (int)(before / sizeof(int32_t))),
                     count);
    encoder->ids.size = before;
    return pieces->first <= pieces->last;
}

/* --- windows ---------------------------------------------------------------------------------- */

struct window {
    int first, count; /* pieces */
};

static struct window first_window(int pieces, int room)
{
    return (struct window){0, min_int(pieces, room)};
}

/* count 0: `last` was the last. */
static struct window next_window(struct window last, int pieces, int room, int stride)
{
    if (last.first + last.count == pieces)
        return (struct window){pieces, 0};
    const int first = last.first + min_int(last.count, stride);
    return (struct window){first, min_int(pieces - first, room)};
}

/* Writes the sequence of a window; returns where to go on. */
static int32_t *put_window(const struct encoder *encoder, int32_t *to, int question,
                           const struct paragraph *paragraph, struct window window,
                           const int32_t labels[2], struct feature *feature)
{
    *feature = (struct feature){.tokens = question + window.count + 3,
                                .input_ids = to,
                                .first_b = question + 2,
                                .value = NAN,
                                .first_piece = window.first};
    *to++ = encoder->special.cls;
    to = encoder_put_part(encoder, to, encoder_ids(encoder, 0), question);
    to = encoder_put_part(encoder, to, paragraph->pieces + window.first, window.count);
    feature->labels = to;
    to[0] = labels[0];
    to[1] = labels[1];
    return to + 2;
}

static void encode_question(void *context, struct encoder *encoder, int number)
{
    const struct questions *questions = context;
    const struct feature_options *options = encoder->options;
    const struct question *question = &questions->questions->at[number];
    const struct paragraph *paragraph = &questions->set->paragraphs[question->paragraph];
    const int pieces = paragraph_pieces(paragraph);
    const bool answered = questions->training && !question->impossible;
    struct run gold = {0, -1};
    const int length = min_int(encoder_put(encoder, question->text), options->question_length);
    const int room = options->sequence_length - length - 3;
    if (answered &&
        !find_pieces(encoder, paragraph, questions->questions->contexts[question->paragraph],
                     &question->answers[0], &gold)) {
        questions->left_out[number] = true;
        return;
    }

    struct encoding *encoding = &questions->encodings[number];
    int windows = 0;
    size_t numbers = 0;
    for (struct window w = first_window(pieces, room); w.count > 0;
         w = next_window(w, pieces, room, options->stride)) {
        windows++;
        numbers += (size_t)(length + w.count + 3) + 2;
    }
    encoding_reserve(encoding, windows, numbers);
    int32_t *to = encoding->numbers;
    struct window window = first_window(pieces, room);
    for (int w = 0; w < windows; w++) {
        int32_t labels[2] = {questions->training ? 0 : -1, questions->training ? 0 : -1};
        if (answered && gold.first >= window.first && gold.last < window.first + window.count) {
            labels[0] = gold.first - window.first + length + 2;
            labels[1] = gold.last - window.first + length + 2;
        }
        to = put_window(encoder, to, length, paragraph, window, labels, &encoding->features[w]);
        window = next_window(window, pieces, room, options->stride);
    }
}

/* --- the set ---------------------------------------------------------------------------------- */

static void encode_paragraph(void *context, struct encoder *encoder, int number)
{
    const struct questions *questions = context;
    paragraph_init(&questions->set->paragraphs[number], questions->questions->contexts[number],
                   encoder);
}

static int check(const struct question_set *questions, bool training,
                 const struct feature_options *options, struct error *err)
{
    require(options->stride > 0 && options->question_length >= 0);
    if (options->sequence_length - options->question_length - 3 < 1)
        return error_set(err,
                         "sequences of %d pieces have no room for a paragraph beside questions of "
                         "up to %d; let sequences be longer or questions shorter",
                         options->sequence_length, options->question_length);
    for (int q = 0; q < questions->count && training; q++)
        if (questions->at[q].answer_count == 0 && !questions->at[q].impossible)
            return error_set(err,
                             "%s: question %s has no answer to learn from, and is not said to be "
                             "impossible",
                             questions->path, questions->at[q].id);
    return 0;
}

/* Counts what was left out, and fails where it is too much to be a slip of the annotators. */
static int count_left_out(const struct questions *questions, struct feature_report *report,
                          struct error *err)
{
    const struct question_set *set = questions->questions;
    for (int q = 0; q < set->count; q++) {
        if (!questions->left_out[q])
            continue;
        if (report->left_out++ == 0)
            snprintf(
                report->first, sizeof report->first,
                "%s: question %s: its answer '%s' is not in the paragraph where it is said to be",
                set->path, set->at[q].id, set->at[q].answers[0].text);
    }
    if (report->left_out <= set->count / 100)
        return 0;
    return error_set(
        err,
        "%s; so it is with %d of %d questions, more than one in a hundred: is the file "
        "damaged, or were places counted in another unit than characters?",
        report->first, report->left_out, set->count);
}

int feature_set_of_questions(struct feature_set **features, const struct question_set *questions,
                             bool training, const struct feature_options *options,
                             struct feature_report *report, struct error *err)
{
    *report = (struct feature_report){0};
    *features = NULL;
    if (check(questions, training, options, err) < 0)
        return -1;
    struct feature_set *set = set_new(2);
    const size_t count = (size_t)questions->count;
    struct questions made = {.questions = questions,
                             .training = training,
                             .set = set,
                             .encodings = memory_new(count, sizeof *made.encodings),
                             .left_out = memory_new(count, sizeof *made.left_out)};
    set->vocabulary = options->vocabulary;
    set->tokenizer = options->tokenizer;
    set->paragraph_count = questions->paragraphs;
    set->paragraphs = memory_new((size_t)questions->paragraphs, sizeof *set->paragraphs);
    encode_all(options, questions->paragraphs, encode_paragraph, &made);
    encode_all(options, questions->count, encode_question, &made);
    set_gather(set, made.encodings, questions->count);
    const int status = count_left_out(&made, report, err);
    free(made.left_out);
    if (status < 0)
        feature_set_free(set);
    else
        *features = set;
    return status;
}

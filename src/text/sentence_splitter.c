#include "lambert/text/sentence_splitter.h"

#include <stdint.h>

#include "abbreviations.h"
#include "byte_lanes.h"
#include "lambert/text/unicode.h"

enum { LONGEST_WORD = 20 }; /* characters: no abbreviation is longer */

void sentence_splitter_init(struct sentence_splitter *splitter, const char *text, size_t size)
{
    *splitter = (struct sentence_splitter){.text = text, .size = size};
}

/* --- characters ------------------------------------------------------------------------------ */

/* The code point at a place and the bytes it takes; a byte that is not valid UTF-8 is code -1. At
 * the end of the text: code 0, no bytes. */
static size_t code_at(const struct sentence_splitter *splitter, size_t place, int32_t *code)
{
    *code = 0;
    if (place >= splitter->size)
        return 0;
    *code = (unsigned char)splitter->text[place];
    if (*code < 0x80)
        return 1;
    size_t taken = unicode_decode(splitter->text + place, splitter->size - place, code);
    if (taken > 0)
        return taken;
    *code = -1;
    return 1;
}

static bool is_ideographic_stop(int32_t code)
{
    return code == 0x3002 || code == 0xFF01 || code == 0xFF1F || code == 0xFF61; /* 。！？｡ */
}

static bool is_stop(int32_t code)
{
    return code == '.' || code == '!' || code == '?' || code == 0x2026 || is_ideographic_stop(code);
}

/* The questions below are answered here for ASCII, as the Unicode tables would. */

static bool is_space(int32_t code)
{
    if (code < 0x80)
        return code == ' ' || (code >= 0x09 && code <= 0x0D) || (code >= 0x1C && code <= 0x1F);
    return unicode_is_white_space(code);
}

static bool is_digit(int32_t code)
{
    return code >= '0' && code <= '9';
}

static bool is_ascii_letter(int32_t code)
{
    return (code >= 'A' && code <= 'Z') || (code >= 'a' && code <= 'z');
}

static bool is_lower(int32_t code)
{
    return code < 0x80 ? code >= 'a' && code <= 'z' : unicode_is_lower(code);
}

static bool is_straight_quote(int32_t code)
{
    return code == '"' || code == '\'';
}

static bool is_closing(int32_t code)
{
    if (code < 0x80)
        return code == ')' || code == ']' || code == '}' || is_straight_quote(code);
    return unicode_is_closing(code);
}

static bool is_opening(int32_t code)
{
    if (code < 0x80)
        return code == '(' || code == '[' || code == '{' || code == '-' || is_straight_quote(code);
    return unicode_is_opening(code) || unicode_is_dash(code);
}

static size_t skip_space(const struct sentence_splitter *splitter, size_t place)
{
    int32_t code;
    for (size_t taken; (taken = code_at(splitter, place, &code)) > 0 && is_space(code);)
        place += taken;
    return place;
}

/* --- where a sentence may end ---------------------------------------------------------------- */

/* Stops and what closes behind them: `."`, `?!)`, `...`. */
struct stops {
    size_t start, end;
    int count;
    bool only_dots;
    bool ideographic;
};

static void take_stops(const struct sentence_splitter *splitter, struct stops *stops)
{
    int32_t code;
    for (size_t taken; (taken = code_at(splitter, stops->end, &code)) > 0; stops->end += taken) {
        if (is_stop(code)) {
            stops->count++;
            stops->only_dots = stops->only_dots && code == '.';
            stops->ideographic = stops->ideographic || is_ideographic_stop(code);
        } else if (!is_closing(code)) {
            break;
        }
    }
}

/* A bracket or quote that can only close belongs to the sentence even behind a space ("« Oui. »");
 * not ’, which may be the apostrophe of ’Twas. */
static struct stops stops_at(const struct sentence_splitter *splitter, size_t place)
{
    struct stops stops = {.start = place, .end = place, .only_dots = true};
    take_stops(splitter, &stops);
    for (;;) {
        int32_t code;
        size_t next = skip_space(splitter, stops.end);
        size_t taken = code_at(splitter, next, &code);
        if (taken == 0 || next == stops.end || code == 0x2019 || is_straight_quote(code) ||
            !is_closing(code))
            return stops;
        stops.end = next + taken;
        take_stops(splitter, &stops);
    }
}

/* --- what comes behind ----------------------------------------------------------------------- */

enum follower { NOTHING, GOES_ON, LOWER, DIGIT, OTHER };

/* What the sentence behind *place begins with, were one to begin there; *place moves to it. */
static enum follower take_follower(const struct sentence_splitter *splitter, size_t *place)
{
    int32_t code;
    size_t next = skip_space(splitter, *place);
    if (next == splitter->size)
        return NOTHING;
    if (next == *place)
        return GOES_ON;
    for (size_t taken;
         (taken = code_at(splitter, next, &code)) > 0 && (is_opening(code) || is_space(code));)
        next += taken;
    *place = next;
    if (is_stop(code))
        return GOES_ON; /* ". . ." */
    if (is_digit(code))
        return DIGIT;
    return is_lower(code) ? LOWER : OTHER;
}

/* Whether the word at `place`, which is an OTHER, is one that sentences often begin with. */
static bool is_starter(const struct sentence_splitter *splitter, size_t place)
{
    const char *word = splitter->text + place;
    size_t size = 0, left = splitter->size - place;
    while (size < left && is_ascii_letter(word[size]))
        size++;
    bool dotted = size < left && word[size] == '.'; /* "A." is an initial */
    return !dotted && is_sentence_starter(word, size);
}

/* --- what stands before a dot ---------------------------------------------------------------- */

static bool is_word_character(int32_t code)
{
    if (code < 0x80)
        return code == '.' || is_digit(code) || is_ascii_letter(code);
    return unicode_is_letter(code) || unicode_is_accent(code);
}

/* The character of text[first, end) that ends at `end`: where it begins. */
static size_t previous_code(const struct sentence_splitter *splitter, size_t first, size_t end,
                            int32_t *code)
{
    *code = (unsigned char)splitter->text[end - 1];
    if (*code < 0x80)
        return end - 1;
    return first + unicode_previous(splitter->text + first, end - first, code);
}

/* Start of the word of letters, digits and dots that ends at `end`; `end` when it is too long to
 * matter. *characters: how many it has. */
static size_t word_before(const struct sentence_splitter *splitter, size_t first, size_t end,
                          int *characters)
{
    size_t start = end;
    for (*characters = 0; start > first; (*characters)++) {
        int32_t code;
        size_t previous = previous_code(splitter, first, start, &code);
        if (!is_word_character(code))
            break;
        if (*characters == LONGEST_WORD)
            return end;
        start = previous;
    }
    return start;
}

/* "U.S", "p.m", "Ph.D": short parts between dots, the first or the last of one letter. */
static bool is_dotted_abbreviation(const char *word, size_t size)
{
    size_t first = 0, part = 0;
    for (size_t i = 0; i < size; i++) {
        part = word[i] == '.' ? 0 : part + 1;
        if (part > 4 || is_digit(word[i]) || (word[i] == '.' && (i == 0 || word[i - 1] == '.')))
            return false;
        if (first == 0 && word[i] == '.')
            first = i;
    }
    return first > 0 && (first == 1 || part == 1);
}

static enum abbreviation word_abbreviation(const char *word, size_t size, int characters)
{
    while (size > 0 && is_digit(*word)) { /* "5p.m" */
        word++;
        size--;
        characters--;
    }
    int32_t code;
    if (size == 0)
        return ABBREVIATION_NONE;
    if (characters == 1 && unicode_decode(word, size, &code) == size && unicode_is_upper(code))
        return ABBREVIATION_LAST; /* an initial */
    enum abbreviation kind = abbreviation_of(word, size);
    if (kind == ABBREVIATION_NONE && is_dotted_abbreviation(word, size))
        return ABBREVIATION_LAST;
    return kind;
}

/* "1. Introduction": a short number that is all there is before the dot. */
static bool is_item_number(const char *word, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (!is_digit(word[i]))
            return false;
    return size >= 1 && size <= 3;
}

/* Whether the single dot at `dot` ends the sentence that begins at `first`; the follower stands at
 * `next`. */
static bool dot_ends(const struct sentence_splitter *splitter, size_t first, size_t dot,
                     enum follower follower, size_t next)
{
    int characters;
    size_t start = word_before(splitter, first, dot, &characters);
    const char *word = splitter->text + start;
    if (start == first && is_item_number(word, dot - start))
        return false;
    switch (word_abbreviation(word, dot - start, characters)) {
    case ABBREVIATION_TITLE:
        return false;
    case ABBREVIATION_NUMBER:
        return follower != DIGIT;
    case ABBREVIATION_LAST:
        return follower == OTHER && is_starter(splitter, next);
    default:
        return true;
    }
}

static bool ends_sentence(const struct sentence_splitter *splitter, size_t first,
                          const struct stops *stops)
{
    if (stops->ideographic)
        return true;
    size_t next = stops->end;
    enum follower follower = take_follower(splitter, &next);
    if (follower == NOTHING)
        return true;
    if (follower == GOES_ON || follower == LOWER)
        return false;
    if (stops->count == 1 && stops->only_dots)
        return dot_ends(splitter, first, stops->start, follower, next);
    return true;
}

/* The lanes at which a stop may begin. */
static uint64_t lanes_stops(uint64_t lanes)
{
    uint64_t found = lanes_equal(lanes, '.') | lanes_equal(lanes, '!') | lanes_equal(lanes, '?');
    if (lanes & LANE_TOPS)
        found |= lanes_equal(lanes, 0xE2) | lanes_equal(lanes, 0xE3) | lanes_equal(lanes, 0xEF);
    return found;
}

static bool is_stop_at(const struct sentence_splitter *splitter, size_t place)
{
    int32_t code;
    code_at(splitter, place, &code);
    return is_stop(code);
}

/* The first place from `place` on where a stop begins; the end of the text where there is none. */
static size_t next_stop(const struct sentence_splitter *splitter, size_t place)
{
    while (place + BYTE_LANES <= splitter->size) {
        uint64_t found = lanes_stops(lanes_load(splitter->text + place));
        for (; found; found &= found - 1)
            if (is_stop_at(splitter, place + lanes_first(found)))
                return place + lanes_first(found);
        place += BYTE_LANES;
    }
    while (place < splitter->size && !is_stop_at(splitter, place))
        place++;
    return place;
}

/* Whether text[begin, end) is more than an opening "..." or bracket. */
static bool has_substance(const struct sentence_splitter *splitter, size_t begin, size_t end)
{
    for (size_t i = begin; i < end; i++) {
        unsigned char byte = (unsigned char)splitter->text[i];
        if (byte >= 0x80 || is_digit(byte) || is_ascii_letter(byte))
            return true;
    }
    return false;
}

static size_t sentence_end(const struct sentence_splitter *splitter, size_t first)
{
    bool substance = false;
    size_t place = first, stop;
    while ((stop = next_stop(splitter, place)) < splitter->size) {
        struct stops stops = stops_at(splitter, stop);
        substance = substance || has_substance(splitter, place, stop);
        if (substance && ends_sentence(splitter, first, &stops))
            return stops.end;
        place = stops.end;
    }
    return splitter->size;
}

bool sentence_splitter_next(struct sentence_splitter *splitter, const char **sentence,
                            size_t *length)
{
    size_t first = skip_space(splitter, splitter->position);
    splitter->position = sentence_end(splitter, first);
    *sentence = splitter->text + first;
    *length = splitter->position - first;
    /* Only at its end does a sentence ever have white space, and only at the end of the text. */
    unsigned char last = *length > 0 ? (unsigned char)(*sentence)[*length - 1] : 0;
    if (last <= ' ' || last >= 0x80)
        unicode_trim(sentence, length);
    return *length > 0;
}

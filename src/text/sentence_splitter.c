#include "lambert/text/sentence_splitter.h"

#include <stdint.h>
#include <string.h>

#include "byte_lanes.h"
#include "sentence_dots.h"
#include "sentence_scan.h"
#include "sentence_stops.h"

enum {
    LONGEST_REFERENCE = 24, /* bytes of "[note 12]" */
    LONGEST_FOOTNOTE = 3,   /* digits */
    LONGEST_QUOTATION = 500 /* bytes that are looked through for where a quotation began */
};

void sentence_splitter_init(struct sentence_splitter *splitter, const char *text, size_t size)
{
    *splitter = (struct sentence_splitter){.text = text, .size = size};
}

/* --- characters ------------------------------------------------------------------------------ */

static bool is_straight_quote(int32_t code)
{
    return code == '"' || code == '\'';
}

/* « ‘ ‛ “ ‟ ‹ open a quotation or, in German, close it; » ’ ” › close it or open it. */
static bool is_initial_quote(int32_t code)
{
    return code == 0xAB || code == 0x2018 || code == 0x201B || code == 0x201C || code == 0x201F ||
           code == 0x2039;
}

static bool is_final_quote(int32_t code)
{
    return code == 0xBB || code == 0x2019 || code == 0x201D || code == 0x203A;
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
    return unicode_is_opening(code) || unicode_is_dash(code) || is_final_quote(code);
}

/* , ; and their Arabic, Chinese and full-width forms. */
static bool is_comma(int32_t code)
{
    return code == ',' || code == ';' || code == 0x60C || code == 0x61B || code == 0x3001 ||
           code == 0xFF0C || code == 0xFF1B;
}

static bool is_superscript_digit(int32_t code)
{
    return code == 0xB9 || code == 0xB2 || code == 0xB3 || code == 0x2070 ||
           (code >= 0x2074 && code <= 0x2079);
}

static bool is_armenian(int32_t code)
{
    return code >= 0x531 && code < 0x590;
}

static bool is_greek(int32_t code)
{
    return (code >= 0x370 && code < 0x400) || (code >= 0x1F00 && code < 0x2000);
}

/* --- where a sentence may end ---------------------------------------------------------------- */

/* Of the character at `place`, with those that are a stop only beside others: the Armenian
 * full stop, often typed as a colon; the Greek question mark, mostly typed as a semicolon; the full-width dot, not between digits; the Ethiopic full
 * stop, often typed as two word separators. */
static enum sentence_stop stop_at(const struct sentence_splitter *splitter, size_t place,
                                  size_t *taken)
{
    int32_t code, beside, before;
    *taken = scan_code(splitter, place, &code);
    if (code < 0x80 && code != ';' && code != ':')
        return code == '.' ? STOP_DOT : code == '!' || code == '?' ? STOP_MARK : STOP_NONE;
    switch (code) {
    case ':':
        scan_previous(splitter, 0, place, &beside);
        return is_armenian(beside) ? STOP_MARK : STOP_NONE;
    case ';':
        scan_previous(splitter, 0, place, &beside);
        return is_greek(beside) ? STOP_MARK : STOP_NONE;
    case 0xFF0E:
        scan_code(splitter, place + *taken, &beside);
        scan_previous(splitter, 0, place, &before);
        return unicode_is_number(before) && unicode_is_number(beside) ? STOP_NONE : STOP_FINAL;
    case 0x1361:
        scan_code(splitter, place + *taken, &beside);
        if (beside != 0x1361)
            scan_previous(splitter, 0, place, &beside);
        return beside == 0x1361 ? STOP_FINAL : STOP_NONE;
    default:
        return sentence_stop_of(code);
    }
}

/* Stops and what belongs to the sentence behind them: `."`, `?!)`, `...`, `.[7]`. */
struct stops {
    size_t start, end;
    int count;
    bool only_dots;
    bool final;
    bool closed; /* the last is something that closes */
};

/* The bytes of a reference mark: "[7]", "[12, 13]", "[note 1]", "[citation needed]", "²"; behind
 * white space of digits alone. */
static size_t reference_at(const struct sentence_splitter *splitter, size_t place, bool spaced)
{
    int32_t code;
    size_t taken = scan_code(splitter, place, &code), size = taken;
    if (is_superscript_digit(code))
        return taken;
    if (code != '[')
        return 0;
    while ((taken = scan_code(splitter, place + size, &code)) > 0 && size <= LONGEST_REFERENCE) {
        size += taken;
        if (code == ']')
            return size > 2 ? size : 0;
        if (spaced ? !scan_is_digit(code)
                   : code < 0x80 && !scan_is_digit(code) && !scan_is_lower(code) && code != ' ' &&
                         code != ',' && code != '-' && code != '.')
            return 0;
    }
    return 0;
}

static bool is_emoticon_mark(int32_t code)
{
    return code == ':' || code == ';' || code == '=';
}

/* The bytes of ":)", ";-D", ":((" before white space; 0 where there is none. */
static size_t emoticon_at(const struct sentence_splitter *splitter, size_t place)
{
    const char *text = splitter->text + place;
    size_t left = splitter->size - place, size = 1;
    int32_t next;
    if (left < 2 || !is_emoticon_mark(*text))
        return 0;
    size += text[size] == '-' || text[size] == '\'';
    const size_t eyes = size;
    while (size < left && text[size] && strchr(")(DPp/|*", text[size]))
        size++;
    return size > eyes && (scan_code(splitter, place + size, &next) == 0 || scan_is_space(next))
               ? size
               : 0;
}

/* Whether a quotation in straight quotes is open at `end`, as far as is looked back for it. */
static bool is_quoted(const struct sentence_splitter *splitter, size_t first, size_t end)
{
    bool quoted = false;
    if (end - first > LONGEST_QUOTATION)
        return false;
    for (size_t i = first; i < end; i++)
        quoted ^= splitter->text[i] == '"';
    return quoted;
}

/* The bytes of a straight quote, or of two for one, with white space on both sides, at `place`. */
static size_t lone_quote_at(const struct sentence_splitter *splitter, size_t place)
{
    int32_t next;
    size_t taken = 1, left = splitter->size - place;
    if (left >= 2 && splitter->text[place] == '\'' && splitter->text[place + 1] == '\'')
        taken = 2;
    else if (splitter->text[place] != '"')
        return 0;
    return scan_code(splitter, place + taken, &next) == 0 || scan_is_space(next) ? taken : 0;
}

/* The bytes of what closes at `place`, 0 where nothing does. Right behind a stop every closing mark
 * does, and an initial quote before a space („Nein.“). */
static size_t closing_at(const struct sentence_splitter *splitter, size_t place)
{
    int32_t code, next;
    size_t taken = scan_code(splitter, place, &code);
    if (taken > 0 && is_initial_quote(code)) {
        scan_code(splitter, place + taken, &next);
        return scan_is_letter(next) || scan_is_digit(next) ? 0 : taken;
    }
    return taken > 0 && is_closing(code) ? taken : 0;
}

/* The same behind white space („« Oui. »“, "text. [7]"): only what does not open something. That is
 * no ’, which may be the apostrophe of ’Twas, no ”Nej” and »Nein«, and a straight quote only where
 * one is open. */
static size_t spaced_closing_at(const struct sentence_splitter *splitter, size_t first,
                                size_t place)
{
    int32_t code, next;
    size_t taken = scan_code(splitter, place, &code), lone;
    if (taken == 0 || code == 0x2019 || (code < 0x80 && scan_is_letter(code)))
        return 0;
    if (is_straight_quote(code)) {
        lone = lone_quote_at(splitter, place);
        return lone == 2 || (lone == 1 && is_quoted(splitter, first, place)) ? lone : 0;
    }
    if (code == '[')
        return reference_at(splitter, place, true);
    if (is_emoticon_mark(code))
        return emoticon_at(splitter, place);
    if (!is_closing(code))
        return 0;
    scan_code(splitter, place + taken, &next);
    return is_final_quote(code) && (scan_is_letter(next) || scan_is_digit(next)) ? 0 : taken;
}
/* The digits of a footnote's mark behind a plain word's dot ("the end.12 Then"), as text without
 * superscripts has it. */
static size_t footnote_at(const struct sentence_splitter *splitter, size_t first,
                          const struct stops *stops)
{
    size_t digits = 0;
    int32_t code;
    while (stops->end + digits < splitter->size &&
           scan_is_digit(splitter->text[stops->end + digits]))
        digits++;
    if (digits == 0 || digits > LONGEST_FOOTNOTE || stops->count != 1 || !stops->only_dots)
        return 0;
    scan_code(splitter, stops->end + digits, &code);
    return scan_is_space(code) && dot_has_plain_word(splitter, first, stops->start) ? digits : 0;
}

static void take_stops(const struct sentence_splitter *splitter, struct stops *stops)
{
    for (;;) {
        size_t taken;
        if (stops->end < splitter->size && splitter->text[stops->end] == ' ') /* mostly */
            return;
        enum sentence_stop stop = stop_at(splitter, stops->end, &taken);
        if (stop != STOP_NONE) {
            stops->count++;
            stops->closed = false;
            stops->only_dots = stops->only_dots && stop == STOP_DOT;
            stops->final = stops->final || stop == STOP_FINAL;
        } else if ((taken = closing_at(splitter, stops->end)) > 0) {
            stops->closed = true;
        } else if ((taken = reference_at(splitter, stops->end, false)) == 0 &&
                   (taken = emoticon_at(splitter, stops->end)) == 0) {
            return;
        }
        stops->end += taken;
    }
}

static struct stops stops_at(const struct sentence_splitter *splitter, size_t first, size_t place)
{
    struct stops stops = {.start = place, .end = place, .only_dots = true};
    take_stops(splitter, &stops);
    stops.end += footnote_at(splitter, first, &stops);
    for (;;) {
        size_t next = scan_skip_space(splitter, stops.end);
        size_t taken = next > stops.end ? spaced_closing_at(splitter, first, next) : 0;
        if (taken == 0)
            return stops;
        stops.end = next + taken;
        stops.closed = true;
        take_stops(splitter, &stops);
    }
}

/* "(!)" and "(?)" stand inside a sentence. */
static bool is_aside(const struct sentence_splitter *splitter, const struct stops *stops)
{
    int32_t before;
    if (!stops->closed || stops->only_dots)
        return false;
    scan_previous(splitter, 0, stops->start, &before);
    return before == '(' || before == '[' || before == 0xFF08;
}

/* --- what comes behind ----------------------------------------------------------------------- */

/* "'s Avonds", "'t Is": Dutch and Afrikaans begin a sentence so. The letter stands at `place`. */
static bool is_clipped_word(const struct sentence_splitter *splitter, size_t place)
{
    int32_t before, after;
    scan_previous(splitter, 0, place, &before);
    if ((before != '\'' && before != 0x2019) || place + 2 >= splitter->size ||
        splitter->text[place + 1] != ' ')
        return false;
    scan_code(splitter, place + 2, &after);
    return scan_is_upper(after);
}

/* "iPhone", "eBay", "pH". */
static bool has_capital_inside(const struct sentence_splitter *splitter, size_t place)
{
    return place + 1 < splitter->size && scan_is_upper(splitter->text[place + 1]);
}

/* ",,", as „ is typed at times. */
static bool is_low_quote(const struct sentence_splitter *splitter, size_t place)
{
    return place + 1 < splitter->size && splitter->text[place] == ',' &&
           splitter->text[place + 1] == ',';
}

/* Whether the text has no capital from its beginning to its end, as text that was lower-cased has:
 * then a small letter says nothing. */
static bool has_no_capitals(struct sentence_splitter *splitter)
{
    int32_t code;
    while (splitter->small < splitter->size) {
        size_t taken = scan_code(splitter, splitter->small, &code);
        if (scan_is_upper(code))
            return false;
        splitter->small += taken;
    }
    return true;
}

/* What the sentence behind *place begins with, were one to begin there; *place moves to it. */
static enum follower take_follower(const struct sentence_splitter *splitter, size_t *place)
{
    int32_t code;
    size_t taken, next = scan_skip_space(splitter, *place);
    const bool glued = next == *place;
    if (next == splitter->size)
        return FOLLOWER_NONE;
    while ((taken = scan_code(splitter, next, &code)) > 0 && !glued &&
           (is_opening(code) || scan_is_space(code)))
        next += taken;
    *place = next;
    if (code >= 'A' && code <= 'Z' && !glued) /* mostly */
        return FOLLOWER_OTHER;
    if ((is_comma(code) && !is_low_quote(splitter, next)) ||
        stop_at(splitter, next, &taken) != STOP_NONE) /* ". . ." */
        return FOLLOWER_COMMA;
    if (glued)
        return FOLLOWER_GLUED;
    if (scan_is_digit(code))
        return FOLLOWER_DIGIT;
    return scan_is_lower(code) && !is_clipped_word(splitter, next) &&
                   !has_capital_inside(splitter, next)
               ? FOLLOWER_LOWER
               : FOLLOWER_OTHER;
}

/* Behind no space: Han and kana need none; what kana go on with behind a quotation is its "と". */
static bool ends_glued(const struct sentence_splitter *splitter, const struct stops *stops)
{
    int32_t before, after;
    scan_code(splitter, stops->end, &after);
    if (stops->final)
        return !(stops->closed && after >= 0x3041 && after <= 0x309F);
    if (!scan_is_unspaced(after))
        return false;
    scan_previous(splitter, 0, stops->start, &before);
    return splitter->text[stops->start] == '!' || splitter->text[stops->start] == '?' ||
           (stops->count == 1 && stops->only_dots && scan_is_unspaced(before));
}

static bool ends_sentence(struct sentence_splitter *splitter, size_t first,
                          const struct stops *stops)
{
    if (is_aside(splitter, stops))
        return false;
    size_t next = stops->end;
    enum follower follower = take_follower(splitter, &next);
    switch (follower) {
    case FOLLOWER_NONE:
        return true;
    case FOLLOWER_COMMA:
        return false;
    case FOLLOWER_GLUED:
        return ends_glued(splitter, stops);
    case FOLLOWER_LOWER:
        if (!stops->final && !has_no_capitals(splitter))
            return false;
        break;
    case FOLLOWER_DIGIT:
    case FOLLOWER_OTHER:
        break;
    }
    return stops->count != 1 || !stops->only_dots ||
           dot_ends_sentence(splitter, first, stops->start, follower, next);
}

/* The lanes at which a stop may begin: of ASCII . ! and ? and, where the lanes or the byte before have
 * more than ASCII, : ; and > which become ? with two bits, and the first bytes of what
 * sentence_stop_of() knows. */
static uint64_t lanes_stops(uint64_t lanes, uint64_t before)
{
    uint64_t found = lanes_equal(lanes, '.') | lanes_equal(lanes, '!') | lanes_equal(lanes, '?');
    if ((lanes | before) & LANE_TOPS) {
        found |= lanes_equal(lanes | lanes_of(0x05), '?');
        found |= lanes_equal(lanes & lanes_of(0xFC), 0xE0);
        found |= lanes_equal(lanes, 0xD8) | lanes_equal(lanes, 0xDB) | lanes_equal(lanes, 0xDC);
        found |= lanes_equal(lanes, 0xCD) | lanes_equal(lanes, 0xD6) | lanes_equal(lanes, 0xDF);
        found |= lanes_equal(lanes, 0xEA) | lanes_equal(lanes, 0xEF) | lanes_equal(lanes, 0xF0);
    }
    return found;
}

/* Whether the second and third byte leave it open that a stop begins at `text`: most letters of
 * Arabic, Indic scripts, Georgian and Ethiopic, and punctuation that is none, end here. */
static bool may_be_stop(const unsigned char *text)
{
    switch (text[0]) {
    case 0xD8:
        return text[1] >= 0x9D && text[1] <= 0x9F;
    case 0xDB:
        return text[1] == 0x94;
    case 0xDC:
        return text[1] <= 0x82;
    case 0xE0:
        return text[1] == 0xA5   ? (text[2] & 0xFE) == 0xA4
               : text[1] == 0xA0 ? text[2] >= 0xB7
                                 : text[1] == 0xB7 || text[1] == 0xBC;
    case 0xE1:
        return text[1] != 0x83;
    case 0xE2:
        return text[1] == 0x80 ? text[2] >= 0xA6 : text[1] == 0x81 || text[1] >= 0xB8;
    case 0xE3:
        return text[1] == 0x80 && text[2] == 0x82;
    case 0xEA:
        return text[1] < 0xB0; /* Hangul from there on */
    case 0xEF:
        return text[1] >= 0xB8;
    default:
        return true;
    }
}

static bool is_stop_at(const struct sentence_splitter *splitter, size_t place)
{
    const unsigned char *text = (const unsigned char *)splitter->text + place;
    size_t taken;
    if (*text == '.' || *text == '!' || *text == '?')
        return true;
    if (place + 3 <= splitter->size && !may_be_stop(text))
        return false;
    return stop_at(splitter, place, &taken) != STOP_NONE;
}

/* Sixteen bytes at once, for the long runs without a stop. */
typedef unsigned char wide_lanes __attribute__((vector_size(16)));

static uint64_t wide_any(wide_lanes answer)
{
    uint64_t halves[2];
    memcpy(halves, &answer, sizeof halves);
    return halves[0] | halves[1];
}

/* Whether the 16 bytes are ASCII without . ! and ?. */
static bool wide_is_plain(wide_lanes lanes)
{
    return !wide_any((wide_lanes)(lanes == '.') | (wide_lanes)(lanes == '!') |
                     (wide_lanes)(lanes == '?') | (wide_lanes)(lanes >= 0x80));
}

static wide_lanes wide_load(const char *text)
{
    wide_lanes lanes;
    memcpy(&lanes, text, sizeof lanes);
    return lanes;
}

enum { WIDE_LOOK = sizeof(wide_lanes) + 2 };

/* As lanes_stops() and may_be_stop() together: whether a stop may begin in the 16 bytes at `text`, which are not all
 * ASCII. WIDE_LOOK bytes are looked at. */
static bool wide_has_stops(const char *text)
{
    const wide_lanes lanes = wide_load(text), second = wide_load(text + 1),
                     third = wide_load(text + 2);
    wide_lanes found = (wide_lanes)(lanes == '.') | (wide_lanes)(lanes == '!') |
                       (wide_lanes)((lanes | 0x05) == '?');
    found |=
        (wide_lanes)(lanes == 0xD8) & (wide_lanes)(second >= 0x9D) & (wide_lanes)(second <= 0x9F);
    found |= (wide_lanes)(lanes == 0xDB) & (wide_lanes)(second == 0x94);
    found |= (wide_lanes)(lanes == 0xDC) & (wide_lanes)(second <= 0x82);
    found |= (wide_lanes)(lanes == 0xE0) &
             (((wide_lanes)(second == 0xA5) & (wide_lanes)((third & 0xFE) == 0xA4)) |
              ((wide_lanes)(second == 0xA0) & (wide_lanes)(third >= 0xB7)) |
              (wide_lanes)(second == 0xB7) | (wide_lanes)(second == 0xBC));
    found |= (wide_lanes)(lanes == 0xE1) & (wide_lanes)(second != 0x83);
    found |= (wide_lanes)(lanes == 0xE2) &
             (((wide_lanes)(second == 0x80) & (wide_lanes)(third >= 0xA6)) |
              (wide_lanes)(second == 0x81) | (wide_lanes)(second >= 0xB8));
    found |=
        (wide_lanes)(lanes == 0xE3) & (wide_lanes)(second == 0x80) & (wide_lanes)(third == 0x82);
    found |= (wide_lanes)(lanes == 0xEA) & (wide_lanes)(second < 0xB0);
    found |= (wide_lanes)(lanes == 0xEF) & (wide_lanes)(second >= 0xB8);
    found |= (wide_lanes)(lanes == 0xCD) | (wide_lanes)(lanes == 0xD6) |
             (wide_lanes)(lanes == 0xDF) | (wide_lanes)(lanes == 0xF0);
    return wide_any(found) != 0;
}

/* The first place from `place` on where a stop begins; the end of the text where there is none. */
static size_t next_stop(const struct sentence_splitter *splitter, size_t place)
{
    const char *text = splitter->text;
    const size_t size = splitter->size;
    uint64_t lanes, before = place > 0 ? (unsigned char)text[place - 1] : 0;
    for (; place + BYTE_LANES <= size; place += BYTE_LANES, before = lanes) {
        while (!(before & LANE_TOPS) && place + sizeof(wide_lanes) + BYTE_LANES <= size &&
               wide_is_plain(wide_load(text + place)))
            place += sizeof(wide_lanes);
        lanes = lanes_load(text + place);
        if (((lanes | before) & LANE_TOPS) && place + WIDE_LOOK <= size &&
            !wide_has_stops(text + place)) {
            place += sizeof(wide_lanes) - BYTE_LANES;
            lanes = lanes_load(text + place);
            continue;
        }
        for (uint64_t found = lanes_stops(lanes, before); found; found &= found - 1)
            if (is_stop_at(splitter, place + lanes_first(found)))
                return place + lanes_first(found);
    }
    while (place < size && !is_stop_at(splitter, place))
        place++;
    return place;
}

/* Whether text[begin, end) is more than an opening "..." or bracket. */
static bool has_substance(const struct sentence_splitter *splitter, size_t begin, size_t end)
{
    for (size_t i = begin; i < end; i++) {
        unsigned char byte = (unsigned char)splitter->text[i];
        if (byte >= 0x80 || scan_is_digit(byte) || scan_is_letter(byte))
            return true;
    }
    return false;
}

static size_t sentence_end(struct sentence_splitter *splitter, size_t first)
{
    bool substance = false;
    size_t place = first, stop;
    while ((stop = next_stop(splitter, place)) < splitter->size) {
        struct stops stops = stops_at(splitter, first, stop);
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
    size_t first = scan_skip_space(splitter, splitter->position);
    splitter->position = sentence_end(splitter, first);
    *sentence = splitter->text + first;
    *length = splitter->position - first;
    /* Only at its end does a sentence ever have white space, and only at the end of the text. */
    unsigned char last = *length > 0 ? (unsigned char)(*sentence)[*length - 1] : 0;
    if (last <= ' ' || last >= 0x80)
        unicode_trim(sentence, length);
    return *length > 0;
}

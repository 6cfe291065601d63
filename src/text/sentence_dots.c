#include "sentence_dots.h"

#include <stdint.h>
#include <string.h>

#include "abbreviations.h"
#include "sentence_scan.h"
#include "sentence_words.h"
#include "word_list.h"

enum {
    LONGEST_WORD = 20, /* characters: nothing is asked of a longer one */
    LONGEST_ABBREVIATION = 8,
    LONGEST_PART = 4, /* of an abbreviation with dots inside */
    LONGEST_GAP = 3,  /* characters of white space between two words that belong together */
    LONGEST_ROMAN = 7,
    LONGEST_BRACKETED = 6,
    PLAIN_WORD = 4 /* a footnote's number is told from "No.5" by the length of the word before */
};

/* Letters, accents, digits and dots. */
struct word {
    const char *text;
    size_t size;
    size_t start; /* in the text of the splitter */
    int characters;
};

static bool is_letter_or_mark(int32_t code)
{
    return scan_is_letter(code) || (code >= 0x80 && unicode_is_mark(code));
}

static bool is_word_character(int32_t code)
{
    return code == '.' || scan_is_digit(code) || is_letter_or_mark(code);
}

/* The word that ends at `end`, empty when it is too long to matter. */
static struct word word_before(const struct sentence_splitter *splitter, size_t first, size_t end)
{
    struct word word = {.start = end};
    while (word.start > first) {
        int32_t code = (unsigned char)splitter->text[word.start - 1];
        size_t previous = word.start - 1;
        if (code < 'a' || code > 'z') {
            previous = scan_previous(splitter, first, word.start, &code);
            if (!is_word_character(code))
                break;
        }
        if (word.characters == LONGEST_WORD)
            return (struct word){.text = splitter->text + end, .start = end};
        word.start = previous;
        word.characters++;
    }
    word.text = splitter->text + word.start;
    word.size = end - word.start;
    return word;
}

/* Where the white space that ends at `end` begins; `end` where there is none. */
static size_t gap_before(const struct sentence_splitter *splitter, size_t first, size_t end)
{
    for (int characters = 0; characters < LONGEST_GAP; characters++) {
        int32_t code;
        size_t previous = scan_previous(splitter, first, end, &code);
        if (previous == end || !scan_is_space(code))
            break;
        end = previous;
    }
    return end;
}

/* The word before `word`; empty where none stands there, or no white space between. */
static struct word previous_word(const struct sentence_splitter *splitter, size_t first,
                                 struct word word)
{
    size_t end = gap_before(splitter, first, word.start);
    if (end == word.start)
        return (struct word){.text = word.text, .start = word.start};
    return word_before(splitter, first, end);
}

/* --- the word behind the dot -------------------------------------------------------------------- */

/* What is known of the word at `place`. "A." is an initial: nothing is. */
static unsigned words_at(const struct sentence_splitter *splitter, size_t place)
{
    const char *word = splitter->text + place;
    size_t size = 0;
    int32_t code, first;
    const size_t first_size = scan_code(splitter, place, &first);
    for (size_t taken; (taken = scan_code(splitter, place + size, &code)) > 0 &&
                       size <= LONGEST_LISTED && is_letter_or_mark(code);)
        size += taken;
    if (scan_is_digit(code) || (size == first_size && code == '.'))
        return 0;
    return sentence_word(word, size);
}

/* Whether it is one that sentences often begin with; Spanish marks that one begins. */
static bool is_first_word(const struct sentence_splitter *splitter, size_t place, bool initial)
{
    int32_t code;
    scan_code(splitter, place, &code);
    if (code == 0xBF || code == 0xA1) /* ¿ ¡ */
        return true;
    unsigned words = words_at(splitter, place);
    return (words & WORD_FIRST) && !(initial && (words & WORD_NAME));
}

/* --- numbers ------------------------------------------------------------------------------------ */

static size_t digits_at(const char *text, size_t size)
{
    size_t digits = 0;
    while (digits < size && scan_is_digit(text[digits]))
        digits++;
    return digits;
}

/* "1. Introduction", "2.1. Data": short numbers that are all there is before the dot. */
static bool is_item_number(struct word word)
{
    while (word.size > 0) {
        size_t digits = digits_at(word.text, word.size);
        if (digits == 0 || digits > 4 || (digits < word.size && word.text[digits] != '.'))
            return false;
        if (digits == word.size)
            return true;
        word.text += digits + 1;
        word.size -= digits + 1;
    }
    return false;
}

/* "5. 3. 2010": a day or month before another number with a dot, or between one and a year. */
static bool date_goes_on(const struct sentence_splitter *splitter, size_t first, struct word word,
                         size_t next)
{
    size_t left = splitter->size - next, digits = digits_at(splitter->text + next, left);
    if (digits <= 2 && digits < left && splitter->text[next + digits] == '.')
        return true;
    size_t end = gap_before(splitter, first, word.start);
    return digits == 4 && word.size <= 2 && end < word.start && end >= first + 2 &&
           splitter->text[end - 1] == '.' && scan_is_digit(splitter->text[end - 2]);
}

/* "am 3. Oktober", "im 19. Jahrhundert", "der 5. Sinfonie". */
static bool number_ends(const struct sentence_splitter *splitter, size_t first, struct word word,
                        enum follower follower, size_t next)
{
    if (follower == FOLLOWER_DIGIT)
        return !date_goes_on(splitter, first, word, next);
    if (word.size > 3)
        return word.start > first || is_first_word(splitter, next, false);
    int32_t mark;
    size_t end = gap_before(splitter, first, word.start);
    scan_previous(splitter, first, end, &mark);
    if (end < word.start && (mark == ':' || mark == ';')) /* "as follows: 1. Open" */
        return false;
    if (words_at(splitter, next) & WORD_COUNTED)
        return false;
    struct word before = previous_word(splitter, first, word);
    return !(sentence_word(before.text, before.size) & WORD_ARTICLE) ||
           is_first_word(splitter, next, false);
}

static bool is_roman(struct word word)
{
    if (word.size < 2 || word.size > LONGEST_ROMAN)
        return false;
    for (size_t i = 0; i < word.size; i++)
        if (word.text[i] != 'I' && word.text[i] != 'V' && word.text[i] != 'X')
            return false;
    return true;
}

/* "Henry VIII." may end a sentence; "der II. Weltkrieg" and "a II. Rákóczi" have an ordinal. */
static bool roman_ends(const struct sentence_splitter *splitter, size_t first, struct word word,
                       size_t next)
{
    struct word before = previous_word(splitter, first, word);
    int32_t code = 0;
    if (words_at(splitter, next) & WORD_COUNTED)
        return false;
    if (before.size > 0)
        unicode_decode(before.text, before.size, &code);
    return scan_is_upper(code) || is_first_word(splitter, next, false);
}

/* --- abbreviations ------------------------------------------------------------------------------ */

/* "U.S", "p.m", "Ph.D", "π.χ": short parts between dots, the first or the last of one letter. */
static bool is_dotted(struct word word)
{
    size_t parts = 1, part = 0, first = 0, place = 0;
    if (!memchr(word.text, '.', word.size))
        return false;
    while (place < word.size) {
        int32_t code;
        size_t taken = unicode_decode(word.text + place, word.size - place, &code);
        if (taken == 0 || scan_is_digit(code) || (code == '.' && part == 0))
            return false;
        if (code == '.') {
            first = parts++ == 1 ? part : first;
            part = 0;
        } else if ((code < 0x80 || !unicode_is_mark(code)) && ++part > LONGEST_PART) {
            return false;
        }
        place += taken;
    }
    return parts > 1 && (first == 1 || part == 1);
}

/* An initial, or the letter of an abbreviation: of an alphabet (one of Hangul, kana or Han may be a
 * word), and at the beginning of a word, where the letters behind an apostrophe ("McDonald's"), the
 * gershayim of Hebrew or "=" do not stand. Behind a number the letter of an alphabet without case
 * is a unit, as is "م" behind a year. */
static bool is_single_letter(const struct sentence_splitter *splitter, size_t first,
                             struct word word)
{
    int32_t code, before;
    if (word.size == 0 || word.size > UNICODE_UTF8_LONGEST ||
        unicode_decode(word.text, word.size, &code) != word.size)
        return false;
    const bool cased = scan_is_upper(code) || unicode_is_lower(code);
    if (!cased && (code < 0x5D0 || code > 0x6D3))
        return false;
    size_t end = gap_before(splitter, first, word.start);
    const bool spaced = end < word.start;
    end = scan_previous(splitter, first, end, &before);
    if (spaced || before == 0)
        return cased || !unicode_is_number(before);
    if (before == '\'' || before == '"' || before == 0x2019 || before == 0x5F4) {
        scan_previous(splitter, first, end, &before);
        return !scan_is_letter(before);
    }
    return before == '(' || before == '[' || before == '-' || before == '/' ||
           unicode_is_opening(before) || unicode_is_dash(before) || unicode_is_closing(before);
}

/* "EE. UU.": plurals double a letter. */
static bool is_double_letter(struct word word)
{
    return word.size == 2 && !is_roman(word) && word.text[0] == word.text[1] &&
           scan_is_upper(word.text[0]);
}

/* Of "z. B", whose parts stand apart: the longest that is listed. */
static enum abbreviation spaced_abbreviation(const struct sentence_splitter *splitter, size_t first,
                                             struct word word)
{
    char joined[LONGEST_LISTED];
    size_t start = sizeof joined;
    enum abbreviation kind = ABBREVIATION_NONE;
    while (word.characters > 0 && word.characters <= LONGEST_PART && word.size < start) {
        start -= word.size;
        memcpy(joined + start, word.text, word.size);
        if (start + word.size < sizeof joined) {
            enum abbreviation longer = abbreviation_of(joined + start, sizeof joined - start);
            kind = longer != ABBREVIATION_NONE ? longer : kind;
        }
        size_t end = gap_before(splitter, first, word.start);
        if (end == word.start || end == first || splitter->text[end - 1] != '.')
            break;
        joined[--start] = '.';
        word = word_before(splitter, first, end - 1);
    }
    return kind;
}

/* Listed as it is, or with a small letter: "Vgl." at the beginning of a sentence. */
static enum abbreviation listed_abbreviation(struct word word)
{
    char small[LONGEST_LISTED], letter[UNICODE_UTF8_LONGEST];
    int32_t code, lower[UNICODE_LOWER_LONGEST];
    enum abbreviation kind = abbreviation_of(word.text, word.size);
    if (kind != ABBREVIATION_NONE || word.characters < 2 || word.size > sizeof small)
        return kind;
    size_t taken = unicode_decode(word.text, word.size, &code);
    if (taken == 0 || !scan_is_upper(code) || unicode_lower(code, lower) != 1 ||
        unicode_encode(lower[0], letter) != taken)
        return ABBREVIATION_NONE;
    memcpy(small, word.text, word.size);
    memcpy(small, letter, taken);
    return abbreviation_of(small, word.size);
}

static enum abbreviation word_abbreviation(const struct sentence_splitter *splitter, size_t first,
                                           struct word word)
{
    size_t digits = digits_at(word.text, word.size); /* "5p.m" */
    word.text += digits;
    word.start += digits;
    word.size -= digits;
    word.characters -= (int)digits;
    if (word.size == 0 || word.characters > LONGEST_ABBREVIATION)
        return ABBREVIATION_NONE;
    enum abbreviation kind = spaced_abbreviation(splitter, first, word);
    if (kind == ABBREVIATION_NONE)
        kind = listed_abbreviation(word);
    if (kind == ABBREVIATION_NONE && (is_dotted(word) || is_double_letter(word)))
        return ABBREVIATION_LAST;
    return kind;
}

/* "300 m.", "1998 r.", "XX w.": a small letter behind a number or a Roman one. */
static bool is_unit(const struct sentence_splitter *splitter, size_t first, struct word word)
{
    int32_t code;
    if (word.characters != 1 || unicode_decode(word.text, word.size, &code) == 0 ||
        !scan_is_lower(code))
        return false;
    struct word before = previous_word(splitter, first, word);
    return before.size > 0 &&
           (digits_at(before.text, before.size) == before.size || is_roman(before));
}

/* "(lat. Canis", "(proj. J. Jarecki)": a short word right behind a bracket, which goes on. */
static bool is_bracketed(const struct sentence_splitter *splitter, size_t first, size_t dot,
                         struct word word)
{
    int32_t before, after;
    scan_previous(splitter, first, word.start, &before);
    scan_code(splitter, dot + 1, &after);
    return before == '(' && scan_is_space(after) && word.characters <= LONGEST_BRACKETED;
}

/* --- all of it ---------------------------------------------------------------------------------- */

/* "No. 5", and "vol. II". */
static bool is_number_at(const struct sentence_splitter *splitter, enum follower follower,
                         size_t next)
{
    struct word word = {.text = splitter->text + next};
    if (follower == FOLLOWER_DIGIT)
        return true;
    while (next + word.size < splitter->size && scan_is_upper(word.text[word.size]))
        word.size++;
    int32_t after;
    scan_code(splitter, next + word.size, &after);
    if (scan_is_letter(after))
        return false;
    return is_roman(word) || (word.size == 1 && (*word.text == 'V' || *word.text == 'X'));
}

bool dot_ends_sentence(const struct sentence_splitter *splitter, size_t first, size_t dot,
                       enum follower follower, size_t next)
{
    struct word word = word_before(splitter, first, dot);
    if (word.size > 0 && digits_at(word.text, word.size) == word.size)
        return word.start == first && word.size < 4
                   ? false
                   : number_ends(splitter, first, word, follower, next);
    if (word.start == first && is_item_number(word))
        return false;
    if (is_roman(word) && follower == FOLLOWER_OTHER)
        return roman_ends(splitter, first, word, next);
    switch (word_abbreviation(splitter, first, word)) {
    case ABBREVIATION_TITLE:
        return false;
    case ABBREVIATION_NUMBER:
        if (is_number_at(splitter, follower, next))
            return false;
        break;
    case ABBREVIATION_LAST:
        return follower == FOLLOWER_OTHER && is_first_word(splitter, next, false);
    case ABBREVIATION_ENDING:
        return true;
    case ABBREVIATION_NONE:
        break;
    }
    const bool initial = is_single_letter(splitter, first, word) && !is_unit(splitter, first, word);
    return !(initial || is_bracketed(splitter, first, dot, word)) ||
           (follower == FOLLOWER_OTHER && is_first_word(splitter, next, initial));
}

bool dot_has_plain_word(const struct sentence_splitter *splitter, size_t first, size_t dot)
{
    struct word word = word_before(splitter, first, dot);
    for (size_t i = 0; i < word.size; i++)
        if (scan_is_digit(word.text[i]) || word.text[i] == '.' || scan_is_upper(word.text[i]))
            return false;
    return word.characters >= PLAIN_WORD &&
           word_abbreviation(splitter, first, word) == ABBREVIATION_NONE;
}

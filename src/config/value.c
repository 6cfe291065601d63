#include "value.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lambert/base/memory.h"

/* Of a change: the steps after which it is. */
#define MOST_STEPS "[1, 1000000000]"

/* Whether x lies in an interval such as "[1, 8)". */
static bool inside(const char *interval, double x)
{
    char *end;
    double low = strtod(interval + 1, &end);
    require((*interval == '[' || *interval == '(') && *end == ',');
    double high = strtod(end + 1, &end);
    require(*end == ']' || *end == ')');
    bool above = *interval == '[' ? x >= low : x > low;
    bool below = *end == ']' ? x <= high : x < high;
    return above && below;
}

/* strtoll() and strtod() skip white space in front; a value has none. */
static bool begins_as_number(const char *text)
{
    return *text != '\0' && strchr("+-.0123456789", *text);
}

static bool parse_whole(const struct key *key, const char *text, void *place)
{
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (!begins_as_number(text) || *end != '\0' || errno != 0 ||
        !inside(key->accepts, (double)value))
        return false;
    if (key->type == KEY_INT)
        *(int *)place = (int)value;
    else
        *(int64_t *)place = value;
    return true;
}

static bool parse_real(const struct key *key, const char *text, void *place)
{
    char *end;
    double value = strtod(text, &end);
    if (!begins_as_number(text) || *end != '\0' || strpbrk(text, "xX") || !isfinite(value) ||
        !inside(key->accepts, value))
        return false;
    *(double *)place = value == 0 ? 0 : value; /* no -0 */
    return true;
}

static bool parse_bool(const char *text, void *place)
{
    static const char *const words[] = {"no", "yes", "false", "true", "off", "on", "0", "1"};
    for (int i = 0; i < 8; i++) {
        if (strcasecmp(text, words[i]) == 0) {
            *(bool *)place = i % 2 == 1;
            return true;
        }
    }
    return false;
}

static bool parse_choice(const struct choice *choices, const char *text, void *place)
{
    for (; choices->word; choices++) {
        if (strcmp(choices->word, text) == 0) {
            *(unsigned *)place = choices->value;
            return true;
        }
    }
    return false;
}

/* "1000:1024": after so many steps, so many sequences. */
static bool parse_change(const struct key *key, const char *text, void *place)
{
    struct key number = {.type = KEY_INT, .accepts = MOST_STEPS};
    const char *colon = strchr(text, ':');
    struct batch_change change = {0};
    if (!colon)
        return false;
    char *after = memory_text("%.*s", (int)(colon - text), text);
    bool good = parse_whole(&number, after, &change.after);
    free(after);
    number.accepts = key->accepts;
    good = good && parse_whole(&number, colon + 1, &change.sequences);
    if (good)
        *(struct batch_change *)place = change;
    return good;
}

/* What an INI file cannot hold is no value on the command line either: the configuration of a run
 * is kept as a file. A comment begins with ; (or, for people, #) at the front or behind a space. */
static bool fits_a_file(const char *text)
{
    size_t length = strlen(text);
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        bool edge = i == 0 || text[i - 1] == ' ';
        if (c < ' ' || c == 0x7f || (edge && (c == ';' || c == '#')))
            return false;
    }
    return length == 0 || (text[0] != ' ' && text[length - 1] != ' ');
}

static bool parse_text(const struct key *key, const char *text, void *place)
{
    if (strlen(text) >= key->size || !fits_a_file(text))
        return false;
    memset(place, 0, key->size);
    strcpy(place, text);
    return true;
}

static bool parse_one(const struct key *key, const char *text, void *place)
{
    switch (key->type) {
    case KEY_INT:
    case KEY_INT64:
        return parse_whole(key, text, place);
    case KEY_REAL:
        return parse_real(key, text, place);
    case KEY_BOOL:
        return parse_bool(text, place);
    case KEY_CHOICE:
        return parse_choice(key->choices, text, place);
    case KEY_TEXT:
        return parse_text(key, text, place);
    case KEY_CHANGE:
        return parse_change(key, text, place);
    }
    return false;
}

/* "a, b, c", with blanks around the commas or without; an empty text is an empty list. */
static bool parse_list(const struct key *key, const char *text, void *entry)
{
    static const char blanks[] = " \t";
    char *place = (char *)entry + key->offset;
    int *count = (int *)((char *)entry + key->count_offset);
    *count = 0;
    memset(place, 0, (size_t)key->list_most * key->size);
    for (const char *next = text; next && *text != '\0'; (*count)++, place += key->size) {
        next += strspn(next, blanks);
        size_t length = strcspn(next, ",");
        const char *comma = next[length] == ',' ? next + length : NULL;
        while (length > 0 && strchr(blanks, next[length - 1]))
            length--;
        char *one = memory_text("%.*s", (int)length, next);
        bool good = length > 0 && *count < key->list_most && parse_one(key, one, place);
        free(one);
        if (!good)
            return false;
        next = comma ? comma + 1 : NULL;
    }
    return true;
}

int value_parse(const struct key *key, const char *name, const char *text, void *entry,
                struct error *err)
{
    if (key->list_most > 0 ? parse_list(key, text, entry)
                           : parse_one(key, text, (char *)entry + key->offset))
        return 0;
    struct buffer wanted = {0};
    value_describe(key, &wanted);
    const char *hint = strchr(text, '#') ? " (comments behind a value begin with ;)" : "";
    error_set(err, "'%s' cannot be '%.200s'; it must be %s%s", name, text, buffer_text(&wanted),
              hint);
    buffer_release(&wanted);
    return -1;
}

/* The fewest digits that read back as the same number. */
static void print_real(double value, struct buffer *out)
{
    char text[40];
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            break;
    }
    buffer_print(out, "%s", text);
}

const char *value_word(const struct key *key, unsigned value)
{
    for (const struct choice *choice = key->choices; choice->word; choice++)
        if (choice->value == value)
            return choice->word;
    bug("%s has no word for its value %u", key->name, value);
}

static void print_one(const struct key *key, const void *place, struct buffer *out)
{
    switch (key->type) {
    case KEY_INT:
        buffer_print(out, "%d", *(const int *)place);
        break;
    case KEY_INT64:
        buffer_print(out, "%" PRId64, *(const int64_t *)place);
        break;
    case KEY_REAL:
        print_real(*(const double *)place, out);
        break;
    case KEY_BOOL:
        buffer_print(out, "%s", *(const bool *)place ? "yes" : "no");
        break;
    case KEY_CHOICE:
        buffer_print(out, "%s", value_word(key, *(const unsigned *)place));
        break;
    case KEY_TEXT:
        buffer_print(out, "%s", (const char *)place);
        break;
    case KEY_CHANGE: {
        const struct batch_change *change = place;
        buffer_print(out, "%d:%d", change->after, change->sequences);
        break;
    }
    }
}

static int list_count(const struct key *key, const void *entry)
{
    return *(const int *)((const char *)entry + key->count_offset);
}

void value_print(const struct key *key, const void *entry, struct buffer *out)
{
    const char *place = (const char *)entry + key->offset;
    int count = key->list_most > 0 ? list_count(key, entry) : 1;
    for (int i = 0; i < count; i++, place += key->size) {
        buffer_print(out, "%s", i > 0 ? ", " : "");
        print_one(key, place, out);
    }
}

bool value_missing(const struct key *key, const void *entry)
{
    static const char nothing[CONFIG_CORPORA]; /* the longest text */
    if (key->standard)
        return false;
    return key->list_most > 0 ? list_count(key, entry) == 0
                              : memcmp((const char *)entry + key->offset, nothing, key->size) == 0;
}

bool value_is_standard(const struct key *key, const void *entry)
{
    struct buffer value = {0};
    value_print(key, entry, &value);
    const bool same = key->standard && strcmp(buffer_text(&value), key->standard) == 0;
    buffer_release(&value);
    return same;
}

void value_describe(const struct key *key, struct buffer *out)
{
    if (key->list_most > 0)
        buffer_print(out, "a list of at most %d, with commas between them, each ", key->list_most);
    switch (key->type) {
    case KEY_INT:
    case KEY_INT64:
        buffer_print(out, "a whole number in %s", key->accepts);
        break;
    case KEY_REAL:
        buffer_print(out, "a number in %s", key->accepts);
        break;
    case KEY_BOOL:
        buffer_print(out, "yes or no");
        break;
    case KEY_CHOICE:
        for (const struct choice *choice = key->choices; choice->word; choice++)
            buffer_print(out, "%s%s", choice == key->choices ? "one of: " : ", ", choice->word);
        break;
    case KEY_TEXT:
        buffer_print(out, "a text of less than %zu bytes without control characters or ' ;'",
                     key->size);
        break;
    case KEY_CHANGE:
        buffer_print(out, "two whole numbers STEP:SEQUENCES, in %s and %s", MOST_STEPS,
                     key->accepts);
        break;
    }
}

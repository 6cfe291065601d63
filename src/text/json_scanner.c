#define _GNU_SOURCE /* memrchr() */
#include "lambert/text/json_scanner.h"

#include <stdint.h>
#include <string.h>

#include "lambert/base/error.h"
#include "lambert/text/unicode.h"

/* Objects and arrays inside each other: far more than anyone writes, far less than the stack holds. */
enum { DEEPEST = 500 };

struct scanner {
    const char *at, *end;
};

static bool is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static void pass_space(struct scanner *scanner)
{
    while (scanner->at < scanner->end && is_space(*scanner->at))
        scanner->at++;
}

/* --- values: `at` goes behind the value, or to the fault ------------------------------------------ */

static bool is_hexadecimal(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* The bytes of the escape that begins at text, or 0 where it is none; where it is cut off at `end`, what is
 * there, or 0 where the value is `whole`. */
static size_t escape_size(const char *text, const char *end, bool whole)
{
    if (text + 1 == end)
        return whole ? 0 : 1;
    if (text[1] != 'u')
        return strchr("\"\\/bfnrt", text[1]) && text[1] != '\0' ? 2 : 0;
    for (size_t i = 2; i < 6; i++) {
        if (text + i == end)
            return whole ? 0 : i;
        if (!is_hexadecimal(text[i]))
            return 0;
    }
    return 6;
}

/* Behind the opening quote. */
static enum json_found scan_text(struct scanner *scanner, struct json_value *value)
{
    const char *begin = scanner->at, *at = begin, *quote, *limit;
    /* The end is found by looking for quotes, and escapes are checked after that: both are searches
     * for one byte, which the library does many bytes at once. */
    do {
        quote = memchr(at, '"', (size_t)(scanner->end - at));
        limit = quote ? quote : scanner->end;
        const char *back = limit;
        while (quote && back > begin && back[-1] == '\\')
            back--;
        if ((limit - back) % 2 == 0)
            break;
        at = limit + 1;
    } while (quote);
    const char *newline = memchr(begin, '\n', (size_t)(limit - begin));
    const char *checked = newline ? newline : limit;
    for (at = begin; (at = memchr(at, '\\', (size_t)(checked - at)));) {
        size_t size = escape_size(at, checked, quote && !newline);
        if (size == 0) {
            scanner->at = at;
            return JSON_BROKEN;
        }
        at += size;
    }
    scanner->at = newline ? newline : quote ? quote + 1 : limit;
    *value =
        (struct json_value){.kind = JSON_TEXT, .text = begin, .size = (size_t)(checked - begin)};
    return newline ? JSON_BROKEN : quote ? JSON_VALUE : JSON_CUT;
}

static bool is_word(const char *text, size_t size)
{
    static const char *const words[] = {"true", "false", "null", "NaN",  "Infinity", "-Infinity",
                                        "-NaN", "nan",   "inf",  "-inf", "-nan"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strlen(words[i]) == size && memcmp(text, words[i], size) == 0)
            return true;
    return false;
}

static bool is_number(const char *text, size_t size)
{
    size_t digits = text[0] == '-';
    if (digits == size || text[digits] < '0' || text[digits] > '9')
        return false;
    for (size_t i = digits; i < size; i++)
        if (!strchr("0123456789.eE+-", text[i]))
            return false;
    return true;
}

/* Words and numbers are ASCII. */
static bool is_of_word(char c)
{
    const unsigned char byte = (unsigned char)c;
    return byte > ' ' && byte < 0x80 && !strchr(",:[]{}\"", c);
}

static enum json_found scan_word(struct scanner *scanner, struct json_value *value)
{
    const char *begin = scanner->at, *at = begin;
    while (at < scanner->end && is_of_word(*at))
        at++;
    const size_t size = (size_t)(at - begin);
    *value = (struct json_value){.kind = JSON_OTHER, .text = begin, .size = size};
    if (size > 0 && at == scanner->end)
        return JSON_CUT;
    if (size == 0 || !(is_word(begin, size) || is_number(begin, size)))
        return JSON_BROKEN;
    scanner->at = at;
    return JSON_VALUE;
}

static enum json_found scan_value(struct scanner *scanner, struct json_value *value, int depth);

static enum json_found scan_name(struct scanner *scanner, struct json_value *name)
{
    pass_space(scanner);
    if (scanner->at == scanner->end)
        return JSON_CUT;
    if (*scanner->at != '"')
        return JSON_BROKEN;
    scanner->at++;
    enum json_found found = scan_text(scanner, name);
    if (found != JSON_VALUE)
        return found;
    pass_space(scanner);
    if (scanner->at == scanner->end)
        return JSON_CUT;
    if (*scanner->at != ':')
        return JSON_BROKEN;
    scanner->at++;
    return JSON_VALUE;
}

/* Behind the opening bracket. */
static enum json_found scan_inside(struct scanner *scanner, bool object, int depth)
{
    const char close = object ? '}' : ']';
    struct json_value inner;
    pass_space(scanner);
    if (scanner->at < scanner->end && *scanner->at == close) {
        scanner->at++;
        return JSON_VALUE;
    }
    for (;;) {
        enum json_found found = object ? scan_name(scanner, &inner) : JSON_VALUE;
        if (found == JSON_VALUE)
            found = scan_value(scanner, &inner, depth + 1);
        if (found != JSON_VALUE)
            return found;
        pass_space(scanner);
        if (scanner->at == scanner->end)
            return JSON_CUT;
        const char next = *scanner->at;
        if (next != ',' && next != close)
            return JSON_BROKEN;
        scanner->at++;
        if (next == close)
            return JSON_VALUE;
    }
}

static enum json_found scan_value(struct scanner *scanner, struct json_value *value, int depth)
{
    pass_space(scanner);
    const char *begin = scanner->at;
    if (begin == scanner->end)
        return JSON_CUT;
    if (*begin == '"') {
        scanner->at++;
        return scan_text(scanner, value);
    }
    if (*begin != '{' && *begin != '[')
        return scan_word(scanner, value);
    if (depth == DEEPEST)
        return JSON_BROKEN;
    scanner->at++;
    enum json_found found = scan_inside(scanner, *begin == '{', depth);
    *value = (struct json_value){.kind = *begin == '{' ? JSON_OBJECT : JSON_ARRAY,
                                 .text = begin,
                                 .size = (size_t)(scanner->at - begin)};
    return found;
}

/* --- values one after another -------------------------------------------------------------------- */

static const char *first_of_line(const char *line, const char *end)
{
    while (line < end && (*line == ' ' || *line == '\t' || *line == '\r'))
        line++;
    return line;
}

/* How far to the right the line begins in which a value does. Where the line is long, for there are many values in
 * it, its beginning is not looked for: each of them would look through all before it. */
static ptrdiff_t indent_of(const char *text, const char *begin, const char *end)
{
    enum { LOOK_BACK = 256 };
    const char *from = begin - text > LOOK_BACK ? begin - LOOK_BACK : text;
    const char *newline = memrchr(from, '\n', (size_t)(begin - from));
    if (!newline && from > text)
        return 0;
    const char *line = newline ? newline + 1 : from;
    return first_of_line(line, end) - line;
}

/* Whether an object that begins at `at`, in the same line as what is broken, may be one of those beside it:
 * an object ended right before it. */
static bool stands_beside(const char *begin, const char *at)
{
    bool comma = false;
    while (--at > begin) {
        if (*at == '}')
            return true;
        if (!is_space(*at) && (*at != ',' || comma))
            return false;
        comma = comma || *at == ',';
    }
    return false;
}

/* The first object behind `from`, in the same line, that stands beside another; NULL: there is none. */
static const char *beside_in_line(const char *from, const char *end)
{
    for (const char *at = from; at < end && *at != '\n'; at++)
        if (*at == '{' && stands_beside(from, at))
            return at;
    return NULL;
}

/* The first line behind the one of `from`, before `end`, that begins with an object, no further to the right than `indent`. (What
 * is inside an object is further to the right, or it begins no line.) NULL: there is none. */
static const char *beside_in_lines(const char *from, const char *end, ptrdiff_t indent)
{
    for (const char *line = from; (line = memchr(line, '\n', (size_t)(end - line)));) {
        line++;
        const char *first = first_of_line(line, end);
        if (first < end && *first == '{' && first - line <= indent)
            return line;
    }
    return NULL;
}

/* Where values begin again behind one that begins at `begin` and breaks at `fault`: at an object that stands beside
 * it, though its end was not seen, for that is missing; at one that may not stand where it does, for the same reason; or
 * else at the next one beside it. */
static const char *resume(const char *text, const char *begin, const char *fault, const char *end)
{
    const ptrdiff_t indent = indent_of(text, begin, end);
    const char *beside = beside_in_lines(begin, fault, indent);
    if (beside)
        return beside;
    if (fault < end && *fault == '{' && fault > begin) {
        const char *line = fault;
        while (line > begin && (line[-1] == ' ' || line[-1] == '\t' || line[-1] == '\r'))
            line--;
        return line > begin && line[-1] == '\n' ? line : fault;
    }
    beside = beside_in_line(fault, end);
    if (!beside)
        beside = beside_in_lines(fault, end, indent);
    return beside ? beside : end;
}

/* The same behind one that has no end. */
static const char *resume_inside(const char *text, const char *begin, const char *end)
{
    const char *beside = beside_in_lines(begin, end, indent_of(text, begin, end));
    if (!beside)
        beside = beside_in_line(begin, end);
    return beside ? beside : end;
}

/* The first text behind `begin` that is seen to stand in an array of texts, or `end`: it is behind a comma, which is
 * behind a text or ends a line. */
static const char *resume_text(const char *begin, const char *end)
{
    for (const char *quote = begin + 1;
         quote < end && (quote = memchr(quote, '"', (size_t)(end - quote))); quote++) {
        const char *at = quote;
        bool newline = false;
        while (at > begin && is_space(at[-1]))
            newline = *--at == '\n' || newline;
        if (at == begin || *--at != ',')
            continue;
        while (at > begin && is_space(at[-1]))
            at--;
        if (newline || (at > begin && at[-1] == '"'))
            return quote;
    }
    return end;
}

static const char *pass_between(const char *at, const char *end)
{
    for (;;) {
        if (at < end && (is_space(*at) || *at == ',' || *at == '[' || *at == ']'))
            at++;
        else if (end - at >= 3 && memcmp(at, "\xEF\xBB\xBF", 3) == 0)
            at += 3;
        else
            return at;
    }
}

static enum json_found next_value(const char *text, size_t size, size_t longest, size_t *position,
                                  size_t *start, struct json_value *value)
{
    const char *end = text + size, *begin = pass_between(text + *position, end);
    const bool longer = (size_t)(end - begin) > longest;
    struct scanner scanner = {.at = begin, .end = longer ? begin + longest : end};
    if (start)
        *start = (size_t)(begin - text);
    *position = size;
    if (begin == end)
        return JSON_END;
    enum json_found found = scan_value(&scanner, value, 0);
    if (found == JSON_VALUE)
        *position = (size_t)(scanner.at - text);
    else if (found == JSON_BROKEN)
        *position = (size_t)(resume(text, begin, scanner.at, end) - text);
    if (found != JSON_CUT || !longer)
        return found;
    *position = (size_t)(resume_inside(text, begin, scanner.end) - text);
    return JSON_BROKEN;
}

enum json_found json_next_value(const char *text, size_t size, size_t *position, size_t *start,
                                struct json_value *value)
{
    return next_value(text, size, JSON_LONGEST, position, start, value);
}

enum json_found json_next_whole(const char *text, size_t size, size_t *position, size_t *start,
                                struct json_value *value)
{
    return next_value(text, size, SIZE_MAX, position, start, value);
}

enum json_found json_next_element(const char *text, size_t size, bool texts, bool ends,
                                  size_t *position, size_t *start, struct json_value *value)
{
    enum json_found found = json_next_value(text, size, position, start, value);
    const char *begin = text + *start, *end = text + size;
    if (found == JSON_VALUE || found == JSON_END)
        return found;
    if (found == JSON_CUT && !ends)
        return JSON_CUT;
    if (texts && *begin != '{' && *begin != '[')
        *position = (size_t)(resume_text(begin, end) - text);
    else if (found == JSON_CUT)
        *position = (size_t)(resume_inside(text, begin, end) - text);
    return !ends && *position == size && size - *start <= JSON_LONGEST ? JSON_CUT : JSON_BROKEN;
}

bool json_next_member(const struct json_value *object, size_t *cursor, struct json_value *name,
                      struct json_value *value)
{
    require(object->kind == JSON_OBJECT);
    struct scanner scanner = {.at = object->text + *cursor, .end = object->text + object->size};
    pass_space(&scanner);
    scanner.at++; /* the opening bracket, a comma, or the closing bracket of an empty object */
    pass_space(&scanner);
    if (scanner.at >= scanner.end || *scanner.at == '}' ||
        scan_name(&scanner, name) != JSON_VALUE || scan_value(&scanner, value, 1) != JSON_VALUE)
        return false;
    *cursor = (size_t)(scanner.at - object->text);
    return true;
}

bool json_begins_object(const char *text, size_t size)
{
    struct scanner scanner = {.at = text + 1, .end = text + size};
    struct json_value name;
    return size > 0 && *text == '{' && scan_name(&scanner, &name) == JSON_VALUE;
}

/* --- texts --------------------------------------------------------------------------------------- */

static int32_t hexadecimal(const char *text)
{
    int32_t code = 0;
    for (int i = 0; i < 4; i++)
        code = code << 4 | (text[i] <= '9' ? text[i] - '0' : (text[i] & 0xF) + 9);
    return code;
}

/* Decodes the escape at text[0, size), which scan_text() checked, and returns its bytes. */
static size_t decode_escape(const char *text, size_t size, struct buffer *out)
{
    static const char letters[] = "bfnrt", meant[] = "\b\f\n\r\t";
    enum { HIGH = 0xD800, LOW = 0xDC00, BEHIND = 0xE000, REPLACEMENT = 0xFFFD };
    if (text[1] != 'u') {
        const char *letter = strchr(letters, text[1]);
        buffer_put_u8(out, (uint8_t)(letter ? meant[letter - letters] : text[1]));
        return 2;
    }
    size_t taken = 6;
    int32_t code = hexadecimal(text + 2);
    if (code >= HIGH && code < BEHIND) {
        bool pair = code < LOW && size >= 12 && text[6] == '\\' && text[7] == 'u';
        int32_t low = pair ? hexadecimal(text + 8) : 0;
        if (low >= LOW && low < BEHIND) {
            code = 0x10000 + ((code - HIGH) << 10) + (low - LOW);
            taken = 12;
        } else {
            code = REPLACEMENT;
        }
    }
    char bytes[UNICODE_UTF8_LONGEST];
    buffer_put(out, bytes, unicode_encode(code == 0 ? REPLACEMENT : code, bytes));
    return taken;
}

void json_decode(const struct json_value *text, struct buffer *out)
{
    const char *at = text->text, *end = at + text->size;
    buffer_reserve(out, out->size + text->size);
    while (at < end) {
        const char *backslash = memchr(at, '\\', (size_t)(end - at));
        const char *plain = backslash ? backslash : end;
        buffer_put(out, at, (size_t)(plain - at));
        at = plain;
        if (backslash)
            at += decode_escape(at, (size_t)(end - at), out);
    }
}

bool json_text_is(const struct json_value *text, const char *name, size_t size)
{
    if (!memchr(text->text, '\\', text->size))
        return text->size == size && memcmp(text->text, name, size) == 0;
    struct buffer decoded = {0};
    json_decode(text, &decoded);
    bool same = decoded.size == size && (size == 0 || memcmp(decoded.data, name, size) == 0);
    buffer_release(&decoded);
    return same;
}

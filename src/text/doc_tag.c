#include "doc_tag.h"

#include <string.h>

#include "lambert/text/text_lines.h"

static bool is_space(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == ':' || c == '-' || c == '.';
}

static const char *pass_space(const char *at, const char *end)
{
    while (at < end && is_space(*at))
        at++;
    return at;
}

static const char *pass_name(const char *at, const char *end)
{
    while (at < end && is_name(*at))
        at++;
    return at;
}

/* Whether the tag's end or another attribute follows behind a value. */
static bool value_ends(const char *at, const char *end)
{
    const char *next = pass_space(at, end);
    if (next + 1 == end)
        return *next == '>';
    const char *equals = pass_name(next, end);
    return next > at && equals > next && equals < end && *equals == '=';
}

struct attribute {
    const char *name, *value;
    size_t name_size, value_size;
};

/* The attribute at *at, and *at behind it. */
static bool next_attribute(const char **at, const char *end, struct attribute *attribute)
{
    const char *name = pass_space(*at, end), *equals = pass_name(name, end);
    if (name == *at || equals == name || equals + 1 >= end || *equals != '=')
        return false;
    const char quote = equals[1];
    const bool quoted = quote == '"' || quote == '\'';
    const char *value = equals + 1 + quoted, *close = value;
    if (quoted) {
        while ((close = memchr(close, quote, (size_t)(end - close))) && !value_ends(close + 1, end))
            close++;
        if (!close)
            return false;
    } else {
        while (close < end && !is_space(*close) && *close != '>')
            close++;
    }
    *attribute = (struct attribute){.name = name,
                                    .name_size = (size_t)(equals - name),
                                    .value = value,
                                    .value_size = (size_t)(close - value)};
    *at = close + quoted;
    return true;
}

bool doc_tag_begins(const char *line, size_t length, const char **title, size_t *title_length)
{
    const char *at = line + strlen("<doc"), *end = line + length;
    struct attribute attribute;
    if (length < strlen("<doc>") || !text_begins_with(line, length, "<doc") || end[-1] != '>' ||
        !(is_space(*at) || *at == '>'))
        return false;
    *title = line;
    *title_length = 0;
    while (next_attribute(&at, end, &attribute)) {
        if (attribute.name_size != strlen("title") || !text_begins_with(attribute.name, 5, "title"))
            continue;
        *title = attribute.value;
        *title_length = attribute.value_size;
    }
    return pass_space(at, end) + 1 == end;
}

bool doc_tag_ends(const char *line, size_t length)
{
    return length == strlen("</doc>") && text_begins_with(line, length, "</doc>");
}

bool doc_tag_stands_around(const char *line, size_t length)
{
    if (length < sizeof "<a" || line[0] != '<' || line[length - 1] != '>')
        return false;
    const char *name = line + 1 + (line[1] == '/' || line[1] == '?' || line[1] == '!');
    return ((*name >= 'a' && *name <= 'z') || (*name >= 'A' && *name <= 'Z')) &&
           !memchr(line + 1, '<', length - 1) && !memchr(line, '>', length - 1);
}

#include "ini_text.h"

#include <ctype.h>
#include <ini.h>
#include <stdbool.h>
#include <string.h>

#include "lambert/config/config.h"

/* Debian's inih has its limits as variables, others have them built in. */
extern int ini_max_line __attribute__((weak));

enum { LONGEST_LINE = CONFIG_CORPORA + 256 }; /* a list of corpora is the longest value */

struct walk {
    const char *next; /* unread text */
    const char *file;
    int line;                       /* number of the last line read */
    char section[CONFIG_NAME + 16]; /* the one that the line is in; "" before the first */
    bool failed;
    const struct ini_visitor *visitor;
    struct error *err;
};

static void fail(struct walk *walk)
{
    walk->failed = true;
    error_prefix(walk->err, "%s:%d", walk->file, walk->line);
}

/* The line is a section's: tell its name. inih would not, for a section without keys. */
static void visit_section(struct walk *walk, const char *line)
{
    const char *end = strchr(line, ']');
    if (!end) {
        error_set(walk->err, "the section's ']' is missing");
        fail(walk);
        return;
    }
    const char *rest = end + 1 + strspn(end + 1, " \t\r\n");
    char name[CONFIG_NAME + 16];
    size_t length = (size_t)(end - line - 1);
    if (*rest != '\0' && *rest != ';' && *rest != '#') {
        error_set(walk->err, "there is something behind the section's ']'");
        fail(walk);
    } else if (length >= sizeof name) {
        error_set(walk->err, "the section's name is too long");
        fail(walk);
    } else {
        memcpy(name, line + 1, length);
        name[length] = '\0';
        for (size_t i = 0; i <= length; i++)
            walk->section[i] =
                (char)(name[i] == ' ' ? '.' : name[i]); /* as keys are named elsewhere */
        if (walk->visitor->section(walk->visitor->user, name, walk->line, walk->err) < 0)
            fail(walk);
    }
}

/* Names the key: of all that is wrong with such a line it is the only thing to look for. */
static void fail_as_too_long(struct walk *walk, const char *line, size_t length, int most)
{
    size_t key = strcspn(line, "=:\n");
    key = key < length ? key : 0; /* neither: the line has no key */
    while (key > 0 && isspace((unsigned char)line[key - 1]))
        key--;
    if (key == 0 || key > CONFIG_NAME)
        error_set(walk->err, "the line is too long (at most %d bytes)", most);
    else
        error_set(walk->err, "the line of '%s%s%.*s' is too long (%zu bytes; at most %d)",
                  walk->section, walk->section[0] ? "." : "", (int)key, line, length, most);
    fail(walk);
}

/* As fgets(), for inih: the next line, without its indentation, which to inih would mean that the
 * value of the line before goes on, and without what a comment says, which may be of any length. */
static char *next_line(char *line, int size, void *user)
{
    struct walk *walk = user;
    if (walk->failed || *walk->next == '\0')
        return NULL;
    walk->line++;
    size_t length = strcspn(walk->next, "\n");
    const char *start = walk->next;
    walk->next += length + (walk->next[length] == '\n');
    while (length > 0 && isspace((unsigned char)*start)) {
        start++;
        length--;
    }
    if (*start == ';' || *start == '#')
        length = 1;
    if (length + 2 > (size_t)size) {
        fail_as_too_long(walk, start, length, size - 2);
        return NULL;
    }
    memcpy(line, start, length);
    memcpy(line + length, "\n", 2);
    if (*line == '[')
        visit_section(walk, line);
    return walk->failed ? NULL : line;
}

static int visit_key(void *user, const char *section, const char *key, const char *value)
{
    struct walk *walk = user;
    if (walk->failed)
        return 0;
    if (walk->visitor->key(walk->visitor->user, section, key, value, walk->line, walk->err) < 0)
        fail(walk);
    return !walk->failed;
}

int ini_text_visit(const char *text, const char *file, const struct ini_visitor *visitor,
                   struct error *err)
{
    if (&ini_max_line)
        ini_max_line = LONGEST_LINE;
    if (strncmp(text, "\xef\xbb\xbf", 3) == 0) /* a byte order mark */
        text += 3;
    struct walk walk = {.next = text, .file = file, .visitor = visitor, .err = err};
    int line = ini_parse_stream(next_line, &walk, visit_key, &walk);
    if (walk.failed)
        return -1;
    if (line != 0)
        return error_set(err, "%s:%d: neither a [section], nor key = value, nor a comment", file,
                         line);
    return 0;
}

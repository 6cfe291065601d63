#include <string.h>

#include "lambert/base/roff.h"
#include "lambert/base/version.h"
#include "schema.h"
#include "value.h"

/* Appends text in lines of at most 96 characters, each behind `indent` spaces. */
static void put_wrapped(struct buffer *out, const char *text, int indent)
{
    enum { LINE_WIDTH = 96 };
    int column = 0;
    while (*text != '\0') {
        int word = (int)strcspn(text, " ");
        if (column > 0 && column + 1 + word > LINE_WIDTH) {
            buffer_put_u8(out, '\n');
            column = 0;
        }
        if (column == 0)
            buffer_print(out, "%*s", indent, "");
        else
            buffer_put_u8(out, ' ');
        column += column == 0 ? indent + word : 1 + word;
        buffer_put(out, text, (size_t)word);
        text += word;
        text += strspn(text, " ");
    }
    buffer_put_u8(out, '\n');
}

void config_help(struct buffer *out)
{
    for (int s = 0; s < config_schema.count; s++) {
        const struct section *section = &config_schema.sections[s];
        for (int k = 0; k < section->key_count; k++) {
            const struct key *key = &section->keys[k];
            char name[KEY_NAME];
            const char *standard = !key->standard   ? "(must be given)"
                                   : *key->standard ? key->standard
                                                    : "(empty)";
            buffer_print(out, "  %s = %s\n", key_full_name(section, key, "NAME", name), standard);
            put_wrapped(out, key->help, 6);
        }
    }
}

void config_key_names(struct buffer *out)
{
    char name[KEY_NAME];
    for (int s = 0; s < config_schema.count; s++)
        for (int k = 0; k < config_schema.sections[s].key_count; k++)
            buffer_print(out, "%s\n",
                         key_full_name(&config_schema.sections[s],
                                       &config_schema.sections[s].keys[k], "NAME", name));
}

/* As value_describe(), in a word where any text will do. */
static void describe(const struct key *key, struct buffer *out)
{
    if (key->type == KEY_TEXT && key->list_most == 0)
        buffer_print(out, "a text");
    else
        value_describe(key, out);
}

/* --- the pages, in Markdown and for man ------------------------------------------------------- */

/* Paragraphs of Markdown with `code`. */
static const char introduction[] =
    "A configuration is an INI file of sections and `key = value` lines. Comments begin with\n"
    "`;` or `#` at the front of a line, or with `;` behind a space after a value. Words\n"
    "`section.key=value` on the command line come after the file and win over it; the last of\n"
    "several wins. Relative paths are relative to the current folder. A key that is unknown or\n"
    "given twice, a value out of range, and keys that contradict each other stop the program\n"
    "before it does anything.\n"
    "\n"
    "Lines `include = FILE` may stand before the first section. Each puts in all that is in\n"
    "another file, whose name is relative to the folder of the file that includes it; what\n"
    "stands in the including file then wins, key by key. A section `[phase NAME]` of both is\n"
    "one phase. `lambert show config FILE` prints what it all comes to, as one file. A file\n"
    "that is not there, included or given to a command, is looked for among those that come\n"
    "with Lambert: `configs/bert-base-4k.ini` is found from anywhere (in the folder that\n"
    "`lambert help --folder` prints), and a line of the log says so.\n"
    "\n"
    "Intervals: `[1, 8)` is 1 to 8 with 1 and without 8. \"Result\" says whether a key changes\n"
    "the numbers of a run. Those keys go into checkpoints; a run is resumed with other values\n"
    "only if they are accepted by name (`--accept`). So it is with \"branch\", but that a run\n"
    "which is branched off another's checkpoint (`run.branch_from`) may have another value.\n";

void config_markdown(struct buffer *out)
{
    buffer_print(out,
                 "# Configuration\n"
                 "\n"
                 "Made from the table of keys by `make docs`; do not edit it here.\n"
                 "\n"
                 "%s",
                 introduction);
    for (int s = 0; s < config_schema.count; s++) {
        const struct section *section = &config_schema.sections[s];
        buffer_print(out, "\n## [%s%s]\n\n%s\n\n", section->name, section->plural ? " NAME" : "",
                     section->help);
        buffer_print(out,
                     "| key | default | accepts | result | meaning |\n|---|---|---|---|---|\n");
        for (int k = 0; k < section->key_count; k++) {
            const struct key *key = &section->keys[k];
            buffer_print(out, "| `%s` | ", key->name);
            if (!key->standard)
                buffer_print(out, "must be given");
            else if (*key->standard == '\0')
                buffer_print(out, "empty");
            else
                buffer_print(out, "`%s`", key->standard);
            buffer_print(out, " | ");
            describe(key, out);
            buffer_print(out, " | %s | %s |\n",
                         key->branches ? "branch"
                         : key->result ? "yes"
                                       : "no",
                         key->help);
        }
    }
}

/* Text as roff reads it, `code` in bold. */
static void put_roff(struct buffer *out, const char *text, size_t length)
{
    const char *end = text + length;
    for (bool bold = false; text < end; bold = !bold) {
        const char *tick = memchr(text, '`', (size_t)(end - text)), *stop = tick ? tick : end;
        roff_put(out, text, (size_t)(stop - text));
        if (tick)
            buffer_print(out, bold ? "\\fR" : "\\fB");
        text = stop + 1;
    }
}

/* A row of a Markdown table as an item of a list: "| tag | text | text |". */
static void put_roff_row(struct buffer *out, const char *row, size_t length)
{
    if (length > 1 && row[1] == '-') /* the line under a table's head */
        return;
    const char *end = row + length;
    int cells = 0;
    buffer_print(out, ".TP\n");
    for (const char *cell = row + 1; cell < end; cells++) {
        const char *bar = memchr(cell, '|', (size_t)(end - cell));
        const char *stop = bar ? bar : end, *next = stop + 1;
        while (cell < stop && *cell == ' ')
            cell++;
        while (stop > cell && stop[-1] == ' ')
            stop--;
        if (stop > cell && cells > 1)
            buffer_print(out, ".br\n");
        put_roff(out, cell, (size_t)(stop - cell));
        if (stop > cell)
            buffer_put_u8(out, '\n');
        cell = next;
    }
}

/* Paragraphs and tables of Markdown. */
static void put_roff_paragraphs(struct buffer *out, const char *text)
{
    bool table = false;
    while (*text != '\0') {
        size_t length = strcspn(text, "\n");
        if (*text == '|') {
            put_roff_row(out, text, length);
            table = true;
        } else if (length == 0) {
            buffer_print(out, ".PP\n");
        } else {
            put_roff(out, text, length);
            buffer_put_u8(out, '\n');
        }
        text += length + (text[length] == '\n');
    }
    if (table)
        buffer_print(out, ".PP\n");
}

static void put_man_key(const struct key *key, struct buffer *out)
{
    struct buffer line = {0};
    buffer_print(&line, "`%s`", key->name);
    if (key->standard)
        buffer_print(&line, " = %s", key->standard);
    else
        buffer_print(&line, " (must be given)");
    buffer_print(out, ".TP\n");
    put_roff(out, (const char *)line.data, line.size);
    buffer_print(out, "\n");
    put_roff(out, key->help, strlen(key->help));
    buffer_print(out, "\n.br\n");

    buffer_reset(&line);
    buffer_print(&line, "Takes ");
    describe(key, &line);
    buffer_print(&line, key->branches ? "; it changes the result, and may be another in a branch."
                        : key->result ? "; it changes the result."
                                      : ".");
    put_roff(out, (const char *)line.data, line.size);
    buffer_print(out, "\n");
    buffer_release(&line);
}

void config_man(struct buffer *out)
{
    buffer_print(out,
                 ".TH LAMBERT.INI 5 \"\" \"Lambert %s\" \"File formats\"\n"
                 ".SH NAME\n"
                 "lambert.ini \\- configuration of a training run\n"
                 ".SH DESCRIPTION\n",
                 LAMBERT_VERSION);
    put_roff_paragraphs(out, introduction);
    for (int s = 0; s < config_schema.count; s++) {
        const struct section *section = &config_schema.sections[s];
        buffer_print(out, ".SH [%s%s]\n", section->name, section->plural ? " NAME" : "");
        put_roff_paragraphs(out, section->help);
        for (int k = 0; k < section->key_count; k++)
            put_man_key(&section->keys[k], out);
    }
    buffer_print(out, ".SH SEE ALSO\n.BR lambert (1)\n");
}

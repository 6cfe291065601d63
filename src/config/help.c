#include <string.h>

#include "keys.h"
#include "value.h"

enum { LINE_WIDTH = 96 };

/* Appends text in lines of at most LINE_WIDTH, each behind `indent` spaces. */
static void put_wrapped(struct buffer *out, const char *text, int indent)
{
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
    char name[KEY_NAME];
    for (int i = 0; i < config_key_count; i++) {
        const struct key *key = &config_keys[i];
        const char *standard = key->standard == NULL    ? "(must be given)"
                               : *key->standard == '\0' ? "(empty)"
                                                        : key->standard;
        buffer_print(out, "  %s = %s\n", key_full_name(key, "NAME", name), standard);
        put_wrapped(out, key->help, 6);
    }
}

static void put_row(const struct key *key, struct buffer *out)
{
    struct buffer accepts = {0};
    value_describe(key, &accepts);
    if (key->type == KEY_TEXT)
        buffer_reset(&accepts);
    if (accepts.size == 0)
        buffer_print(&accepts, "a text");
    buffer_print(out, "| `%s` | ", key_bare_name(key));
    if (!key->standard)
        buffer_print(out, "must be given");
    else if (*key->standard == '\0')
        buffer_print(out, "empty");
    else
        buffer_print(out, "`%s`", key->standard);
    buffer_print(out, " | %s | %s | %s |\n", buffer_text(&accepts), key->result ? "yes" : "no",
                 key->help);
    buffer_release(&accepts);
}

static const char introduction[] =
    "# Configuration\n"
    "\n"
    "Made from the table of keys by `make docs`; do not edit it here.\n"
    "\n"
    "A configuration is an INI file of sections and `key = value` lines. Comments begin with `;` "
    "or\n"
    "`#` at the front of a line, or with `;` behind a space after a value. Words\n"
    "`section.key=value` on the command line come after the file and win over it; the last of\n"
    "several wins. Relative paths are relative to the current folder. A key that is unknown or\n"
    "given twice, a value out of range, and keys that contradict each other stop the program "
    "before\n"
    "it does anything.\n"
    "\n"
    "Intervals: `[1, 8)` is 1 to 8 with 1 and without 8. \"Result\" says whether a key changes "
    "the\n"
    "numbers of a run. Those keys go into checkpoints; a run is resumed with other values only if\n"
    "they are accepted by name (`--accept`).\n";

void config_markdown(struct buffer *out)
{
    buffer_print(out, "%s", introduction);
    for (int s = 0; s < config_section_count; s++) {
        const struct section *section = &config_sections[s];
        bool of_phases = strcmp(section->name, "phase") == 0;
        buffer_print(out, "\n## [%s%s]\n\n%s\n\n", section->name, of_phases ? " NAME" : "",
                     section->help);
        buffer_print(out,
                     "| key | default | accepts | result | meaning |\n|---|---|---|---|---|\n");
        for (int i = 0; i < config_key_count; i++)
            if (key_in_section(&config_keys[i], section->name))
                put_row(&config_keys[i], out);
    }
}

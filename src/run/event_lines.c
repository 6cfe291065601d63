#include "event_lines.h"

#include <stdlib.h>
#include <string.h>

#include "lambert/base/json.h"
#include "lambert/base/memory.h"

/* What is drawn, and under which name. */
static const struct {
    const char *kind, *name;
} drawn[] = {{"step", "train"},      {"evaluation", "evaluation"}, {"pairs", "pairs"},
             {"corpora", "corpora"}, {"tensors", "tensors"},       {"checkpoint", "checkpoint"}};

/* Where the line belongs, which is the event's place, and how far the run had come. */
static bool is_place(const char *name)
{
    return strcmp(name, "phase_step") == 0 || strcmp(name, "total_step") == 0;
}

/* The name of an element of an array: its first text. */
static const char *name_of(const cJSON *element)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, element) if (cJSON_IsString(item)) return item->valuestring;
    return NULL;
}

static void add_numbers(struct event_file *file, const char *prefix, const cJSON *object)
{
    const cJSON *item, *element;
    cJSON_ArrayForEach(item, object)
    {
        /* What is there as its text is a number by json_add_exact(). */
        if ((cJSON_IsNumber(item) || cJSON_IsRaw(item)) && !is_place(item->string)) {
            char *tag = memory_text("%s/%s", prefix, item->string);
            event_file_scalar(
                file, tag, cJSON_IsRaw(item) ? strtod(item->valuestring, NULL) : item->valuedouble);
            free(tag);
        } else if (cJSON_IsObject(item)) {
            add_numbers(file, prefix, item);
        } else if (cJSON_IsArray(item)) {
            cJSON_ArrayForEach(element, item)
            {
                const char *name = name_of(element);
                if (!name)
                    continue;
                char *below = memory_text("%s/%s", prefix, name);
                add_numbers(file, below, element);
                free(below);
            }
        }
    }
}

/* A value of the line in a cell of the table, letter by letter: a command line may have bars, which would end the cell,
 * and backticks, stars and brackets, which Markdown would read. */
static void add_cell(struct buffer *text, const char *value)
{
    buffer_print(text, "<code>");
    for (const char *c = value; *c; c++)
        if (strchr("\\`*_{}[]()<>#+!|&~:\"'\n\r", *c))
            buffer_print(text, "&#%d;", *c);
        else
            buffer_put(text, c, 1);
    buffer_print(text, "</code>");
}

/* The line of a process, as a table in Markdown. */
static void add_table(struct event_file *file, const cJSON *line)
{
    struct buffer text = {0};
    const cJSON *item;
    buffer_print(&text, "| | |\n|---|---|\n");
    cJSON_ArrayForEach(item, line)
    {
        if (!cJSON_IsString(item) && !cJSON_IsNumber(item))
            continue;
        buffer_print(&text, "| %s | ", item->string);
        if (cJSON_IsString(item))
            add_cell(&text, item->valuestring);
        else
            buffer_print(&text, "%.0f", item->valuedouble);
        buffer_print(&text, " |\n");
    }
    event_file_text(file, "run", buffer_text(&text));
    buffer_release(&text);
}

int event_lines_write(struct event_file *file, const cJSON *line, struct error *err)
{
    const char *kind = json_get_text(line, "kind");
    const cJSON *step = json_get(line, "total_step");
    if (strcmp(kind, "run") == 0)
        add_table(file, line);
    for (size_t i = 0; i < sizeof drawn / sizeof *drawn; i++)
        if (strcmp(kind, drawn[i].kind) == 0)
            add_numbers(file, drawn[i].name, line);
    return file->count > 0 ? event_file_write(file, (int64_t)step->valuedouble, err) : 0;
}

/* Four blanks before a line are Markdown's way to leave it as it is. */
int event_lines_write_config(struct event_file *file, const char *config, int64_t step,
                             struct error *err)
{
    struct buffer text = {0};
    for (const char *line = config; *line;) {
        const size_t length = strcspn(line, "\n");
        buffer_print(&text, "    %.*s\n", (int)length, line);
        line += length + (line[length] == '\n');
    }
    event_file_text(file, "configuration", buffer_text(&text));
    buffer_release(&text);
    return event_file_write(file, step, err);
}

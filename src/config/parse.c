#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "ini_text.h"
#include "lambert/base/file.h"
#include "lambert/base/log.h"
#include "lambert/base/memory.h"
#include "lambert/base/nearest.h"
#include "lambert/base/share_folder.h"
#include "schema.h"
#include "value.h"

static const char list_of_keys[] = "lambert train --help lists the keys";

/* `name` is what to call the key in the sentence. */
static int unknown_key(const struct schema *schema, const void *config, const char *name,
                       struct error *err)
{
    struct nearest nearest;
    nearest_init(&nearest, name);
    for (int i = 0; i < schema->count; i++) {
        const struct section *section = &schema->sections[i];
        int entries = section_count(section, config);
        for (int k = 0; k < section->key_count; k++) {
            char full[KEY_NAME];
            for (int e = 0; e < entries; e++)
                nearest_offer(&nearest,
                              key_full_name(section, &section->keys[k],
                                            section_entry_const(section, config, e), full));
            if (entries == 0)
                nearest_offer(&nearest, key_full_name(section, &section->keys[k], "NAME", full));
        }
    }
    return nearest_error(&nearest, "unknown key", list_of_keys, err);
}

/* --- files ------------------------------------------------------------------------------------ */

enum { DEEPEST_INCLUSION = 8 };

/* A file while it is read. An included file is read at once, in the middle of the one that includes
 * it, so that what follows there wins. A key may stand once in each file. */
struct ini_reader {
    const struct schema *schema;
    void *config;
    const char *path;           /* NULL: a text, which includes no file */
    struct config_pipes *pipes; /* NULL: a pipe is read wherever it is met */
    const struct ini_reader *includer;
    int *lines; /* where each section and key of each entry was given in this file; 0: not yet */
    const struct section *section; /* that is being read; NULL: none has begun */
    int entry;
};

static size_t lines_of_entry(const struct section *section)
{
    return 1 + (size_t)section->key_count;
}

static size_t lines_of_section(const struct section *section)
{
    return lines_of_entry(section) * (size_t)(section->plural ? section->most : 1);
}

/* The first line of the entry that is being read, and behind it those of its keys. */
static int *entry_lines(const struct ini_reader *reader)
{
    size_t before = (size_t)reader->entry * lines_of_entry(reader->section);
    for (const struct section *s = reader->schema->sections; s != reader->section; s++)
        before += lines_of_section(s);
    return reader->lines + before;
}

/* `heading` is "model" or "phase one". */
static int visit_section(void *user, const char *heading, int line, struct error *err)
{
    struct ini_reader *reader = user;
    const struct schema *schema = reader->schema;
    size_t word = strcspn(heading, " \t");
    const char *name = heading + word + strspn(heading + word, " \t");
    const struct section *section = schema_section(schema, heading, word);
    if (!section || (!section->plural && *name != '\0')) {
        struct nearest nearest;
        nearest_init(&nearest, heading);
        for (int i = 0; i < schema->count; i++)
            nearest_offer(&nearest, schema->sections[i].name);
        return nearest_error(&nearest, "unknown section", list_of_keys, err);
    }
    int entry = section->plural ? section_find(section, reader->config, name) : 0;
    if (entry < 0)
        entry = section_add(section, reader->config, name, err);
    if (entry < 0)
        return -1;
    reader->section = section;
    reader->entry = entry;
    int *begun = entry_lines(reader);
    if (*begun != 0)
        return error_set(err, "section [%s] has begun before, in line %d", heading, *begun);
    *begun = line;
    return 0;
}

/* Refuses a file that is being read already, and a chain of files that is too long. */
static int check_inclusion(const struct ini_reader *reader, const char *path, struct error *err)
{
    int depth = 0, status = 0;
    char *included = realpath(path, NULL);
    for (const struct ini_reader *r = reader; r && status == 0; r = r->includer) {
        char *open = realpath(r->path, NULL);
        if (included && open && strcmp(included, open) == 0)
            status = error_set(err, "%s would include itself", path);
        else if (++depth > DEEPEST_INCLUSION)
            status = error_set(err, "%s would be included by more than %d files in a row", path,
                               DEEPEST_INCLUSION);
        free(open);
    }
    free(included);
    return status;
}

static int read_file(const struct schema *schema, void *config, const char *path,
                     struct config_pipes *pipes, const struct ini_reader *includer,
                     struct error *err);

/* A configuration that is not where its name says may be one of those that come with the program, which are named
 * from anywhere as from the top of a checkout. `name` is as it was given, `path` (which is taken over) what it comes
 * to where it was given; gives what to read; free(). */
static char *installed_else(char *path, const char *name)
{
    if (*name == '/' || file_exists(path))
        return path;
    char *const installed = share_folder_file(name);
    if (!installed)
        return path;
    log_info("%s is not there: the one that comes with Lambert is read, %s", path, installed);
    free(path);
    return installed;
}

static int include(const struct ini_reader *reader, const char *file, struct error *err)
{
    if (!reader->path)
        return error_set(err, "'include' is for files; this text stands by itself");
    if (*file == '\0')
        return error_set(err, "'include' wants the name of a file");
    const char *slash = strrchr(reader->path, '/');
    int folder = slash && *file != '/' ? (int)(slash + 1 - reader->path) : 0;
    char *path = installed_else(memory_text("%.*s%s", folder, reader->path, file), file);
    int status = 0;
    if (check_inclusion(reader, path, err) < 0 ||
        read_file(reader->schema, reader->config, path, reader->pipes, reader, err) < 0)
        status = -1;
    free(path);
    return status;
}

static int visit_key(void *user, const char *heading, const char *name, const char *value, int line,
                     struct error *err)
{
    (void)heading;
    struct ini_reader *reader = user;
    const struct section *section = reader->section;
    bool includes = strcmp(name, "include") == 0;
    if (!section && includes)
        return include(reader, value, err);
    if (!section)
        return error_set(err, "'%s' stands before any [section]", name);

    void *entry = section_entry(section, reader->config, reader->entry);
    const struct key *key = section_key(section, name);
    char full[2 * KEY_NAME];
    snprintf(full, sizeof full, "%s%s%s.%.95s", section->name, section->plural ? "." : "",
             section->plural ? (const char *)entry : "", name);
    if (!key && includes)
        return error_set(err, "'include' stands before the first [section]");
    if (!key)
        return unknown_key(reader->schema, reader->config, full, err);
    int *given = entry_lines(reader) + 1 + (key - section->keys);
    if (*given != 0)
        return error_set(err, "'%s' was given before, in line %d", full, *given);
    *given = line;
    return value_parse(key, full, value, entry, err);
}

static int read_text(struct ini_reader *reader, const char *text, const char *name,
                     struct error *err)
{
    size_t lines = 0;
    for (int i = 0; i < reader->schema->count; i++)
        lines += lines_of_section(&reader->schema->sections[i]);
    reader->lines = memory_new(lines, sizeof *reader->lines);
    const struct ini_visitor visitor = {.section = visit_section, .key = visit_key, .user = reader};
    int status = ini_text_visit(text, name, &visitor, err);
    free(reader->lines);
    return status;
}

int schema_read_text(const struct schema *schema, void *config, const char *text, const char *name,
                     struct error *err)
{
    struct ini_reader reader = {.schema = schema, .config = config};
    return read_text(&reader, text, name, err);
}

static bool is_read_once(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && !S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode);
}

/* What is in the file, or was when it was read before. */
static int get_text(const char *path, struct config_pipes *pipes, struct buffer *text,
                    struct error *err)
{
    for (size_t i = 0; pipes && i < pipes->count; i++)
        if (strcmp(pipes->at[i].path, path) == 0) {
            buffer_put(text, pipes->at[i].text.data, pipes->at[i].text.size);
            return 0;
        }
    const bool once = pipes && is_read_once(path);
    if (once)
        pipes->met = true;
    if (file_read(path, text, err) < 0)
        return -1;
    if (once)
        config_pipes_add(pipes, path, text);
    return 0;
}

static int read_file(const struct schema *schema, void *config, const char *path,
                     struct config_pipes *pipes, const struct ini_reader *includer,
                     struct error *err)
{
    struct ini_reader reader = {
        .schema = schema, .config = config, .path = path, .pipes = pipes, .includer = includer};
    struct buffer text = {0};
    int status = get_text(path, pipes, &text, err);
    if (status == 0 && strlen(buffer_text(&text)) != text.size)
        status = error_set(err, "%s is not a configuration file: it holds a NUL byte", path);
    if (status == 0)
        status = read_text(&reader, buffer_text(&text), path, err);
    buffer_release(&text);
    return status;
}

int schema_read_file(const struct schema *schema, void *config, const char *path,
                     struct config_pipes *pipes, struct error *err)
{
    char *found = installed_else(memory_copy_text(path), path);
    const int status = read_file(schema, config, found, pipes, NULL, err);
    free(found);
    return status;
}

/* --- words ------------------------------------------------------------------------------------ */

/* The entry of that name. A file says which entries there are, and in which order; only where it
 * says nothing do words append them. */
static int entry_of_word(const struct section *section, void *config, const char *name,
                         bool may_append, struct error *err)
{
    int entry = section_find(section, config, name);
    if (entry >= 0)
        return entry;
    if (may_append)
        return section_add(section, config, name, err);
    struct nearest nearest;
    nearest_init(&nearest, name);
    for (int e = 0; e < section_count(section, config); e++)
        nearest_offer(&nearest, section_entry_const(section, config, e));
    char what[CONFIG_NAME + 32], otherwise[2 * CONFIG_NAME + 64];
    snprintf(what, sizeof what, "there is no %s", section->name);
    snprintf(otherwise, sizeof otherwise, "%s are begun in the file, with [%s NAME]",
             section->plural, section->name);
    return nearest_error(&nearest, what, otherwise, err);
}

/* Ends the text at its first dot; gives what stands behind it, NULL where there is no dot. */
static char *cut_at_dot(char *text)
{
    char *dot = strchr(text, '.');
    if (!dot)
        return NULL;
    *dot = '\0';
    return dot + 1;
}

/* may_append [sections] */
static int read_word(const struct schema *schema, void *config, const char *word,
                     const bool *may_append, struct error *err)
{
    const char *equals = strchr(word, '=');
    if (!equals)
        return error_set(err, "'%.200s' is not of the form section.key=value", word);

    char *full = memory_text("%.*s", (int)(equals - word), word);
    char *name = memory_copy_text(full), *behind = cut_at_dot(name);
    const struct section *section = behind ? schema_section(schema, name, strlen(name)) : NULL;
    const struct key *key = NULL;
    int entry = 0;
    if (section && section->plural) {
        const char *entry_name = behind;
        behind = cut_at_dot(behind);
        if (behind)
            entry = entry_of_word(section, config, entry_name,
                                  may_append[section - schema->sections], err);
    }
    if (section && behind && entry >= 0)
        key = section_key(section, behind);

    int status = -1;
    if (key)
        status = value_parse(key, full, equals + 1, section_entry(section, config, entry), err);
    else if (entry >= 0)
        status = unknown_key(schema, config, full, err);
    free(name);
    free(full);
    return status;
}

int schema_read_words(const struct schema *schema, void *config, char *const *words, int count,
                      struct error *err)
{
    bool *may_append = memory_new((size_t)schema->count, sizeof *may_append);
    int status = 0;
    for (int i = 0; i < schema->count; i++)
        may_append[i] = section_count(&schema->sections[i], config) == 0;
    for (int i = 0; i < count && status == 0; i++)
        if (read_word(schema, config, words[i], may_append, err) < 0)
            status = error_prefix(err, "command line");
    free(may_append);
    return status;
}

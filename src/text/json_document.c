#include "json_document.h"

#include <string.h>

#include "lambert/base/memory.h"

static const char known_keys[] = "text,content,raw_content";

void json_keys_init(struct json_keys *keys, const struct text_options *options)
{
    const char *key = options->text_keys ? options->text_keys : known_keys;
    *keys = (struct json_keys){.first_only = !options->text_keys};
    while (key) {
        const char *comma = strchr(key, ',');
        require(keys->count < TEXT_KEYS_MOST);
        keys->keys[keys->count].name = key;
        keys->keys[keys->count++].size = comma ? (size_t)(comma - key) : strlen(key);
        key = comma ? comma + 1 : NULL;
    }
}

/* What is found of one key; of a name that stands more than once in an object the last one counts. */
struct found {
    bool there,
        nested; /* under that very name; an object under what stands before one of its dots */
    struct json_value value;
};

static void look_at_member(const struct json_value *name, const struct json_value *value,
                           const char *key, size_t size, struct found *found)
{
    if (json_text_is(name, key, size)) {
        found->there = true;
        found->value = *value;
    }
    if (value->kind != JSON_OBJECT)
        return;
    for (const char *dot = key; (dot = memchr(dot, '.', (size_t)(key + size - dot))); dot++)
        found->nested = found->nested || json_text_is(name, key, (size_t)(dot - key));
}

/* The last member of the object that has the name. */
static bool last_member(const struct json_value *object, const char *key, size_t size,
                        struct json_value *value)
{
    struct json_value name, each;
    bool there = false;
    for (size_t cursor = 0; json_next_member(object, &cursor, &name, &each);) {
        if (!json_text_is(&name, key, size))
            continue;
        there = true;
        *value = each;
    }
    return there;
}

/* What the key names in the object: what has its whole name, or else what lies inside what is named before
 * one of its dots, the first of them that leads to something. */
static bool look_up(const struct json_value *object, const char *key, size_t size,
                    struct json_value *value)
{
    struct json_value inner;
    if (last_member(object, key, size, value))
        return true;
    for (const char *dot = key; (dot = memchr(dot, '.', (size_t)(key + size - dot))); dot++)
        if (last_member(object, key, (size_t)(dot - key), &inner) && inner.kind == JSON_OBJECT &&
            look_up(&inner, dot + 1, (size_t)(key + size - dot - 1), value))
            return true;
    return false;
}

static bool name_is(const struct json_value *name, const char *text)
{
    return json_text_is(name, text, strlen(text));
}

static bool is_action_name(const struct json_value *name)
{
    return name_is(name, "index") || name_is(name, "create") || name_is(name, "update") ||
           name_is(name, "delete");
}

static bool is_null(const struct json_value *value)
{
    return value->kind == JSON_OTHER && value->size == strlen("null") &&
           memcmp(value->text, "null", strlen("null")) == 0;
}

/* Whether the text is nothing but blanks and line ends. */
static bool is_blank(const struct json_value *text)
{
    for (size_t i = 0; i < text->size; i++) {
        const bool escaped = text->text[i] == '\\' && i + 1 < text->size;
        if (escaped ? !strchr("nrt", text->text[++i]) : text->text[i] != ' ')
            return false;
    }
    return true;
}

/* Of the known keys an object may have several, of which one holds the text and others nothing: the first with
 * something in it counts, or else the first that is a text. */
static int choose_key(const struct json_keys *keys, const struct found found[TEXT_KEYS_MOST])
{
    int empty = -1;
    for (int k = 0; k < keys->count; k++) {
        if (!found[k].there || found[k].value.kind != JSON_TEXT)
            continue;
        if (!is_blank(&found[k].value))
            return k;
        empty = empty < 0 ? k : empty;
    }
    return empty;
}

static enum json_outcome take_texts(struct json_document *document, const struct json_keys *keys,
                                    const struct found found[TEXT_KEYS_MOST])
{
    const int chosen = keys->first_only ? choose_key(keys, found) : -1;
    bool any = false;
    for (int k = 0; k < keys->count; k++) {
        if (!found[k].there) {
            document->lacking |= UINT32_C(1) << k;
            continue;
        }
        any = true;
        document->null = document->null || is_null(&found[k].value);
        if (found[k].value.kind != JSON_TEXT || (keys->first_only && k != chosen))
            continue;
        if (keys->keys[k].size == strlen("title") &&
            memcmp(keys->keys[k].name, "title", strlen("title")) == 0)
            document->title_text = document->count;
        document->texts[document->count++] = found[k].value;
    }
    return document->count > 0 ? JSON_IS_DOCUMENT : any ? JSON_HAS_NO_TEXT : JSON_HAS_NO_KEY;
}

enum json_outcome json_document_find(struct json_document *document, const struct json_keys *keys,
                                     const struct json_value *object)
{
    struct found found[TEXT_KEYS_MOST] = {0};
    struct json_value name, value;
    size_t members = 0;
    bool action = false, revision = false;
    *document = (struct json_document){.title_text = -1};
    for (size_t cursor = 0; json_next_member(object, &cursor, &name, &value); members++) {
        for (int k = 0; k < keys->count; k++)
            look_at_member(&name, &value, keys->keys[k].name, keys->keys[k].size, &found[k]);
        if (name_is(&name, "title")) {
            document->has_title = value.kind == JSON_TEXT;
            document->title = value;
        }
        revision = revision || name_is(&name, "revid");
        action = value.kind == JSON_OBJECT && is_action_name(&name);
    }
    for (int k = 0; k < keys->count; k++)
        if (!found[k].there && found[k].nested)
            found[k].there =
                look_up(object, keys->keys[k].name, keys->keys[k].size, &found[k].value);
    document->escaped = revision && document->has_title;
    enum json_outcome outcome = take_texts(document, keys, found);
    return outcome == JSON_HAS_NO_KEY && action && members == 1 ? JSON_IS_ACTION : outcome;
}

/* --- keys that were seen ------------------------------------------------------------------------ */

enum { LISTED_MOST = 12, LISTED_DEEPEST = 3 };

struct key_list {
    struct buffer names[LISTED_MOST]; /* [count], no two the same */
    int count;
    bool texts_only;
};

static void list_name(struct key_list *list, const struct buffer *name)
{
    for (int i = 0; i < list->count; i++)
        if (list->names[i].size == name->size &&
            memcmp(list->names[i].data, name->data, name->size) == 0)
            return;
    if (list->count < LISTED_MOST)
        buffer_put(&list->names[list->count++], name->data, name->size);
}

/* `path` is what stands before the names of the object's members. */
static void list_members(struct key_list *list, const struct json_value *object,
                         struct buffer *path, int depth)
{
    struct json_value name, value;
    const size_t before = path->size;
    for (size_t cursor = 0; json_next_member(object, &cursor, &name, &value);) {
        json_decode(&name, path);
        if (path->size > before && (value.kind == JSON_TEXT || !list->texts_only))
            list_name(list, path);
        if (value.kind == JSON_OBJECT && depth < LISTED_DEEPEST) {
            buffer_put_u8(path, '.');
            list_members(list, &value, path, depth + 1);
        }
        path->size = before;
    }
}

static void list_objects(struct key_list *list, const char *text, size_t size)
{
    struct json_value value = {0};
    struct buffer path = {0};
    enum json_found found;
    size_t position = 0;
    /* Of an object that is cut the members that are whole are seen. */
    while ((found = json_next_value(text, size, &position, NULL, &value)) != JSON_END)
        if (found != JSON_BROKEN && value.kind == JSON_OBJECT)
            list_members(list, &value, &path, 1);
    buffer_release(&path);
}

void json_list_keys(const char *text, size_t size, struct buffer *out)
{
    struct key_list list = {.texts_only = true};
    list_objects(&list, text, size);
    list.texts_only = list.count > 0;
    if (list.count == 0)
        list_objects(&list, text, size);
    for (int i = 0; i < list.count; i++) {
        buffer_print(out, "%s%.*s", i > 0 ? ", " : "", (int)list.names[i].size,
                     (const char *)list.names[i].data);
        buffer_release(&list.names[i]);
    }
}

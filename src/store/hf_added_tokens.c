#include "hf_added_tokens.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/base/array.h"
#include "lambert/base/json.h"
#include "lambert/base/memory.h"

enum { MOST_ID = 1 << 28 }; /* as vocab_size (hf_config.c) */

/* BERT's five by the names of their uses, and uses that a BERT has no token for. */
static const struct {
    const char *use, *content;
} uses[] = {{"pad_token", "[PAD]"}, {"unk_token", "[UNK]"},   {"cls_token", "[CLS]"},
            {"sep_token", "[SEP]"}, {"mask_token", "[MASK]"}, {"bos_token", NULL},
            {"eos_token", NULL}};
enum { USES = sizeof uses / sizeof *uses };

/* --- one token -------------------------------------------------------------------------------- */

static bool is_one_of_five(const char *content)
{
    for (int i = 0; i < USES; i++)
        if (uses[i].content && strcmp(uses[i].content, content) == 0)
            return true;
    return false;
}

bool added_token_is_one_of_five(const struct added_token *token)
{
    return is_one_of_five(token->content);
}

bool added_token_is_usual(const struct added_token *token)
{
    return is_one_of_five(token->content) && !token->single_word && !token->lstrip &&
           !token->rstrip && !token->normalized && token->special;
}

static bool same_flags(const struct added_token *a, const struct added_token *b)
{
    return a->single_word == b->single_word && a->lstrip == b->lstrip && a->rstrip == b->rstrip &&
           a->normalized == b->normalized && a->special == b->special;
}

cJSON *added_token_json(const struct added_token *token, bool with_id)
{
    cJSON *object = cJSON_CreateObject();
    if (with_id)
        cJSON_AddNumberToObject(object, "id", token->id);
    cJSON_AddStringToObject(object, "content", token->content);
    cJSON_AddBoolToObject(object, "single_word", token->single_word);
    cJSON_AddBoolToObject(object, "lstrip", token->lstrip);
    cJSON_AddBoolToObject(object, "rstrip", token->rstrip);
    cJSON_AddBoolToObject(object, "normalized", token->normalized);
    cJSON_AddBoolToObject(object, "special", token->special);
    return object;
}

static bool get_flag(const cJSON *object, const char *name, bool *flag)
{
    const cJSON *item = json_get(object, name);
    if (item && !cJSON_IsBool(item))
        return false;
    *flag = cJSON_IsTrue(item);
    return true;
}

/* Content and flags; the id is the caller's. content is the object's. */
static int read_token(const cJSON *object, struct added_token *token, const char *path,
                      struct error *err)
{
    const char *content = json_get_text(object, "content");
    *token = (struct added_token){.content = (char *)content};
    if (!content || content[0] == '\0' || strchr(content, '\n'))
        return error_set(err, "%s: an added token has no content of one line", path);
    if (!get_flag(object, "single_word", &token->single_word) ||
        !get_flag(object, "lstrip", &token->lstrip) ||
        !get_flag(object, "rstrip", &token->rstrip) ||
        !get_flag(object, "normalized", &token->normalized) ||
        !get_flag(object, "special", &token->special))
        return error_set(err, "%s: a flag of added token '%.80s' is neither true nor false", path,
                         content);
    return 0;
}

/* --- the list --------------------------------------------------------------------------------- */

void added_tokens_release(struct added_tokens *tokens)
{
    for (size_t i = 0; i < tokens->count; i++)
        free(tokens->rows[i].content);
    free(tokens->rows);
    *tokens = (struct added_tokens){0};
}

static struct added_token *find(const struct added_tokens *tokens, const char *content)
{
    for (size_t i = 0; i < tokens->count; i++)
        if (strcmp(tokens->rows[i].content, content) == 0)
            return &tokens->rows[i];
    return NULL;
}

/* Copies the content. */
static void append(struct added_tokens *tokens, const struct added_token *token)
{
    ARRAY_RESERVE(tokens->rows, tokens->count + 1, tokens->capacity);
    struct added_token *row = &tokens->rows[tokens->count++];
    *row = *token;
    row->content = memory_copy_text(token->content);
}

/* with_flags: the file says them, and they are to be those that another file says. */
static int add(struct added_tokens *tokens, const struct added_token *token, bool with_flags,
               const char *path, struct error *err)
{
    const struct added_token *known = find(tokens, token->content);
    for (size_t i = 0; i < tokens->count; i++)
        if (tokens->rows[i].id == token->id && &tokens->rows[i] != known)
            return error_set(err, "%s: added tokens '%.80s' and '%.80s' both have id %d", path,
                             tokens->rows[i].content, token->content, token->id);
    if (!known)
        append(tokens, token);
    else if (known->id != token->id)
        return error_set(err,
                         "%s: added token '%.80s' has id %d, and %d in another file (or place) of "
                         "the folder",
                         path, token->content, token->id, known->id);
    else if (with_flags && !same_flags(known, token))
        return error_set(err,
                         "%s: added token '%.80s' has other flags than in another file of the "
                         "folder",
                         path, token->content);
    return 0;
}

static bool get_id(const cJSON *item, int *id)
{
    uint64_t number;
    if (!json_count(item, &number) || number >= MOST_ID)
        return false;
    *id = (int)number;
    return true;
}

static int refuse_id(const char *path, const char *content, struct error *err)
{
    return error_set(err, "%s: the id of added token '%.80s' is not a whole number from 0 to %d",
                     path, content, MOST_ID - 1);
}

int added_tokens_from_tokenizer(struct added_tokens *tokens, const cJSON *root, const char *path,
                                struct error *err)
{
    const cJSON *list = json_get(root, "added_tokens");
    if (list && !cJSON_IsNull(list) && !cJSON_IsArray(list))
        return error_set(err, "%s: added_tokens is not a list", path);
    for (const cJSON *item = list ? list->child : NULL; item; item = item->next) {
        struct added_token token;
        if (read_token(item, &token, path, err) < 0)
            return -1;
        if (!get_id(json_get(item, "id"), &token.id))
            return refuse_id(path, token.content, err);
        if (add(tokens, &token, true, path, err) < 0)
            return -1;
    }
    return 0;
}

int added_tokens_from_config(struct added_tokens *tokens, const cJSON *root, const char *path,
                             struct error *err)
{
    const cJSON *decoder = json_get(root, "added_tokens_decoder");
    if (decoder && !cJSON_IsNull(decoder) && !cJSON_IsObject(decoder))
        return error_set(err, "%s: added_tokens_decoder is not an object", path);
    for (const cJSON *item = decoder ? decoder->child : NULL; item; item = item->next) {
        struct added_token token;
        char *end;
        if (read_token(item, &token, path, err) < 0)
            return -1;
        const long id = strtol(item->string, &end, 10);
        if (end == item->string || *end != '\0' || id < 0 || id >= MOST_ID)
            return refuse_id(path, token.content, err);
        token.id = (int)id;
        if (add(tokens, &token, true, path, err) < 0)
            return -1;
    }
    return 0;
}

int added_tokens_from_list(struct added_tokens *tokens, const cJSON *root, const char *path,
                           struct error *err)
{
    for (const cJSON *item = root->child; item; item = item->next) {
        struct added_token token = {.content = item->string,
                                    .normalized = !is_one_of_five(item->string),
                                    .special = is_one_of_five(item->string),
                                    .assumed = true};
        if (token.content[0] == '\0' || strchr(token.content, '\n'))
            return error_set(err, "%s: an added token is no text of one line", path);
        if (!get_id(item, &token.id))
            return refuse_id(path, token.content, err);
        if (add(tokens, &token, false, path, err) < 0)
            return -1;
    }
    return 0;
}

/* --- ids and the vocabulary ------------------------------------------------------------------- */

static int compare_ids(const void *a, const void *b)
{
    const struct added_token *left = a, *right = b;
    return (left->id > right->id) - (left->id < right->id);
}

static void sort(struct added_tokens *tokens)
{
    if (tokens->count > 0)
        qsort(tokens->rows, tokens->count, sizeof *tokens->rows, compare_ids);
}

int added_tokens_append(struct added_tokens *tokens, int lines, struct buffer *vocabulary,
                        const char *path, struct error *err)
{
    sort(tokens);
    for (size_t i = 0; i < tokens->count; i++) {
        const struct added_token *token = &tokens->rows[i];
        if (token->id < lines)
            continue;
        if (token->id > lines)
            return error_set(
                err,
                "%s: added token '%.80s' has id %d, where the vocabulary before it ends "
                "with id %d; ids in between would have no token",
                path, token->content, token->id, lines - 1);
        if (vocabulary->size > 0 && vocabulary->data[vocabulary->size - 1] != '\n')
            buffer_put_u8(vocabulary, '\n');
        buffer_print(vocabulary, "%s\n", token->content);
        lines++;
    }
    return 0;
}

int added_tokens_check(const struct added_tokens *tokens, const struct vocabulary *vocabulary,
                       const char *path, struct error *err)
{
    for (size_t i = 0; i < tokens->count; i++) {
        const struct added_token *token = &tokens->rows[i];
        if (token->id >= vocabulary_size(vocabulary))
            return error_set(err, "%s: added token '%.80s' has id %d, beyond the vocabulary's %d",
                             path, token->content, token->id, vocabulary_size(vocabulary));
        if (vocabulary_find(vocabulary, token->content, strlen(token->content)) != token->id)
            return error_set(
                err, "%s: added token '%.80s' has id %d, which in the vocabulary is '%.80s'", path,
                token->content, token->id, vocabulary_token(vocabulary, token->id));
    }
    return 0;
}

/* --- special tokens by their uses ------------------------------------------------------------- */

/* A token as text, or as an object with its content; NULL: it is neither. */
static const char *content_of(const cJSON *item)
{
    return cJSON_IsObject(item) ? json_get_text(item, "content") : cJSON_GetStringValue(item);
}

static int mark(struct added_tokens *tokens, const char *use, const char *content,
                const struct vocabulary *vocabulary, const char *path, struct error *err)
{
    struct added_token *known = content ? find(tokens, content) : NULL;
    if (!content)
        return error_set(err, "%s: %s is not a token", path, use);
    if (known) {
        known->special = true;
        known->normalized &= !known->assumed;
        return 0;
    }
    const int32_t id = vocabulary_find(vocabulary, content, strlen(content));
    if (id < 0)
        return error_set(err,
                         "%s: %s is '%.80s', which has no id: it is not in the vocabulary, and no "
                         "added token",
                         path, use, content);
    const struct added_token token = {.content = (char *)content, .id = id, .special = true};
    append(tokens, &token);
    return 0;
}

static int mark_list(struct added_tokens *tokens, const cJSON *list, const char *name,
                     const struct vocabulary *vocabulary, const char *path, struct error *err)
{
    if (list && !cJSON_IsNull(list) && !cJSON_IsArray(list) && !cJSON_IsObject(list))
        return error_set(err, "%s: %s is not a list of tokens", path, name);
    for (const cJSON *item = list ? list->child : NULL; item; item = item->next)
        if (mark(tokens, name, content_of(item), vocabulary, path, err) < 0)
            return -1;
    return 0;
}

int added_tokens_mark_special(struct added_tokens *tokens, const cJSON *root,
                              const struct vocabulary *vocabulary, const char *path,
                              struct error *err)
{
    static const char *const lists[] = {"additional_special_tokens", "extra_special_tokens"};
    for (int i = 0; i < USES; i++) {
        const cJSON *item = json_get(root, uses[i].use);
        const char *content = content_of(item);
        if (!item || cJSON_IsNull(item))
            continue;
        if (uses[i].content && (!content || strcmp(content, uses[i].content) != 0))
            return error_set(err, "%s: %s is '%.80s'; this program's is %s", path, uses[i].use,
                             content ? content : "no token", uses[i].content);
        if (mark(tokens, uses[i].use, content, vocabulary, path, err) < 0)
            return -1;
    }
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        if (mark_list(tokens, json_get(root, lists[i]), lists[i], vocabulary, path, err) < 0)
            return -1;
    return 0;
}

/* --- out and in again ------------------------------------------------------------------------- */

void added_tokens_print(struct added_tokens *tokens, struct buffer *text)
{
    cJSON *list = cJSON_CreateArray();
    sort(tokens);
    for (size_t i = 0; i < tokens->count; i++)
        if (!added_token_is_usual(&tokens->rows[i]))
            cJSON_AddItemToArray(list, added_token_json(&tokens->rows[i], true));
    const bool any = list->child != NULL;
    char *printed = json_print(list);
    if (any)
        buffer_put(text, printed, strlen(printed));
    free(printed);
}

int added_tokens_parse(struct added_tokens *tokens, const char *text, const char *path,
                       struct error *err)
{
    cJSON *root = cJSON_CreateObject();
    cJSON *list = text && text[0] ? cJSON_Parse(text) : cJSON_CreateArray();
    int status = -1;
    if (!cJSON_IsArray(list)) {
        error_set(err, "%s: its added tokens make no sense", path);
        cJSON_Delete(list);
    } else {
        cJSON_AddItemToObject(root, "added_tokens", list);
        status = added_tokens_from_tokenizer(tokens, root, path, err);
    }
    cJSON_Delete(root);
    return status;
}

void added_tokens_add(struct added_tokens *tokens, const struct added_tokens *others)
{
    for (size_t i = 0; i < others->count; i++)
        append(tokens, &others->rows[i]);
}

void added_tokens_complete(struct added_tokens *tokens, const struct vocabulary *vocabulary)
{
    for (int i = 0; i < USES; i++) {
        const char *content = uses[i].content;
        if (!content || find(tokens, content))
            continue;
        const struct added_token token = {.content = (char *)content,
                                          .id =
                                              vocabulary_find(vocabulary, content, strlen(content)),
                                          .special = true};
        append(tokens, &token);
    }
    sort(tokens);
}

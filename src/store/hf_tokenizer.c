#include "hf_tokenizer.h"

#include <stdlib.h>
#include <string.h>

#include "lambert/base/json.h"
#include "lambert/base/memory.h"

/* strip_accents: what is as the case says is null, as transformers writes it. */
static void add_strip_accents(cJSON *object, const struct tokenizer_options *options)
{
    if (tokenizer_strips_accents(options) == options->lower_case)
        cJSON_AddNullToObject(object, "strip_accents");
    else
        cJSON_AddBoolToObject(object, "strip_accents", tokenizer_strips_accents(options));
}

char *hf_tokenizer_config_print(const struct tokenizer_options *options, int positions)
{
    cJSON *root = cJSON_CreateObject();
    cJSON_AddStringToObject(root, "tokenizer_class", "BertTokenizer");
    cJSON_AddBoolToObject(root, "do_lower_case", options->lower_case);
    cJSON_AddBoolToObject(root, "tokenize_chinese_chars", options->split_han);
    add_strip_accents(root, options);
    cJSON_AddNumberToObject(root, "model_max_length", positions);
    cJSON_AddStringToObject(root, "pad_token", "[PAD]");
    cJSON_AddStringToObject(root, "unk_token", "[UNK]");
    cJSON_AddStringToObject(root, "cls_token", "[CLS]");
    cJSON_AddStringToObject(root, "sep_token", "[SEP]");
    cJSON_AddStringToObject(root, "mask_token", "[MASK]");
    return json_print_indented(root);
}

/* A member that is true or false; `value` stays as it is where there is none. */
static int get_bool(const cJSON *root, const char *name, const char *path, bool *value,
                    struct error *err)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(root, name);
    if (item && !cJSON_IsBool(item))
        return error_set(err, "%s: %s is neither true nor false", path, name);
    if (item)
        *value = cJSON_IsTrue(item);
    return 0;
}

int hf_tokenizer_config_parse(const char *text, size_t size, const char *path,
                              struct tokenizer_options *options, struct error *err)
{
    cJSON *root = cJSON_ParseWithLength(text, size);
    const cJSON *accents = cJSON_GetObjectItemCaseSensitive(root, "strip_accents");
    bool strips = false;
    int status = -1;
    *options = tokenizer_defaults;
    if (!cJSON_IsObject(root))
        error_set(err, "%s is not a JSON object", path);
    else if (get_bool(root, "do_lower_case", path, &options->lower_case, err) == 0 &&
             get_bool(root, "tokenize_chinese_chars", path, &options->split_han, err) == 0 &&
             (cJSON_IsNull(accents) || get_bool(root, "strip_accents", path, &strips, err) == 0))
        status = 0;
    if (status == 0 && accents && !cJSON_IsNull(accents))
        options->accents = strips ? ACCENTS_STRIPPED : ACCENTS_KEPT;
    cJSON_Delete(root);
    return status;
}

static void add_special(cJSON *list, const struct vocabulary *vocabulary, int32_t id)
{
    cJSON *token = cJSON_CreateObject();
    cJSON_AddNumberToObject(token, "id", id);
    cJSON_AddStringToObject(token, "content", vocabulary_token(vocabulary, id));
    cJSON_AddBoolToObject(token, "single_word", false);
    cJSON_AddBoolToObject(token, "lstrip", false);
    cJSON_AddBoolToObject(token, "rstrip", false);
    cJSON_AddBoolToObject(token, "normalized", false);
    cJSON_AddBoolToObject(token, "special", true);
    cJSON_AddItemToArray(list, token);
}

/* One place of a template: a special token, or sequence A or B. */
static void add_place(cJSON *template, const char *kind, const char *id, int type)
{
    cJSON *item = cJSON_CreateObject();
    cJSON *place = cJSON_AddObjectToObject(item, kind);
    cJSON_AddStringToObject(place, "id", id);
    cJSON_AddNumberToObject(place, "type_id", type);
    cJSON_AddItemToArray(template, item);
}

static void add_template_token(cJSON *tokens, const char *name, int32_t id)
{
    cJSON *token = cJSON_AddObjectToObject(tokens, name);
    cJSON_AddStringToObject(token, "id", name);
    cJSON_AddItemToArray(cJSON_AddArrayToObject(token, "ids"), cJSON_CreateNumber(id));
    cJSON_AddItemToArray(cJSON_AddArrayToObject(token, "tokens"), cJSON_CreateString(name));
}

/* [CLS] A [SEP], [CLS] A [SEP] B [SEP] */
static void add_post_processor(cJSON *root, const struct special_tokens *special)
{
    cJSON *processor = cJSON_AddObjectToObject(root, "post_processor");
    cJSON_AddStringToObject(processor, "type", "TemplateProcessing");
    cJSON *single = cJSON_AddArrayToObject(processor, "single");
    cJSON *pair = cJSON_AddArrayToObject(processor, "pair");
    cJSON *both[] = {single, pair};
    for (int i = 0; i < 2; i++) {
        add_place(both[i], "SpecialToken", "[CLS]", 0);
        add_place(both[i], "Sequence", "A", 0);
        add_place(both[i], "SpecialToken", "[SEP]", 0);
    }
    add_place(pair, "Sequence", "B", 1);
    add_place(pair, "SpecialToken", "[SEP]", 1);
    cJSON *tokens = cJSON_AddObjectToObject(processor, "special_tokens");
    add_template_token(tokens, "[CLS]", special->cls);
    add_template_token(tokens, "[SEP]", special->sep);
}

static void add_model(cJSON *root, const struct vocabulary *vocabulary,
                      const struct tokenizer_options *options)
{
    cJSON *model = cJSON_AddObjectToObject(root, "model");
    cJSON_AddStringToObject(model, "type", "WordPiece");
    cJSON_AddStringToObject(model, "unk_token", "[UNK]");
    cJSON_AddStringToObject(model, "continuing_subword_prefix", "##");
    cJSON_AddNumberToObject(model, "max_input_chars_per_word", options->max_word_characters);
    cJSON *vocab = cJSON_AddObjectToObject(model, "vocab");
    for (int32_t id = 0; id < vocabulary_size(vocabulary); id++) {
        const char *token = vocabulary_token(vocabulary, id);
        if (vocabulary_find(vocabulary, token, strlen(token)) == id) /* of doubles the last */
            cJSON_AddNumberToObject(vocab, token, id);
    }
}

char *hf_tokenizer_print(const struct vocabulary *vocabulary,
                         const struct tokenizer_options *options)
{
    struct special_tokens special = vocabulary_special_tokens(vocabulary);
    cJSON *root = cJSON_CreateObject();
    cJSON_AddStringToObject(root, "version", "1.0");
    cJSON_AddNullToObject(root, "truncation");
    cJSON_AddNullToObject(root, "padding");
    cJSON *added = cJSON_AddArrayToObject(root, "added_tokens");
    int32_t ids[] = {special.pad, special.unk, special.cls, special.sep, special.mask};
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
        add_special(added, vocabulary, ids[i]);
    cJSON *normalizer = cJSON_AddObjectToObject(root, "normalizer");
    cJSON_AddStringToObject(normalizer, "type", "BertNormalizer");
    cJSON_AddBoolToObject(normalizer, "clean_text", true);
    cJSON_AddBoolToObject(normalizer, "handle_chinese_chars", options->split_han);
    add_strip_accents(normalizer, options);
    cJSON_AddBoolToObject(normalizer, "lowercase", options->lower_case);
    cJSON_AddStringToObject(cJSON_AddObjectToObject(root, "pre_tokenizer"), "type",
                            "BertPreTokenizer");
    add_post_processor(root, &special);
    cJSON *decoder = cJSON_AddObjectToObject(root, "decoder");
    cJSON_AddStringToObject(decoder, "type", "WordPiece");
    cJSON_AddStringToObject(decoder, "prefix", "##");
    cJSON_AddBoolToObject(decoder, "cleanup", true);
    add_model(root, vocabulary, options);
    return json_print_indented(root);
}

/* --- the vocabulary of a tokenizer.json ------------------------------------------------------- */

/* Whether the member is this text; an absent one is what the format takes it for. */
static bool is_text(const cJSON *object, const char *name, const char *wanted)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    const char *text = cJSON_GetStringValue(item);
    return !item || (text && strcmp(text, wanted) == 0);
}

/* Tokens by id; tokens [count], NULL where nothing has the id. */
static int sort_tokens(const cJSON *vocab, const char **tokens, int count, const char *path,
                       struct error *err)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, vocab)
    {
        double id = cJSON_IsNumber(item) ? item->valuedouble : -1;
        if (!(id >= 0 && id < count && id == (int)id) || tokens[(int)id])
            return error_set(err,
                             "%s: the id of token '%.80s' is not one of 0 to %d, each given once",
                             path, item->string, count - 1);
        if (strchr(item->string, '\n') != NULL)
            return error_set(err, "%s: a token with a line break, '%.80s'", path, item->string);
        tokens[(int)id] = item->string;
    }
    return 0;
}

int hf_tokenizer_vocabulary(const char *text, size_t size, const char *path,
                            struct buffer *vocabulary, struct error *err)
{
    cJSON *root = cJSON_ParseWithLength(text, size);
    const cJSON *model = cJSON_GetObjectItemCaseSensitive(root, "model");
    const cJSON *vocab = cJSON_GetObjectItemCaseSensitive(model, "vocab");
    int status = -1, count = cJSON_GetArraySize(vocab);
    const char **tokens = memory_new((size_t)count, sizeof *tokens);
    if (!cJSON_IsObject(vocab) || !is_text(model, "type", "WordPiece") ||
        !is_text(model, "continuing_subword_prefix", "##")) {
        error_set(err, "%s holds no WordPiece vocabulary", path);
        goto done;
    }
    if (sort_tokens(vocab, tokens, count, path, err) < 0)
        goto done;
    for (int id = 0; id < count; id++)
        buffer_print(vocabulary, "%s\n", tokens[id]);
    status = 0;
done:
    free(tokens);
    cJSON_Delete(root);
    return status;
}

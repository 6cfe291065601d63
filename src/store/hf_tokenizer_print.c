/* tokenizer_config.json and tokenizer.json as they are written. */
#include "hf_tokenizer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/base/json.h"
#include "lambert/base/memory.h"

/* The list and BERT's five, as transformers are told. */
static struct added_tokens all_of(const struct added_tokens *added,
                                  const struct vocabulary *vocabulary)
{
    struct added_tokens all = {0};
    added_tokens_add(&all, added);
    added_tokens_complete(&all, vocabulary);
    return all;
}

/* null: as the case says. */
static void add_strip_accents(cJSON *object, const struct tokenizer_options *options)
{
    const bool strips = tokenizer_strips_accents(options);
    if (strips == options->lower_case)
        cJSON_AddNullToObject(object, "strip_accents");
    else
        cJSON_AddBoolToObject(object, "strip_accents", strips);
}

/* Where there is more to say than the names of BERT's five. */
static void add_decoder(cJSON *root, const struct added_tokens *added,
                        const struct vocabulary *vocabulary)
{
    struct added_tokens all = all_of(added, vocabulary);
    cJSON *decoder = cJSON_AddObjectToObject(root, "added_tokens_decoder");
    cJSON *special = cJSON_CreateArray();
    for (size_t i = 0; i < all.count; i++) {
        const struct added_token *token = &all.rows[i];
        char id[16];
        snprintf(id, sizeof id, "%d", token->id);
        cJSON_AddItemToObject(decoder, id, added_token_json(token, false));
        if (token->special && !added_token_is_one_of_five(token))
            cJSON_AddItemToArray(special, cJSON_CreateString(token->content));
    }
    cJSON_AddItemToObject(root, "additional_special_tokens", special);
    added_tokens_release(&all);
}

char *hf_tokenizer_config_print(const struct vocabulary *vocabulary,
                                const struct tokenizer_options *options,
                                const struct added_tokens *added, int positions)
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
    if (added->count > 0)
        add_decoder(root, added, vocabulary);
    return json_print_indented(root);
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

cJSON *hf_tokenizer_template(const struct vocabulary *vocabulary)
{
    const struct special_tokens special = vocabulary_special_tokens(vocabulary);
    cJSON *processor = cJSON_CreateObject();
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
    add_template_token(tokens, "[CLS]", special.cls);
    add_template_token(tokens, "[SEP]", special.sep);
    return processor;
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
                         const struct tokenizer_options *options, const struct added_tokens *added)
{
    struct added_tokens all = all_of(added, vocabulary);
    cJSON *root = cJSON_CreateObject();
    cJSON_AddStringToObject(root, "version", "1.0");
    cJSON_AddNullToObject(root, "truncation");
    cJSON_AddNullToObject(root, "padding");
    cJSON *list = cJSON_AddArrayToObject(root, "added_tokens");
    for (size_t i = 0; i < all.count; i++)
        cJSON_AddItemToArray(list, added_token_json(&all.rows[i], true));
    added_tokens_release(&all);
    cJSON *normalizer = cJSON_AddObjectToObject(root, "normalizer");
    cJSON_AddStringToObject(normalizer, "type", "BertNormalizer");
    cJSON_AddBoolToObject(normalizer, "clean_text", true);
    cJSON_AddBoolToObject(normalizer, "handle_chinese_chars", options->split_han);
    add_strip_accents(normalizer, options);
    cJSON_AddBoolToObject(normalizer, "lowercase", options->lower_case);
    cJSON_AddStringToObject(cJSON_AddObjectToObject(root, "pre_tokenizer"), "type",
                            "BertPreTokenizer");
    cJSON_AddItemToObject(root, "post_processor", hf_tokenizer_template(vocabulary));
    cJSON *decoder = cJSON_AddObjectToObject(root, "decoder");
    cJSON_AddStringToObject(decoder, "type", "WordPiece");
    cJSON_AddStringToObject(decoder, "prefix", "##");
    cJSON_AddBoolToObject(decoder, "cleanup", true);
    add_model(root, vocabulary, options);
    return json_print_indented(root);
}

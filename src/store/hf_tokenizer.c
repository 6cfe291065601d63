/* The tokenizer files of a folder, read and held against each other. */
#include "hf_tokenizer.h"

#include <ctype.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/base/file.h"
#include "lambert/base/json.h"
#include "lambert/base/log.h"
#include "lambert/base/memory.h"
#include "lambert/base/strings.h"
#include "lambert/text/tokenizer.h"
#include "lambert/text/unicode.h"

/* A file of the folder, parsed; root NULL: there is none. */
struct json_file {
    char *path;
    cJSON *root;
};

struct reading {
    const char *folder;
    struct json_file config, fast, map, list, model; /* model: config.json */
    bool fast_alone; /* the tokenizer is what tokenizer.json says, whatever else stands there */
    struct model_case said;
    int lines; /* of the vocabulary, without added tokens behind its end */
    struct added_tokens added;
    struct hf_tokenizer *tokenizer;
    struct error *err;
};

static const cJSON *get(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsNull(item) ? NULL : item;
}

/* --- files ------------------------------------------------------------------------------------ */

static int open_json(struct json_file *file, const struct reading *reading, const char *name)
{
    struct buffer text = {0};
    int status = 0;
    file->path = path_join(reading->folder, name);
    if (!file_exists(file->path))
        return 0;
    status = json_file_read(file->path, &text, reading->err);
    if (status == 0) {
        file->root = json_has_nul(buffer_text(&text), text.size)
                         ? NULL
                         : cJSON_ParseWithLength(buffer_text(&text), text.size);
        if (!cJSON_IsObject(file->root))
            status = error_set(reading->err, "%s is not a JSON object", file->path);
    }
    buffer_release(&text);
    return status;
}

static void close_json(struct json_file *file)
{
    cJSON_Delete(file->root);
    free(file->path);
}

static int open_files(struct reading *reading)
{
    return open_json(&reading->config, reading, "tokenizer_config.json") < 0 ||
                   open_json(&reading->fast, reading, "tokenizer.json") < 0 ||
                   open_json(&reading->map, reading, "special_tokens_map.json") < 0 ||
                   open_json(&reading->list, reading, "added_tokens.json") < 0 ||
                   open_json(&reading->model, reading, "config.json") < 0
               ? -1
               : 0;
}

static void close_files(struct reading *reading)
{
    close_json(&reading->config);
    close_json(&reading->fast);
    close_json(&reading->map);
    close_json(&reading->list);
    close_json(&reading->model);
    added_tokens_release(&reading->added);
}

/* --- is it BERT's tokenizer? ------------------------------------------------------------------ */

/* The text of a member, for sentences. */
static const char *shown(const cJSON *item)
{
    const char *text = cJSON_GetStringValue(item);
    return text                  ? text
           : item == NULL        ? "missing"
           : cJSON_IsTrue(item)  ? "true"
           : cJSON_IsFalse(item) ? "false"
                                 : "something else";
}

/* The member is this text, or is not there. */
static int expect_text(const struct reading *reading, const struct json_file *file,
                       const cJSON *object, const char *field, const char *name, const char *wanted)
{
    const cJSON *item = get(object, name);
    const char *text = cJSON_GetStringValue(item);
    if (!item || (text && strcmp(text, wanted) == 0))
        return 0;
    return error_set(reading->err, "%s: %s is '%.80s'; this program's tokenizer has '%s'",
                     file->path, field, shown(item), wanted);
}

/* The class is of BERT's tokenizer, which others have too. tokenizer_config.json says it, or else
 * config.json. */
static int check_class(struct reading *reading)
{
    static const struct {
        const char *name;
        bool fast_alone; /* no class of its own: whatever tokenizer.json says */
    } classes[] = {{"BertTokenizer", false},
                   {"BertTokenizerFast", false},
                   {"DistilBertTokenizer", false},
                   {"DistilBertTokenizerFast", false},
                   {"ElectraTokenizer", false},
                   {"ElectraTokenizerFast", false},
                   {"PreTrainedTokenizerFast", true},
                   {"TokenizersBackend", true}}; /* the same in transformers 5 */
    const struct json_file *file = &reading->config;
    const cJSON *item = get(file->root, "tokenizer_class");
    if (!item) {
        file = &reading->model;
        item = get(file->root, "tokenizer_class");
    }
    const char *name = cJSON_GetStringValue(item);
    bool known = !item;
    for (size_t i = 0; name && i < sizeof classes / sizeof *classes; i++)
        if (strcmp(classes[i].name, name) == 0) {
            known = true;
            reading->fast_alone = classes[i].fast_alone;
        }
    if (!known)
        return error_set(
            reading->err,
            "%s: tokenizer_class is %.80s; this program has BertTokenizer's rules only", file->path,
            shown(item));
    if (reading->fast_alone && !reading->fast.root)
        return error_set(reading->err,
                         "%s: tokenizer_class is %s, but the folder has no "
                         "tokenizer.json",
                         file->path, name);
    return 0;
}

/* What of tokenizer_config.json would make other words. */
static int check_config(const struct reading *reading)
{
    const struct json_file *file = &reading->config;
    static const char *const must[] = {"do_basic_tokenize", "clean_text"};
    static const struct {
        const char *name, *wanted;
    } texts[] = {{"word_tokenizer_type", "basic"},
                 {"subword_tokenizer_type", "wordpiece"},
                 {"wordpieces_prefix", "##"}};
    for (size_t i = 0; i < sizeof must / sizeof *must; i++) {
        const cJSON *item = get(file->root, must[i]);
        if (item && !cJSON_IsTrue(item))
            return error_set(reading->err, "%s: %s is %s; this program's tokenizer always does it",
                             file->path, must[i], shown(item));
    }
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (expect_text(reading, file, file->root, texts[i].name, texts[i].name, texts[i].wanted) <
            0)
            return -1;
    const cJSON *never = get(file->root, "never_split");
    if (never && (!cJSON_IsArray(never) || never->child))
        return error_set(reading->err,
                         "%s: never_split has tokens; this program's tokenizer splits all words "
                         "alike",
                         file->path);
    return 0;
}

/* A part of tokenizer.json, or the only one of a Sequence of such. */
static const cJSON *only_part(const cJSON *part, const char *list)
{
    const char *type = json_get_text(part, "type");
    const cJSON *parts = get(part, list);
    if (type && strcmp(type, "Sequence") == 0 && cJSON_IsArray(parts) &&
        cJSON_GetArraySize(parts) == 1)
        return parts->child;
    return part;
}

/* That a part of tokenizer.json is there and of this type. */
static int check_type(const struct reading *reading, const cJSON *part, const char *name,
                      const char *wanted)
{
    const char *type = json_get_text(part, "type");
    if (type && strcmp(type, wanted) == 0)
        return 0;
    return error_set(reading->err, "%s: its %s is %s; this program's is %s", reading->fast.path,
                     name, type ? type : "missing", wanted);
}

static const cJSON *normalizer_of(const struct reading *reading)
{
    return only_part(get(reading->fast.root, "normalizer"), "normalizers");
}

static int check_fast(const struct reading *reading)
{
    const struct json_file *file = &reading->fast;
    const cJSON *model = get(file->root, "model"), *vocab = get(model, "vocab");
    const cJSON *normalizer = normalizer_of(reading);
    const cJSON *splitter = only_part(get(file->root, "pre_tokenizer"), "pretokenizers");
    if (expect_text(reading, file, model, "model.type", "type", "WordPiece") < 0 ||
        expect_text(reading, file, model, "model.continuing_subword_prefix",
                    "continuing_subword_prefix", "##") < 0 ||
        expect_text(reading, file, model, "model.unk_token", "unk_token", "[UNK]") < 0)
        return -1;
    if (!cJSON_IsObject(vocab))
        return error_set(reading->err, "%s holds no WordPiece vocabulary (model.vocab)",
                         file->path);
    if (check_type(reading, normalizer, "normalizer", "BertNormalizer") < 0 ||
        check_type(reading, splitter, "pre_tokenizer", "BertPreTokenizer") < 0)
        return -1;
    const cJSON *clean = get(normalizer, "clean_text");
    if (clean && !cJSON_IsTrue(clean))
        return error_set(reading->err,
                         "%s: normalizer.clean_text is %s; this program's tokenizer always does it",
                         file->path, shown(clean));
    return 0;
}

/* --- options ---------------------------------------------------------------------------------- */

/* A switch in a file: -1 where it is no boolean, else whether it is there. */
static int get_switch(const struct reading *reading, const struct json_file *file,
                      const cJSON *object, const char *name, bool *value)
{
    const cJSON *item = get(object, name);
    if (item && !cJSON_IsBool(item))
        return error_set(reading->err, "%s: %s is neither true nor false", file->path, name);
    if (item)
        *value = cJSON_IsTrue(item);
    return item != NULL;
}

/* One option, which both files may say and which is `standard` where they do not. transformers take
 * that word of tokenizer_config.json's, a silent one's too, before tokenizer.json's. */
static int read_option(const struct reading *reading, const char *name, const char *fast_name,
                       bool standard, bool *value, struct case_said *told)
{
    const struct json_file *config = &reading->config, *fast = &reading->fast;
    bool said = standard, fast_said = standard;
    const int there = get_switch(reading, config, config->root, name, &said);
    const int fast_there =
        there < 0 ? -1 : get_switch(reading, fast, normalizer_of(reading), fast_name, &fast_said);
    if (fast_there < 0)
        return -1;
    const bool silent = !there && reading->fast_alone;
    if (fast->root && !silent && said != fast_said)
        return error_set(reading->err,
                         "%s: normalizer.%s is %s, but %s is %s in tokenizer_config.json%s; make "
                         "them agree",
                         fast->path, fast_name, fast_said ? "true" : "false", name,
                         said ? "true" : "false", there ? "" : ", which does not mention it");
    *value = fast->root ? fast_said : said;
    *told = (struct case_said){.said = there || fast->root,
                               .path = there || !fast->root ? config->path : fast->path,
                               .config = !silent,
                               .fast = fast->root};
    return 0;
}

/* max_input_chars_per_word; transformers' own tokenizer has 100. */
static int read_longest(const struct reading *reading, int *longest)
{
    const cJSON *item = get(get(reading->fast.root, "model"), "max_input_chars_per_word");
    uint64_t number = 100;
    if (item && (!json_count(item, &number) || number == 0 || number > INT_MAX))
        return error_set(reading->err,
                         "%s: model.max_input_chars_per_word is not a whole number from 1 on",
                         reading->fast.path);
    *longest = (int)number;
    return 0;
}

static int read_options(struct reading *reading, struct tokenizer_options *options)
{
    struct model_case *said = &reading->said;
    struct case_said of_han;
    bool strips;
    *options = tokenizer_defaults;
    if (read_option(reading, "do_lower_case", "lowercase", true, &options->lower_case,
                    &said->lower_case) < 0 ||
        read_option(reading, "strip_accents", "strip_accents", options->lower_case, &strips,
                    &said->accents) < 0 ||
        read_option(reading, "tokenize_chinese_chars", "handle_chinese_chars", true,
                    &options->split_han, &of_han) < 0)
        return -1;
    if (strips != options->lower_case)
        options->accents = strips ? ACCENTS_STRIPPED : ACCENTS_KEPT;
    return read_longest(reading, &options->max_word_characters);
}

int hf_tokenizer_config_parse(const char *text, size_t size, const char *path,
                              struct tokenizer_options *options, struct model_case *said,
                              struct error *err)
{
    struct reading reading = {
        .config = {.path = (char *)path, .root = cJSON_ParseWithLength(text, size)}, .err = err};
    int status = -1;
    if (!cJSON_IsObject(reading.config.root))
        error_set(err, "%s is not a JSON object", path);
    else
        status = read_options(&reading, options);
    options->max_word_characters = tokenizer_defaults.max_word_characters;
    *said = reading.said;
    cJSON_Delete(reading.config.root);
    return status;
}

/* --- the vocabulary --------------------------------------------------------------------------- */

/* Tokens by id; tokens [count], NULL where nothing has the id. */
static int sort_tokens(const struct reading *reading, const cJSON *vocab, const char **tokens,
                       int count)
{
    const char *path = reading->fast.path;
    const cJSON *item;
    cJSON_ArrayForEach(item, vocab)
    {
        const double id = cJSON_IsNumber(item) ? item->valuedouble : -1;
        if (!(id >= 0 && id < count && id == (int)id) || tokens[(int)id])
            return error_set(reading->err,
                             "%s: the id of token '%.80s' is not one of 0 to %d, each given once",
                             path, item->string, count - 1);
        if (strchr(item->string, '\n') != NULL)
            return error_set(reading->err, "%s: a token with a line break, '%.80s'", path,
                             item->string);
        tokens[(int)id] = item->string;
    }
    return 0;
}

/* The vocabulary of tokenizer.json as the lines of a vocab.txt. */
static int print_vocabulary(const struct reading *reading, struct buffer *lines)
{
    const cJSON *vocab = get(get(reading->fast.root, "model"), "vocab");
    const int count = cJSON_GetArraySize(vocab);
    const char **tokens = memory_new((size_t)count, sizeof *tokens);
    const int status = sort_tokens(reading, vocab, tokens, count);
    for (int id = 0; status == 0 && id < count; id++)
        buffer_print(lines, "%s\n", tokens[id]);
    free(tokens);
    return status;
}

static int count_lines(const struct buffer *text)
{
    const int ends = (int)count_newlines(text->data, text->size);
    return ends + (text->size > 0 && text->data[text->size - 1] != '\n');
}

/* vocab.txt, or what tokenizer.json says where there is none, and added tokens behind its end. */
static int load_vocabulary(struct reading *reading)
{
    struct buffer text = {0};
    char *list = path_join(reading->folder, "vocab.txt");
    const bool listed = file_exists(list);
    int status = listed ? file_read(list, &text, reading->err)
                 : reading->fast.root
                     ? print_vocabulary(reading, &text)
                     : error_set(reading->err, "%s has neither vocab.txt nor tokenizer.json",
                                 reading->folder);
    reading->lines = count_lines(&text);
    if (status == 0)
        status = added_tokens_append(&reading->added, reading->lines, &text, reading->folder,
                                     reading->err);
    if (status == 0)
        status =
            vocabulary_parse(&reading->tokenizer->vocabulary, listed ? list : reading->fast.path,
                             text.data, text.size, reading->err);
    buffer_release(&text);
    free(list);
    return status;
}

/* Distinct tokens: those that have the id of their line, of doubles the last. */
static int count_tokens(const struct vocabulary *vocabulary)
{
    int count = 0;
    for (int32_t id = 0; id < vocabulary_size(vocabulary); id++) {
        const char *token = vocabulary_token(vocabulary, id);
        count += vocabulary_find(vocabulary, token, strlen(token)) == id;
    }
    return count;
}

/* tokenizer.json has each token by the same id, and no fewer. */
static int check_vocabulary(const struct reading *reading)
{
    const struct vocabulary *vocabulary = reading->tokenizer->vocabulary;
    const cJSON *vocab = get(get(reading->fast.root, "model"), "vocab"), *item;
    int missing = count_tokens(vocabulary) - cJSON_GetArraySize(vocab);
    cJSON_ArrayForEach(item, vocab)
    {
        const char *token = item->string;
        size_t size = strlen(token);
        unicode_trim(&token, &size);
        const int32_t id = vocabulary_find(vocabulary, token, size);
        if (!cJSON_IsNumber(item) || item->valuedouble != id)
            return error_set(reading->err,
                             "%s: token '%.80s' has id %g, which is %d by vocab.txt (-1: it has no "
                             "such line); take away the one of the files that is wrong",
                             reading->fast.path, item->string,
                             cJSON_IsNumber(item) ? item->valuedouble : -1, (int)id);
    }
    for (size_t i = 0; i < reading->added.count; i++)
        missing -= !cJSON_GetObjectItemCaseSensitive(vocab, reading->added.rows[i].content);
    if (missing > 0)
        return error_set(
            reading->err,
            "%s lacks %d token(s) of vocab.txt; take away the one of the files that is "
            "wrong",
            reading->fast.path, missing);
    return 0;
}

/* --- special tokens --------------------------------------------------------------------------- */

/* [CLS] A [SEP] B [SEP], as a template or by BERT's own name. */
static int check_processor(const struct reading *reading)
{
    const struct vocabulary *vocabulary = reading->tokenizer->vocabulary;
    const struct special_tokens special = vocabulary_special_tokens(vocabulary);
    const cJSON *processor = only_part(get(reading->fast.root, "post_processor"), "processors");
    cJSON *wanted = hf_tokenizer_template(vocabulary);
    cJSON *old = cJSON_CreateObject();
    const struct {
        const char *name, *token;
        int32_t id;
    } ends[] = {{"sep", "[SEP]", special.sep}, {"cls", "[CLS]", special.cls}};
    cJSON_AddStringToObject(old, "type", "BertProcessing");
    for (int i = 0; i < 2; i++) {
        cJSON *pair = cJSON_AddArrayToObject(old, ends[i].name);
        cJSON_AddItemToArray(pair, cJSON_CreateString(ends[i].token));
        cJSON_AddItemToArray(pair, cJSON_CreateNumber(ends[i].id));
    }
    const cJSON *tokens = get(processor, "special_tokens"), *own = get(wanted, "special_tokens");
    const bool same = cJSON_Compare(processor, old, true) ||
                      (cJSON_Compare(get(processor, "type"), get(wanted, "type"), true) &&
                       cJSON_Compare(get(processor, "single"), get(wanted, "single"), true) &&
                       cJSON_Compare(get(processor, "pair"), get(wanted, "pair"), true) &&
                       cJSON_Compare(get(tokens, "[CLS]"), get(own, "[CLS]"), true) &&
                       cJSON_Compare(get(tokens, "[SEP]"), get(own, "[SEP]"), true));
    cJSON_Delete(old);
    cJSON_Delete(wanted);
    return same ? 0
                : error_set(
                      reading->err,
                      "%s: its post_processor is not BERT's, [CLS] A [SEP] and [CLS] A [SEP] B "
                      "[SEP], with the ids of the vocabulary",
                      reading->fast.path);
}

/* Whether Lambert's tokenizer makes this token of its text. */
static bool is_made(struct tokenizer *tokenizer, const struct added_token *token)
{
    struct buffer ids = {0};
    const size_t count = tokenizer_encode(tokenizer, token->content, strlen(token->content), &ids);
    const bool made = count == 1 && *(const int32_t *)ids.data == token->id;
    buffer_release(&ids);
    return made;
}

/* Whether it is one character that is a word by itself wherever it stands. */
static bool stands_alone(const struct tokenizer_options *options, const char *content)
{
    int32_t code;
    const size_t size = strlen(content);
    if (unicode_decode(content, size, &code) != size)
        return false;
    return code < 0x80
               ? ispunct((int)code) != 0
               : unicode_is_punctuation(code) || (options->split_han && unicode_is_cjk(code));
}

/* Whether WordPiece in transformers knows it, too. */
static bool is_in_model(const struct reading *reading, const struct added_token *token)
{
    return reading->fast.root
               ? cJSON_GetObjectItemCaseSensitive(get(get(reading->fast.root, "model"), "vocab"),
                                                  token->content) != NULL
               : token->id < reading->lines;
}

/* How an added token, which transformers cut out of a text before they look for words and pieces, comes out of
 * Lambert's tokenizer, to which it is an entry of the vocabulary as any other. */
enum added_fit {
    ADDED_ALIKE,
    ADDED_NEVER, /* no text makes it here */
    ADDED_OTHERWISE
};

/* A word is cut there out of longer words as well, or at signs that do not part words here; and its beginning, or a
 * "##" piece, is found here in words that there have other pieces. */
static enum added_fit added_fit(const struct reading *reading, struct tokenizer *tokenizer,
                                const struct added_token *token)
{
    const bool in_model = is_in_model(reading, token);
    if (!is_made(tokenizer, token))
        return in_model || !string_begins_with(token->content, "##") ? ADDED_NEVER
                                                                     : ADDED_OTHERWISE;
    return stands_alone(&reading->tokenizer->options, token->content) &&
                   (in_model || (token->normalized && !token->single_word))
               ? ADDED_ALIKE
               : ADDED_OTHERWISE;
}

/* Tokens that are cut out of texts there are to come out of the same texts here, and of no others. Those that mark
 * something, as [MASK] does, may be text here where nobody writes them into texts. */
static int check_added(const struct reading *reading)
{
    struct tokenizer *tokenizer =
        tokenizer_new(reading->tokenizer->vocabulary, &reading->tokenizer->options);
    struct buffer special = {0};
    int status = 0;
    for (size_t i = 0; i < reading->added.count && status == 0; i++) {
        const struct added_token *token = &reading->added.rows[i];
        if (added_token_is_one_of_five(token))
            continue;
        const enum added_fit fit = added_fit(reading, tokenizer, token);
        if (fit == ADDED_NEVER && token->special)
            buffer_print(&special, "%s'%.80s'", special.size > 0 ? ", " : "", token->content);
        else if (fit != ADDED_ALIKE)
            status = error_set(
                reading->err,
                "%s: added token '%.80s' (id %d) is cut out of texts as it stands, of longer words "
                "too, which this program does not do; to keep its row and read its text as any other, "
                "take it out of added tokens in all files and put it into vocab.txt%s at its id",
                reading->folder, token->content, token->id,
                reading->fast.root ? " and tokenizer.json's model.vocab" : "");
    }
    if (status == 0 && special.size > 0)
        log_warning(
            "%s: special tokens besides BERT's five keep their rows, but are text where they "
            "stand in texts: %s",
            reading->folder, buffer_text(&special));
    buffer_release(&special);
    tokenizer_free(tokenizer);
    return status;
}

/* --- all of it -------------------------------------------------------------------------------- */

static int read_added(struct reading *reading)
{
    struct added_tokens *added = &reading->added;
    struct error *err = reading->err;
    const struct json_file *fast = &reading->fast, *config = &reading->config,
                           *list = &reading->list;
    return (fast->root && added_tokens_from_tokenizer(added, fast->root, fast->path, err) < 0) ||
                   (config->root &&
                    added_tokens_from_config(added, config->root, config->path, err) < 0) ||
                   (list->root && added_tokens_from_list(added, list->root, list->path, err) < 0)
               ? -1
               : 0;
}

static int mark_special(struct reading *reading)
{
    const struct json_file *files[] = {&reading->config, &reading->map};
    for (int i = 0; i < 2; i++)
        if (files[i]->root && added_tokens_mark_special(&reading->added, files[i]->root,
                                                        reading->tokenizer->vocabulary,
                                                        files[i]->path, reading->err) < 0)
            return -1;
    return 0;
}

int hf_tokenizer_read(struct hf_tokenizer *tokenizer, const char *folder, struct error *err)
{
    struct reading reading = {.folder = folder, .tokenizer = tokenizer, .err = err};
    int status = -1;
    *tokenizer = (struct hf_tokenizer){0};
    if (open_files(&reading) < 0 || check_class(&reading) < 0 || check_config(&reading) < 0 ||
        (reading.fast.root && check_fast(&reading) < 0) ||
        read_options(&reading, &tokenizer->options) < 0)
        goto done;
    if (read_added(&reading) < 0 || load_vocabulary(&reading) < 0 ||
        added_tokens_check(&reading.added, tokenizer->vocabulary, folder, err) < 0 ||
        mark_special(&reading) < 0)
        goto done;
    model_case_settle(&reading.said, tokenizer->vocabulary, folder, reading.config.path,
                      &tokenizer->options);
    if (reading.fast.root && (check_vocabulary(&reading) < 0 || check_processor(&reading) < 0))
        goto done;
    if (check_added(&reading) < 0)
        goto done;
    added_tokens_print(&reading.added, &tokenizer->added);
    status = 0;
done:
    if (status < 0)
        hf_tokenizer_release(tokenizer);
    close_files(&reading);
    return status;
}

void hf_tokenizer_release(struct hf_tokenizer *tokenizer)
{
    vocabulary_free(tokenizer->vocabulary);
    buffer_release(&tokenizer->added);
    *tokenizer = (struct hf_tokenizer){0};
}

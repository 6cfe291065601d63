/* The tokenizer files of a folder: each field that would make other tokens is honoured or refused by its
 * name, in whichever file it stands; what is read is written back. */
#include "store/hf_tokenizer.h"

#include <stdlib.h>
#include <string.h>

#include "lambert/base/file.h"
#include "lambert/base/json.h"
#include "lambert/base/memory.h"
#include "lib/scratch.h"

static const char words[] = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nword\n##s\n<\nurl\n>\ncovid";

/* --- folders ---------------------------------------------------------------------------------- */

static void drop(const char *folder, const char *name)
{
    struct error err;
    char *path = path_join(folder, name);
    assert_int_equal(file_remove(path, &err), 0);
    free(path);
}

/* A folder as Lambert writes it, of this vocabulary, cased or not, in place of the one before. */
static const char *make_folder_of(const char *list, bool lower_case)
{
    const char *folder = scratch_path("folder");
    struct error err;
    struct vocabulary *vocabulary;
    const struct added_tokens none = {0};
    struct tokenizer_options options = tokenizer_defaults;
    options.lower_case = lower_case;
    assert_int_equal(folder_create(folder, &err), 0);
    assert_int_equal(vocabulary_parse(&vocabulary, "list", list, strlen(list), &err), 0);
    char *config = hf_tokenizer_config_print(vocabulary, &options, &none, 8);
    char *fast = hf_tokenizer_print(vocabulary, &options, &none);
    scratch_put(folder, "vocab.txt", list);
    scratch_put(folder, "tokenizer_config.json", config);
    scratch_put(folder, "tokenizer.json", fast);
    drop(folder, "added_tokens.json");
    drop(folder, "special_tokens_map.json");
    drop(folder, "config.json");
    free(config);
    free(fast);
    vocabulary_free(vocabulary);
    return folder;
}

static const char *make_folder(bool lower_case)
{
    return make_folder_of(words, lower_case);
}

/* Sets the member at a path "a.b.c" of a file to a value, JSON in text; NULL takes it away. */
static void edit(const char *folder, const char *name, const char *place, const char *value)
{
    struct buffer text = {0};
    char *path = path_join(folder, name), *steps = memory_copy_text(place), *rest = steps;
    scratch_read(path, &text);
    cJSON *root = cJSON_ParseWithLength((const char *)text.data, text.size), *object = root;
    char *step = strtok_r(rest, ".", &rest);
    for (char *next; (next = strtok_r(rest, ".", &rest)) != NULL; step = next)
        object = cJSON_GetObjectItemCaseSensitive(object, step);
    assert_non_null(object);
    cJSON_DeleteItemFromObjectCaseSensitive(object, step);
    if (value) {
        cJSON *item = cJSON_Parse(value);
        assert_non_null(item);
        cJSON_AddItemToObject(object, step, item);
    }
    char *edited = json_print(root);
    scratch_write(path, edited, strlen(edited));
    free(edited);
    free(steps);
    free(path);
    buffer_release(&text);
}

static void expect_refused(const char *folder, const char *word, const char *other)
{
    struct hf_tokenizer tokenizer;
    struct error err = {""};
    if (hf_tokenizer_read(&tokenizer, folder, &err) == 0)
        fail_msg("accepted, though '%s' and '%s'", word, other);
    if (!strstr(err.text, word) || !strstr(err.text, other) || !strstr(err.text, folder))
        fail_msg("'%s' names not '%s' and '%s'", err.text, word, other);
    assert_null(strchr(err.text, '\n'));
    assert_null(tokenizer.vocabulary);
    hf_tokenizer_release(&tokenizer);
}

static struct hf_tokenizer expect_read(const char *folder)
{
    struct hf_tokenizer tokenizer;
    struct error err;
    if (hf_tokenizer_read(&tokenizer, folder, &err) < 0)
        fail_msg("%s", err.text);
    return tokenizer;
}

/* --- options ---------------------------------------------------------------------------------- */

#define FAST   "tokenizer.json"
#define CONFIG "tokenizer_config.json"
#define CHARS  "model.max_input_chars_per_word"

static void options_are_read_and_written(void **state)
{
    (void)state;
    static const struct {
        const char *accents, *han, *chars; /* JSON; NULL: not mentioned */
        bool lower_case;
        struct tokenizer_options wanted;
    } cases[] = {
        {"null", "true", "200", true, {true, ACCENTS_AS_CASE, true, 200}},
        {"null", "true", "200", false, {false, ACCENTS_AS_CASE, true, 200}},
        {NULL, NULL, "100", true, {true, ACCENTS_AS_CASE, true, 100}},
        {NULL, NULL, NULL, false, {false, ACCENTS_AS_CASE, true, 100}},
        {"false", "true", "7", true, {true, ACCENTS_KEPT, true, 7}},
        {"true", "false", "200", false, {false, ACCENTS_STRIPPED, false, 200}},
        {"false", "false", "1", false, {false, ACCENTS_AS_CASE, false, 1}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *folder = make_folder(cases[i].lower_case);
        edit(folder, CONFIG, "strip_accents", cases[i].accents);
        edit(folder, FAST, "normalizer.strip_accents", cases[i].accents);
        edit(folder, CONFIG, "tokenize_chinese_chars", cases[i].han);
        edit(folder, FAST, "normalizer.handle_chinese_chars", cases[i].han);
        edit(folder, FAST, CHARS, cases[i].chars);
        struct hf_tokenizer once = expect_read(folder);
        assert_true(tokenizer_options_equal(&once.options, &cases[i].wanted));
        assert_int_equal(once.added.size, 0);

        /* Written and read again they are the same, and so are the bytes. */
        const struct added_tokens none = {0};
        char *config = hf_tokenizer_config_print(once.vocabulary, &once.options, &none, 8);
        char *fast = hf_tokenizer_print(once.vocabulary, &once.options, &none);
        scratch_put(folder, CONFIG, config);
        scratch_put(folder, FAST, fast);
        struct hf_tokenizer again = expect_read(folder);
        assert_true(tokenizer_options_equal(&again.options, &cases[i].wanted));
        char *twice = hf_tokenizer_print(again.vocabulary, &again.options, &none);
        assert_string_equal(twice, fast);
        free(twice);
        free(fast);
        free(config);
        hf_tokenizer_release(&once);
        hf_tokenizer_release(&again);
    }
}

/* Without the one file or the other; words are then as long as in transformers. */
static void folders_without_a_file(void **state)
{
    (void)state;
    const char *folder = make_folder(true);
    drop(folder, "vocab.txt");
    struct hf_tokenizer tokenizer = expect_read(folder);
    assert_int_equal(vocabulary_size(tokenizer.vocabulary), 11);
    assert_int_equal(tokenizer.options.max_word_characters, 200);
    hf_tokenizer_release(&tokenizer);
    drop(folder, CONFIG);
    tokenizer = expect_read(folder);
    assert_true(tokenizer.options.lower_case);
    hf_tokenizer_release(&tokenizer);
    drop(folder, FAST);
    expect_refused(folder, "neither vocab.txt", "tokenizer.json");
    scratch_put(folder, "vocab.txt", words);
    tokenizer = expect_read(folder);
    assert_true(tokenizer.options.lower_case);
    assert_int_equal(tokenizer.options.max_word_characters, 100);
    size_t size;
    assert_memory_equal(vocabulary_text(tokenizer.vocabulary, &size), words, sizeof words - 1);
    assert_int_equal(size, sizeof words - 1);
    hf_tokenizer_release(&tokenizer);

    folder = make_folder(false);
    drop(folder, CONFIG); /* transformers would lower-case */
    expect_refused(folder, "normalizer.lowercase is false", "do_lower_case is true");
    static const char *const fast_alone[] = {"{\"tokenizer_class\":\"PreTrainedTokenizerFast\"}",
                                             "{\"tokenizer_class\":\"TokenizersBackend\"}"};
    for (int i = 0; i < 2; i++) {
        scratch_put(folder, CONFIG, fast_alone[i]); /* they would not */
        tokenizer = expect_read(folder);
        assert_false(tokenizer.options.lower_case);
        hf_tokenizer_release(&tokenizer);
    }
}

/* A folder that says nothing of case is as its vocabulary, with a file or without; transformers' default would make
 * an uncased model of a cased one. */
static void case_by_the_vocabulary(void **state)
{
    (void)state;
    static const char cased[] = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nword\nCaf\xc3\xa9";
    static const struct {
        const char *words, *config; /* config NULL: there is none */
        const char *options, *said; /* said "": nothing */
    } cases[] = {
        {words, NULL, "uncased", "is taken for uncased"},
        {cased, NULL, "cased", "is taken for cased"},
        {cased, "{}", "cased", "2 tokens 1 have capitals and 1 accents (readers that go by their"},
        {cased, "{\"strip_accents\":true}", "cased, accents stripped",
         "is taken for cased, accents"},
        {cased, "{\"do_lower_case\":false}", "cased", ""},
        {cased, "{\"do_lower_case\":true}", "uncased", "warning: "},
        {words, "{\"do_lower_case\":true}", "uncased", ""},
        {words, "{\"do_lower_case\":false}", "cased", "do_lower_case is true"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *folder = make_folder(true);
        struct hf_tokenizer tokenizer;
        struct error err;
        struct buffer said = {0};
        char text[TOKENIZER_OPTIONS_TEXT];
        drop(folder, FAST);
        drop(folder, CONFIG);
        scratch_put(folder, "vocab.txt", cases[i].words);
        if (cases[i].config)
            scratch_put(folder, CONFIG, cases[i].config);
        catch_begin();
        const int status = hf_tokenizer_read(&tokenizer, folder, &err);
        catch_end(&said);
        if (status < 0)
            fail_msg("%s", err.text);
        tokenizer.options.max_word_characters = tokenizer_defaults.max_word_characters;
        assert_string_equal(tokenizer_options_text(&tokenizer.options, text), cases[i].options);
        if (cases[i].said[0] ? !strstr(buffer_text(&said), cases[i].said) : said.size > 0)
            fail_msg("%d: '%s' was said, not '%s'", (int)i, buffer_text(&said), cases[i].said);
        buffer_release(&said);
        hf_tokenizer_release(&tokenizer);
    }
}

/* The cure that a warning names makes a folder that is read, and without a warning. */
static void a_cure_cures(void **state)
{
    (void)state;
    static const char cased[] = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nword\nWord\nCaf\xc3\xa9";
    static const char alone[] = "{\"tokenizer_class\":\"PreTrainedTokenizerFast\"}";
    static const struct {
        bool fast;
        const char *config, *path, *said; /* config NULL: there is none */
        const char *cured;                /* what tokenizer_config.json is then; NULL: as before */
    } cases[] = {
        {false, "{\"do_lower_case\":true}", CONFIG,
         "if the model is cased, do_lower_case is false in tokenizer_config.json\n",
         "{\"do_lower_case\":false}"},
        {true, "{\"do_lower_case\":true}", CONFIG,
         "do_lower_case is false in tokenizer_config.json and normalizer.lowercase is false in "
         "tokenizer.json\n",
         "{\"do_lower_case\":false}"},
        {true, NULL, FAST,
         "do_lower_case is false in tokenizer_config.json and normalizer.lowercase is false in "
         "tokenizer.json\n",
         "{\"do_lower_case\":false}"},
        {true, alone, FAST,
         "if the model is cased, normalizer.lowercase is false in tokenizer.json\n", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int cured = 0; cured < 2; cured++) {
            const char *folder = make_folder_of(cased, !cured);
            struct hf_tokenizer tokenizer;
            struct error err;
            struct buffer said = {0};
            drop(folder, CONFIG);
            if (!cases[i].fast)
                drop(folder, FAST);
            const char *config = cured && cases[i].cured ? cases[i].cured : cases[i].config;
            if (config)
                scratch_put(folder, CONFIG, config);
            catch_begin();
            const int status = hf_tokenizer_read(&tokenizer, folder, &err);
            catch_end(&said);
            if (status < 0)
                fail_msg("%d, %d: %s", (int)i, cured, err.text);
            assert_int_equal(tokenizer.options.lower_case, !cured);
            char *begin = memory_text("warning: %s/%s: ", folder, cases[i].path);
            if (cured ? said.size > 0
                      : !strstr(buffer_text(&said), begin) ||
                            !strstr(buffer_text(&said), cases[i].said))
                fail_msg("%d, %d: '%s' was said", (int)i, cured, buffer_text(&said));
            free(begin);
            buffer_release(&said);
            hf_tokenizer_release(&tokenizer);
        }
}

/* --- one field after the other ---------------------------------------------------------------- */

#define CLS  "{\"SpecialToken\":{\"id\":\"[CLS]\",\"type_id\":0}}"
#define SEP  "{\"SpecialToken\":{\"id\":\"[SEP]\",\"type_id\":0}}"
#define A    "{\"Sequence\":{\"id\":\"A\",\"type_id\":0}}"
#define BERT "\"cls\":[\"[CLS]\",2],\"sep\":[\"[SEP]\",3]"

static void what_fields_do(void **state)
{
    (void)state;
    static const struct {
        const char *file, *place, *value, *word, *other; /* word NULL: accepted */
    } cases[] = {
        {FAST, "normalizer", "null", "its normalizer is missing", "BertNormalizer"},
        {FAST, "normalizer", "{\"type\":\"Lowercase\"}", "its normalizer is Lowercase", FAST},
        {FAST, "normalizer",
         "{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"NFD\"},{\"type\":\"Lowercase\"}]}",
         "its normalizer is Sequence", FAST},
        {FAST, "normalizer",
         "{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"BertNormalizer\"}]}", NULL, NULL},
        {FAST, "normalizer.clean_text", "false", "normalizer.clean_text is false", FAST},
        {FAST, "normalizer.lowercase", "false", "normalizer.lowercase is false",
         "do_lower_case is true"},
        {FAST, "normalizer.lowercase", "\"yes\"", "lowercase is neither", FAST},
        {FAST, "normalizer.strip_accents", "true", NULL, NULL}, /* as the case has it */
        {FAST, "normalizer.strip_accents", "false", "normalizer.strip_accents is false",
         "strip_accents is true in tokenizer_config.json, which does not mention"},
        {FAST, "normalizer.handle_chinese_chars", "false",
         "normalizer.handle_chinese_chars is false", "tokenize_chinese_chars is true"},
        {FAST, "pre_tokenizer", "null", "its pre_tokenizer is missing", "BertPreTokenizer"},
        {FAST, "pre_tokenizer", "{\"type\":\"Whitespace\"}", "its pre_tokenizer is Whitespace",
         FAST},
        {FAST, "pre_tokenizer",
         "{\"type\":\"Sequence\",\"pretokenizers\":[{\"type\":\"BertPreTokenizer\"}]}", NULL, NULL},
        {FAST, "model.type", "\"BPE\"", "model.type is 'BPE'", "WordPiece"},
        {FAST, "model.type", NULL, NULL, NULL},
        {FAST, "model.unk_token", "\"<unk>\"", "model.unk_token is '<unk>'", "[UNK]"},
        {FAST, "model.continuing_subword_prefix", "\"@@\"",
         "model.continuing_subword_prefix is '@@'", "##"},
        {FAST, CHARS, "0", CHARS, "whole number"},
        {FAST, CHARS, "1.5", CHARS, "whole number"},
        {FAST, CHARS, "\"100\"", CHARS, "whole number"},
        {FAST, "model.vocab", "[]", "no WordPiece vocabulary", FAST},
        {FAST, "model.vocab.word", "6", "token 'word' has id 6, which is 5 by vocab.txt", FAST},
        {FAST, "model.vocab.word", NULL, "lacks 1 token(s) of vocab.txt", FAST},
        {FAST, "model.vocab.more", "11", "token 'more' has id 11, which is -1", FAST},
        {FAST, "post_processor", "null", "its post_processor is not BERT's", FAST},
        {FAST, "post_processor", "{\"type\":\"BertProcessing\"," BERT "}", NULL, NULL},
        {FAST, "post_processor", "{\"type\":\"RobertaProcessing\"," BERT "}", "post_processor",
         FAST},
        {FAST, "post_processor.single", "[" CLS "," A "]", "post_processor", FAST},
        {FAST, "post_processor.pair", "[" CLS "," A "," SEP "]", "post_processor", FAST},
        {FAST, "post_processor.special_tokens", "{}", "post_processor", FAST},
        {FAST, "truncation", "{\"max_length\":128}", NULL, NULL},
        {FAST, "padding", "{\"strategy\":\"BatchLongest\"}", NULL, NULL},
        {FAST, "decoder", "null", NULL, NULL},
        {CONFIG, "do_lower_case", "false", "do_lower_case is false", "lowercase is true"},
        {CONFIG, "do_lower_case", "0", "do_lower_case is neither", CONFIG},
        {CONFIG, "do_lower_case", NULL, NULL, NULL},
        {CONFIG, "strip_accents", "false", "strip_accents is false", "strip_accents is true"},
        {CONFIG, "strip_accents", "true", NULL, NULL},
        {CONFIG, "tokenize_chinese_chars", "false", "tokenize_chinese_chars is false", FAST},
        {CONFIG, "tokenizer_class", "\"BertTokenizerFast\"", NULL, NULL},
        {CONFIG, "tokenizer_class", "null", NULL, NULL},
        {CONFIG, "tokenizer_class", "\"BertJapaneseTokenizer\"",
         "tokenizer_class is BertJapaneseTokenizer", CONFIG},
        {CONFIG, "tokenizer_class", "\"TokenizersBackend\"", NULL, NULL},
        {CONFIG, "tokenizer_class", "3", "tokenizer_class is", CONFIG},
        {CONFIG, "do_basic_tokenize", "false", "do_basic_tokenize is false", CONFIG},
        {CONFIG, "do_basic_tokenize", "true", NULL, NULL},
        {CONFIG, "clean_text", "false", "clean_text is false", CONFIG},
        {CONFIG, "never_split", "[\"a\"]", "never_split", CONFIG},
        {CONFIG, "never_split", "[]", NULL, NULL},
        {CONFIG, "word_tokenizer_type", "\"mecab\"", "word_tokenizer_type is 'mecab'", CONFIG},
        {CONFIG, "subword_tokenizer_type", "\"character\"", "subword_tokenizer_type", CONFIG},
        {CONFIG, "wordpieces_prefix", "\"@\"", "wordpieces_prefix is '@'", CONFIG},
        {CONFIG, "cls_token", "\"<s>\"", "cls_token is '<s>'; this program's is [CLS]", CONFIG},
        {CONFIG, "cls_token", "{\"content\":\"[CLS]\"}", NULL, NULL},
        {CONFIG, "mask_token", "7", "mask_token is 'no token'", CONFIG},
        {CONFIG, "bos_token", "null", NULL, NULL},
        {CONFIG, "bos_token", "\"[BOS]\"", "bos_token is '[BOS]', which has no id", CONFIG},
        {CONFIG, "additional_special_tokens", "[\"[NEW]\"]", "'[NEW]', which has no id", CONFIG},
        {CONFIG, "additional_special_tokens", "3", "not a list", CONFIG},
        {CONFIG, "padding_side", "\"left\"", NULL, NULL},
        {CONFIG, "model_max_length", "1000000000000000019884624838656", NULL, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *folder = make_folder(true);
        edit(folder, cases[i].file, cases[i].place, cases[i].value);
        if (cases[i].word) {
            expect_refused(folder, cases[i].word, cases[i].other);
        } else {
            struct hf_tokenizer tokenizer = expect_read(folder);
            assert_true(tokenizer_options_are_plain(&tokenizer.options));
            assert_int_equal(tokenizer.added.size, 0);
            hf_tokenizer_release(&tokenizer);
        }
    }
    const char *folder = make_folder(true);
    edit(folder, CONFIG, "tokenizer_class", NULL);
    scratch_put(folder, "config.json", "{\"tokenizer_class\":\"XLMRobertaTokenizer\"}");
    expect_refused(folder, "tokenizer_class is XLMRobertaTokenizer", "/config.json");
    drop(folder, FAST);
    scratch_put(folder, CONFIG, "{\"tokenizer_class\":\"PreTrainedTokenizerFast\"}");
    expect_refused(folder, "PreTrainedTokenizerFast, but the folder has no tokenizer.json", CONFIG);
    scratch_put(folder, CONFIG, "{\"tokenizer_class\":\"TokenizersBackend\"}");
    expect_refused(folder, "TokenizersBackend, but the folder has no tokenizer.json", CONFIG);
    folder = make_folder(true);
    scratch_put(folder, "special_tokens_map.json", "{\"unk_token\":\"<unk>\"}");
    expect_refused(folder, "unk_token is '<unk>'", "special_tokens_map.json");
    scratch_put(folder, "special_tokens_map.json", "[]");
    expect_refused(folder, "not a JSON object", "special_tokens_map.json");
}

/* --- added tokens ----------------------------------------------------------------------------- */

#define FLAGS(normalized, special)                                                                 \
    ",\"single_word\":false,\"lstrip\":false,\"rstrip\":false,\"normalized\":" normalized          \
    ",\"special\":" special "}"
#define COVID "{\"id\":10,\"content\":\"covid\"" FLAGS("true", "false")
#define LESS  "{\"id\":7,\"content\":\"<\"" FLAGS("true", "false")
#define E1    "{\"id\":11,\"content\":\"[E1]\"" FLAGS("false", "true")

/* The vocabulary, the list that goes with it, and what is said of it. */
static void expect_added(const char *folder, int entries, const char *list, const char *word)
{
    struct hf_tokenizer tokenizer;
    struct error err;
    struct buffer said = {0};
    catch_begin();
    const int status = hf_tokenizer_read(&tokenizer, folder, &err);
    catch_end(&said);
    if (status < 0)
        fail_msg("%s", err.text);
    assert_int_equal(vocabulary_size(tokenizer.vocabulary), entries);
    assert_string_equal(buffer_text(&tokenizer.added), list);
    if (word ? !strstr(buffer_text(&said), word) : said.size > 0)
        fail_msg("'%s' was said, not '%s'", buffer_text(&said), word ? word : "");
    hf_tokenizer_release(&tokenizer);
    buffer_release(&said);
}

static void added_tokens_have_their_rows(void **state)
{
    (void)state;
    const char *folder = make_folder(true);
    scratch_put(folder, "added_tokens.json", "{\"<\":7,\"[CLS]\":2}");
    expect_added(folder, 11, "[" LESS "]", NULL);
    drop(folder, "added_tokens.json");
    edit(folder, FAST, "added_tokens", "[" LESS "," E1 "]");
    expect_added(folder, 12, "[" LESS "," E1 "]", "where they stand in texts: '[E1]'");

    /* By the slow tokenizer's files alone. */
    drop(folder, FAST);
    scratch_put(folder, "added_tokens.json", "{\"[E1]\":11}");
    edit(folder, CONFIG, "additional_special_tokens", "[\"[E1]\"]");
    expect_added(folder, 12, "[" E1 "]", "where they stand in texts: '[E1]'");
    edit(folder, CONFIG, "added_tokens_decoder",
         "{\"11\":{\"content\":\"[E1]\"" FLAGS("false", "true") "}");
    expect_added(folder, 12, "[" E1 "]", "where they stand in texts: '[E1]'");

    /* One of BERT's five with other flags goes out with them. */
    folder = make_folder(true);
    edit(folder, FAST, "added_tokens",
         "[{\"id\":4,\"content\":\"[MASK]\",\"single_word\":false,\"lstrip\":true,\"rstrip\":false,"
         "\"normalized\":false,\"special\":true}]");
    expect_added(folder, 11,
                 "[{\"id\":4,\"content\":\"[MASK]\",\"single_word\":false,\"lstrip\":true,"
                 "\"rstrip\":false,\"normalized\":false,\"special\":true}]",
                 NULL);
}

/* Content, place and flags: taken without a word, taken with a warning, or refused by name, by the fast tokenizer's
 * file and by the slow one's alike. */
static void added_tokens_one_by_one(void **state)
{
    (void)state;
    enum { IN_MODEL = 1, SINGLE = 2, NORMALIZED = 4, SPECIAL = 8, STRIPS = 16 };
    enum { TAKEN, WARNED, REFUSED };
    static const struct {
        const char *content;
        int id, flags, what;
    } cases[] = {
        {"<", 7, IN_MODEL, TAKEN},
        {"<", 7, IN_MODEL | SINGLE, TAKEN},
        {"<", 7, IN_MODEL | SPECIAL | STRIPS, TAKEN},
        {";", 11, NORMALIZED, TAKEN},
        {";", 11, 0, REFUSED}, /* a Greek question mark becomes one */
        {";", 11, NORMALIZED | SINGLE, REFUSED},
        {"\xe6\x9d\xb1", 11, NORMALIZED, TAKEN},   /* Chinese */
        {"\xe2\x82\xac", 11, NORMALIZED, REFUSED}, /* the Euro's sign parts no words */
        {"covid", 10, IN_MODEL, REFUSED},
        {"covid", 10, IN_MODEL | NORMALIZED | SINGLE, REFUSED},
        {"covid", 10, IN_MODEL | SPECIAL, REFUSED},
        {"virus", 11, NORMALIZED, REFUSED},
        {"virus", 11, NORMALIZED | SINGLE, REFUSED},
        {"virus", 11, SPECIAL, REFUSED},
        {"Virus", 11, SPECIAL, WARNED}, /* which lower-cased text has not */
        {"Virus", 11, NORMALIZED, REFUSED},
        {"[E1]", 11, SPECIAL, WARNED},
        {"[E1]", 11, NORMALIZED, REFUSED},
        {"<url>", 11, SPECIAL | STRIPS, WARNED},
        {"two words", 11, SPECIAL, WARNED},
        {"two words", 11, 0, REFUSED},
        {"##t", 11, SPECIAL, REFUSED},
        {"##s", 6, IN_MODEL | SPECIAL, WARNED},
        {"##s", 6, IN_MODEL, REFUSED},
    };
    for (size_t i = 0; i < 2 * sizeof cases / sizeof *cases; i++) {
        const int c = (int)i / 2, flags = cases[c].flags;
        const bool fast = i % 2 == 0;
        const char *folder = make_folder(true);
        struct hf_tokenizer tokenizer;
        struct error err = {""};
        struct buffer said = {0};
        cJSON *token = added_token_json(&(struct added_token){.content = (char *)cases[c].content,
                                                              .id = cases[c].id,
                                                              .single_word = flags & SINGLE,
                                                              .lstrip = flags & STRIPS,
                                                              .normalized = flags & NORMALIZED,
                                                              .special = flags & SPECIAL},
                                        fast);
        cJSON *all = fast ? cJSON_CreateArray() : cJSON_CreateObject();
        char number[8];
        snprintf(number, sizeof number, "%d", cases[c].id);
        if (fast)
            cJSON_AddItemToArray(all, token);
        else
            cJSON_AddItemToObject(all, number, token);
        char *text = json_print(all);
        if (fast)
            edit(folder, FAST, "added_tokens", text);
        else
            drop(folder, FAST);
        if (!fast)
            edit(folder, CONFIG, "added_tokens_decoder", text);
        catch_begin();
        const int status = hf_tokenizer_read(&tokenizer, folder, &err);
        catch_end(&said);
        const char *warning = strstr(buffer_text(&said), "are text where they stand");
        if (status != (cases[c].what == REFUSED ? -1 : 0) ||
            (warning != NULL) != (cases[c].what == WARNED) ||
            !strstr(status < 0 ? err.text
                    : warning  ? warning
                               : cases[c].content,
                    cases[c].content))
            fail_msg("case %d of '%s': status %d, '%s', and '%s' was said", c, cases[c].content,
                     status, err.text, buffer_text(&said));
        if (status == 0)
            assert_int_equal(vocabulary_size(tokenizer.vocabulary), flags & IN_MODEL ? 11 : 12);
        hf_tokenizer_release(&tokenizer);
        buffer_release(&said);
        free(text);
    }
}

static void added_tokens_that_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *list, *word;
    } cases[] = {
        {"{\"<url>\":11}", "added token '<url>' (id 11) is cut out of texts as it stands"},
        {"{\"word\":5,\"<\":5}", "'word' and '<' both have id 5"},
        {"{\"word\":6}", "added token 'word' has id 6, which in the vocabulary is '##s'"},
        {"{\"new\":12}",
         "added token 'new' has id 12, where the vocabulary before it ends with id 10"},
        {"{\"new\":11,\"newer\":13}", "added token 'newer' has id 13"},
        {"{\"new\":-1}", "the id of added token 'new'"},
        {"{\"new\":\"11\"}", "the id of added token 'new'"},
        {"{\"\":11}", "no text of one line"},
        {"{\"a\\nb\":11}", "no text of one line"},
        {"[]", "not a JSON object"},
    };
    const char *folder = make_folder(true);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        scratch_put(folder, "added_tokens.json", cases[i].list);
        expect_refused(folder, cases[i].word, "");
    }
    scratch_put(folder, "added_tokens.json", "{\"covid\":11}");
    edit(folder, FAST, "added_tokens", "[" COVID "]");
    expect_refused(folder, "added token 'covid' has id 11, and 10", "added_tokens.json");
    drop(folder, "added_tokens.json");
    edit(folder, CONFIG, "added_tokens_decoder",
         "{\"10\":{\"content\":\"covid\"" FLAGS("false", "true") "}");
    expect_refused(folder, "added token 'covid' has other flags", CONFIG);
    edit(folder, CONFIG, "added_tokens_decoder", "{\"x\":{\"content\":\"covid\"}}");
    expect_refused(folder, "the id of added token 'covid'", CONFIG);
    edit(folder, CONFIG, "added_tokens_decoder", "[]");
    expect_refused(folder, "added_tokens_decoder is not an object", CONFIG);
    edit(folder, FAST, "added_tokens", "[{\"id\":10}]");
    expect_refused(folder, "no content of one line", FAST);
    edit(folder, FAST, "added_tokens", "[{\"id\":10,\"content\":\"covid\",\"special\":3}]");
    expect_refused(folder, "a flag of added token 'covid'", FAST);
    edit(folder, FAST, "added_tokens", "{}");
    expect_refused(folder, "added_tokens is not a list", FAST);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_are_read_and_written),
        cmocka_unit_test(folders_without_a_file),
        cmocka_unit_test(case_by_the_vocabulary),
        cmocka_unit_test(a_cure_cures),
        cmocka_unit_test(what_fields_do),
        cmocka_unit_test(added_tokens_have_their_rows),
        cmocka_unit_test(added_tokens_one_by_one),
        cmocka_unit_test(added_tokens_that_are_refused),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}

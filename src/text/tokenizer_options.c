#include "lambert/text/tokenizer_options.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

const char *const accents_names[ACCENTS_CHOICES] = {
    [ACCENTS_AS_CASE] = "as-case", [ACCENTS_STRIPPED] = "strip", [ACCENTS_KEPT] = "keep"};

const struct tokenizer_options tokenizer_defaults = TOKENIZER_DEFAULTS;

bool tokenizer_strips_accents(const struct tokenizer_options *options)
{
    return options->accents == ACCENTS_AS_CASE ? options->lower_case
                                               : options->accents == ACCENTS_STRIPPED;
}

bool tokenizer_options_equal(const struct tokenizer_options *a, const struct tokenizer_options *b)
{
    return a->lower_case == b->lower_case &&
           tokenizer_strips_accents(a) == tokenizer_strips_accents(b) &&
           a->split_han == b->split_han && a->max_word_characters == b->max_word_characters;
}

bool tokenizer_options_are_plain(const struct tokenizer_options *options)
{
    struct tokenizer_options plain = tokenizer_defaults;
    plain.lower_case = options->lower_case;
    return tokenizer_options_equal(options, &plain);
}

/* --- in files --------------------------------------------------------------------------------- */

void tokenizer_options_put(cJSON *object, const struct tokenizer_options *options)
{
    cJSON_AddBoolToObject(object, "lower_case", options->lower_case);
    if (tokenizer_strips_accents(options) != options->lower_case)
        cJSON_AddBoolToObject(object, "strip_accents", tokenizer_strips_accents(options));
    if (!options->split_han)
        cJSON_AddBoolToObject(object, "split_han", false);
    if (options->max_word_characters != tokenizer_defaults.max_word_characters)
        json_add_count(object, "max_word_characters", (uint64_t)options->max_word_characters);
}

/* Leaves `value` as it is where there is no such member. */
static bool get_bool(const cJSON *object, const char *name, bool *value)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    if (item && !cJSON_IsBool(item))
        return false;
    if (item)
        *value = cJSON_IsTrue(item);
    return true;
}

const char *tokenizer_options_get(const cJSON *object, struct tokenizer_options *options)
{
    const cJSON *most = cJSON_GetObjectItemCaseSensitive(object, "max_word_characters");
    uint64_t characters = (uint64_t)tokenizer_defaults.max_word_characters;
    struct tokenizer_options said = tokenizer_defaults;
    if (!cJSON_IsBool(cJSON_GetObjectItemCaseSensitive(object, "lower_case")) ||
        !get_bool(object, "lower_case", &said.lower_case))
        return "lower_case";
    bool strips = said.lower_case;
    if (!get_bool(object, "strip_accents", &strips))
        return "strip_accents";
    if (!get_bool(object, "split_han", &said.split_han))
        return "split_han";
    if (most && (!json_count(most, &characters) || characters == 0 || characters > INT_MAX))
        return "max_word_characters";
    if (strips != said.lower_case)
        said.accents = strips ? ACCENTS_STRIPPED : ACCENTS_KEPT;
    said.max_word_characters = (int)characters;
    *options = said;
    return NULL;
}

/* --- for people ------------------------------------------------------------------------------- */

const char *tokenizer_options_text(const struct tokenizer_options *options,
                                   char text[TOKENIZER_OPTIONS_TEXT])
{
    const bool strips = tokenizer_strips_accents(options);
    int length =
        snprintf(text, TOKENIZER_OPTIONS_TEXT, "%s%s%s", options->lower_case ? "uncased" : "cased",
                 strips == options->lower_case ? ""
                 : strips                      ? ", accents stripped"
                                               : ", accents kept",
                 options->split_han ? "" : ", Chinese characters not set apart");
    if (options->max_word_characters != tokenizer_defaults.max_word_characters)
        snprintf(text + length, (size_t)(TOKENIZER_OPTIONS_TEXT - length),
                 ", words of up to %d characters", options->max_word_characters);
    return text;
}

const char *tokenizer_options_words(const struct tokenizer_options *options,
                                    char words[TOKENIZER_OPTIONS_TEXT])
{
    const bool strips = tokenizer_strips_accents(options);
    char longest[32] = "", all[TOKENIZER_OPTIONS_TEXT];
    if (options->max_word_characters != tokenizer_defaults.max_word_characters)
        snprintf(longest, sizeof longest, " --longest-word %d", options->max_word_characters);
    snprintf(all, sizeof all, "%s%s%s%s", options->lower_case ? "" : " --cased",
             strips == options->lower_case ? ""
             : strips                      ? " --accents strip"
                                           : " --accents keep",
             options->split_han ? "" : " --join-han", longest);
    return strcpy(words, all[0] ? all + 1 : all); /* without the first blank */
}

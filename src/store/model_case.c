#include "model_case.h"

#include <stdio.h>

#include "lambert/base/log.h"
#include "lambert/text/vocabulary_case.h"

/* As a file has it that says both. */
static void set(struct tokenizer_options *options, bool lower_case, bool strips)
{
    options->lower_case = lower_case;
    options->accents = strips == lower_case ? ACCENTS_AS_CASE
                       : strips             ? ACCENTS_STRIPPED
                                            : ACCENTS_KEPT;
}

/* Text without case in any script is lower-cased or not all the same; where its accents are kept, it is cased. */
static void decide(const struct vocabulary_case *seen, const struct model_case *said,
                   const char *model, const char *file, struct tokenizer_options *options)
{
    const bool capitals = vocabulary_case_tells(seen, seen->capitals);
    const bool accents = vocabulary_case_tells(seen, seen->accents);
    const bool small = vocabulary_case_tells(seen, seen->small);
    const bool lower_case = !capitals && (small || !accents);
    const bool strips =
        said->accents.said ? tokenizer_strips_accents(options) : lower_case && !accents;
    struct tokenizer_options shown = tokenizer_defaults; /* of case and accents alone */
    char text[TOKENIZER_OPTIONS_TEXT];
    set(options, lower_case, strips);
    set(&shown, lower_case, strips);
    log_info(
        "%s is taken for %s by its vocabulary: of %d tokens %d have capitals and %d accents%s; "
        "{\"do_lower_case\": false} in %s says %s",
        model, tokenizer_options_text(&shown, text), seen->tokens, seen->capitals, seen->accents,
        lower_case ? "" : " (readers that go by their default would lower-case its text)", file,
        lower_case ? "otherwise" : "so to all readers");
}

enum { CURE = 200 };

/* What the files are to say, each by its own key; into text. */
static void cure(const struct case_said *said, const char *config_key, const char *fast_key,
                 const char *value, char text[CURE])
{
    char config[80], fast[80];
    snprintf(config, sizeof config, "%s is %s in tokenizer_config.json", config_key, value);
    snprintf(fast, sizeof fast, "normalizer.%s is %s in tokenizer.json", fast_key, value);
    snprintf(text, CURE, "%s%s%s", said->config ? config : "",
             said->config && said->fast ? " and " : "", said->fast ? fast : "");
}

static void warn_of_case(const struct vocabulary_case *seen, const struct case_said *said,
                         bool lower_case)
{
    char text[CURE];
    cure(said, "do_lower_case", "lowercase", lower_case ? "false" : "true", text);
    if (lower_case && vocabulary_case_tells(seen, seen->capitals))
        log_warning(
            "%s: text is lower-cased, but %d of %d tokens of the vocabulary have capitals, as "
            "'%.80s', and would never be read; if the model is cased, %s",
            said->path, seen->capitals, seen->tokens, seen->capital, text);
    if (!lower_case && !vocabulary_case_tells(seen, seen->capitals) &&
        vocabulary_case_tells(seen, seen->small))
        log_warning(
            "%s: text keeps its case, but %d of %d tokens of the vocabulary have capitals: a "
            "word with one is [UNK]; if the model is uncased, %s",
            said->path, seen->capitals, seen->tokens, text);
}

static void warn_of_accents(const struct vocabulary_case *seen, const struct case_said *said,
                            bool strips)
{
    char text[CURE];
    cure(said, "strip_accents", "strip_accents", "false", text);
    if (strips && vocabulary_case_tells(seen, seen->accents))
        log_warning(
            "%s: text loses its accents, but %d of %d tokens of the vocabulary have some, as "
            "'%.80s', and would never be read; if the model keeps them, %s",
            said->path, seen->accents, seen->tokens, seen->accent, text);
}

void model_case_settle(const struct model_case *said, const struct vocabulary *vocabulary,
                       const char *model, const char *file, struct tokenizer_options *options)
{
    const struct vocabulary_case seen = vocabulary_case_of(vocabulary);
    if (said->lower_case.said)
        warn_of_case(&seen, &said->lower_case, options->lower_case);
    else
        decide(&seen, said, model, file, options);
    /* A cased vocabulary has letters with accents as it has capitals: one warning of the two says it. */
    if (!options->lower_case || !vocabulary_case_tells(&seen, seen.capitals))
        warn_of_accents(&seen, &said->accents, tokenizer_strips_accents(options));
}

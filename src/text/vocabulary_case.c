#include "lambert/text/vocabulary_case.h"

#include <string.h>

#include "lambert/text/unicode.h"

enum { TELLING = 1000 }; /* one of so many */

static bool is_capital(int32_t code)
{
    int32_t lower[UNICODE_LOWER_LONGEST];
    return unicode_lower(code, lower) != 1 || lower[0] != code;
}

static bool is_accented(int32_t code)
{
    int32_t parts[UNICODE_NFD_LONGEST];
    return unicode_is_accent(code) || unicode_decompose(code, parts) != 1 || parts[0] != code;
}

/* A letter that has a capital. Georgian's are lower case since Unicode 11, but text has no capitals of them. */
static bool is_small(int32_t code)
{
    return unicode_is_lower(code) && !(code >= 0x10D0 && code <= 0x10FF);
}

static void look_at(struct vocabulary_case *seen, const char *token)
{
    const size_t size = strlen(token);
    bool capital = false, accented = false, small = false;
    if (token[0] == '[' || token[0] == '<')
        return;
    for (size_t at = 0; at < size;) {
        int32_t code;
        at += unicode_decode(token + at, size - at, &code); /* a vocabulary is valid UTF-8 */
        capital |= is_capital(code);
        accented |= is_accented(code);
        small |= is_small(code);
    }
    if (capital && seen->capitals++ == 0)
        seen->capital = token;
    if (accented && seen->accents++ == 0)
        seen->accent = token;
    seen->small += small;
    seen->tokens++;
}

struct vocabulary_case vocabulary_case_of(const struct vocabulary *vocabulary)
{
    struct vocabulary_case seen = {.capital = "", .accent = ""};
    for (int32_t id = 0; id < vocabulary_size(vocabulary); id++)
        look_at(&seen, vocabulary_token(vocabulary, id));
    return seen;
}

bool vocabulary_case_tells(const struct vocabulary_case *seen, int count)
{
    return (long long)count * TELLING > seen->tokens;
}

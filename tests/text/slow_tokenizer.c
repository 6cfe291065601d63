#include "slow_tokenizer.h"

#include <stdlib.h>
#include <string.h>

#include <utf8proc.h>

#include "lambert/base/memory.h"

/* --- lists of code points -------------------------------------------------------------------- */

static size_t count_of(const struct buffer *codes)
{
    return codes->size / sizeof(int32_t);
}

static int32_t code_of(const struct buffer *codes, size_t i)
{
    return ((const int32_t *)codes->data)[i];
}

static void put(struct buffer *codes, int32_t code)
{
    buffer_put(codes, &code, sizeof code);
}

static void put_utf8(struct buffer *text, const int32_t *codes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        utf8proc_uint8_t bytes[4];
        buffer_put(text, bytes, (size_t)utf8proc_encode_char(codes[i], bytes));
    }
}

/* --- UTF-8 (Unicode 3.9, table 3-7) ---------------------------------------------------------- */

/* Bytes of the sequence that `lead` begins, 0: none does; and what its second byte may be. */
static int sequence_length(int lead, int *second_first, int *second_last)
{
    *second_first = 0x80;
    *second_last = 0xBF;
    if (lead <= 0x7F)
        return 1;
    if (lead == 0xE0)
        *second_first = 0xA0; /* no overlong forms */
    if (lead == 0xED)
        *second_last = 0x9F; /* no surrogates */
    if (lead == 0xF0)
        *second_first = 0x90; /* no overlong forms */
    if (lead == 0xF4)
        *second_last = 0x8F; /* nothing above U+10FFFF */
    if (lead >= 0xC2 && lead <= 0xDF)
        return 2;
    if (lead >= 0xE0 && lead <= 0xEF)
        return 3;
    if (lead >= 0xF0 && lead <= 0xF4)
        return 4;
    return 0;
}

/* Takes one sequence, or as much of one as is there; returns its bytes; code -1: ignore them. */
static size_t decode_one(const unsigned char *text, size_t size, int32_t *code)
{
    static const int lead_bits[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    int first, last;
    int length = sequence_length(text[0], &first, &last);
    *code = -1;
    if (length == 0)
        return 1;
    int32_t value = text[0] & lead_bits[length];
    for (int i = 1; i < length; i++) {
        if ((size_t)i == size || text[i] < first || text[i] > last)
            return (size_t)i;
        value = value << 6 | (text[i] & 0x3F);
        first = 0x80;
        last = 0xBF;
    }
    *code = value;
    return (size_t)length;
}

size_t slow_decode(const void *text, size_t size, struct buffer *codes)
{
    size_t ignored = 0;
    for (size_t i = 0; i < size;) {
        int32_t code;
        size_t taken = decode_one((const unsigned char *)text + i, size - i, &code);
        if (code < 0)
            ignored += taken;
        else
            put(codes, code);
        i += taken;
    }
    return ignored;
}

/* --- what a code point is -------------------------------------------------------------------- */

/* "Lu", "Mn", ... */
static const char *category(int32_t code)
{
    return utf8proc_category_string(code);
}

static bool has_category(int32_t code, const char *name)
{
    return strcmp(category(code), name) == 0;
}

static bool is_between(int32_t code, int32_t first, int32_t last)
{
    return code >= first && code <= last;
}

bool slow_is_space(int32_t code)
{
    return is_between(code, 0x09, 0x0D) || is_between(code, 0x1C, 0x1F) || code == 0x85 ||
           has_category(code, "Zs") || has_category(code, "Zl") || has_category(code, "Zp");
}

bool slow_is_blank(const void *text, size_t size)
{
    for (size_t i = 0; i < size;) {
        int32_t code;
        i += decode_one((const unsigned char *)text + i, size - i, &code);
        if (code < 0 || !slow_is_space(code))
            return false;
    }
    return true;
}

/* Bytes of the white space that a text begins with, or (at_end) ends with: one code point or none.
 */
static size_t space_at(const char *text, size_t size, bool at_end)
{
    for (size_t length = 1; length <= 4 && length <= size; length++)
        if (slow_is_blank(at_end ? text + size - length : text, length))
            return length;
    return 0;
}

void slow_trim(const char **text, size_t *size)
{
    for (size_t space; (space = space_at(*text, *size, false)) > 0; *size -= space)
        *text += space;
    for (size_t space; (space = space_at(*text, *size, true)) > 0;)
        *size -= space;
}

/* Google's _is_whitespace(), _is_control(), _is_punctuation() and _is_chinese_char(); characters for private
 * use are control characters to transformers' fast tokenizer. */
static bool is_whitespace(int32_t code)
{
    return code == ' ' || code == '\t' || code == '\n' || code == '\r' || has_category(code, "Zs");
}

static bool is_control(int32_t code)
{
    if (code == '\t' || code == '\n' || code == '\r')
        return false;
    return has_category(code, "Cc") || has_category(code, "Cf") || has_category(code, "Co");
}

static bool is_punctuation(int32_t code)
{
    return is_between(code, 33, 47) || is_between(code, 58, 64) || is_between(code, 91, 96) ||
           is_between(code, 123, 126) || category(code)[0] == 'P';
}

static bool is_chinese(int32_t code)
{
    return is_between(code, 0x4E00, 0x9FFF) || is_between(code, 0x3400, 0x4DBF) ||
           is_between(code, 0x20000, 0x2A6DF) || is_between(code, 0x2A700, 0x2B73F) ||
           is_between(code, 0x2B740, 0x2B81F) || is_between(code, 0x2B820, 0x2CEAF) ||
           is_between(code, 0xF900, 0xFAFF) || is_between(code, 0x2F800, 0x2FA1F);
}

/* Unicode 3.13, D136: Case_Ignorable. The list is Word_Break = MidLetter, MidNumLet, Single_Quote.
 */
static bool is_case_ignorable(int32_t code)
{
    static const int32_t inside_words[] = {0x0027, 0x002E, 0x003A, 0x00B7, 0x0387, 0x055F,
                                           0x05F4, 0x2018, 0x2019, 0x2024, 0x2027, 0xFE13,
                                           0xFE52, 0xFE55, 0xFF07, 0xFF0E, 0xFF1A};
    for (size_t i = 0; i < sizeof inside_words / sizeof inside_words[0]; i++)
        if (code == inside_words[i])
            return true;
    return has_category(code, "Mn") || has_category(code, "Me") || has_category(code, "Cf") ||
           has_category(code, "Lm") || has_category(code, "Sk");
}

/* D135: Cased, which is Lu, Ll, Lt, Other_Uppercase and Other_Lowercase; of the latter those that
 * are case-ignorable too are not listed, for nobody asks about them. */
static bool is_cased(int32_t code)
{
    return has_category(code, "Lu") || has_category(code, "Ll") || has_category(code, "Lt") ||
           code == 0xAA || code == 0xBA || is_between(code, 0x2160, 0x217F) ||
           is_between(code, 0x24B6, 0x24E9) || is_between(code, 0x1F130, 0x1F149) ||
           is_between(code, 0x1F150, 0x1F169) || is_between(code, 0x1F170, 0x1F189);
}

/* --- BasicTokenizer -------------------------------------------------------------------------- */

static void clean_text(const struct buffer *text, struct buffer *out)
{
    for (size_t i = 0; i < count_of(text); i++) {
        int32_t code = code_of(text, i);
        if (code == 0 || code == 0xFFFD || is_control(code))
            continue;
        put(out, is_whitespace(code) ? ' ' : code);
    }
}

static void tokenize_chinese_characters(const struct buffer *text, struct buffer *out)
{
    for (size_t i = 0; i < count_of(text); i++) {
        bool alone = is_chinese(code_of(text, i));
        if (alone)
            put(out, ' ');
        put(out, code_of(text, i));
        if (alone)
            put(out, ' ');
    }
}

/* The next token of str.split() from *place on; false: there is none. */
static bool next_token(const struct buffer *text, size_t *place, struct buffer *token)
{
    size_t i = *place;
    buffer_reset(token);
    while (i < count_of(text) && slow_is_space(code_of(text, i)))
        i++;
    while (i < count_of(text) && !slow_is_space(code_of(text, i)))
        put(token, code_of(text, i++));
    *place = i;
    return token->size > 0;
}

static bool is_final_sigma(const struct buffer *token, size_t at)
{
    size_t before = at, after = at + 1;
    while (before > 0 && is_case_ignorable(code_of(token, before - 1)))
        before--;
    if (before == 0 || !is_cased(code_of(token, before - 1)))
        return false;
    while (after < count_of(token) && is_case_ignorable(code_of(token, after)))
        after++;
    return after == count_of(token) || !is_cased(code_of(token, after));
}

/* str.lower() */
static void lower(const struct buffer *token, struct buffer *out)
{
    for (size_t i = 0; i < count_of(token); i++) {
        int32_t code = code_of(token, i);
        if (code == 0x130) {
            put(out, 'i');
            put(out, 0x307);
        } else if (code == 0x3A3) {
            put(out, is_final_sigma(token, i) ? 0x3C2 : 0x3C3);
        } else {
            put(out, utf8proc_tolower(code));
        }
    }
}

/* unicodedata.normalize("NFD") */
static void decompose(const struct buffer *token, struct buffer *out)
{
    struct buffer text = {0};
    put_utf8(&text, (const int32_t *)token->data, count_of(token));
    size_t room = 4 * count_of(token);
    int32_t *codes = buffer_grow(out, room * sizeof *codes);
    utf8proc_ssize_t count = utf8proc_decompose(text.data, (utf8proc_ssize_t)text.size, codes,
                                                (utf8proc_ssize_t)room, UTF8PROC_DECOMPOSE);
    require(count >= 0 && (size_t)count <= room);
    out->size = (size_t)count * sizeof *codes;
    buffer_release(&text);
}

static void strip_accents(const struct buffer *token, struct buffer *out)
{
    for (size_t i = 0; i < count_of(token); i++)
        if (!has_category(code_of(token, i), "Mn"))
            put(out, code_of(token, i));
}

/* Characters that lose an accent, or are one. */
static size_t count_accents(const struct buffer *text, const struct tokenizer_options *options)
{
    size_t count = 0;
    for (size_t i = 0; i < count_of(text) && tokenizer_strips_accents(options); i++) {
        struct buffer one = {0}, lowered = {0}, decomposed = {0}, stripped = {0};
        put(&one, code_of(text, i));
        if (options->lower_case)
            lower(&one, &lowered);
        decompose(options->lower_case ? &lowered : &one, &decomposed);
        strip_accents(&decomposed, &stripped);
        count += stripped.size < decomposed.size;
        buffer_release(&one);
        buffer_release(&lowered);
        buffer_release(&decomposed);
        buffer_release(&stripped);
    }
    return count;
}

static void split_on_punctuation(const struct buffer *token, struct buffer *out)
{
    for (size_t i = 0; i < count_of(token); i++) {
        bool alone = is_punctuation(code_of(token, i));
        if (alone)
            put(out, ' ');
        put(out, code_of(token, i));
        if (alone)
            put(out, ' ');
    }
}

static void put_token(const struct buffer *token, const struct tokenizer_options *options,
                      struct buffer *out)
{
    struct buffer lowered = {0}, decomposed = {0}, stripped = {0};
    if (options->lower_case) {
        lower(token, &lowered);
        token = &lowered;
    }
    if (tokenizer_strips_accents(options)) {
        decompose(token, &decomposed);
        strip_accents(&decomposed, &stripped);
        token = &stripped;
    }
    split_on_punctuation(token, out);
    put(out, ' ');
    buffer_release(&lowered);
    buffer_release(&decomposed);
    buffer_release(&stripped);
}

/* Appends the words, with white space between. Returns the number of invalid bytes. */
static size_t basic_tokenize(const void *text, size_t size, const struct tokenizer_options *options,
                             struct buffer *out, size_t *accents)
{
    struct buffer codes = {0}, cleaned = {0}, spaced = {0}, token = {0};
    size_t ignored = slow_decode(text, size, &codes);
    clean_text(&codes, &cleaned);
    *accents = count_accents(&cleaned, options);
    if (options->split_han)
        tokenize_chinese_characters(&cleaned, &spaced);
    const struct buffer *parts = options->split_han ? &spaced : &cleaned;
    for (size_t place = 0; next_token(parts, &place, &token);)
        put_token(&token, options, out);
    buffer_release(&codes);
    buffer_release(&cleaned);
    buffer_release(&spaced);
    buffer_release(&token);
    return ignored;
}

/* --- vocabulary ------------------------------------------------------------------------------ */

struct token {
    bool inside; /* "##...": a piece inside a word */
    const int32_t *codes;
    size_t count; /* at least 1 */
    int32_t id;
};

struct slow_vocabulary {
    struct buffer codes;  /* of all tokens */
    struct token *tokens; /* [count], by inside, first code point; then the longest first */
    size_t count;
    int32_t unknown;
};

static int compare_keys(const struct token *a, const struct token *b)
{
    if (a->inside != b->inside)
        return a->inside ? 1 : -1;
    return (a->codes[0] > b->codes[0]) - (a->codes[0] < b->codes[0]);
}

/* Where a token stands twice, its last line first. */
static int compare_tokens(const void *left, const void *right)
{
    const struct token *a = left, *b = right;
    int keys = compare_keys(a, b);
    if (keys != 0)
        return keys;
    if (a->count != b->count)
        return a->count > b->count ? -1 : 1;
    return a->id > b->id ? -1 : 1;
}

static bool is_text(const struct token *token, const char *ascii)
{
    for (size_t i = 0; i < token->count; i++)
        if (!ascii[i] || token->codes[i] != ascii[i])
            return false;
    return !ascii[token->count];
}

/* line.strip() */
static void strip(struct token *token)
{
    while (token->count > 0 && slow_is_space(token->codes[token->count - 1]))
        token->count--;
    while (token->count > 0 && slow_is_space(token->codes[0])) {
        token->codes++;
        token->count--;
    }
}

static void add_line(struct slow_vocabulary *vocabulary, struct token token)
{
    strip(&token);
    if (is_text(&token, "[UNK]"))
        vocabulary->unknown = token.id;
    if (token.count > 2 && token.codes[0] == '#' && token.codes[1] == '#') {
        token.inside = true;
        token.codes += 2;
        token.count -= 2;
    }
    if (token.count > 0)
        vocabulary->tokens[vocabulary->count++] = token;
}

struct slow_vocabulary *slow_vocabulary_new(const void *vocab_txt, size_t size)
{
    struct slow_vocabulary *vocabulary = memory_new(1, sizeof *vocabulary);
    slow_decode(vocab_txt, size, &vocabulary->codes);
    const int32_t *codes = (const int32_t *)vocabulary->codes.data;
    size_t count = count_of(&vocabulary->codes), lines = 0;
    for (size_t i = 0; i < count; i++)
        lines += codes[i] == '\n';
    vocabulary->tokens = memory_new(lines + 1, sizeof *vocabulary->tokens);
    int32_t id = 0;
    for (size_t start = 0, end; start < count; start = end + 1) {
        for (end = start; end < count && codes[end] != '\n';)
            end++;
        add_line(vocabulary, (struct token){false, codes + start, end - start, id++});
    }
    qsort(vocabulary->tokens, vocabulary->count, sizeof *vocabulary->tokens, compare_tokens);
    return vocabulary;
}

void slow_vocabulary_free(struct slow_vocabulary *vocabulary)
{
    if (!vocabulary)
        return;
    buffer_release(&vocabulary->codes);
    free(vocabulary->tokens);
    free(vocabulary);
}

/* The first token whose key is not smaller, by halving. */
static size_t first_of_key(const struct slow_vocabulary *vocabulary, const struct token *key)
{
    size_t low = 0, high = vocabulary->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_keys(&vocabulary->tokens[middle], key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* --- WordPiece ------------------------------------------------------------------------------- */

/* The longest token that the rest of a word begins with, or NULL. */
static const struct token *longest_match(const struct slow_vocabulary *vocabulary,
                                         const struct token *rest)
{
    for (size_t i = first_of_key(vocabulary, rest); i < vocabulary->count; i++) {
        const struct token *token = &vocabulary->tokens[i];
        if (compare_keys(token, rest) != 0)
            return NULL;
        if (token->count <= rest->count &&
            memcmp(token->codes, rest->codes, token->count * sizeof *token->codes) == 0)
            return token;
    }
    return NULL;
}

/* false: it has no pieces, and some may have been appended. */
static bool put_pieces(const struct slow_vocabulary *vocabulary, const int32_t *word, size_t count,
                       struct buffer *ids)
{
    for (size_t start = 0; start < count;) {
        struct token rest = {start > 0, word + start, count - start, 0};
        const struct token *match = longest_match(vocabulary, &rest);
        if (!match)
            return false;
        put(ids, match->id);
        start += match->count;
    }
    return true;
}

static void put_word(const struct slow_vocabulary *vocabulary, size_t limit,
                     const struct buffer *word, struct slow_result *result)
{
    const int32_t *codes = (const int32_t *)word->data;
    size_t before = result->ids.size;
    put_utf8(&result->words, codes, count_of(word));
    buffer_put_u8(&result->words, '\n');
    result->counts.words++;
    if (count_of(word) > limit || !put_pieces(vocabulary, codes, count_of(word), &result->ids)) {
        result->ids.size = before;
        put(&result->ids, vocabulary->unknown);
        result->counts.unknown_words++;
    }
}

void slow_tokenize(const struct slow_vocabulary *vocabulary,
                   const struct tokenizer_options *options, const void *text, size_t size,
                   struct slow_result *result)
{
    struct buffer words = {0}, word = {0};
    buffer_reset(&result->words);
    buffer_reset(&result->ids);
    result->counts = (struct tokenizer_counts){0};
    size_t accents;
    result->counts.invalid_bytes = basic_tokenize(text, size, options, &words, &accents);
    result->counts.accents = accents;
    for (size_t i = 0; i < size; i++) /* bytes that begin one */
        result->counts.characters += (((const uint8_t *)text)[i] & 0xC0) != 0x80;
    for (size_t place = 0; next_token(&words, &place, &word);)
        put_word(vocabulary, (size_t)options->max_word_characters, &word, result);
    result->counts.pieces = count_of(&result->ids);
    buffer_release(&words);
    buffer_release(&word);
}

void slow_result_release(struct slow_result *result)
{
    buffer_release(&result->words);
    buffer_release(&result->ids);
}

#include "random_strings.h"

#include <stdbool.h>
#include <string.h>

#define LENGTH_OF(array) (sizeof(array) / sizeof((array)[0]))

const char *const english_words[] = {
    "the",  "of",    "and",   "in",    "to",   "a",      "is",     "was",        "The",      "It",
    "for",  "as",    "on",    "with",  "by",   "he",     "that",   "at",         "from",     "his",
    "an",   "were",  "are",   "which", "have", "river",  "stone",  "unwanted",   "want",     "un",
    "run",  "play",  "work",  "walk",  "king", "Europe", "London", "university", "Istanbul", "US",
    "born", "first", "world", "city",  "team", "season", "music",  "government", "naive",    "cafe",
};
const size_t english_word_count = sizeof english_words / sizeof english_words[0];

static int32_t between(struct rng *rng, int32_t first, int32_t last)
{
    return first + (int32_t)rng_below(rng, (uint32_t)(last - first + 1));
}

void put_code(struct buffer *out, int32_t code, int size)
{
    int needed = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    if (size < needed)
        size = needed;
    if (size == 1) {
        buffer_put_u8(out, (uint8_t)code);
        return;
    }
    int shift = 6 * (size - 1);
    buffer_put_u8(out, (uint8_t)((0xF00 >> size & 0xFF) | code >> shift));
    while (shift > 0) {
        shift -= 6;
        buffer_put_u8(out, (uint8_t)(0x80 | (code >> shift & 0x3F)));
    }
}

/* --- one character of a kind ----------------------------------------------------------------- */

struct range {
    int32_t first, last;
};

static void put_from(struct buffer *out, struct rng *rng, const struct range *ranges, size_t count)
{
    const struct range *range = &ranges[rng_below(rng, (uint32_t)count)];
    int32_t code = between(rng, range->first, range->last);
    put_code(out, code, 0);
}

static void put_ascii(struct buffer *out, struct rng *rng)
{
    static const struct range ranges[] = {{'a', 'z'}, {'a', 'z'}, {'A', 'Z'},
                                          {'0', '9'}, {' ', ' '}, {'!', '~'}};
    put_from(out, rng, ranges, LENGTH_OF(ranges));
}

static void put_english_word(struct buffer *out, struct rng *rng)
{
    static const char *const endings[] = {"",  "",   "s", "ed", "ing", "'s", ".",   ",",
                                          "-", "\"", "!", "?",  " ",   "\n", "s, ", ") ("};
    const char *word = english_words[rng_below(rng, (uint32_t)english_word_count)];
    const char *ending = endings[rng_below(rng, LENGTH_OF(endings))];
    for (const char *c = word; *c; c++)
        buffer_put_u8(out, (uint8_t)(rng_below(rng, 50) ? *c : *c & ~0x20));
    buffer_put(out, ending, strlen(ending));
    if (rng_below(rng, 2))
        buffer_put_u8(out, ' ');
}

static void put_latin(struct buffer *out, struct rng *rng)
{
    static const struct range ranges[] = {{0xA0, 0xFF},     {0xC0, 0x24F},    {0x1E00, 0x1EFF},
                                          {'a', 'z'},       {'A', 'Z'},       {0x250, 0x2FF},
                                          {0x2C60, 0x2C7F}, {0xA720, 0xA7FF}, {0xFB00, 0xFB06},
                                          {0xFF01, 0xFF5E}, {' ', ' '}};
    put_from(out, rng, ranges, LENGTH_OF(ranges));
}

static void put_any_plane(struct buffer *out, struct rng *rng)
{
    static const struct range ranges[] = {
        {0, 0x7FF},         {0x800, 0xD7FF},     {0xE000, 0xFFFF},     {0x10000, 0x1FFFF},
        {0x1D000, 0x1DFFF}, {0x10000, 0x11FFF},  {0x20000, 0x323AF},   {0x30000, 0xDFFFF},
        {0xE0000, 0xE0FFF}, {0xF0000, 0x10FFFF}, {0x2000, 0x2BFF},     {0x1F000, 0x1FAFF},
        {0x1E000, 0x1EFFF}, {0xFFF0, 0x1000F},   {0x10FFF0, 0x10FFFF}, {0x1FFF0, 0x2000F},
    };
    put_from(out, rng, ranges, LENGTH_OF(ranges));
}

static void put_mark(struct buffer *out, struct rng *rng)
{
    static const struct range ranges[] = {
        {0x300, 0x36F},   {0x300, 0x36F},     {0x591, 0x5C7},     {0x610, 0x61A},
        {0x64B, 0x65F},   {0x93C, 0x94D},     {0xE38, 0xE4B},     {0xF71, 0xF84},
        {0x1AB0, 0x1ACE}, {0x1DC0, 0x1DFF},   {0x20D0, 0x20F0},   {0x302A, 0x302F},
        {0x3099, 0x309A}, {0xFE20, 0xFE2F},   {0x1D165, 0x1D172}, {0x16FF0, 0x16FF1},
        {0x900, 0xDFF},   {0x1E000, 0x1E02A}, {0x483, 0x489},     {0xE0100, 0xE01EF},
        {'a', 'z'},       {'A', 'Z'},         {0xC0, 0x17F},
    };
    put_from(out, rng, ranges, LENGTH_OF(ranges));
}

static void put_hangul(struct buffer *out, struct rng *rng)
{
    static const struct range ranges[] = {{0xAC00, 0xD7A3}, {0xAC00, 0xD7A3}, {0x1100, 0x11FF},
                                          {0x1161, 0x1175}, {0x11A8, 0x11C2}, {0x3131, 0x318E},
                                          {0xA960, 0xA97C}, {0xD7A0, 0xD7FB}, {0xFFA0, 0xFFDC},
                                          {0x302E, 0x302F}, {' ', ' '}};
    put_from(out, rng, ranges, LENGTH_OF(ranges));
}

static void put_east_asian(struct buffer *out, struct rng *rng)
{
    static const struct range ranges[] = {
        {0x3041, 0x30FF},   {0x3041, 0x30FF},   {0x4E00, 0x9FFF},   {0x4E00, 0x9FFF},
        {0x3000, 0x303F},   {0x3400, 0x4DBF},   {0xF900, 0xFAFF},   {0x2F800, 0x2FA1F},
        {0x33F0, 0x3410},   {0x4DB0, 0x4E10},   {0x9FF0, 0xA010},   {0xF8F0, 0xF910},
        {0x2A6D0, 0x2A710}, {0x2B730, 0x2B830}, {0x2CEA0, 0x2CEC0}, {0x2F7F0, 0x2F810},
        {0x2FA10, 0x2FA30}, {0x1FFF0, 0x20010}, {0xFF00, 0xFFEF},   {0x30000, 0x323AF},
        {0x2E80, 0x2FDF},   {0x1B000, 0x1B167}, {' ', ' '},
    };
    put_from(out, rng, ranges, LENGTH_OF(ranges));
}

static void put_right_to_left(struct buffer *out, struct rng *rng)
{
    static const struct range ranges[] = {
        {0x5D0, 0x5F4},     {0x620, 0x6FF},     {0x700, 0x74F},   {0x600, 0x605},
        {0x61C, 0x61C},     {0x200E, 0x200F},   {0x202A, 0x202E}, {0x2066, 0x2069},
        {0xFB1D, 0xFB4F},   {0xFB50, 0xFDFF},   {0xFE70, 0xFEFF}, {0x7C0, 0x7FF},
        {0x10800, 0x10FFF}, {0x1E900, 0x1E95F}, {0x591, 0x5C7},   {' ', ' '},
    };
    put_from(out, rng, ranges, LENGTH_OF(ranges));
}

/* Sigma, cased letters, and what is case-ignorable, cased without being a letter, or neither. */
static void put_sigma(struct buffer *out, struct rng *rng)
{
    static const int32_t codes[] = {
        0x3A3,   0x3A3,   0x3A3,   0x3A3,   0x3C3,   0x3C2,   0x391,   0x3B1,   'A',     'a',
        '1',     ' ',     '.',     '\'',    ':',     '-',     ',',     '^',     '`',     0xA8,
        0xAA,    0xAD,    0xB4,    0xB7,    0xBA,    0x2B0,   0x2C2,   0x301,   0x345,   0x37A,
        0x387,   0x488,   0x55F,   0x5F4,   0x5D0,   0x1C5,   0x1D2C,  0x200B,  0x200D,  0x2018,
        0x2019,  0x2024,  0x2027,  0x2071,  0x2160,  0x217F,  0x24B6,  0x24E9,  0x24EA,  0x2C7C,
        0x4E2D,  0x30FC,  0xA69C,  0xAB5C,  0xFE13,  0xFE52,  0xFE55,  0xFF07,  0xFF0E,  0xFF1A,
        0x10780, 0x118A0, 0x1D400, 0x1F130, 0x1F150, 0x1F16A, 0x1F170, 0x1F18A, 0x1E030, 0x1E900,
        0xE0001, 0xFEFF,  0xFFFD,  0,       0xB,     0x2028,  0xA0,    0x2A9,   0x10D0,  0x1C90,
        0x13A0,  0xAB70,  0x2E0,   0x2165,  0x1F1E6, 0x10FC,  0x20DD,
    };
    put_code(out, codes[rng_below(rng, LENGTH_OF(codes))], 0);
}

/* Letters whose lower case or decomposition is out of the ordinary. */
static void put_special_letter(struct buffer *out, struct rng *rng)
{
    static const struct range ranges[] = {
        {0x130, 0x131},     {'I', 'I'},         {'i', 'i'},         {0xDF, 0xDF},
        {0x1E9E, 0x1E9E},   {0x1C4, 0x1CC},     {0x1F1, 0x1F3},     {0x149, 0x149},
        {0x1F0, 0x1F0},     {0x390, 0x3B0},     {0x370, 0x3FF},     {0x400, 0x52F},
        {0x531, 0x587},     {0x10A0, 0x10FF},   {0x13A0, 0x13FD},   {0x1C80, 0x1CBF},
        {0x1F00, 0x1FFF},   {0x2000, 0x206F},   {0x2100, 0x214F},   {0x2160, 0x2188},
        {0x24B6, 0x24E9},   {0xA640, 0xA69F},   {0xAB30, 0xABBF},   {0x10400, 0x104FF},
        {0x10570, 0x105BF}, {0x118A0, 0x118DF}, {0x16E40, 0x16E9F}, {0x1D15E, 0x1D1C0},
        {0x2ADC, 0x2ADC},   {0x37E, 0x37E},     {0x1FEF, 0x1FEF},   {0x2126, 0x212B},
        {0x300, 0x345},     {0xF43, 0xF81},     {0x9C7, 0x9CC},     {0xD46, 0xDDE},
        {0x1B05, 0x1B43},   {0x1109A, 0x110AB}, {0x1112E, 0x1112F}, {0x114B9, 0x114BE},
    };
    put_from(out, rng, ranges, LENGTH_OF(ranges));
}

static void put_space_or_control(struct buffer *out, struct rng *rng)
{
    static const struct range ranges[] = {
        {0, 0x1F},          {0, 0},           {0x7F, 0x9F},
        {0x85, 0x85},       {0xA0, 0xA0},     {0xAD, 0xAD},
        {0x1680, 0x1680},   {0x180E, 0x180E}, {0x2000, 0x200F},
        {0x2028, 0x202F},   {0x205F, 0x2064}, {0x3000, 0x3000},
        {0xFEFF, 0xFEFF},   {0xFFF9, 0xFFFF}, {'\t', '\r'},
        {0xE0001, 0xE007F}, {0x2028, 0x2029}, {' ', ' '},
        {'a', 'z'},         {'A', 'Z'},       {0x115F, 0x1160},
        {0x110BD, 0x110BD}, {0xFDD0, 0xFDEF}, {0x1BCA0, 0x1BCA3},
    };
    put_from(out, rng, ranges, LENGTH_OF(ranges));
}

/* Bytes that are not UTF-8, or only by chance. */
static void put_broken(struct buffer *out, struct rng *rng)
{
    size_t before = out->size;
    switch (rng_below(rng, 7)) {
    case 0:
        buffer_put_u8(out, (uint8_t)rng_below(rng, 256));
        break;
    case 1:
        buffer_put_u8(out, (uint8_t)between(rng, 0x80, 0xFF));
        break;
    case 2: /* surrogates */
        put_code(out, between(rng, 0xD800, 0xDFFF), 3);
        break;
    case 3: /* beyond the end */
        put_code(out, between(rng, 0x10FFF0, 0x1FFFFF), 4);
        break;
    case 4: /* overlong */
        put_code(out, between(rng, 0, 0x7FF), between(rng, 2, 4));
        break;
    case 5: /* overlong, of more than one byte */
        put_code(out, between(rng, 0x80, 0xFFFF), 4);
        break;
    default: /* cut */
        put_any_plane(out, rng);
        if (out->size > before + 1)
            out->size -= (size_t)between(rng, 1, (int32_t)(out->size - before - 1));
    }
}

/* --- strings --------------------------------------------------------------------------------- */

static void (*const kinds[])(struct buffer *out, struct rng *rng) = {
    put_ascii,     put_ascii,          put_english_word,     put_english_word, put_latin,
    put_any_plane, put_mark,           put_hangul,           put_east_asian,   put_right_to_left,
    put_sigma,     put_special_letter, put_space_or_control, put_broken,
};

static int random_length(struct rng *rng)
{
    if (rng_below(rng, 300) == 0)
        return between(rng, 61, 800);
    return between(rng, 1, rng_below(rng, 2) ? 12 : 60);
}

/* A word, or what vanishes from one, so long that a few characters decide whether it is [UNK]. */
static void put_long_word(struct buffer *out, struct rng *rng, int limit)
{
    static void (*const dull[])(struct buffer * out, struct rng * rng) = {put_latin, put_mark,
                                                                          put_hangul, put_sigma};
    uint32_t kind = rng_below(rng, LENGTH_OF(dull));
    int characters = between(rng, limit > 6 ? limit - 6 : 1, limit + 6);
    int letter = between(rng, 'a', 'z');
    bool mixed = rng_below(rng, 2);
    for (int i = 0; i < characters; i++) {
        if (mixed && rng_below(rng, 20) == 0)
            dull[kind](out, rng);
        else
            put_code(out, letter, 0);
    }
}

static void put_mixture(struct buffer *out, struct rng *rng, int length)
{
    uint32_t chosen[4];
    uint32_t count = 1 + rng_below(rng, LENGTH_OF(chosen));
    bool spaces = rng_below(rng, 2);
    for (uint32_t i = 0; i < count; i++)
        chosen[i] = rng_below(rng, LENGTH_OF(kinds));
    for (int i = 0; i < length; i++) {
        kinds[chosen[rng_below(rng, count)]](out, rng);
        if (spaces && rng_below(rng, 6) == 0)
            buffer_put_u8(out, ' ');
    }
}

void put_random_string(struct buffer *out, struct rng *rng, int limit)
{
    put_mixture(out, rng, random_length(rng));
    if (rng_below(rng, 400) == 0) {
        put_long_word(out, rng, limit);
        put_mixture(out, rng, between(rng, 1, 5));
    }
}

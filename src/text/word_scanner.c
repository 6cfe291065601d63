#include "word_scanner.h"

#include "byte_lanes.h"
#include "lambert/text/unicode.h"

enum { BLOCK = 64 };

_Static_assert((int)WORD_SCANNER_MARGIN >= BLOCK, "the last block is looked at as a whole");

#define W ASCII_WORD
#define P ASCII_PUNCTUATION
#define S ASCII_SPACE
#define X ASCII_OTHER

/* clang-format off */
const unsigned char ascii_class[256] = {
    X, X, X, X, X, X, X, X, X, S, S, X, X, S, X, X, /* \t \n \r */
    X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
    S, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, /* space ! ... / */
    W, W, W, W, W, W, W, W, W, W, P, P, P, P, P, P, /* 0-9 : ... ? */
    P, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, /* @ A-O */
    W, W, W, W, W, W, W, W, W, W, W, P, P, P, P, P, /* P-Z [ \ ] ^ _ */
    P, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, /* ` a-o */
    W, W, W, W, W, W, W, W, W, W, W, P, P, P, P, X, /* p-z { | } ~ DEL */
    X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
    X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
    X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
    X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
    X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
    X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
    X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
    X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
};
/* clang-format on */

void word_scanner_init(struct word_scanner *scanner, bool lower_case)
{
    *scanner = (struct word_scanner){.lower_case = lower_case};
}

void word_scanner_release(struct word_scanner *scanner)
{
    buffer_release(&scanner->copy);
    *scanner = (struct word_scanner){0};
}

static unsigned class_at(const struct word_scanner *scanner, size_t position)
{
    return ascii_class[(unsigned char)scanner->text[position]];
}

/* The zeros behind the text are of this class, too, so that there is always one. */
static size_t find_other(const struct word_scanner *scanner, size_t position)
{
    uint64_t found;
    for (;;) {
        while (!(found = lanes_not_printable(lanes_load(scanner->text + position))))
            position += BYTE_LANES;
        position += lanes_first(found);
        if (class_at(scanner, position) == ASCII_OTHER)
            return position;
        position++; /* white space */
    }
}

/* `position` is where a run begins, or white space before it. */
static size_t find_ascii_end(const struct word_scanner *scanner, size_t position)
{
    size_t other = find_other(scanner, position);
    if (other >= scanner->size)
        return scanner->size;
    while (other > position && class_at(scanner, other - 1) != ASCII_SPACE)
        other--;
    return other;
}

/* The first ASCII white space from `position` on. The zeros behind the text are not visible. */
static size_t find_run_end(const struct word_scanner *scanner, size_t position)
{
    for (;; position++) {
        uint64_t found;
        while (!(found = ~lanes_visible(lanes_load(scanner->text + position)) & LANE_TOPS))
            position += BYTE_LANES;
        position += lanes_first(found);
        if (position >= scanner->size)
            return scanner->size;
        if (class_at(scanner, position) == ASCII_SPACE)
            return position;
    }
}

/* First place from `position` on whose class is not ASCII_WORD. */
static size_t find_word_end(const struct word_scanner *scanner, size_t position)
{
    uint64_t other;
    while (!(other = ~lanes_alphanumeric(lanes_load(scanner->text + position)) & LANE_TOPS))
        position += BYTE_LANES;
    return position + lanes_first(other);
}

static void copy_text(char *copy, const char *text, size_t size, bool lower_case)
{
    if (!lower_case)
        memcpy(copy, text, size);
    else
        for (size_t i = 0; i < size; i++)
            copy[i] = ascii_lower(text[i]);
    memset(copy + size, 0, WORD_SCANNER_MARGIN);
}

/* What a block of text looks like, a bit a byte: 1 for letters and digits, 1 for all but blanks
 * (and control characters, which are as nothing at the start of a run). */
static void look_at_block(struct word_scanner *scanner)
{
    uint64_t last_word = scanner->words >> (BLOCK - 1), visible = 0;
    scanner->words = 0;
    for (int i = 0; i < BLOCK / BYTE_LANES; i++) {
        uint64_t lanes = lanes_load(scanner->text + scanner->block + BYTE_LANES * i);
        scanner->words |= lanes_bits(lanes_alphanumeric(lanes)) << BYTE_LANES * i;
        visible |= lanes_bits(lanes_visible(lanes)) << BYTE_LANES * i;
    }
    scanner->starts = visible & ~(scanner->words & (scanner->words << 1 | last_word));
}

void word_scanner_begin(struct word_scanner *scanner, const char *text, size_t size)
{
    buffer_reset(&scanner->copy);
    char *copy = buffer_grow(&scanner->copy, size + WORD_SCANNER_MARGIN);
    copy_text(copy, text, size, scanner->lower_case);
    scanner->characters += unicode_count(text, size);
    scanner->text = copy;
    scanner->size = size;
    scanner->block = 0;
    scanner->words = 0;
    look_at_block(scanner);
    scanner->ascii_end = find_ascii_end(scanner, 0);
}

/* Goes on behind a run that ends at `position`, at white space or the end of the text. */
static void go_on_from(struct word_scanner *scanner, size_t position)
{
    const size_t block = position / BLOCK * BLOCK;
    if (block != scanner->block) {
        scanner->block = block;
        scanner->words = scanner->starts = 0;
        if (block < scanner->size)
            look_at_block(scanner);
    }
    scanner->starts &= ~UINT64_C(0) << (position - block);
}

/* The end of the word or punctuation that begins in the block at `start`. */
static size_t span_end(const struct word_scanner *scanner, size_t start)
{
    uint64_t others = ~(scanner->words >> (start - scanner->block));
    size_t length = others ? (size_t)__builtin_ctzll(others) : BLOCK;
    if (length > 0 && start + length == scanner->block + BLOCK)
        return find_word_end(scanner, start + length);
    return start + length + (length == 0);
}

/* Finds a block with starts; false: the text has none left. */
static bool find_starts(struct word_scanner *scanner)
{
    while (scanner->starts == 0) {
        scanner->block += BLOCK;
        if (scanner->block >= scanner->size)
            return false;
        look_at_block(scanner);
    }
    return true;
}

int word_scanner_next(struct word_scanner *scanner, struct word_span *spans, int limit)
{
    int count = 0;
    while (count < limit && find_starts(scanner)) {
        size_t start = scanner->block + (size_t)__builtin_ctzll(scanner->starts);
        scanner->starts &= scanner->starts - 1;
        bool ascii = start < scanner->ascii_end;
        size_t end = ascii ? span_end(scanner, start) : find_run_end(scanner, start);
        if (!ascii) {
            scanner->ascii_end = find_ascii_end(scanner, end);
            go_on_from(scanner, end);
        }
        spans[count++] = (struct word_span){scanner->text + start, end - start, ascii};
    }
    return count;
}

#include "word_scanner.h"

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

void word_scanner_init(struct word_scanner *scanner, const char *text, size_t size)
{
    *scanner = (struct word_scanner){.text = text, .size = size};
}

static unsigned class_at(const struct word_scanner *scanner, size_t position)
{
    return ascii_class[(unsigned char)scanner->text[position]];
}

/* First place from `position` on whose class is not ASCII_WORD. */
static size_t word_end(const struct word_scanner *scanner, size_t position, size_t end)
{
    while (position < end && class_at(scanner, position) == ASCII_WORD)
        position++;
    return position;
}

/* Finds the end of the chunk at `position`; false: it is not plain ASCII. */
static bool find_chunk_end(struct word_scanner *scanner, size_t position)
{
    unsigned classes = 0;
    for (; position < scanner->size; position++) {
        unsigned class = class_at(scanner, position);
        if (class == ASCII_SPACE)
            break;
        classes |= class;
    }
    scanner->chunk_end = position;
    return !(classes & ASCII_OTHER);
}

/* Most chunks are one word, and looked at once. */
bool word_scanner_next(struct word_scanner *scanner, struct word_span *span)
{
    size_t start = scanner->position, limit = scanner->chunk_end;
    bool ascii = true;
    if (start == limit) {
        while (start < scanner->size && class_at(scanner, start) == ASCII_SPACE)
            start++;
        if (start == scanner->size)
            return false;
        limit = scanner->size;
    }
    size_t end = word_end(scanner, start, limit);
    if (start >= scanner->chunk_end)
        ascii = find_chunk_end(scanner, end);
    if (!ascii)
        end = scanner->chunk_end;
    else if (end == start) /* punctuation */
        end++;
    scanner->position = end;
    *span = (struct word_span){scanner->text + start, end - start, ascii};
    return true;
}

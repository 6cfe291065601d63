#include "lambert/score/confusion.h"

#include <inttypes.h>
#include <string.h>

#include "lambert/base/minmax.h"

void confusion_count(const int32_t *gold, const int32_t *said, int examples, int classes,
                     uint64_t *counts)
{
    memset(counts, 0, (size_t)classes * (size_t)classes * sizeof *counts);
    for (int i = 0; i < examples; i++)
        counts[(size_t)gold[i] * (size_t)classes + (size_t)said[i]]++;
}

/* Code points, which most scripts set one a place. */
static int width_of(const char *text)
{
    int width = 0;
    for (; *text != '\0'; text++)
        width += ((unsigned char)*text & 0xC0) != 0x80;
    return width;
}

static void put_right(struct buffer *out, const char *text, int width)
{
    buffer_print(out, "%*s%s", max_int(0, width - width_of(text)), "", text);
}

static int digits_of(uint64_t number)
{
    int digits = 1;
    for (; number >= 10; number /= 10)
        digits++;
    return digits;
}

void confusion_print(const uint64_t *counts, const struct label_set *labels, struct buffer *out)
{
    static const char corner[] = "right \\ said";
    const int classes = labels->count;
    int widest = width_of(corner), cell = 4;
    for (int c = 0; c < classes; c++) {
        widest = max_int(widest, width_of(labels->names[c]));
        cell = max_int(cell, width_of(labels->names[c]));
    }
    for (size_t i = 0; i < (size_t)classes * (size_t)classes; i++)
        cell = max_int(cell, digits_of(counts[i]));
    put_right(out, corner, widest);
    for (int c = 0; c < classes; c++)
        put_right(out, labels->names[c], cell + 2);
    buffer_put_u8(out, '\n');
    for (int gold = 0; gold < classes; gold++) {
        put_right(out, labels->names[gold], widest);
        for (int said = 0; said < classes; said++)
            buffer_print(out, "%*" PRIu64, cell + 2,
                         counts[(size_t)gold * (size_t)classes + (size_t)said]);
        buffer_put_u8(out, '\n');
    }
}

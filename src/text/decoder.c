#include "decoder.h"

#include <errno.h>
#include <string.h>

#include "lambert/text/text_encoding.h"

enum { PIECE = 64 * 1024 };

int decoder_open(struct decoder *decoder, const char *encoding, struct error *err)
{
    *decoder = (struct decoder){.unit = text_encoding_unit(encoding)};
    decoder->converter = iconv_open("UTF-8", encoding);
    if (decoder->converter == (iconv_t)-1)
        return error_set(err, "there is no encoding \"%s\" here; `iconv -l` lists those that are",
                         encoding);
    decoder->open = true;
    return 0;
}

void decoder_close(struct decoder *decoder)
{
    if (decoder->open)
        iconv_close(decoder->converter);
    buffer_release(&decoder->rest);
    *decoder = (struct decoder){0};
}

/* Converts as much as there is; what is left in *from then is the beginning of a character. */
static void convert(struct decoder *decoder, char **from, size_t *left, struct buffer *text)
{
    while (*left > 0) {
        char *to = buffer_grow(text, PIECE);
        size_t room = PIECE;
        const size_t code = iconv(decoder->converter, from, left, &to, &room);
        const int why = errno;
        text->size -= room;
        if (code != (size_t)-1 || why == E2BIG)
            continue;
        if (why == EINVAL)
            return;
        const size_t skipped = *left < decoder->unit ? *left : decoder->unit;
        *from += skipped;
        *left -= skipped;
        decoder->undecoded += skipped;
    }
}

/* Some decoders hold a character back, since what follows may combine with it. */
static void flush(struct decoder *decoder, struct buffer *text)
{
    char *to = buffer_grow(text, PIECE);
    size_t room = PIECE;
    iconv(decoder->converter, NULL, NULL, &to, &room);
    text->size -= room;
}

void decoder_put(struct decoder *decoder, const void *bytes, size_t size, bool last,
                 struct buffer *text)
{
    struct buffer *rest = &decoder->rest;
    char *from = (char *)bytes;
    size_t left = size;
    if (rest->size > 0) {
        buffer_put(rest, bytes, size);
        from = (char *)rest->data;
        left = rest->size;
    }
    convert(decoder, &from, &left, text);
    if (rest->size > 0)
        memmove(rest->data, from, left);
    else
        buffer_put(rest, from, left);
    rest->size = left;
    if (!last)
        return;
    decoder->undecoded += rest->size;
    buffer_reset(rest);
    flush(decoder, text);
}

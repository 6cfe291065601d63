#include "lib/scratch.h"

#include <iconv.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/base/rng.h"
#include "lambert/text/input_stream.h"
#include "packed.h"

static void write_bytes(const char *name, const struct buffer *bytes)
{
    scratch_write(name, bytes->data, bytes->size);
}

/* Words that pack neither well nor badly. */
static void make_text(struct buffer *text, size_t size)
{
    struct rng rng;
    rng_init(&rng, rng_key(size, RNG_TEST, 0, 0));
    while (text->size < size)
        buffer_print(text, "w%u%s", rng_below(&rng, 5000), rng_below(&rng, 9) ? " " : ".\n");
    text->size = size;
}

/* What a stream gives, read `step` bytes at a time; -1 where it fails. */
static int read_all(const char *path, const char *encoding, size_t step, struct buffer *text,
                    uint64_t *undecoded, struct error *err)
{
    struct input_stream stream;
    int status;
    buffer_reset(text);
    if (input_stream_open(&stream, path, encoding, err) < 0)
        return -1;
    do {
        const size_t before = text->size;
        status = input_stream_read(&stream, step, text, err);
        if (text->size - before < step)
            break;
    } while (status == 0);
    *undecoded = stream.undecoded;
    input_stream_close(&stream);
    return status;
}

static void assert_reads(const char *path, const char *encoding, size_t step,
                         const struct buffer *wanted)
{
    struct buffer text = {0};
    struct error err;
    uint64_t undecoded;
    if (read_all(path, encoding, step, &text, &undecoded, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(text.size, wanted->size);
    assert_memory_equal(text.data, wanted->data, wanted->size);
    assert_int_equal(undecoded, 0);
    buffer_release(&text);
}

static void assert_damaged(const char *path, const char *because)
{
    struct buffer text = {0};
    struct error err;
    uint64_t undecoded;
    assert_int_equal(read_all(path, NULL, 5000, &text, &undecoded, &err), -1);
    if (!strstr(err.text, path) || !strstr(err.text, because))
        fail_msg("'%s' does not say '%s'", err.text, because);
    buffer_release(&text);
}

/* Sizes around the blocks that are read at once (256 KiB) and the head (64 KiB). */
static const size_t sizes[] = {0, 1, 65535, 65536, 65537, 262143, 262144, 300001, 900000};

static void every_compression_gives_the_text(void **state)
{
    (void)state;
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        struct buffer text = {0};
        make_text(&text, sizes[s]);
        for (int kind = 0; kind < COMPRESSIONS; kind++) {
            struct buffer packed = {0};
            put_packed(&packed, (enum compression)kind, text.data, text.size);
            assert_int_equal(compression_of(packed.data, packed.size), kind);
            write_bytes("file", &packed);
            assert_reads("file", NULL, 100000, &text);
            assert_reads("file", NULL, 4097, &text);
            buffer_release(&packed);
        }
        buffer_release(&text);
    }
}

/* Members one behind the other are one text, an empty one among them; and what may stand behind them. */
static void members_are_one_text(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t size;
    } behind[COMPRESSIONS] = {[COMPRESSION_GZIP] = {"\0\0\0", 3},
                              [COMPRESSION_ZSTD] = {"\x5A\x2A\x4D\x18\2\0\0\0no", 10},
                              [COMPRESSION_XZ] = {"\0\0\0\0\0\0\0\0", 8},
                              [COMPRESSION_BZIP2] = {"\0", 1}};
    for (int kind = COMPRESSION_GZIP; kind < COMPRESSIONS; kind++) {
        struct buffer text = {0}, packed = {0};
        make_text(&text, 300000);
        put_packed(&packed, (enum compression)kind, text.data, 100000);
        put_packed(&packed, (enum compression)kind, text.data, 0);
        put_packed(&packed, (enum compression)kind, text.data + 100000, 200000);
        write_bytes("members", &packed);
        assert_reads("members", NULL, 30000, &text);
        buffer_put(&packed, behind[kind].bytes, behind[kind].size);
        write_bytes("members", &packed);
        assert_reads("members", NULL, 30000, &text);
        buffer_release(&text);
        buffer_release(&packed);
    }
}

static void damage_is_named(void **state)
{
    (void)state;
    for (int kind = COMPRESSION_GZIP; kind < COMPRESSIONS; kind++) {
        struct buffer text = {0}, packed = {0};
        make_text(&text, 400000);
        put_packed(&packed, (enum compression)kind, text.data, text.size);
        const size_t size = packed.size;
        for (size_t cut = 24; cut < size; cut = cut * 3 + 1) {
            packed.size = cut;
            write_bytes("cut", &packed);
            assert_damaged("cut", "its end is missing");
        }
        packed.size = size - 1;
        write_bytes("cut", &packed);
        assert_damaged("cut", "its end is missing");
        packed.size = size;
        packed.data[size / 2] ^= 0x10;
        write_bytes("flipped", &packed);
        assert_damaged("flipped", "is damaged");
        packed.data[size / 2] ^= 0x10;
        buffer_put(&packed, "more", 4);
        write_bytes("more", &packed);
        assert_damaged("more", compression_names[kind]);
        buffer_release(&text);
        buffer_release(&packed);
    }
}

/* --- encodings -------------------------------------------------------------------------------- */

static void make_letters(struct buffer *text, size_t characters)
{
    static const char *const letters[] = {"a", "\u00e9", "\u0436",    "\u4e2d",
                                          " ", "\n",     "\U00010400"};
    struct rng rng;
    rng_init(&rng, rng_key(characters, RNG_TEST, 0, 0));
    for (size_t i = 0; i < characters; i++)
        buffer_print(text, "%s", letters[rng_below(&rng, 7)]);
}

static void put_encoded(struct buffer *out, const char *encoding, const struct buffer *text)
{
    iconv_t converter = iconv_open(encoding, "UTF-8");
    char *from = (char *)text->data, *to = buffer_grow(out, 4 * text->size);
    size_t left = text->size, room = 4 * text->size;
    assert_int_equal(iconv(converter, &from, &left, &to, &room), 0);
    out->size -= room;
    iconv_close(converter);
}

static void marks_say_the_encoding(void **state)
{
    (void)state;
    static const struct {
        const char *encoding, *mark;
        size_t size;
    } marks[] = {{"UTF-16LE", "\xFF\xFE", 2},
                 {"UTF-16BE", "\xFE\xFF", 2},
                 {"UTF-32LE", "\xFF\xFE\0\0", 4},
                 {"UTF-32BE", "\0\0\xFE\xFF", 4}};
    for (size_t m = 0; m < 4; m++) {
        for (size_t characters = 0; characters < 200000; characters = 7 * characters + 1) {
            struct buffer text = {0}, encoded = {0}, packed = {0};
            make_letters(&text, characters);
            buffer_put(&encoded, marks[m].mark, marks[m].size);
            put_encoded(&encoded, marks[m].encoding, &text);
            write_bytes("marked", &encoded);
            assert_reads("marked", NULL, 10007, &text);
            put_packed(&packed, COMPRESSION_ZSTD, encoded.data, encoded.size);
            write_bytes("packed", &packed);
            assert_reads("packed", "CP1251", 10007, &text); /* the mark is believed */
            buffer_release(&text);
            buffer_release(&encoded);
            buffer_release(&packed);
        }
    }
}

static void any_encoding_that_iconv_knows_is_read(void **state)
{
    (void)state;
    struct buffer text = {0}, encoded = {0};
    for (int i = 0; i < 30000; i++)
        buffer_print(&text, "\u4e2d\u6587 a\u3002\n");
    put_encoded(&encoded, "GB18030", &text);
    write_bytes("chinese", &encoded);
    assert_reads("chinese", "gb18030", 777, &text);
    struct error err;
    struct input_stream stream;
    assert_int_equal(input_stream_open(&stream, "chinese", "klingon", &err), -1);
    assert_non_null(strstr(err.text, "klingon"));
    buffer_release(&text);
    buffer_release(&encoded);
}

/* What is no character is left out and counted: half of a pair, a character that is cut off. */
static void what_is_no_character_is_counted(void **state)
{
    (void)state;
    struct buffer bytes = {0}, text = {0};
    struct error err;
    uint64_t undecoded;
    buffer_put(&bytes,
               "\xFF\xFE"
               "a\0\x3D\xD8"
               "b\0c",
               9);
    write_bytes("half", &bytes);
    assert_int_equal(read_all("half", NULL, 100, &text, &undecoded, &err), 0);
    assert_int_equal(undecoded, 3);
    assert_int_equal(text.size, 2);
    assert_memory_equal(text.data, "ab", 2);
    buffer_release(&bytes);
    buffer_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_compression_gives_the_text),
        cmocka_unit_test(members_are_one_text),
        cmocka_unit_test(damage_is_named),
        cmocka_unit_test(marks_say_the_encoding),
        cmocka_unit_test(any_encoding_that_iconv_knows_is_read),
        cmocka_unit_test(what_is_no_character_is_counted),
    };
    return cmocka_run_group_tests(tests, scratch_enter, scratch_teardown);
}

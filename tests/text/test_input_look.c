#include "lib/scratch.h"

#include <iconv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "lambert/base/hash.h"
#include "lambert/base/rng.h"
#include "lambert/text/input_look.h"
#include "lambert/text/text_encoding.h"
#include "lambert/text/unicode.h"
#include "packed.h"

static int look_as(const char *path, const char *encoding, struct input_list *list,
                   struct error *err)
{
    static struct text_options options;
    char *inputs[] = {(char *)path};
    options = (struct text_options){.encoding = encoding};
    assert_int_equal(input_list_open(list, inputs, 1, NULL, err), 0);
    return input_look(list, &options, err);
}

static void assert_refused(const char *path, const char *because)
{
    struct input_list list;
    struct error err = {""};
    assert_int_equal(look_as(path, NULL, &list, &err), -1);
    if (!strstr(err.text, because) || !strstr(err.text, path))
        fail_msg("'%s' does not say '%s'", err.text, because);
    input_list_close(&list);
}

static void assert_taken(const char *path, const char *encoding)
{
    struct input_list list;
    struct error err;
    if (look_as(path, encoding, &list, &err) < 0)
        fail_msg("%s", err.text);
    assert_true(list.files[0].looked_at);
    input_list_close(&list);
}

static void write_packed(const char *name, enum compression kind, const void *bytes, size_t size)
{
    struct buffer packed = {0};
    put_packed(&packed, kind, bytes, size);
    scratch_write(name, packed.data, packed.size);
    buffer_release(&packed);
}

/* --- what is not text ------------------------------------------------------------------------- */

/* Beginnings as the formats' specifications have them; what follows are bytes as any. */
static const struct {
    const char *bytes;
    size_t size;
    const char *name;
} binaries[] = {{"PAR1\25\4\25\20", 8, "Parquet"},
                {"ARROW1\0\0", 8, "Arrow"},
                {"\xFF\xFF\xFF\xFF\xB0\1\0\0", 8, "Arrow stream"},
                {"\x89HDF\r\n\x1A\n\0\0", 10, "HDF5"},
                {"SQLite format 3\0\x10\0\1\1", 20, "SQLite"},
                {"7z\xBC\xAF\x27\x1C\0\4", 8, "7z"},
                {"Rar!\x1A\7\1\0", 8, "rar"},
                {"PK\3\4\24\0\0\0\10\0", 10, "zip"},
                {"PK\3\4\24\0\6\0\10\0\0\0!\0........word/document.xml", 39, "Word"},
                {"PK\3\4\0\0\10\10\0\0\0\0\0\0archive/data.pklFB", 32, "PyTorch"},
                {"\4\x22\x4D\x18\x64\x40\xA7\1", 8, "lz4"},
                {"\xFF\6\0\0sNaPpY", 10, "snappy"},
                {"\x1F\x9D\x90\1\2", 5, "compress"},
                {"LZIP\1\x0C\0\0", 8, "lzip"},
                {"%PDF-1.4\n", 9, "PDF"},
                {"\x89PNG\r\n\x1A\n\0\0\0\x0DIHDR", 16, "PNG"},
                {"\xFF\xD8\xFF\xE0\0\20JFIF\0", 11, "JPEG"},
                {"GIF89a\1\0\1\0", 10, "GIF"},
                {"RIFF\x24\0\0\0WEBPVP8 ", 16, "WebP"},
                {"ID3\3\0\0\0\0", 8, "MP3"},
                {"OggS\0\2\0\0", 8, "Ogg"},
                {"fLaC\0\0\0\x22", 8, "FLAC"},
                {"RIFF\x24\0\0\0WAVEfmt ", 16, "WAV"},
                {"\0\0\0\x18"
                 "ftypmp42",
                 12, "MP4"},
                {"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1\0", 9, "Office"},
                {"\x7F"
                 "ELF\2\1\1\0",
                 8, "ELF"},
                {"\x80\4\x95\x10\0\0\0\0", 8, "pickle"},
                {"\x93NUMPY\1\0v\0{'descr'", 17, "NumPy"},
                {"\x40\0\0\0\0\0\0\0{\"__metadata__\"", 23, "safetensors"},
                {"LAMBERT\nshard\0\0\0", 16, "Lambert"},
                {"!<arch>\n"
                 "debian-binary   1342943816  0     0     100644  4         `\n"
                 "2.0\n"
                 "control.tar.gz  1342943816  0     0     100644  500       `\n"
                 "\x1F\x8B\10\0",
                 136, "Debian package"},
                {"!<arch>\n"
                 "/               1342943816  0     0     100644  4         `\n"
                 "\0\0\0\0",
                 72, "library of objects"},
                {"a\0\1\2\3\4b\0", 8, "binary"}};

static void what_is_no_text_is_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof binaries / sizeof binaries[0]; i++) {
        for (size_t more = 0; more < 200000; more = 300 * more + 700) {
            struct buffer file = {0};
            struct rng rng;
            rng_init(&rng, rng_key(i, RNG_TEST, 0, 0));
            buffer_put(&file, binaries[i].bytes, binaries[i].size);
            for (size_t b = 0; b < more; b++)
                buffer_put_u8(&file, (uint8_t)rng_below(&rng, 256));
            scratch_write("file", file.data, file.size);
            assert_refused("file", binaries[i].name);
            for (int kind = COMPRESSION_GZIP; kind < COMPRESSIONS; kind++) {
                write_packed("packed", (enum compression)kind, file.data, file.size);
                assert_refused("packed", binaries[i].name);
                assert_refused("packed", compression_names[kind]);
            }
            buffer_release(&file);
        }
    }
}

static void a_tar_is_known_by_its_sum(void **state)
{
    (void)state;
    char header[1024] = "a/name.txt";
    unsigned sum = 0;
    memcpy(header + 100,
           "0000644\0"
           "0001750\0"
           "0001750\0"
           "00000000017\0"
           "14000000000\0",
           48);
    memset(header + 148, ' ', 8);
    header[156] = '0';
    for (size_t i = 0; i < 512; i++)
        sum += (unsigned char)header[i];
    char digits[16];
    snprintf(digits, sizeof digits, "%06o", sum);
    memcpy(header + 148, digits, 7);
    scratch_write("old.tar", header, sizeof header);
    assert_refused("old.tar", "tar -xf");
    write_packed("old.tar.xz", COMPRESSION_XZ, header, sizeof header);
    assert_refused("old.tar.xz", "compressed with xz, is a tar archive inside");
}

static void what_is_compressed_twice_is_refused(void **state)
{
    (void)state;
    for (int inner = COMPRESSION_GZIP; inner < COMPRESSIONS; inner++) {
        for (int outer = COMPRESSION_GZIP; outer < COMPRESSIONS; outer++) {
            struct buffer once = {0};
            put_packed(&once, (enum compression)inner, "The king.\n", 10);
            write_packed("twice", (enum compression)outer, once.data, once.size);
            assert_refused("twice", "compressed twice");
            buffer_release(&once);
        }
    }
}

static void what_is_written_for_programs_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *text, *name;
    } cases[] = {
        {"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n", "git lfs pull"},
        {"\n<!DOCTYPE html>\n<html><body>x</body></html>\n", "HTML"},
        {"<HTML>\n<p>x</p>", "HTML"},
        {"<?xml version=\"1.0\"?>\n<html xmlns=\"x\">", "HTML"},
        {"<mediawiki xmlns=\"http://www.mediawiki.org/xml/export-0.11/\">\n<siteinfo>",
         "WikiExtractor"},
        {"<?xml version=\"1.0\"?>\n<TEI>\n<p>x</p>\n</TEI>\n", "XML"},
        {"<page>\n <title>x</title>\n <text>y</text>\n</page>\n", "XML"},
        {"<TEXT>\n<p>x\n<p>y\n<P>z\n", "XML"},
        {"<a>\n<b/>\nx\n<c/>\n", "XML"},
        {"WARC/1.0\r\nWARC-Type: warcinfo\r\n", "WARC"},
        {"{\\rtf1\\ansi x}", "RTF"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        scratch_write("file", cases[i].text, strlen(cases[i].text));
        assert_refused("file", cases[i].name);
    }
}

/* A TFRecord file with any bit of its first bytes wrong, or cut short anywhere in its first record, as it is and
 * compressed, is not text; where the names of features are still there it is known for what it is. */
static void damaged_tfrecords_are_no_text(void **state)
{
    (void)state;
    static const char data[] = "\n\x95\4\n\x22\n\tinput_ids\22\25\32\23\n\21\2\7\x96\1\3"
                               "\n\x1F\n\x13masked_lm_positions\22\10\32\6\n\4\1\5\0\0"
                               "\n\x19\n\rmasked_lm_ids\22\10\32\6\n\4\x80\1\0\0";
    struct buffer file = {0}, zlib = {0};
    uLongf room = 1000;
    buffer_put_u64(&file, sizeof data);
    buffer_put_u32(&file, crc32c_masked(file.data, 8));
    buffer_put(&file, data, sizeof data);
    buffer_put_u32(&file, crc32c_masked(data, sizeof data));
    uint8_t *packed = buffer_grow(&zlib, room);
    assert_int_equal(compress(packed, &room, file.data, file.size), Z_OK);
    zlib.size = room;
    scratch_write("file", file.data, file.size);
    assert_refused("file", "is a TFRecord file, not text");
    for (size_t size = 2; size < file.size; size++) {
        scratch_write("file", file.data, size);
        assert_refused("file", size < 12 ? "file" : "TFRecord");
        write_packed("packed", COMPRESSION_GZIP, file.data, size);
        assert_refused("packed", size < 12 ? "packed" : "TFRecord");
    }
    for (size_t size = 2; size < zlib.size; size++) {
        scratch_write("file", zlib.data, size);
        assert_refused("file", "file");
    }
    for (size_t bit = 0; bit < 8 * 16; bit++) {
        file.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        scratch_write("file", file.data, file.size);
        assert_refused("file", "is a TFRecord file");
        write_packed("packed", COMPRESSION_GZIP, file.data, file.size);
        assert_refused("packed", "is a TFRecord file");
        file.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        zlib.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        scratch_write("file", zlib.data, zlib.size);
        assert_refused("file", "file");
        zlib.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    buffer_release(&file);
    buffer_release(&zlib);
}

/* Texts that begin as something else does. */
static void what_is_text_is_taken(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "\n",
        "ORC is a creature.\n",
        "PAR1 is a gene.\n",
        "BM is short.\n",
        "MZ met him.\n",
        "GIF89a was a format.\n",
        "Rar! they cried.\n",
        "BZh is no word.\n",
        "BZh9\n",
        "LZIP packs.\n",
        "ID3 tags\n",
        "II* MM\n",
        "<3 is a heart.\nAnd so on.\nMore.\n",
        "x\x1B[1mbold\x1B[0m\n",
        "<bird> the old house\n<river> is by the road\n<bird> sees it\n<stone> runs\n",
        "<bird> a </b> in a text\n<man> x\n<bird> y\n<man> z\n",
        "<b>Bold</b> words begin it.\nThen come words.\nAnd more words.\n",
        "\xEF\xBB\xBF"
        "a mark\n",
        "\xD1\x8F\xD1\x8B\n",
        "]\n",
        "\f\f\n",
        "x\x5A"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        scratch_write("file", texts[i], strlen(texts[i]));
        assert_taken("file", NULL);
    }
}

/* A control character somewhere does not make another kind of a text that begins with the word of one. */
static void a_control_character_far_away_says_nothing(void **state)
{
    (void)state;
    static const char *const words[] = {"ORC",
                                        "PAR1",
                                        "MZ",
                                        "GIF8",
                                        "LZIP",
                                        "ID3",
                                        "OggS",
                                        "fLaC",
                                        "GGUF",
                                        "FEA1",
                                        "xxxxftyp",
                                        "RIFF1234WAVE",
                                        "input_mask, segment_ids"};
    for (size_t w = 0; w < sizeof words / sizeof words[0]; w++)
        for (int near = 0; near < 2; near++) {
            struct buffer file = {0};
            buffer_print(&file, "%s%s is a word.\n", words[w], near ? "\1" : "");
            while (file.size < 5000)
                buffer_print(&file, "The house is old.\n");
            buffer_put_u8(&file, 1);
            scratch_write("file", file.data, file.size);
            if (near)
                assert_refused("file", "file");
            else
                assert_taken("file", NULL);
            buffer_release(&file);
        }
}

/* --- encodings -------------------------------------------------------------------------------- */

static void put_encoded(struct buffer *out, const char *encoding, const char *text)
{
    iconv_t converter = iconv_open(encoding, "UTF-8");
    assert_true(converter != (iconv_t)-1);
    size_t left = strlen(text), room = 4 * left + 16;
    char *from = (char *)text, *to = buffer_grow(out, room);
    assert_int_equal(iconv(converter, &from, &left, &to, &room), 0);
    out->size -= room;
    iconv_close(converter);
}

static void the_likely_encoding_is_told(void **state)
{
    (void)state;
    static const struct {
        const char *encoding, *text, *said;
    } cases[] = {
        {"CP1251", "Старый дом стоит у реки. Птица видит дом.\n", "CP1251"},
        {"KOI8-R", "Старый дом стоит у реки. Птица видит дом.\n", "KOI8-R"},
        {"CP866", "Старый дом стоит у реки. Птица видит дом.\n", "CP866"},
        {"ISO-8859-5", "Старый дом стоит у реки. Птица видит дом.\n", "ISO-8859-5"},
        {"CP1252", "L’été dernier, la forêt était brûlée près d’une vallée très étroite.\n",
         "CP1252"},
        {"ISO-8859-1", "Für Größe und Übung müssen wir ein bißchen Gefühl hören.\n", "CP1252"},
        {"CP1250", "Příliš žluťoučký kůň úpěl ďábelské ódy, šťastně.\n", "CP1250"},
        {"ISO-8859-2", "Zażółć gęślą jaźń, świeży źrebak ćwiczył żwawo.\n", "ISO-8859-2"},
        {"CP1254", "Işık ve gölge ağaçların arasında şarkı söylüyor, güneş doğuyor.\n", "CP1254"},
        {"ISO-8859-7", "Το παλιό σπίτι βρίσκεται κοντά στο ποτάμι και το δάσος.\n", "CP1253"},
        {"CP1255", "הבית הישן עומד ליד הנהר והציפור רואה את האיש.\n", "CP1255"},
        {"CP1256", "البيت القديم يقع بجانب النهر والطائر يرى الرجل.\n", "CP1256"},
        {"CP874", "บ้านเก่าตั้งอยู่ริมแม่น้ำและนกเห็นชายคนนั้น\n", "CP874"},
        {"SHIFT_JIS", "古い家は川のそばにあります。鳥がそれを見ています。\n", "CP932"},
        {"EUC-JP", "古い家は川のそばにあります。鳥がそれを見ています。\n", "EUC-JP"},
        {"EUC-KR", "오래된 집은 강가에 있고 새가 그 집을 보고 있습니다.\n", "CP949"},
        {"GB18030", "这是一个在河边的老房子,我们看到了他的家,不是很大。\n", "GB18030"},
        {"BIG5", "這是一個在河邊的老房子,我們看到了他的家,不是很大。\n", "BIG5"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buffer file = {0};
        for (int line = 0; line < 20; line++)
            put_encoded(&file, cases[i].encoding, cases[i].text);
        scratch_write("file", file.data, file.size);
        struct buffer said = {0};
        buffer_print(&said, "--encoding %s reads it", cases[i].said);
        assert_refused("file", buffer_text(&said));
        assert_taken("file", cases[i].encoding);
        buffer_release(&said);
        buffer_release(&file);
    }
}

static void what_no_mark_says_is_told(void **state)
{
    (void)state;
    static const char *const encodings[] = {"UTF-16LE", "UTF-16BE", "UTF-32LE", "UTF-32BE",
                                            "ISO-2022-JP"};
    for (size_t i = 0; i < sizeof encodings / sizeof encodings[0]; i++) {
        struct buffer file = {0};
        put_encoded(&file, encodings[i], "The house is old. 古い家\nThe king saw the river.\n");
        scratch_write("file", file.data, file.size);
        assert_refused("file", encodings[i]);
        assert_taken("file", encodings[i]);
        buffer_release(&file);
    }
}

/* One in a hundred is allowed. */
static void few_bytes_may_be_wrong(void **state)
{
    (void)state;
    struct buffer file = {0};
    for (int i = 0; i < 1000; i++)
        buffer_put_u8(&file, i % 100 == 50 ? 0xFF : i % 10 ? 'a' : ' ');
    scratch_write("file", file.data, file.size);
    assert_taken("file", NULL);
    file.data[1] = 0xFF;
    scratch_write("file", file.data, file.size);
    assert_refused("file", "1.1% of its bytes (11 of 1000)");
    buffer_release(&file);
}

/* Bytes are counted as the tokenizer leaves them out. */
static void invalid_bytes_are_counted_one_by_one(void **state)
{
    (void)state;
    struct rng rng;
    rng_init(&rng, rng_key(1, RNG_TEST, 0, 0));
    for (int run = 0; run < 20000; run++) {
        static const uint8_t bytes[] = {'a',  ' ',  0x80, 0xBF, 0xC2, 0xC0, 0xDF, 0xE0, 0xE1,
                                        0xA0, 0x9F, 0xED, 0xEF, 0xF0, 0x90, 0xF4, 0xF5, 0xFF};
        char text[80];
        const size_t size = rng_below(&rng, sizeof text);
        uint64_t wanted = 0;
        for (size_t i = 0; i < size; i++)
            text[i] = (char)(rng_below(&rng, 3) ? 'x' : bytes[rng_below(&rng, sizeof bytes)]);
        for (size_t at = 0; at < size;) {
            int32_t code;
            const size_t taken = unicode_decode(text + at, size - at, &code);
            wanted += taken == 0;
            at += taken ? taken : 1;
        }
        assert_int_equal(text_invalid_bytes(text, size, true), wanted);
    }
    assert_int_equal(text_invalid_bytes("a\xE4\xB8", 3, true), 2);
    assert_int_equal(text_invalid_bytes("a\xE4\xB8", 3, false), 0);
    assert_int_equal(text_invalid_bytes("a\xE4\x41", 3, false), 1);
}

/* Every beginning of a text that a character may be cut off at the end of. */
static void a_character_that_is_cut_off_is_known(void **state)
{
    (void)state;
    static const char text[] = "a\xC3\xA9\xE6\x97\xA5\xF0\x9F\x90\xA6z\xF0\x9F\xE6\x97";
    static const size_t whole[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11, 11, 11, 13, 13};
    for (size_t size = 0; size < sizeof text; size++)
        assert_int_equal(text_whole_size(text, size), whole[size]);
    assert_int_equal(text_whole_size("\x80\x80\x80\x80\x80", 5), 5);
    assert_int_equal(text_whole_size("\xC0", 1), 1);
}

/* A file is as valid as its parts, wherever reading cuts it: a text of wide characters, with so many bytes before
 * it that each byte of one is the last of what is read at once. */
static void no_cut_makes_a_character_invalid(void **state)
{
    (void)state;
    static const char house[] = "古い家は川のそばにあります。";
    for (int before = 0; before < 4; before++) {
        struct buffer file = {0};
        struct input_list list;
        struct error err;
        buffer_put(&file, "abcd", (size_t)before);
        while (file.size < 3 * INPUT_HEAD)
            buffer_put(&file, house, sizeof house - 1);
        scratch_write("file", file.data, file.size);
        assert_int_equal(look_as("file", NULL, &list, &err), 0);
        assert_int_equal(input_look_again(&list, 1000, file.size, &err), 0);
        input_list_close(&list);

        /* Bytes of another encoding at its end: the guess is from them, and not from what was cut. */
        const size_t size = file.size;
        for (int line = 0; line < 400; line++)
            put_encoded(&file, "CP1251", "Старый дом стоит у реки. Птица видит дом.\n");
        scratch_write("file", file.data, file.size);
        assert_int_equal(look_as("file", NULL, &list, &err), 0);
        assert_int_equal(input_look_again(&list, 1000, file.size, &err), -1);
        assert_non_null(strstr(err.text, "it looks like CP1251"));
        input_list_close(&list);

        /* What is settled is read no further: the count is of what was read. */
        memmove(file.data, file.data + size, file.size - size);
        memset(file.data + (file.size - size), 'a', size);
        scratch_write("file", file.data, file.size);
        static const struct text_options options = {.encoding = NULL};
        char *inputs[] = {"file"};
        assert_int_equal(input_list_open(&list, inputs, 1, NULL, &err), 0);
        list.options = &options;
        assert_int_equal(input_look_again(&list, 1000, file.size, &err), -1);
        char said[80];
        snprintf(said, sizeof said, "of %d) are not valid", INPUT_HEAD);
        assert_non_null(strstr(err.text, said));
        input_list_close(&list);
        buffer_release(&file);
    }
}

/* Of many files that are refused the first few are told, whatever threads do, and work ends soon. */
static void the_first_refusals_are_told(void **state)
{
    (void)state;
    enum { FILES = 3000, BAD = 20 };
    static const struct text_options options = {.encoding = NULL};
    struct input_list list;
    struct error err, again;
    char name[32], *inputs[] = {"many"};
    assert_int_equal(mkdir("many", 0777), 0);
    for (int f = 0; f < FILES; f++) {
        snprintf(name, sizeof name, "many/%04d", f);
        const bool bad = f >= 1500 && f % BAD == 0;
        scratch_write(name, bad ? "%PDF-1.4\n" : "a\n", bad ? 9 : 2);
    }
    assert_int_equal(input_list_open(&list, inputs, 1, NULL, &err), 0);
    assert_int_equal(input_look(&list, &options, &err), -1);
    for (int f = 1500; f < 1580; f += BAD) {
        snprintf(name, sizeof name, "many/%04d is a PDF", f);
        assert_non_null(strstr(err.text, name));
    }
    assert_null(strstr(err.text, "many/1580"));
    assert_non_null(
        strstr(err.text, "\n  and 24 more\n  (28 of the 2048 files that were looked at)"));
    for (int f = 2048; f < FILES; f++)
        assert_false(list.files[f].looked_at);
    assert_int_equal(input_look(&list, &options, &again), -1);
    assert_string_equal(again.text, err.text);
    input_list_close(&list);
}

/* --- the report ------------------------------------------------------------------------------- */

static void what_was_found_is_told(void **state)
{
    (void)state;
    static const struct text_options options = {.encoding = NULL};
    static const char wiki[] = "<doc id=\"1\" url=\"u\" title=\"T\">\nT\n\nx\n</doc>\n";
    char *inputs[] = {"w1", "w2", "p", "e"};
    struct input_list list;
    struct error err;
    struct buffer said = {0};
    scratch_write("w1", wiki, sizeof wiki - 1);
    write_packed("w2", COMPRESSION_BZIP2, wiki, sizeof wiki - 1);
    scratch_write("p", "\xFF\xFEx\0", 4);
    scratch_write("e", "", 0);
    assert_int_equal(input_list_open(&list, inputs, 4, NULL, &err), 0);
    assert_int_equal(input_look(&list, &options, &err), 0);
    input_look_print(&list, &said);
    assert_string_equal(buffer_text(&said),
                        "1 plain file, 2 WikiExtractor's, 1 empty (1 of them bzip2, "
                        "1 of them not in UTF-8)");
    assert_int_equal(list.files[2].kind, INPUT_SEQUENTIAL);
    assert_string_equal(list.files[2].encoding, "UTF-16LE");
    buffer_release(&said);
    input_list_close(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_no_text_is_named),
        cmocka_unit_test(a_tar_is_known_by_its_sum),
        cmocka_unit_test(what_is_compressed_twice_is_refused),
        cmocka_unit_test(what_is_written_for_programs_is_named),
        cmocka_unit_test(a_control_character_far_away_says_nothing),
        cmocka_unit_test(damaged_tfrecords_are_no_text),
        cmocka_unit_test(what_is_text_is_taken),
        cmocka_unit_test(the_likely_encoding_is_told),
        cmocka_unit_test(what_no_mark_says_is_told),
        cmocka_unit_test(few_bytes_may_be_wrong),
        cmocka_unit_test(invalid_bytes_are_counted_one_by_one),
        cmocka_unit_test(a_character_that_is_cut_off_is_known),
        cmocka_unit_test(no_cut_makes_a_character_invalid),
        cmocka_unit_test(the_first_refusals_are_told),
        cmocka_unit_test(what_was_found_is_told),
    };
    return cmocka_run_group_tests(tests, scratch_enter, scratch_teardown);
}

#define _GNU_SOURCE /* memmem() */
#include "file_kind.h"

#include <string.h>
#include <strings.h>

#include "lambert/base/minmax.h"
#include "lambert/text/text_encoding.h"
#include "lambert/text/text_lines.h"

#define PIPE    " | lambert prep ... - (or vocab)"
#define UNPACK  "unpack it, and name the folder with its files"
#define EXTRACT "extract its text with a tool that is made for it"
#define NO_TEXT "there is no text in it; name the text files, or move it elsewhere"
#define PYARROW "as JSON lines, pyarrow hands its rows on: python3 -c 'import json, sys, pyarrow"

static const char parquet_cure[] = PYARROW
    ".parquet as p; [print(json.dumps(row, default=str)) for path in sys.argv[1:] for batch in "
    "p.ParquetFile(path).iter_batches() for row in batch.to_pylist()]' FILE" PIPE;
static const char arrow_file_cure[] =
    PYARROW " as a; [print(json.dumps(row, default=str)) for path in sys.argv[1:] for f in "
            "[a.ipc.open_file(path)] for i in range(f.num_record_batches) for row in "
            "f.get_batch(i).to_pylist()]' FILE" PIPE;
static const char arrow_stream_cure[] =
    PYARROW " as a; [print(json.dumps(row, default=str)) for path in sys.argv[1:] for batch in "
            "a.ipc.open_stream(path) for row in batch.to_pylist()]' FILE" PIPE;

/* Where a format is known by a run of bytes at one place. Some of these are words, and a text may begin with
 * "ORC": bytes that are no text have to stand among them, or right behind them (is_no_text_behind()). */
static const struct {
    size_t place, size;
    const char *bytes, *name, *cure;
} magics[] = {
    {0, 4, "PAR1", "a Parquet file", parquet_cure},
    {0, 8, "ARROW1\0\0", "an Arrow (Feather) file", arrow_file_cure},
    {0, 4, "\xFF\xFF\xFF\xFF", "an Arrow stream, as Hugging Face's datasets keep theirs",
     arrow_stream_cure},
    {0, 4, "FEA1", "a Feather file of the first version",
     "pyarrow.feather.read_table(FILE) reads it; hand its rows on as JSON lines"},
    {0, 8, "\x89HDF\r\n\x1A\n", "an HDF5 file", "h5py reads it; hand its texts on as JSON lines"},
    {0, 3, "ORC", "an ORC file", "pyarrow.orc reads it; hand its rows on as JSON lines"},
    {0, 4, "Obj\1", "an Avro file", "fastavro reads it; hand its records on as JSON lines"},
    {0, 16, "SQLite format 3\0", "an SQLite database",
     "sqlite3 -json FILE 'select text from TABLE' gives its rows; make JSON lines of them with jq -c '.[]'"},
    {0, 8, "LAMBERT\n", "a file of a corpus or a checkpoint of Lambert's",
     "name the text that it was made from"},

    {0, 6, "7z\xBC\xAF\x27\x1C", "a 7z archive", UNPACK " (7z x FILE)"},
    {0, 6, "Rar!\x1A\7", "a rar archive", UNPACK " (unrar x FILE)"},
    {0, 4, "\4\x22\x4D\x18", "lz4", "lz4 -dc FILE" PIPE},
    {0, 4, "\2\x21\x4C\x18", "lz4 of its older form", "lz4 -dc FILE" PIPE},
    {0, 10, "\xFF\6\0\0sNaPpY", "snappy, framed", "python3 -m snappy -d FILE" PIPE},
    {0, 2, "\x1F\x9D", "the old compress", "zcat FILE" PIPE},
    {0, 4, "LZIP", "lzip", "lzip -dc FILE" PIPE},
    {0, 9, "\x89LZO\0\r\n\x1A\n", "lzop", "lzop -dc FILE" PIPE},
    {0, 2, "\x78\x01", "zlib", "zlib-flate -uncompress <FILE" PIPE},
    {0, 2, "\x78\x5E", "zlib", "zlib-flate -uncompress <FILE" PIPE},
    {0, 2, "\x78\x9C", "zlib", "zlib-flate -uncompress <FILE" PIPE},
    {0, 2, "\x78\xDA", "zlib", "zlib-flate -uncompress <FILE" PIPE},

    {0, 8, "\x89PNG\r\n\x1A\n", "a picture (PNG)", NO_TEXT},
    {0, 3, "\xFF\xD8\xFF", "a picture (JPEG)", NO_TEXT},
    {0, 4, "GIF8", "a picture (GIF)", NO_TEXT},
    {0, 4, "II*\0", "a picture (TIFF)", NO_TEXT},
    {0, 4, "MM\0*", "a picture (TIFF)", NO_TEXT},
    {8, 4, "WEBP", "a picture (WebP)", NO_TEXT},
    {0, 12, "\0\0\0\x0CjP  \r\n\x87\n", "a picture (JPEG 2000)", NO_TEXT},
    {0, 8, "AT&TFORM", "a DjVu document", EXTRACT " (djvutxt FILE)"},
    {0, 3, "ID3", "a sound file (MP3)", NO_TEXT},
    {0, 2, "\xFF\xFB", "a sound file (MP3)", NO_TEXT},
    {0, 2, "\xFF\xF3", "a sound file (MP3)", NO_TEXT},
    {0, 2, "\xFF\xF2", "a sound file (MP3)", NO_TEXT},
    {0, 4, "OggS", "a sound file (Ogg)", NO_TEXT},
    {0, 4, "fLaC", "a sound file (FLAC)", NO_TEXT},
    {8, 4, "WAVE", "a sound file (WAV)", NO_TEXT},
    {8, 4, "AVI ", "a film (AVI)", NO_TEXT},
    {4, 4, "ftyp", "a film or sound file (MP4)", NO_TEXT},
    {0, 4, "\x1A\x45\xDF\xA3", "a film (Matroska, WebM)", NO_TEXT},
    {0, 4, "\0\0\1\xBA", "a film (MPEG)", NO_TEXT},
    {0, 4, "\0\0\1\xB3", "a film (MPEG)", NO_TEXT},
    {0, 8, "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", "a document of an older Microsoft Office",
     EXTRACT " (catdoc FILE, or soffice --convert-to txt FILE)"},

    {0, 4,
     "\x7F"
     "ELF",
     "a program (ELF)", NO_TEXT},
    {0, 2, "MZ", "a program (for Windows)", NO_TEXT},
    {0, 4, "\xCF\xFA\xED\xFE", "a program (Mach-O)", NO_TEXT},
    {0, 4, "\xCA\xFE\xBA\xBE", "a program (Java class or Mach-O)", NO_TEXT},
    {0, 4, "\0asm", "a program (WebAssembly)", NO_TEXT},
    {0, 6, "\x93NUMPY", "an array of NumPy's (npy)", NO_TEXT},
    {0, 4, "GGUF", "a model (GGUF)", NO_TEXT},
    {0, 3, "\x80\2\x8A", "a PyTorch file", NO_TEXT},
    {0, 2, "\x80\2", "a Python pickle", "hand its texts on as JSON lines, from Python"},
    {0, 2, "\x80\3", "a Python pickle", "hand its texts on as JSON lines, from Python"},
    {0, 2, "\x80\4", "a Python pickle", "hand its texts on as JSON lines, from Python"},
    {0, 2, "\x80\5", "a Python pickle", "hand its texts on as JSON lines, from Python"},
};

static bool has(const uint8_t *head, size_t size, size_t place, const char *bytes, size_t length)
{
    return size >= place + length && memcmp(head + place, bytes, length) == 0;
}

static bool is_control(uint8_t byte)
{
    return byte < 0x20 && !(byte >= '\t' && byte <= '\r') && byte != 0x1B && byte != 0x1A;
}

/* Whether there is a byte that is in no text. */
static bool has_control(const uint8_t *head, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (is_control(head[i]))
            return true;
    return false;
}

/* Whether there are such bytes, or what is not UTF-8, up to a few behind the place: a control character far behind
 * it, which a text may have, says nothing of how the file begins. */
static bool is_no_text_behind(const uint8_t *head, size_t size, size_t place)
{
    enum { NEAR = 32 };
    const size_t near = min_size(size, place + NEAR);
    return has_control(head, near) ||
           text_invalid_bytes((const char *)head, near, near == size) > 0;
}

static uint64_t get_u64(const uint8_t *bytes)
{
    uint64_t value = 0;
    for (int i = 7; i >= 0; i--)
        value = value << 8 | bytes[i];
    return value;
}

/* --- formats that are known by more than a run of bytes ------------------------------------------ */

/* A member's header is 512 bytes, and has the sum of its bytes in octal digits, blanks standing for these
 * (POSIX, pax: ustar interchange format; older tars have the sum but not the word "ustar"). */
static bool is_tar(const uint8_t *head, size_t size)
{
    enum { HEADER = 512, SUM = 148, DIGITS = 8 };
    unsigned sum = 0, said = 0;
    bool digits = false;
    if (size < HEADER || head[0] == 0)
        return false;
    for (size_t i = 0; i < HEADER; i++)
        sum += i >= SUM && i < SUM + DIGITS ? ' ' : head[i];
    for (size_t i = SUM; i < SUM + DIGITS; i++) {
        if (head[i] >= '0' && head[i] <= '7') {
            said = 8 * said + (head[i] - '0');
            digits = true;
        } else if (head[i] != ' ' && head[i] != 0) {
            return false;
        }
    }
    return digits && said == sum;
}

/* The names of the first members say whose zip it is (APPNOTE.TXT 4.3.7: a local header has the length of
 * its name at 26, and the name at 30). */
static bool find_zip(const uint8_t *head, size_t size, struct file_kind *kind)
{
    static const struct {
        const char *word, *name, *cure;
    } words[] = {
        {"word/", "a Word document", EXTRACT " (pandoc -t plain --wrap=none FILE)"},
        {"ppt/", "a PowerPoint document", EXTRACT " (soffice --convert-to txt FILE)"},
        {"xl/", "an Excel document", EXTRACT " (soffice --convert-to csv FILE)"},
        {"[Content_Types].xml", "an Office document",
         EXTRACT " (pandoc -t plain --wrap=none FILE)"},
        {"application/epub", "an EPUB book", EXTRACT " (pandoc -t plain --wrap=none FILE)"},
        {"opendocument", "an OpenDocument file", EXTRACT " (pandoc -t plain --wrap=none FILE)"},
        {"data.pkl", "a PyTorch file", NO_TEXT},
        {".npy", "arrays of NumPy's (npz)", NO_TEXT},
        {"META-INF/", "a Java archive", NO_TEXT}};
    if (!has(head, size, 0, "PK\3\4", 4) && !has(head, size, 0, "PK\5\6", 4) &&
        !has(head, size, 0, "PK\7\x8", 4))
        return false;
    *kind = (struct file_kind){"a zip archive", UNPACK " (unzip FILE)"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (!memmem(head, size, words[i].word, strlen(words[i].word)))
            continue;
        *kind = (struct file_kind){words[i].name, words[i].cure};
        break;
    }
    return true;
}

/* The length of a header of JSON, and the header. */
static bool is_safetensors(const uint8_t *head, size_t size)
{
    return size > 10 && get_u64(head) >= 2 && get_u64(head) <= 100000000 && head[8] == '{' &&
           (head[9] == '"' || head[9] == '}');
}

/* The size of the file at 2 and four bytes of 0 at 6. */
static bool is_bmp(const uint8_t *head, size_t size)
{
    return has(head, size, 0, "BM", 2) && has(head, size, 6, "\0\0\0\0", 4);
}

/* The header of the first member is ASCII, up to the two bytes that end it (ar.h). */
static bool is_ar(const uint8_t *head, size_t size)
{
    return has(head, size, 0, "!<arch>\n", 8) && has(head, size, 8 + 58, "`\n", 2);
}

/* A length, and its checksum (CRC-32C, masked: docs/formats.md). */
static bool is_tfrecord(const uint8_t *head, size_t size)
{
    uint32_t crc = UINT32_MAX, said = 0;
    if (size < 12)
        return false;
    for (size_t i = 0; i < 8; i++) {
        crc ^= head[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? UINT32_C(0x82F63B78) : 0);
    }
    for (int i = 3; i >= 0; i--)
        said = said << 8 | head[8 + i];
    crc = ~crc;
    return said == (crc >> 15 | crc << 17) + UINT32_C(0xA282EAD8);
}

/* The names of features stand in each record, and are seen where its length or checksum is damaged. A text about
 * them has no bytes of a length before them. */
static bool is_damaged_tfrecord(const uint8_t *head, size_t size)
{
    static const char *const features[] = {"masked_lm_positions", "masked_lm_ids", "segment_ids",
                                           "input_mask"};
    int found = 0;
    for (size_t i = 0; i < sizeof features / sizeof features[0]; i++)
        found += memmem(head, size, features[i], strlen(features[i])) != NULL;
    return found >= 2 && is_no_text_behind(head, size, 0);
}

bool file_kind_of(const uint8_t *head, size_t size, struct file_kind *kind)
{
    static const struct {
        bool (*is)(const uint8_t *head, size_t size);
        struct file_kind kind;
    } tests[] = {{is_tar, {"a tar archive", UNPACK " (tar -xf FILE)"}},
                 {is_safetensors, {"a model (safetensors)", NO_TEXT}},
                 {is_bmp, {"a picture (BMP)", NO_TEXT}},
                 {is_ar, {"a Debian package or a library of objects", NO_TEXT}},
                 {is_tfrecord,
                  {"a TFRecord file",
                   "prep takes TFRecords of pre-training, by themselves; a vocabulary is learnt "
                   "from text"}},
                 {is_damaged_tfrecord,
                  {"a TFRecord file of pre-training whose beginning is damaged",
                   "copy it, or make it, anew"}}};
    if (has(head, size, 0, "%PDF-", 5)) {
        *kind = (struct file_kind){"a PDF", EXTRACT " (pdftotext FILE)"};
        return true;
    }
    if (!has_control(head, size))
        return false;
    if (find_zip(head, size, kind))
        return true;
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++) {
        if (!tests[i].is(head, size))
            continue;
        *kind = tests[i].kind;
        return true;
    }
    for (size_t i = 0; i < sizeof magics / sizeof magics[0]; i++) {
        const size_t end = magics[i].place + magics[i].size;
        if (!has(head, size, magics[i].place, magics[i].bytes, magics[i].size) ||
            !is_no_text_behind(head, size, end))
            continue;
        *kind = (struct file_kind){magics[i].name, magics[i].cure};
        return true;
    }
    return false;
}

/* --- what is written for programs ----------------------------------------------------------------- */

static bool begins_with_word(const char *text, size_t size, const char *word)
{
    return size >= strlen(word) && strncasecmp(text, word, strlen(word)) == 0;
}

static bool holds(const char *text, size_t size, const char *word)
{
    return memmem(text, size, word, strlen(word)) != NULL;
}

/* Whether the line ends an element: it has an end tag, or begins with the tag of an element that has no end, or
 * of HTML's that need none. */
static bool ends_element(const char *line, size_t length)
{
    static const char *const endless[] = {"<p", "<br", "<li", "<td", "<tr", "<dt", "<dd", "<hr"};
    for (size_t i = 0; i < sizeof endless / sizeof endless[0]; i++) {
        const size_t name = strlen(endless[i]);
        if (length > name && strncasecmp(line, endless[i], name) == 0 &&
            (line[name] == '>' || line[name] == ' '))
            return true;
    }
    return line[1] == '!' || line[1] == '?' || memmem(line, length, "</", 2) ||
           memmem(line, length, "/>", 2);
}

/* Whether most lines that are not blank begin with a tag, and a third of these end an element: a text may have
 * tags here and there, and in a log of a chat each line begins with the <name> of who speaks. */
static bool is_mostly_tags(const char *text, size_t size)
{
    const char *line;
    size_t position = 0, length, lines = 0, tags = 0, ends = 0;
    while (text_line_next(text, size, &position, &line, &length)) {
        while (length > 0 && (*line == ' ' || *line == '\t' || *line == '\r')) {
            line++;
            length--;
        }
        lines += length > 0;
        const bool tag = length > 1 && line[0] == '<' &&
                         (line[1] == '/' || line[1] == '!' || line[1] == '?' ||
                          ((line[1] | 0x20) >= 'a' && (line[1] | 0x20) <= 'z')) &&
                         memchr(line, '>', length) != NULL;
        tags += tag;
        ends += tag && ends_element(line, length);
    }
    return tags > 0 && 2 * tags >= lines && 3 * ends >= tags;
}

static const struct file_kind
    lfs_pointer = {"what Git LFS leaves in the place of a file",
                   "git lfs pull fetches the file itself"},
    html = {"HTML", EXTRACT " (trafilatura, or pandoc -t plain --wrap=none FILE)"},
    mediawiki =
        {"a dump of MediaWiki's, wiki markup in XML",
         "WikiExtractor makes text of it: wikiextractor --output FOLDER FILE; then name the "
         "folder"},
    warc =
        {"a WARC file, as Common Crawl has them",
         "extract the text of its records with a tool that is made for it (warcio, trafilatura)"},
    rtf = {"an RTF document", EXTRACT " (pandoc -t plain --wrap=none FILE)"},
    postscript = {"a PostScript document", EXTRACT " (ps2ascii FILE)"},
    xml = {"XML or the like, but not WikiExtractor's <doc> form",
           "extract its text with a tool that is made for it, as plain text or JSON lines"};

bool file_kind_of_markup(const char *text, size_t size, struct file_kind *kind)
{
    static const struct {
        const char *word;
        const struct file_kind *kind;
    } beginnings[] = {{"version https://git-lfs.github.com/", &lfs_pointer},
                      {"version https://hawser.github.com/", &lfs_pointer},
                      {"<!doctype html", &html},
                      {"<html", &html},
                      {"<mediawiki", &mediawiki},
                      {"WARC/1.", &warc},
                      {"{\\rtf", &rtf},
                      {"%!PS", &postscript}};
    enum { PROLOG = 4096 };
    while (size > 0 && (*text == ' ' || (*text >= '\t' && *text <= '\r'))) {
        text++;
        size--;
    }
    for (size_t i = 0; i < sizeof beginnings / sizeof beginnings[0]; i++) {
        if (!begins_with_word(text, size, beginnings[i].word))
            continue;
        *kind = *beginnings[i].kind;
        return true;
    }
    if (size < 2 || text[0] != '<')
        return false;
    const size_t prolog = min_size(size, PROLOG);
    if (holds(text, prolog, "<mediawiki"))
        *kind = mediawiki;
    else if (holds(text, prolog, "<html") || holds(text, prolog, "<HTML"))
        *kind = html;
    else if (begins_with_word(text, size, "<?xml") || is_mostly_tags(text, size))
        *kind = xml;
    else
        return false;
    return true;
}

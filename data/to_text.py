"""Documents of running text out of the formats that documentation comes in.

Each function of FORMATS takes files, {name: bytes}, and gives their documents in the order of the names,
each a list of paragraphs of one line. Nothing here depends on the release of Python: html.parser, for
one, reads some pages differently from one point release to the next, so pages are cut into tags and text
here."""
import gzip
import html
import re
import struct
import zlib

# What ends a paragraph in HTML, and in OSIS, which SWORD's books are written in.
BLOCKS = set("""address article aside blockquote body br caption center cell chapter dd div dl dt fieldset
    figcaption figure footer form h1 h2 h3 h4 h5 h6 header hr item l lb lg li main nav ol p section table
    tbody td th title tr ul verse""".split())
# What holds no running text.
LEFT_OUT = set("footer head math nav object pre script style svg textarea".split())
TOKEN = re.compile(r"""<!--.*?-->|<!\[CDATA\[(.*?)\]\]>|<[!?][^>]*>
    |<(script|style)\b.*?</\2\s*>
    |<(/?)([A-Za-z][^\s/>]*)(?:"[^"]*"|'[^']*'|[^'">])*?(/?)>""", re.DOTALL | re.VERBOSE | re.IGNORECASE)
WHITE = re.compile("[\x00-\x20\x7f-\xa0\u1680\u2000-\u200f\u2028-\u202f\u205f\u2060\u3000\ufeff]+")


def decoded(data):
    """UTF-8, or else what pages were written in before it."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def one_line(text):
    return WHITE.sub(" ", text.replace("\xad", "")).strip(" ")


def paragraphs_of_markup(text):
    paragraphs, words, inside = [], [], []

    def end_paragraph():
        paragraphs.append(one_line("".join(words)))
        words.clear()

    def add(characters):
        if not inside:
            words.append(html.unescape(characters))

    last = 0
    for token in TOKEN.finditer(text):
        add(text[last:token.start()])
        last = token.end()
        literal, _, closing, name, empty = token.groups()
        if literal:
            add(html.escape(literal))
        if not name:
            continue
        name = name.lower()
        if name == "body":  # a head need not be closed
            inside.clear()
        if name in BLOCKS and not inside:
            end_paragraph()
        if name in LEFT_OUT and not empty:
            if not closing:
                inside.append(name)
            elif name in inside:  # and what was left open within it
                del inside[inside.index(name):]
                end_paragraph()
    add(text[last:])
    end_paragraph()
    return [paragraph for paragraph in paragraphs if paragraph]


def contents(files, ending=""):
    """The files whose names end so, unpacked, in the order of their names."""
    for name in sorted(files):
        if name.endswith(ending):
            data = files[name]
            yield name, gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data


def from_markup(files):
    """HTML, XHTML: a document a file."""
    for _, data in contents(files):
        yield paragraphs_of_markup(decoded(data))


def paragraphs_of_lines(lines):
    """Lines that were wrapped, with blank ones between paragraphs."""
    return [one_line(paragraph) for paragraph in re.split(r"\n[ \t]*\n", "\n".join(lines)) if paragraph.strip()]


def from_text(files):
    """Plain text: a document a file."""
    for _, data in contents(files):
        yield paragraphs_of_lines(decoded(data).splitlines())


# --- dictd: https://www.rfc-editor.org/rfc/rfc2229 and dictfmt(1) ------------------------------------
BASE64 = {letter: value for value, letter in
          enumerate("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")}
# Pronunciation, whose entry it is, the field: \\Ab`di*ca"tion\\, [1913 Webster], <programming>, {links}.
MARKS = re.compile(r"\\[^\\]*\\,?|\[(?:1913 Webster|Webster|WordNet|Century|PJC|RP|AS)\b[^\]]*\]|<[a-z, ]+>|[{}]")
# The end of a bracket that began on the first line, the number of a sense.
BEFORE_TEXT = re.compile(r"^(?:[^][]{0,200}\] )?(?:(?:\d+|\(?[a-z]\))[.:]? )?")


def number(digits):
    value = 0
    for digit in digits:
        value = value * 64 + BASE64[digit]
    return value


def from_dictd(files):
    """NAME.dict.dz and NAME.index: a document an entry, without its first line."""
    for name, data in contents(files, ".dict.dz"):
        places = set()
        for line in decoded(files[name[:-len(".dict.dz")] + ".index"]).splitlines():
            word, offset, length = line.split("\t")[:3]
            if not word.startswith("00"):  # about the dictionary
                places.add((number(offset), number(length)))
        for offset, length in sorted(places):
            lines = data[offset:offset + length].decode("utf-8", "replace").splitlines()[1:]
            yield [BEFORE_TEXT.sub("", one_line(MARKS.sub("", paragraph)))
                   for paragraph in paragraphs_of_lines(lines)]


# --- SWORD: compressed commentaries ------------------------------------------------------------------
def from_sword(files):
    """ot.bzz and the like with ot.bzs, its index: a document a chapter or a book."""
    for name, data in contents(files, "zz"):
        for offset, size, _ in struct.iter_unpack("<III", files[name[:-1] + "s"]):
            if size:
                chapter = zlib.decompress(data[offset:offset + size])
                yield paragraphs_of_markup(chapter.decode("utf-8", "replace"))


# --- R: a database of vectors of strings -------------------------------------------------------------
def strings_of_r(data):
    """The strings of a serialised vector (XDR, version 3); none if it is anything else."""
    if data[:2] != b"X\n":
        return []
    version, = struct.unpack_from(">i", data, 2)
    place = 14
    if version == 3:
        length, = struct.unpack_from(">i", data, place)
        place += 4 + length
    flags, count = struct.unpack_from(">ii", data, place)
    if flags & 255 != 16:
        return []
    place += 8
    strings = []
    for _ in range(count):
        _, length = struct.unpack_from(">ii", data, place)
        strings.append(data[place + 8:place + 8 + length].decode("utf-8", "replace"))
        place += 8 + length
    return strings


def from_r(files):
    """An .rdb: each vector of strings is the lines of a book, a document a chapter."""
    for _, data in contents(files, ".rdb"):
        while len(data) > 4:  # the length of what comes, and it, deflated
            inflate = zlib.decompressobj()
            lines = strings_of_r(inflate.decompress(data[4:]))
            data = inflate.unused_data
            chapter = []
            for line in lines:
                if re.match(r"(?i)chapter [0-9ivxl]+", line):
                    yield paragraphs_of_lines(chapter)
                    chapter = []
                else:
                    chapter.append(line)
            yield paragraphs_of_lines(chapter)


FORMATS = {"markup": from_markup, "text": from_text, "dictd": from_dictd, "sword": from_sword, "r": from_r}


# --- running text, or not ----------------------------------------------------------------------------
NAVIGATION = re.compile(r"(?:Next|Previous|Prev|Up): |\[ ")
ENDS = tuple(".!?:;\"'”’)]")
LEAST_WORDS, LEAST_LETTERS, LEAST_DOCUMENT = 8, 0.85, 300


def is_prose(paragraph, more_letters=""):
    """Enough words, nearly all of them of English letters and more, and an end: no heading, table or code."""
    letters = len(re.sub(f"[^A-Za-z {re.escape(more_letters)}]+", "", paragraph))
    return (paragraph.count(" ") >= LEAST_WORDS - 1 and letters >= LEAST_LETTERS * len(paragraph)
            and paragraph.endswith(ENDS) and not NAVIGATION.match(paragraph))


def prose_of(document, seen, more_letters=""):
    """The paragraphs of a document that are prose, in English letters and more, and that no document had
    before (seen, a set, knows them); none where little is left."""
    kept = []
    for paragraph in document:
        if is_prose(paragraph, more_letters) and paragraph not in seen:
            seen.add(paragraph)
            kept.append(paragraph)
    return kept if sum(map(len, kept)) >= LEAST_DOCUMENT else []

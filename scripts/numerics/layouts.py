#!/usr/bin/env python3
"""How documents lie in files: Lambert's readers beside Python's.

    scripts/numerics/layouts.py BUILD [--quick] [--seed N]

Documents are written in every form that `lambert prep` knows (plain, WikiExtractor's, JSON), in variants: order of
attributes and keys, escapes, line ends, byte-order marks, sizes that fall across the 64 KiB that are looked at and
across shards, and damage. Each file is read back here by json, html and re, as what it is to be, and written as plain
text, a line for each line of a document. Both make the same corpus: as many documents, lines and bytes of text, each
token as often; and what is left out is what was damaged. --quick: fewer and smaller files."""
import argparse
import html
import html.entities
import json
import os
import random
import re
import subprocess
import sys
import tempfile

MEGABYTE = 1 << 20
WORDS = ("old house river bird man tree road sees runs it is the a \u00e9t\u00e9 stra\u00dfe \u0434\u043e\u043c "
         "\u0440\u0435\u043a\u0430 \u4e2d\u6587 AT&T R&D; a<b x>y \"quoted\" it's back\\slash {brace} [bracket] }{ "
         "\U0001f600 &amp; &lt;i&gt; <br> tab\there").split(" ")
COUNTS = ["documents", "empty_documents", "lines", "text_bytes", "tokens", "damaged_lines", "keyless_lines",
          "textless_lines", "action_lines", "unclosed_documents"]


KNOWN = ["text", "content", "raw_content"]


class Wrong(Exception):
    pass


# --- documents -------------------------------------------------------------------------------------

def make_line(rng):
    return " ".join(rng.choice(WORDS) for _ in range(rng.randrange(3, 14))) + rng.choice([".", "!", "", " "])


def make_document(rng, size=0):
    """Title and lines; at least `size` characters."""
    lines = [make_line(rng) for _ in range(rng.choice([0, 1, 1, 2, 3, 8]) or (size > 0))]
    left = size - sum(map(len, lines))
    while left > 0:
        lines.append(make_line(rng))
        left -= len(lines[-1])
    return {"title": " ".join(rng.choice(WORDS) for _ in range(rng.randrange(1, 4))), "lines": lines}


def make_documents(rng, quick, form):
    """Those of JSON alone are never cut: other documents are shorter than a shard, and so are files that are one."""
    kind = rng.choice(["few", "few", "few", "head", "head", "many", "long"])
    fits = {"many": form != "plain", "long": form.startswith("json")}
    if kind == "few" or not fits.get(kind, True) or quick and kind in fits:
        return [make_document(rng) for _ in range(rng.randrange(1, 12))]
    if kind == "head":  # one ends, or does not, about where no more is looked at
        return [make_document(rng, rng.choice([30000, 65000, 70000])) for _ in range(3)]
    if kind == "many":
        return [make_document(rng, rng.randrange(20000)) for _ in range(200)]
    return [make_document(rng), make_document(rng, 2 * MEGABYTE + rng.randrange(MEGABYTE)), make_document(rng)]


# --- what Python reads -------------------------------------------------------------------------------

def lines_of(text):
    """The lines that a document has of a text."""
    lines = []
    for line in re.split(r"\r*\n|\r", text):
        line = line.strip()
        while line.startswith("\ufeff"):
            line = line[1:].strip()
        if line:
            lines.append(line)
    return lines


def without_heading(lines, title):
    return lines[1:] if title and lines and lines[0] == title else lines


def unescape(text):
    """Entities with their semicolon, once; white space that they make is none of lines."""
    def one(match):
        name = match.group(1)
        if name[0] != "#" and name + ";" not in html.entities.html5:
            return match.group(0)
        return re.sub(r"[\n\r\t\f]", " ", html.unescape(match.group(0)))
    return re.sub(r"&(#[0-9]{1,30}|#[xX][0-9a-fA-F]{1,29}|[A-Za-z0-9]+);", one, text)


class Reading:
    def __init__(self):
        self.documents = []
        self.counts = dict.fromkeys(COUNTS, 0)

    def json_value(self, value, keys):
        actions = ("index", "create", "update", "delete")
        if not isinstance(value, dict):
            self.counts["damaged_lines"] += 1
            return
        found = [look_up(value, key) for key in keys or KNOWN]
        found = [each for each in found if each is not None]
        texts = [each[0] for each in found if isinstance(each[0], str)]
        if not keys:  # the first with something in it, or else the first
            texts = ([text for text in texts if text.strip(" \t\n\r")] or texts)[:1]
        if not texts:
            if not found and len(value) == 1 and next(iter(value)) in actions and \
                    isinstance(next(iter(value.values())), dict):
                self.counts["action_lines"] += 1
            else:
                self.counts["textless_lines" if found else "keyless_lines"] += 1
            return
        title = value.get("title") if isinstance(value.get("title"), str) else ""
        change = unescape if title and "revid" in value else str
        title, lines = change(mended(title)), []
        for text in texts:
            heading = "" if keys and text == value.get("title") else title
            lines += without_heading([each for line in lines_of(mended(text)) for each in lines_of(change(line))],
                                     heading)
        self.documents.append(lines)


def mended(text):
    """Half surrogates and NULs are one character that is none."""
    return re.sub("[\ud800-\udfff\0]", "\ufffd", text)


def look_up(value, key):
    """A tuple of what is under a dotted key, or None."""
    if key in value:
        return (value[key],)
    for dot in (at for at, letter in enumerate(key) if letter == "."):
        inner = value.get(key[:dot])
        found = look_up(inner, key[dot + 1:]) if isinstance(inner, dict) else None
        if found:
            return found
    return None


def read_json_lines(text, keys):
    reading, decoder = Reading(), json.JSONDecoder(strict=False)
    for line in text.split("\n"):
        at = 0
        while True:
            at = re.compile(r"[\s,\ufeff]*").match(line, at).end()
            if at == len(line):
                break
            try:
                value, at = decoder.raw_decode(line, at)
            except json.JSONDecodeError:
                reading.counts["damaged_lines"] += 1
                break
            reading.json_value(value, keys)
    return reading


def read_json(text, keys):
    """Whole values one after another, or arrays of them."""
    reading, decoder, at = Reading(), json.JSONDecoder(), 0
    while True:
        at = re.compile(r"[\s\ufeff]*").match(text, at).end()
        if at == len(text):
            return reading
        value, at = decoder.raw_decode(text, at)
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, str):
                reading.documents.append(lines_of(mended(each)))
            else:
                reading.json_value(each, keys)


def read_wiki(text, _):
    reading, text = Reading(), re.sub(r"\r*\n|\r", "\n", text)
    tag = re.compile(r"^[\ufeff \t]*<doc((?:\s+[a-z]+=(?:\"[^\n]*?\"|'[^\n]*?'))+)\s*>[ \t\r]*$", re.M)
    for found in tag.finditer(text):
        body = re.search(r"^[\ufeff \t]*</doc>", text[found.end():], re.M)
        quoted = re.search(r"\stitle=(\"|')(.*?)\1(?=\s*$|\s+[a-z]+=[\"'])", found.group(1))
        title = unescape(quoted.group(2))
        lines = [unescape(line) for line in lines_of(text[found.end():found.end() + body.start()])]
        reading.documents.append(without_heading([each for line in lines for each in lines_of(line)], title))
    return reading


def read_plain(text, options):
    reading, document = Reading(), []
    documents = options[options.index("--documents") + 1] if "--documents" in options else "blank-lines"
    for line in re.split(r"\r*\n|\r", text):
        line = lines_of(line)
        document += line
        ended = bool(line) if documents == "lines" else not line and documents == "blank-lines"
        if document and ended:
            reading.documents.append(document)
            document = []
    if document:
        reading.documents.append(document)
    return reading


def joined(text):
    """The same text with the lines of a paragraph joined: the words are of scripts with spaces and without
    hyphens at line ends, but for Han."""
    lines, paragraph = [], []
    for line in re.split(r"\r*\n|\r", text) + [""]:
        if lines_of(line):
            paragraph += lines_of(line)
            continue
        if paragraph:
            whole = paragraph[0]
            for part in paragraph[1:]:
                wide = all("\u4e00" <= letter <= "\u9fff" for letter in (whole[-1], part[0]))
                emoji = {whole[-1], part[0]} <= set("\u4e2d\u6587\U0001f600")
                whole += part if wide or emoji else " " + part
            lines.append(whole)
            paragraph = []
        lines.append("")
    return "\n".join(lines)


# --- forms -----------------------------------------------------------------------------------------

def extra_members(rng):
    choices = [("id", str(rng.randrange(10 ** 6))), ("n", rng.randrange(-5, 99)), ("p", 0.25), ("none", None),
               ("meta", {"url": "http://a/b?c={d}", "tags": ["}", "{", "\"text\": \"no\"", "]"], "text": 5}),
               ("spans", [[1, 2], {"a": [True, False]}]), ("warc-headers", {"text": {"deep": [{}]}}), ("x", ""),
               ("escaped \" \\ \u00e9", "\\"), ("not a number", float("nan")), ("much", float("-inf"))]
    return rng.sample(choices, rng.randrange(5))


def nested(key, value):
    """{"a": {"b": value}} or {"a.b": value} of the key "a.b"."""
    first, dot, rest = key.partition(".")
    return (first, dict([nested(rest, value)])) if dot else (first, value)


def make_object(rng, document, keys):
    """A document as an object; sometimes with what makes it none."""
    text = rng.choice(["\n", "\n\n", "\r\n"]).join(document["lines"])
    if rng.random() < 0.3:
        text = document["title"] + "\n\n" + text
    members = extra_members(rng)
    if len(keys) == 1:
        members.append(nested(keys[0], text))
        if keys[0] in KNOWN and rng.random() < 0.3:  # others hold nothing, and hide nothing
            members += [(key, rng.choice([None, "", " \n"])) for key in KNOWN if key != keys[0] and rng.random() < 0.7]
    else:
        members += [(key, part) for key, part in zip(keys, [text, "And more.\n", None])]
    if rng.random() < 0.5 and "title" not in keys:
        members.append(("title", document["title"]))
    if rng.random() < 0.2:
        members.append(("revid", "7"))
    rng.shuffle(members)
    return dict(members)


def spoil(rng, value, keys):
    """Another object, which is no document, or one whose text costs a character."""
    kind, key = rng.choice(["null", "number", "no key", "array", "half", "nul"]), keys[0].split(".")[0]
    if kind == "no key":
        return {name: value[name] for name in value if name not in {each.split(".")[0] for each in keys}}
    if kind in ("half", "nul") and isinstance(value.get(key), str):
        value[key] += {"half": "\ud83d end", "nul": "\0 end"}[kind]
        return value
    for each in keys:
        value[each.split(".")[0]] = {"null": None, "number": 7}.get(kind, [1, "x"])
    return value


def dump(rng, value, indent=None):
    text = json.dumps(value, ensure_ascii=rng.random() < 0.5, indent=indent,
                      separators=rng.choice([None, (",", ":"), (" , ", " : ")]))
    return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace") if re.search("[\ud800-\udfff]", text) \
        else text


def doubled(rng, line, keys):
    """The object with a key that stands there once more, before: the last one counts."""
    hidden = rng.choice(["null", "7", "\"hidden\"", "{\"b\": \"hidden\", \"c\": {}}", "[1, {}]"])
    return "{" + json.dumps(rng.choice([keys[0], keys[0].split(".")[0], "title"])) + ": " + hidden + ", " + line[1:] \
        if len(line) > 2 and rng.random() < 0.1 else line


def dump_safely(rng, value, indent=None):
    """Half surrogates can be written as escapes alone."""
    text = dump(rng, value, indent)
    return json.dumps(value, indent=indent) if "\ufffd" in text else text


def as_json_lines(rng, documents, keys, damage):
    lines, end = [], rng.choice(["\n", "\n", "\r\n"])
    bulk = rng.random() < 0.25
    for document in documents:
        value = make_object(rng, document, keys)
        if damage and rng.random() < 0.3:
            value = spoil(rng, value, keys)
        line = doubled(rng, dump_safely(rng, value), keys)
        if bulk:
            lines.append(json.dumps({rng.choice(["index", "create"]): {"_id": "7", "_type": "page"}}))
        if damage and rng.random() < 0.15:
            line = rng.choice([line[:rng.randrange(1, len(line))], "not JSON {", "7", "\"text\"", line + " x", "{]"])
        lines.append(line)
        if rng.random() < 0.1:
            lines.append(rng.choice(["", " ", "\ufeff"]))
        if rng.random() < 0.05:
            lines[-1] += rng.choice(["", " ", "\ufeff"]) + dump_safely(rng, make_object(rng, document, keys))
    lines.insert(0, dump_safely(rng, make_object(rng, documents[0], keys)))  # by which keys and layout are known
    return ("\ufeff" if rng.random() < 0.2 else "") + end.join(lines) + rng.choice(["", end])


def as_json_texts(rng, documents, keys, _):
    """An array of texts, among which there may be objects."""
    values = ["\n".join(document["lines"]) for document in documents]
    values += [make_object(rng, document, keys) for document in documents[:rng.randrange(3)]]
    first, rest = values[0], values[1:]
    rng.shuffle(rest)
    return dump(rng, [first, *rest], rng.choice([None, 0, 2]))


def read_damaged_array(rng, documents, keys, asked):
    """An array of objects, one a line, of which some lack a bracket, a quote or a value, and what Python reads in
    the others: these are left out, and no other."""
    parts, damaged = [dump_safely(rng, make_object(rng, documents[0], keys))], 0
    whole = parts[:]
    for document in documents:
        if rng.random() < 0.4:
            parts.append(rng.choice(["{\"n\": [1, {\"b\": 2}", "{\"n\": {\"b\": 1", "{\"n\": \"a", "{\"n\": x}", "{\"n\" 5}",
                                     "{\"n\": \"\\x\"}", "{\"n\": [}", "{"]))
            damaged += 1
        whole.append(dump_safely(rng, make_object(rng, document, keys)))
        parts.append(whole[-1])
    reading = read_json("\n".join(whole), asked)
    reading.counts["damaged_lines"] += damaged
    return "[\n" + ",\n".join(parts) + rng.choice(["\n]\n", "\n", ""]), reading


def as_json_values(rng, documents, keys, _):
    indent, form = rng.choice([None, 0, 1, 2, 4, "\t"]), rng.choice(["array", "stream", "array of lines"])
    values = [make_object(rng, document, keys) for document in documents]
    values.append(make_object(rng, {"title": "t", "lines": ["one"]}, keys))
    if form == "array":
        return dump(rng, values, indent)
    texts = [dump(rng, value, indent if form == "stream" else None) for value in values]
    if form == "array of lines":
        return "[\n" + ",\n".join(texts) + "\n]\n"
    between = rng.choice(["\n", "\n\n", " \n\t"]) if indent is not None else rng.choice(["", " "])
    return between.join(texts)


def escaped(rng, text):
    return html.escape(text, quote=rng.random() < 0.5)


def as_wiki(rng, documents, _keys, _damage):
    end, escape = rng.choice(["\n", "\n", "\r\n", "\r"]), rng.random() < 0.7
    parts = ["<?xml version=\"1.0\" encoding=\"UTF-8\"?>", "<root>"][:rng.randrange(3)]
    for number, document in enumerate(documents):
        title = escaped(rng, document["title"]) if escape else document["title"]
        quote = "\"" if "'" in title or rng.random() < 0.7 else "'"
        attributes = [f"id={quote}{number}{quote}", f"title={quote}{title}{quote}"]
        attributes += rng.sample(["url=\"https://a/?curid=1&b=2\"", "language=\"en\"", "revid='12'"], rng.randrange(4))
        rng.shuffle(attributes)
        lines = [rng.choice(["", "\ufeff"]) * (rng.random() < 0.1) + f"<doc {' '.join(attributes)}>"]
        if rng.random() < 0.8:
            lines += [title, ""]
        for line in document["lines"]:
            line = escaped(rng, line) if escape else line
            lines.append(line + rng.choice(["", "&nbsp;", "&#39;", " &hellip; &#x41;", " &bogus; & &#;"]))
        parts += lines + [rng.choice(["</doc>", "\ufeff</doc>"] if rng.random() < 0.1 else ["</doc>"])]
        if rng.random() < 0.2:
            parts.append("")
    if parts[:1] == ["<root>"] or parts[1:2] == ["<root>"]:
        parts.append("</root>")
    return end.join(parts) + end


def as_plain(rng, documents, _keys, _damage):
    end = rng.choice(["\n", "\r\n", "\r", "\r\r\n"])
    mark = rng.choice(["", "", "\ufeff"])
    paragraphs = [end.join(mark * (rng.random() < 0.1) + line for line in document["lines"])
                  for document in documents]
    return mark + (end + rng.choice(["", " ", mark]) + end).join(paragraphs) + rng.choice(["", end])


KEYS = [None, None, None, ["content"], ["raw_content"], ["body"], ["a.b"], ["a.b.c"], ["\u0442\u0435\u043a\u0441\u0442"],
        ["abstract", "body", "notes"]]
PLAIN_OPTIONS = [[], ["--documents", "lines"], ["--documents", "files"], ["--wrapped"],
                 ["--documents", "files", "--wrapped"]]


def make_variant(number, seed, quick):
    """Options, the file's text, and what Python reads in it."""
    rng = random.Random(f"{seed} {number}")
    form = rng.choice(["json lines", "json lines", "json values", "json texts", "json damaged", "wiki", "plain"])
    documents = make_documents(rng, quick, form)
    if form == "plain":
        options = rng.choice(PLAIN_OPTIONS)
        text = as_plain(rng, documents, None, None)
        if not text.strip():
            text = "text"
        if "--wrapped" in options:
            return options, text, read_plain(joined(text), options)
        return options, text, read_plain(text, options)
    if form == "wiki":
        text = as_wiki(rng, documents, None, None)
        return [], text, read_wiki(text, None)
    keys = rng.choice(KEYS)
    known = keys is None or keys[0] in ("content", "raw_content")
    options = [] if known else ["--text-key", ",".join(keys)]
    if form == "json damaged":
        return (options, *read_damaged_array(rng, documents, keys or ["text"], None if known else keys))
    write, read = {"json lines": (as_json_lines, read_json_lines), "json values": (as_json_values, read_json),
                   "json texts": (as_json_texts, read_json)}[form]
    text = write(rng, documents, keys or ["text"], rng.random() < 0.6)
    return options, text, read(text, None if known else keys)


# --- corpora ---------------------------------------------------------------------------------------

def write_vocabulary(path):
    letters = [chr(code) for code in range(33, 127)] + list("\u00e9\u00df\u0434\u043e\u043c\u0440\u0435\u043a\u0430"
                                                            "\u4e2d\u6587\U0001f600\u2026")
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters,
                              *("##" + letter for letter in letters)]) + "\n")


def prepare(lambert, folder, name, options):
    """The report and the counts of tokens of the corpus that is made of a folder or file."""
    corpus = os.path.join(folder, name + ".corpus")
    words = [lambert, "prep", "--vocabulary", os.path.join(folder, "vocab.txt"), "--heldout", "0", "--cased",
             "--lines-are-sentences", "--shard-megabytes", "1", "--overwrite", "--output", corpus, *options,
             os.path.join(folder, name)]
    done = subprocess.run(words, capture_output=True, encoding="utf-8", check=False)
    if done.returncode:
        raise Wrong(f"{' '.join(words)}\n{done.stderr}")
    with open(os.path.join(corpus, "corpus.json"), encoding="utf-8") as file:
        report = json.load(file)["report"]
    with open(os.path.join(corpus, "tokens.counts"), "rb") as file:
        return report, file.read()


def check(lambert, folder, variants):
    """Fails where a corpus of the files of these variants, which have the same options, is not that of the
    documents that Python read."""
    source, plain = os.path.join(folder, "given"), os.path.join(folder, "plain")
    for path in (source, plain):
        os.makedirs(path, exist_ok=True)
        for name in os.listdir(path):
            os.remove(os.path.join(path, name))
    expected = dict.fromkeys(COUNTS, 0)
    with open(os.path.join(plain, "all"), "w", encoding="utf-8", newline="") as file:
        file.write("")
        for number, (_, text, reading) in variants:
            with open(os.path.join(source, f"{number:05d}"), "w", encoding="utf-8", newline="") as given:
                given.write(text)
            for name, count in reading.counts.items():
                expected[name] += count
            expected["documents"] += len(reading.documents)
            expected["empty_documents"] += sum(not lines for lines in reading.documents)
            for lines in reading.documents:
                file.write("".join(line + "\n" for line in lines) + "\n")
    got, got_tokens = prepare(lambert, folder, "given", variants[0][1][0])
    asked, asked_tokens = prepare(lambert, folder, "plain", [])
    for name in ("lines", "text_bytes", "tokens"):
        expected[name] = asked[name]
    wrong = [f"{name} {got[name]}, not {expected[name]}" for name in COUNTS if got[name] != expected[name]]
    if got_tokens != asked_tokens and not wrong:
        wrong.append("other tokens")
    if wrong:
        raise Wrong(", ".join(wrong))


def check_entities(build):
    """The table of named characters is Python's."""
    source = os.path.join(os.path.dirname(__file__), "..", "..", "src", "text", "html_entity_table.c")
    with open(source, encoding="utf-8") as file:
        rows = re.findall(r"\{\"(\w+)\", \"((?:[^\"\\]|\\.)*)\"\}", file.read())
    table = {name: text.encode().decode("unicode_escape").encode("latin-1").decode() for name, text in rows}
    python = {name[:-1]: text for name, text in html.entities.html5.items() if name.endswith(";")}
    if table != python or [name for name, _ in rows] != sorted(table):
        raise Wrong("src/text/html_entity_table.c is not HTML's table, or is not sorted")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    lambert = os.path.join(os.path.abspath(arguments.build), "lambert")
    groups, failed = {}, 0
    for number in range(80 if arguments.quick else 600):
        variant = make_variant(number, arguments.seed, arguments.quick)
        groups.setdefault(tuple(variant[0]), []).append((number, variant))
    check_entities(arguments.build)
    with tempfile.TemporaryDirectory() as folder:
        write_vocabulary(os.path.join(folder, "vocab.txt"))
        for variants in groups.values():
            try:
                check(lambert, folder, variants)
            except Wrong:  # which?
                before = failed
                for each in variants:
                    try:
                        check(lambert, folder, [each])
                    except Wrong as wrong:
                        failed += 1
                        print(f"variant {each[0]} {' '.join(each[1][0])} {each[1][1][:200]!r}: {wrong}",
                              file=sys.stderr)
                failed += failed == before  # all together alone
    if failed:
        sys.exit(f"layouts: {failed} files are read otherwise than by Python")
    print(f"layouts: {sum(map(len, groups.values()))} files are read as Python reads them")


main()

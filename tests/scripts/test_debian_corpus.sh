#!/bin/sh
# data/debian-corpus, with small packages made here and served on loopback: each format, what is left out,
# the same bytes twice, and packages and texts that are not the list's.
. "$(dirname "$0")/../lib.sh"
command -v dpkg-deb >/dev/null || { echo "skipped: no dpkg-deb"; exit 0; }
. "$ROOT/tests/scripts/serve.sh"
corpus() {
    "$ROOT/data/debian-corpus" "$@"
}

# Files of a page, a text, a dictionary, a commentary and an R data set.
python3 - <<'END'
import gzip, os, struct, zlib

def put(path, data):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(data)

def sentence(about):
    return (f"The {about} is a thing that people write about at some length, and this line of text is long "
            f"enough to be kept, as all lines about the {about} are. ") * 3

pages = "pages/usr/share/doc/pages/"
put(pages + "b.html", f"""<html><head><title>None of this</title><script>if (a < b) "</p>"</script>
<body class="a>b"><h1>A heading</h1><!-- <p>{sentence('comment')} -->
<p>{sentence('page &amp; its&nbsp;<b>bold</b> words')}<pre>{sentence('code')}</pre>
<p>{sentence('cell')}<table><tr><td>1.5<td>2.5</table><nav><p>{sentence('menu')}</nav>
<p>Next: {sentence('chapter')}
<p>Short.<p>{sentence('end')}</html>""".encode())
put(pages + "a.html", ("<p>" + sentence("caf\xe9")).encode("latin-1"))
put(pages + "left-out.html", f"<p>{sentence('rest')}".encode())
put(pages + "c.txt.gz", gzip.compress(b"plain"))
os.symlink("b.html", pages + "link.html")

text = sentence("text").replace(" ", "\n")
put("words/usr/share/words/text.gz", gzip.compress(f"{text}\n\n{sentence('cell')}\n\n".encode()))

entries = {"00-database-info": sentence("database"), "Abbot": "Abbot \\Ab\"bot\\, n. [L. abbas,\n   father.]\n   1. "
           + sentence("abbot {superior}") + "[1913 Webster]", "abbots": None, "Abbey": "Abbey\n   short"}
dictionary, index = b"", ""
letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
digits = lambda n: (digits(n // 64) if n >= 64 else "") + letters[n % 64]
for word, entry in entries.items():
    if entry:
        place = len(dictionary), len(entry)
        dictionary += entry.encode()
    index += f"{word}\t{digits(place[0])}\t{digits(place[1])}\n"
put("dictionary/usr/share/dictd/d.dict.dz", gzip.compress(dictionary))
put("dictionary/usr/share/dictd/d.index", index.encode())

chapters = [zlib.compress(f"<chapter osisID='Ps.{n}'/><title>Psalm {n}</title><div type='x-p'/>{sentence('psalm')}"
                          f"<hi>{sentence('first of them')}</hi>".encode()) for n in (1, 2)] + [b""]
index = b"".join(struct.pack("<III", sum(map(len, chapters[:n])), len(c), 9) for n, c in enumerate(chapters))
put("commentary/usr/share/sword/ot.bzz", b"".join(chapters))
put("commentary/usr/share/sword/ot.bzs", index)

def vector(strings):
    whole = lambda *numbers: struct.pack(f">{len(numbers)}i", *numbers)
    data = b"X\n" + whole(3, 0x40201, 0x30500, 5) + b"UTF-8" + whole(16, len(strings))
    for string in strings:
        data += whole(9, len(string)) + string.encode()
    return whole(len(data)) + zlib.compress(data)

book = ["A NOVEL", "", "Chapter 1", ""] + sentence("heroine").split("and ") + ["", "CHAPTER II", ""]
put("novels/usr/lib/R/n.rdb", vector(["x", "y"]) + vector(book + sentence("hero").split("of ")))
END

# package NAME FORMAT PATTERNS: builds NAME and adds its part of the list
package() {
    mkdir -p "$1/DEBIAN"
    printf 'Package: %s\nVersion: 1:1.0\nArchitecture: all\nMaintainer: n <n@n>\nDescription: n\n' "$1" \
        >"$1/DEBIAN/control"
    dpkg-deb --root-owner-group -Zxz -b "$1" "www/$1_1.0_all.deb" >/dev/null
    printf '[%s]\nversion = 1:1.0\ndeb = %s_1.0_all.deb\nsha256 = %s\nformat = %s\nfiles = %s\n' "$1" "$1" \
        "$(sha256sum <"www/$1_1.0_all.deb" | cut -d' ' -f1)" "$2" "$3" >>packages.list
}
printf '[corpus]\nsnapshot = 20260101T000000Z\n' >packages.list
package pages markup '*.html !*/left-*'
package words text '*/words/*'
package dictionary dictd '*/dictd/*'
package commentary sword 'usr/share/sword/*'
package novels r '*.rdb'
corpus first --list packages.list --mirror "$URL" >out.txt || fail "a corpus"
corpus second --list packages.list --mirror "$URL/nothing" --mirror "$URL/cut" >out.txt || fail "from a worse mirror"
cmp first/text/debian.txt second/text/debian.txt || fail "not the same bytes twice"
text=first/text/debian.txt
sed -E 's/^The ([^.]*) is a thing that .*/\1;/' $text | tr '\n' ' ' >abouts.txt
expected="café;  page & its bold words; cell; end;  text;  abbot superior;  psalm;  heroine;  hero;  "
[ "$(cat abouts.txt)" = "$expected" ] || fail "another text: $(cat abouts.txt)"
[ "$(grep -c '^$' $text)" = 7 ] || fail "documents: $(cat $text)"
grep -q "^The abbot superior is" $text || fail "the marks of a dictionary: $(grep abbot $text)"

# Its digest in the list: right, and wrong.
sed -i "1a sha256 = $(sha256sum <$text | cut -d' ' -f1)" packages.list
corpus first --list packages.list --mirror "$URL" | grep -q "as the list says" || fail "the right digest"
sed 's/\* !/*/; s,!\*/left-\*,,' packages.list >other.list
expect 1 "debian.txt.part: its sha256 is .* but the list says" corpus first --list other.list --mirror "$URL"

# A package that is another file on every mirror; one without a key; patterns that match nothing.
echo more >>www/novels_1.0_all.deb
expect 1 "novels 1:1.0 was not to be had:" corpus third --list packages.list --mirror "$URL"
grep -q "/novels_1.0_all.deb: its sha256 is .* was expected" err.txt || fail "$(cat err.txt)"
sed 's/^format = r$//' packages.list >other.list
expect 1 "other.list: \[novels\] has no 'format'" corpus first --list other.list
sed 's/^format = r$/format = pdf/' packages.list >other.list
expect 1 "\[novels\] format = pdf; there are markup, text" corpus first --list other.list
sed 's/^files = .*rdb$/files = *.rda/' packages.list >other.list
expect 1 "novels_1.0_all.deb: no file in it matches \*.rda" corpus first --list other.list --mirror "$URL"

# The lists themselves are in order, and letters are those of the list's language.
python3 - "$ROOT/data" <<'END' || fail "data/debian-corpus.list, or data/debian-french.list"
import importlib.machinery, importlib.util, sys
sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])
loader = importlib.machinery.SourceFileLoader("debian_corpus", sys.argv[1] + "/debian-corpus")
recipe = importlib.util.module_from_spec(importlib.util.spec_from_loader("debian_corpus", loader))
loader.exec_module(recipe)
for list in "debian-corpus.list", "debian-french.list":
    packages = recipe.read_list(sys.argv[1] + "/" + list)
    for name in packages.sections():
        digest = packages[name]["sha256"]
        assert len(digest) == 64 and int(digest, 16), name
        assert name == "corpus" or packages[name]["deb"].rpartition("/")[2].startswith(name + "_"), name
french = "L'été où le château fut brûlé, l'évêque était âgé."
assert recipe.to_text.is_prose(french, packages["corpus"]["letters"]) and not recipe.to_text.is_prose(french)
END

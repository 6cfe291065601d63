#!/bin/sh
# data/wikipedia, with a dump of the true format served on loopback: a download that breaks off, a digest
# that is wrong, text that lambert prep reads. WIKIEXTRACTOR stands in for the real one, which
#
#     WIKIEXTRACTOR=pypi tests/scripts/test_wikipedia.sh build
#
# installs from PyPI instead.
. "$(dirname "$0")/../lib.sh"
. "$ROOT/tests/scripts/serve.sh"
WIKIEXTRACTOR=${WIKIEXTRACTOR:-$PWD/extractor}
wikipedia() {
    if [ "$WIKIEXTRACTOR" = pypi ]; then
        "$ROOT/data/wikipedia" "$@"
    else
        "$ROOT/data/wikipedia" "$@" --extractor "$WIKIEXTRACTOR"
    fi
}

cat >extractor <<'END'
#!/usr/bin/env python3
import argparse, bz2, html, json, os, re
parser = argparse.ArgumentParser()
for word in "output", "html-safe", "bytes", "processes":
    parser.add_argument("--" + word, required=True)
parser.add_argument("--json", action="store_true", required=True)
parser.add_argument("--no-templates", action="store_true")
parser.add_argument("dump")
arguments = parser.parse_args()
os.makedirs(arguments.output + "/AA")
with bz2.open(arguments.dump, "rt") as dump, open(arguments.output + "/AA/wiki_00", "w") as out:
    for page in re.findall("<page>.*?</page>", dump.read(), re.DOTALL):
        text = html.unescape(re.search("<text[^>]*>(.*)</text>", page, re.DOTALL).group(1))
        if "<ns>0</ns>" in page and "<redirect" not in page:
            text = html.unescape(re.sub(r"'''|\{\{.*?\}\}|\[\[(?:[^]|]*\|)?|\]\]", "", text))
            out.write(json.dumps({"id": "1", "url": "", "title": "", "text": text}) + "\n")
END
chmod +x extractor

# As dumps are: other namespaces, redirects, escaped wiki text, templates, folders for dates and 'latest'.
python3 - <<'END'
import bz2, hashlib, os
words = "king river stone city bird garden letter mountain ship lamp".split()

def page(number, title, namespace, text, redirect=""):
    return f"""  <page>
    <title>{title}</title>
    <ns>{namespace}</ns>
    <id>{number}</id>
{redirect}    <revision>
      <id>{number + 1000}</id>
      <timestamp>2025-01-01T00:00:00Z</timestamp>
      <contributor><username>A</username><id>7</id></contributor>
      <model>wikitext</model>
      <format>text/x-wiki</format>
      <text bytes="{len(text)}" xml:space="preserve">{text}</text>
    </revision>
  </page>
"""

dump = """<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.11/" version="0.11" xml:lang="en">
  <siteinfo>
    <sitename>Wikipedia</sitename>
    <dbname>simplewiki</dbname>
    <base>https://simple.wikipedia.org/wiki/Main_Page</base>
    <namespaces>
      <namespace key="0" case="first-letter" />
      <namespace key="1" case="first-letter">Talk</namespace>
      <namespace key="10" case="first-letter">Template</namespace>
    </namespaces>
  </siteinfo>
""" + page(1, "Template:Old", 10, "old") + page(2, "Talk:King", 1, "Talk about {{Old}} kings.")
dump += page(3, "Queen", 0, "#REDIRECT [[King]]", '    <redirect title="King" />\n')
for number, word in enumerate(words, 10):
    other = words[number % 7]
    dump += page(number, word, 0, f"""'''The {word}''' is near the [[{other}|{other}s]], and 1 &amp;lt; 2 there. It is not {{{{Old}}}} at all.

The {other} has seen the {word} many times. Nobody knows how often the {word} saw the {other}.""")
data = bz2.compress((dump + "</mediawiki>\n").encode())
digest = hashlib.sha1(data).hexdigest()
for date, said in ("20250101", digest), ("20250201", "0" * 40), ("20250301", None):
    folder = f"www/simplewiki/{date}/simplewiki-{date}"
    os.makedirs(os.path.dirname(folder))
    with open(folder + "-pages-articles.xml.bz2", "wb") as file:
        file.write(data)
    with open(folder + "-sha1sums.txt", "w") as file:
        file.write(f"{'1' * 40}  simplewiki-{date}-pages-articles-multistream.xml.bz2\n")
        if said:
            file.write(f"{said}  simplewiki-{date}-pages-articles.xml.bz2\n")
os.makedirs("www/simplewiki/latest")
with open("www/simplewiki/latest/simplewiki-latest-sha1sums.txt", "w") as file:
    file.write(f"{digest}  simplewiki-20250101-pages-articles.xml.bz2\n")
END

# The newest dump, with a connection that breaks.
wikipedia simple new --mirror "$URL/cut" >out.txt || fail "the newest dump"
cmp www/simplewiki/20250101/*.bz2 new/simplewiki-20250101-pages-articles.xml.bz2 || fail "another dump"
grep -q "pages-articles.xml.bz2 bytes=" requests.log || fail "the download did not go on: $(cat requests.log)"
grep -q "as published" out.txt || fail "no word of its digest: $(cat out.txt)"
[ "$(cat new/text/AA/* | grep -c .)" = 10 ] || fail "not the ten articles: $(cat new/text/AA/*)"
cat new/text/AA/* | grep -q '"The king is near the .*s, and 1 < 2 there. It is not ' || fail "the text of an article"
"$LAMBERT" vocab --output vocab.txt --size 100 new/text >log.txt 2>&1 || fail "vocab: $(cat log.txt)"
"$LAMBERT" prep --vocabulary vocab.txt --output corpus --heldout 0 new/text >log.txt 2>&1 ||
    fail "prep: $(cat log.txt)"
"$LAMBERT" show corpus corpus | grep -qE "train +10 +40 " || fail "not ten documents of four sentences"
expect 1 "new/text is there already" wikipedia simple new --mirror "$URL"

# A dump that is there is not fetched again; --date and its folder.
rm -r new/text requests.log
wikipedia simple new --date 20250101 --no-templates --mirror "$URL/" >out.txt || fail "text made again"
grep -q "bz2 " requests.log && fail "a dump that was there was fetched again"

expect 1 "its sha1 is .* but 0{40} was expected" wikipedia simple wrong --date 20250201 --mirror "$URL"
rmdir wrong || fail "something of a wrong dump was kept"
expect 1 "20250301-sha1sums.txt names no pages-articles.xml.bz2: this dump is not complete" \
    wikipedia simple none --date 20250301 --mirror "$URL"
expect 1 "xx.*answers 404.*shows which dumps of xxwiki" wikipedia xx none --mirror "$URL"
expect 1 "'../en' is no name of a Wikipedia" wikipedia ../en none --mirror "$URL"
printf '#!/bin/sh\nexit 3\n' >broken
chmod +x broken
expect 1 "broken --json.*failed" "$ROOT/data/wikipedia" simple new2 --mirror "$URL" --extractor "$PWD/broken"
[ ! -e new2/text ] || fail "text of an extraction that failed"

#!/bin/sh
# data/demo-text, with a program `bible` that the test makes: a chapter is a document, and what is no
# whole Bible is an error.
. "$(dirname "$0")/../lib.sh"
mkdir bin
cat >bin/bible <<'END'
#!/bin/sh
awk -v chapters="$CHAPTERS" 'BEGIN {
    for (c = 1; c <= chapters; c++)
        for (v = 1; v <= 30; v++) printf "Ge%d:%d And verse %d of chapter %d came to pass.\n", c, v, v, c
}'
END
chmod +x bin/bible
export PATH="$PWD/bin:$PATH"

CHAPTERS=3500 expect 0 "not the text of Debian 12's package" "$ROOT/data/demo-text" text.txt
[ "$(head -n 1 text.txt)" = "And verse 1 of chapter 1 came to pass." ] || fail "the first verse"
[ "$(sed -n 31p text.txt)" = "" ] || fail "no blank line after a chapter"
[ "$(grep -c '^$' text.txt)" = 3499 ] || fail "not a document a chapter"
CHAPTERS=2 expect 1 "no whole Bible" "$ROOT/data/demo-text" text.txt
expect 2 "data/demo-text FILE" "$ROOT/data/demo-text"
"$ROOT/data/demo-text" --help | grep -q "data/demo-text FILE" || fail "--help"

# The real one, where Debian's packages are installed.
[ -x /usr/bin/bible ] || { echo "the Bible was left out: no bible-kjv"; exit 0; }
rm bin/bible
"$ROOT/data/demo-text" kjv.txt 2>err.txt || fail "no Bible"
[ ! -s err.txt ] || { cat err.txt >&2; fail "another text than Debian 12's"; }

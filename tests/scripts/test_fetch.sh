#!/bin/sh
# data/fetch.py: downloads that break off go on where they were, and nothing appears under its name that
# has another digest.
. "$(dirname "$0")/../lib.sh"
. "$ROOT/tests/scripts/serve.sh"
fetch() {
    "$ROOT/data/fetch.py" "$@"
}
seq 300000 >www/numbers
sha256=$(sha256sum <www/numbers | cut -d' ' -f1)
half=$(($(wc -c <www/numbers) / 2))

fetch "$URL/numbers" there/numbers --sha256 "$sha256" || fail "a download"
cmp www/numbers there/numbers || fail "what was downloaded"
rm requests.log
fetch "$URL/numbers" there/numbers --sha256 "$sha256" || fail "a file that is there"
[ ! -e requests.log ] || fail "what was there was fetched again"
fetch "$URL/numbers" sha1 --sha1 "$(sha1sum <www/numbers | cut -d' ' -f1)" || fail "a SHA-1"

# Broken off: by itself, and in the next run.
fetch "$URL/cut/numbers" again --sha256 "$sha256" || fail "it did not go on by itself"
cmp www/numbers again || fail "what was joined together"
grep -q "^/cut/numbers bytes=$half-$" requests.log || fail "it did not go on where it was: $(cat requests.log)"
cp www/numbers www/more
expect 1 "the connection ended after $half of .*kept in more.part.*run the same command again" \
    fetch "$URL/cut/more" more --sha256 "$sha256" --tries 1
{ [ ! -e more ] && [ "$(wc -c <more.part)" = "$half" ]; } || fail "what is left of a broken download"
fetch "$URL/cut/more" more --sha256 "$sha256" --tries 1 || fail "it did not go on in the next run"
{ cmp www/numbers more && [ ! -e more.part ]; } || fail "what was joined together in the next run"

# All there but for its name; a server that cannot resume; one that is busy.
cp www/numbers all.part
{ fetch "$URL/numbers" all --sha256 "$sha256" && cmp www/numbers all; } || fail "nothing was left to fetch"
head -c 1000 www/numbers >whole.part
{ fetch "$URL/whole/numbers" whole --sha256 "$sha256" && cmp www/numbers whole; } || fail "a server without ranges"
fetch "$URL/busy/numbers" busy --sha256 "$sha256" || fail "a server that was busy"

# Another file than was expected, none at all, no server.
other=$(sha256sum </dev/null | cut -d' ' -f1)
expect 1 "its sha256 is $sha256, but $other was expected.*try again" \
    fetch "$URL/numbers" other --sha256 "$other"
{ [ ! -e other ] && [ ! -e other.part ]; } || fail "a wrong file was kept"
expect 1 "/nothing: the server answers 404" fetch "$URL/nothing" nothing --sha256 "$other"
expect 1 "127.0.0.1:1/x: .*refused" fetch http://127.0.0.1:1/x x --sha256 "$other" --tries 1
expect 2 "one of the arguments --sha256 --sha1 --md5 is required" fetch "$URL/numbers" x

#!/bin/sh
# `lambert help --man` writes pages that groff and man read without a warning, one for each command.
. "$(dirname "$0")/../lib.sh"
"$LAMBERT" help --man pages >out.txt 2>err.txt || fail "help --man: $(cat err.txt)"
for page in lambert.1 lambert-train.1 lambert-show.1 lambert-show-batch.1 lambert-bench-net.1 lambert.ini.5; do
    [ -s pages/$page ] || fail "no $page: $(ls pages)"
done
grep -q 'lambert\\-show\\-batch (1)' pages/lambert-show.1 ||
    fail "lambert-show(1) does not name its commands"
"$LAMBERT" help show batch >help.txt 2>err.txt || fail "help show batch: $(cat err.txt)"
"$LAMBERT" show batch --help | cmp -s - help.txt || fail "help show batch is not show batch --help"
expect 1 "blocked" sh -c ': >blocked; exec "$0" help --man blocked' "$LAMBERT"

tried=
if command -v groff >/dev/null; then
    for page in pages/*; do
        groff -man -ww -Tutf8 "$page" >text.txt 2>warnings.txt || fail "groff $page"
        [ ! -s warnings.txt ] || fail "groff $page: $(cat warnings.txt)"
    done
    groff -man -ww -Tascii -P -cbou pages/lambert-prep.1 >text.txt
    grep -q -- "'texts/\*.txt'" text.txt || fail "quotes did not come through: $(grep texts text.txt)"
    grep -q -- "--shard-megabytes N" text.txt || fail "options did not come through"
    tried=yes
fi
if command -v man >/dev/null; then
    for page in pages/*; do
        man --warnings -l "$page" >text.txt 2>warnings.txt || fail "man $page"
        [ ! -s warnings.txt ] || fail "man $page: $(cat warnings.txt)"
    done
    tried=yes
fi
[ "$tried" ] || echo "skipped: neither groff nor man is here"

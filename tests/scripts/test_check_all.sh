#!/bin/sh
# scripts/check-all runs each part once for a state of the sources, goes on where it was stopped, and with
# the others when one fails.
. "$(dirname "$0")/../lib.sh"
export GIT_CEILING_DIRECTORIES="$WORK"
mkdir tree
cd tree
git init -q .
echo one >source
echo kept >.gitignore
mkdir kept
cat >parts <<'END'
# a comment
first: echo first >>kept/calls
second: echo second >>kept/calls; [ ! -e kept/stop ] || kill -KILL $PPID; [ -e kept/second-passes ]
third: echo third: with a colon >>kept/calls
END

# check CODE: runs it
check() {
    : >kept/calls
    code=0
    "$ROOT/scripts/check-all" kept/check parts >kept/out.txt 2>&1 || code=$?
    [ $code = "$1" ] || { cat kept/out.txt; fail "exit code $code, not $1"; }
}

# called WORDS: these parts were called
called() {
    [ "$(tr '\n' ' ' <kept/calls)" = "$1" ] || { cat kept/out.txt; fail "called were: $(cat kept/calls)"; }
}

check 1
called "first second third: with a colon "
grep -q '^failed: second$' kept/out.txt || fail "the part that failed was not named"
# Only the one that did not pass.
check 1
called "second "
touch kept/second-passes
check 0
called "second "
check 0
called ""
grep -q '^all parts passed$' kept/out.txt || fail "no word of the end"

# Stopped in a part: that one and those behind it are run, those before it are not.
echo two >source
touch kept/stop
check 137
called "first second "
rm kept/stop
check 0
called "second third: with a colon "
rm kept/check/third.passed
check 0
called "third: with a colon "

# Any file counts, committed or not, but for what git ignores.
echo new >another
check 0
called "first second third: with a colon "
echo new >kept/ignored
check 0
called ""
rm another
check 0
called "first second third: with a colon "

cd ..
expect 1 "git" "$ROOT/scripts/check-all" elsewhere tree/parts

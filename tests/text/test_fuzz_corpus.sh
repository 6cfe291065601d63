#!/bin/sh
# Each fuzz target, built without libFuzzer, takes the files of its corpus: what fuzzing found stays
# found.
. "$(dirname "$0")/../lib.sh"
targets=0
for source in "$ROOT"/tests/fuzz/fuzz_*.c; do
    name=$(basename "$source" .c)
    corpus=$ROOT/tests/fuzz/corpus/${name#fuzz_}
    "$BUILD/tests/fuzz/$name" "$corpus"/* >out.txt 2>err.txt ||
        { cat err.txt; fail "$name on the files of $corpus"; }
    targets=$((targets + 1))
done
[ $targets -ge 4 ] || fail "only $targets targets"

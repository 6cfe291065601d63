#!/bin/sh
# The configurations of the paper's table are what scripts/make-configs writes now, lambert accepts
# every configuration, and the reference page is of today.
. "$(dirname "$0")/../lib.sh"

mkdir made
"$ROOT/scripts/make-configs" made || fail "make-configs"
for size in base large; do
    [ "$(find made -name "bert-$size-*.ini" | wc -l)" = 8 ] || fail "not eight files: $(ls made)"
done
for file in made/*; do
    cmp "$file" "$ROOT/configs/${file#made/}" ||
        fail "configs/${file#made/} is not what scripts/make-configs writes"
done
for file in "$ROOT"/configs/bert-*.ini; do
    [ -e "made/$(basename "$file")" ] || fail "scripts/make-configs no longer writes $file"
done

# Configurations that leave folders to the command line get them; the paper's stand alone.
for file in "$ROOT"/configs/*.ini; do
    folders="run.folder=run data.corpus=corpus"
    case $file in */bert-*) folders= ;; esac
    # shellcheck disable=SC2086
    "$LAMBERT" show config "$file" $folders >shown.ini 2>err.txt || { cat err.txt; fail "$file"; }
    grep -qF "[phase " shown.ini || { cat shown.ini; fail "$file has no phase"; }
    "$LAMBERT" show config shown.ini >again.ini || fail "what $file means does not read back"
    cmp shown.ini again.ini || fail "what $file means reads back as something else"
done
[ ! -e run ] || fail "show config made a run folder"

# The reference page is what the table of keys says now.
"$LAMBERT" show config --markdown | cmp - "$ROOT/docs/config.md" || fail "docs/config.md is stale: make docs"

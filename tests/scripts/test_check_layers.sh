#!/bin/sh
# scripts/check-layers accepts the sources as they are, and names file and line of each kind of
# violation.
. "$(dirname "$0")/../lib.sh"
cp -r "$ROOT/src" "$ROOT/include" "$ROOT/Makefile" .

accepted() {
    "$ROOT/scripts/check-layers" "$WORK" >out.txt 2>&1 || { cat out.txt; fail "$1"; }
    grep -qE "^layers: [1-9][0-9]* files" out.txt || { cat out.txt; fail "it did not count files"; }
}

# refused FILE LINE WORDS: with LINE as its last, FILE is refused, at that line, and nothing else is
refused() {
    file=$1
    mkdir -p "$(dirname "$file")"
    [ ! -e "$file" ] || cp "$file" kept
    echo "$2" >>"$file"
    code=0
    "$ROOT/scripts/check-layers" "$WORK" >out.txt 2>&1 || code=$?
    [ "$code" != 0 ] || fail "'$2' in $file was accepted"
    grep -qF -- "$file:$(wc -l <"$file"): " out.txt ||
        { cat out.txt; fail "'$2': no file and line"; }
    grep -qF -- "$3" out.txt || { cat out.txt; fail "'$2': not '$3'"; }
    [ "$(wc -l <out.txt)" = 1 ] || { cat out.txt; fail "'$2' in $file: more than that is refused"; }
    rm "$file"
    [ ! -e kept ] || mv kept "$file"
}

accepted "the sources as they are"

refused src/base/error.c '#include "lambert/run/run.h"' "base must not include"
refused src/text/tokenizer.c '#include "lambert/corpus/corpus.h"' "text must not include"
refused include/lambert/model/bert.h '#include "lambert/optim/optimizer.h"' "model must not include"
refused src/corpus/corpus.c '#include "lambert/nothing/corpus.h"' "corpus must not include"
refused src/run/run.c '#include <mpi.h>' "mpi.h"
refused include/lambert/run/run.h '#include <mpi.h>' "mpi.h"
refused src/kernels/plain.c '#include <cblas.h>' "cblas.h"
refused src/model/gemm.c '#include <cblas.h>' "cblas.h"
refused src/model/bert.c '#include "../kernels/plain.h"' "private header"
refused src/model/bert.c '#include "kernels/plain.h"' "private header"
refused src/base/error.c '#include <lambert/run/run.h>' "base must not include"
refused src/run/run.c '# include <mpi.h>' "mpi.h"
refused include/lambert/dist/dist.h '#include <mpi.h>' "mpi.h"
refused src/spare/spare.c 'int spare;' "USES_spare"
refused include/lambert/spare/spare.h 'int spare;' "USES_spare"

# What is allowed stays allowed, and all is as it was.
echo '#include <mpi.h>' >>src/dist/spare.c
echo '#include "lambert/base/error.h"' >>src/text/spare.c
accepted "an include that is allowed"

# A place without sources does not pass.
mkdir -p empty/src empty/include/lambert
cp Makefile empty
if "$ROOT/scripts/check-layers" empty >out.txt 2>&1; then
    fail "a tree without sources was accepted"
fi

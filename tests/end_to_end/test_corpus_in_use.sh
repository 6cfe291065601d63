#!/bin/sh
# A corpus that a run reads is not replaced: prep refuses, and the run goes on. A log that cannot be written costs no run.
. "$(dirname "$0")/../lib.sh"
make_corpus >/dev/null
job=
trap '[ -z "$job" ] || kill -KILL $job 2>/dev/null || :; rm -rf "$WORK"' EXIT

strides() {
    grep -qs '"total_step":5,' long/metrics.jsonl || ! kill -0 $job 2>/dev/null
}
cp -r corpus before
"$LAMBERT" train "$ROOT/configs/tiny.ini" data.corpus=corpus run.folder=long phase.one.steps=1000000 2>log.txt &
job=$!
wait_until 60 strides && kill -0 $job || fail "no steps: $(tail -n 5 log.txt)"
expect 1 "cannot replace the corpus in corpus: .* is in use by another process" "$LAMBERT" prep --overwrite \
    --vocabulary vocab.txt --output corpus text.txt
diff -r before corpus || fail "prep refused, and changed the corpus"
kill -TERM $job
code=0
wait $job || code=$?
job=
[ $code = 0 ] || { tail -n 5 log.txt; fail "the run ended with $code"; }
expect 0 "" "$LAMBERT" prep --overwrite --vocabulary vocab.txt --output corpus text.txt

if [ -w /dev/full ]; then
    "$LAMBERT" train "$ROOT/configs/tiny.ini" data.corpus=corpus run.folder=full phase.one.steps=2 phase.two.steps=1 \
        2>/dev/full || fail "a full log ends a run"
    [ -e full/checkpoints/step-00000003.checkpoint ] || fail "a full log, and nothing is saved"
fi

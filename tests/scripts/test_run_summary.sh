#!/bin/sh
# scripts/run-summary.py: the table of a run, from its metrics.
. "$(dirname "$0")/../lib.sh"
summary=$ROOT/scripts/run-summary.py
mkdir run
line() {
    printf '{"kind":"%s","phase":"%s",%s}\n' "$1" "$2" "$3" >>run/metrics.jsonl
}
guess='"unigram_loss":6.5,"unigram_accuracy":0.07'
line evaluation one "\"phase_step\":0,\"sequence_length\":128,\"sequences\":64,\"mlm_loss\":9.25,\"mlm_accuracy\":0.001,\"nsp_loss\":0.7,\"nsp_accuracy\":0.49,$guess"
line step one '"sequences":10,"tokens":1000,"seconds":2'
line step one '"sequences":10,"tokens":1100,"seconds":2'
line evaluation one "\"phase_step\":2,\"sequence_length\":128,\"sequences\":64,\"mlm_loss\":4.125,\"mlm_accuracy\":0.25,\"nsp_loss\":0.6,\"nsp_accuracy\":0.66,$guess"
line step two '"sequences":4,"tokens":800,"seconds":4'
line evaluation two "\"phase_step\":1,\"sequence_length\":256,\"sequences\":64,\"mlm_loss\":3.5,\"mlm_accuracy\":0.375,\"nsp_loss\":0.5,\"nsp_accuracy\":0.75,$guess"
line tensors two '"total_step":3,"tensors":[{"name":"a","weight_norm":1,"gradient_norm":null}]'
cp run/metrics.jsonl whole.jsonl
printf '{"kind":"st' >>run/metrics.jsonl

"$summary" run >seen.txt || fail "$(cat seen.txt)"
has() {
    grep -qE -- "$1" seen.txt || { cat seen.txt; fail "no line like '$1'"; }
}
has '^at the start +9.250 +0.1% +0.700 +49.0% +64 of up to 128$'
has '^phase one, step 2 +4.125 +25.0% +0.600 +66.0%'
has '^phase two, step 1 +3.500 +37.5% +0.500 +75.0% +64 of up to 256$'
has '^guessing by frequency +6.500 +7.0% +0.693 +50.0%$'
has '^phase one +2 +20 +2100 +4 s +5 sequences, 525 tokens$'
has '^phase two +1 +4 +800 +4 s +1 sequences, 200 tokens$'

! grep -q "without an update" seen.txt || fail "a step without an update"

"$summary" run/metrics.jsonl | cmp - seen.txt || fail "the file gives another table than the folder"
expect 1 "no folder or file nowhere" "$summary" nowhere
echo '{"kind":"step","phase":"one"}' >half.jsonl
expect 1 "half.jsonl:1: .*seconds is missing" "$summary" half.jsonl
printf '\377\n' >binary.jsonl
expect 1 "binary.jsonl:1: .*no JSON" "$summary" binary.jsonl
echo nonsense >>run/metrics.jsonl
expect 1 "metrics.jsonl:8: " "$summary" run

# Steps that were skipped, and losses that are not finite
mv whole.jsonl run/metrics.jsonl
line step two '"sequences":4,"tokens":800,"seconds":4,"loss":null,"skipped":true,"skipped_steps":1'
line evaluation two "\"phase_step\":1,\"sequence_length\":256,\"sequences\":64,\"mlm_loss\":null,\"mlm_accuracy\":0,\"nsp_loss\":null,\"nsp_accuracy\":0.5,$guess"
"$summary" run >seen.txt || fail "$(cat seen.txt)"
has '^phase two, step 1 +nan +0.0% +nan +50.0%'
has '^steps without an update +1 '
: >run/metrics.jsonl
expect 1 "no step" "$summary" run
expect 2 "" "$summary"

#!/bin/sh
# `lambert bench` on tiny inputs: exit codes, JSON that parses, every result a positive number, and
# nothing left behind.
. "$(dirname "$0")/../lib.sh"
make_text text.txt 120
"$LAMBERT" vocab --output vocab.txt --size 200 text.txt 2>log.txt || fail "vocab: $(cat log.txt)"
mkdir temporary
export TMPDIR="$WORK/temporary"

# results FILE NAME...: one object, with these results and no others, each a positive number
results() {
    python3 - "$@" <<'END' || fail "$1: $(cat "$1")"
import json, math, sys
results = json.load(open(sys.argv[1]))["results"]
names = [result["name"] for result in results]
assert names == sys.argv[2:], names
for result in results:
    assert result["value"] > 0 and math.isfinite(result["value"]), result
END
    python3 -m json.tool "$1" >/dev/null || fail "$1 is not JSON"
}

works() {
    "$@" >out.txt 2>err.txt </dev/null || fail "'$*': $(cat err.txt)"
}

left_nothing() {
    [ -z "$(ls temporary)" ] || fail "left behind: $(ls temporary)"
}

expect 2 "prep or store" "$LAMBERT" bench
expect 2 "cannot measure 'gemn'" "$LAMBERT" bench gemn
works "$LAMBERT" bench --help
for part in model net prep store; do
    works "$LAMBERT" bench $part --help
    grep -q "usage: lambert bench $part" out.txt || fail "bench $part --help"
done

sizes="text documents-met sentences-met tokens-met"
prep="$LAMBERT bench prep --vocabulary vocab.txt --repeat 1"
expect 2 "INPUT" $prep
expect 2 "no stage 'tokenize'" $prep --stage tokenize text.txt
expect 2 "out of range" $prep --megabytes 0 text.txt
expect 1 "missing.txt" $prep missing.txt
expect 1 "missing-vocab.txt" "$LAMBERT" bench prep --vocabulary missing-vocab.txt text.txt
printf '\n\n' >empty.txt
expect 1 "no text" $prep empty.txt
works $prep text.txt
grep -q "^tokenise  *[0-9.]* MB/s" out.txt || fail "no table: $(cat out.txt)"
works $prep --json text.txt
results out.txt $sizes read documents sentences normalise tokenise tokenise-all-threads \
    tokenise-speed-up deflate write prep prep-all-threads prep-speed-up
[ "$(wc -l <out.txt)" = 1 ] || fail "JSON is one line: $(cat out.txt)"
works $prep --json --stage sentences text.txt
results out.txt $sizes sentences
left_nothing

store="$LAMBERT bench store --samples 100"
expect 2 "no input" $store text.txt
expect 2 "out of range" $store --documents 1
expect 1 "nowhere" $store --folder nowhere --documents 10
works $store --documents 500 --sentences-per-document 5 --json
at() {
    for name in sampler samples plan-epoch plan-epoch-one-thread plan-sample fill-sample step-sample \
        share-of-step cores-fed; do
        echo "$name-$1"
    done
}
results out.txt generate documents sentences tokens shards size open check-index \
    check-index-one-thread $(at 128) $(at 512) peak peak-memory memory
grep -q '"name":"documents","value":500,' out.txt || fail "not 500 documents: $(cat out.txt)"
left_nothing

net="mpirun -n 3 $LAMBERT bench net --megabytes 0.1 --repeat 2"
expect 1 "nobody to talk to" "$LAMBERT" bench net
expect 2 "out of range" "$LAMBERT" bench net --megabytes 0
expect 2 "no input" "$LAMBERT" bench net text.txt
works $net
grep -q "^all-at-once  *[0-9.]* GB/s" out.txt || fail "no table: $(cat out.txt)"
works $net --json
[ "$(wc -l <out.txt)" = 1 ] || fail "JSON is one line, of rank 0: $(cat out.txt)"
results out.txt ranks nodes latency-node bandwidth-node all-at-once
grep -q '"name":"ranks","value":3,' out.txt || fail "not 3 ranks: $(cat out.txt)"

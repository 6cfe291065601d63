#!/bin/sh
# A shard whose index is written over while it is trained on ends the run with an error that names it, on one rank and
# on two, and the last checkpoint serves.
. "$(dirname "$0")/../lib.sh"
make_corpus
cp -r corpus whole

# write_over: noise in the place of the index of documents
write_over() {
    python3 - corpus/train-00000.shard <<'PYTHON'
import random, struct, sys
random.seed(5)
with open(sys.argv[1], "r+b") as shard:
    data = shard.read()
    table, sections = struct.unpack("<QQ", data[-40:-24])
    for entry in range(table, table + 40 * sections, 40):
        name, offset, size = struct.unpack("<16sQQ", data[entry:entry + 32])
        if name.rstrip(b"\0") == b"DOCS":
            shard.seek(offset)
            shard.write(random.randbytes(size))
PYTHON
}

for ranks in 1 2; do
    rm -rf corpus && cp -r whole corpus
    : >log.txt
    train $ranks run-$ranks phase.one.steps=1000000 train.checkpoint_every=20 run.threads=1 &
    run=$!
    wait_until 60 grep -q '"phase_step":40,' run-$ranks/metrics.jsonl 2>grep.txt || { kill $run; fail "no step: $(cat log.txt)"; }
    write_over
    seen=0
    wait $run || seen=$?
    [ "$seen" = 1 ] || fail "$ranks ranks ended with $seen: $(tail -n 20 log.txt)"
    grep -q 'corpus/train-00000.shard is damaged' log.txt || fail "the shard is not named: $(tail -n 20 log.txt)"
    grep -q 'bug at' log.txt && fail "$(cat log.txt)"
    last=$(find run-$ranks/checkpoints -name '*.checkpoint' | sort | tail -n 1)
    "$LAMBERT" show checkpoint "$last" >out.txt 2>err.txt || fail "no checkpoint serves: $(cat err.txt)"
done

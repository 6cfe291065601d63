#!/bin/sh
# `lambert bench` on tiny inputs: exit codes, JSON that parses, every result a positive number (shares of
# a micro-batch may be 0), and nothing left behind.
. "$(dirname "$0")/../lib.sh"
make_text text.txt 120
"$LAMBERT" vocab --output vocab.txt --size 200 text.txt 2>log.txt || fail "vocab: $(cat log.txt)"
mkdir temporary
outer=${TMPDIR:-/tmp}
export TMPDIR="$WORK/temporary"

# results FILE NAME...: one object, with these results and no others, each a positive number; shares of a
# micro-batch, of which there can be nothing, between 0 and 100. Who made products is left to made_by.
results() {
    python3 - "$@" <<'END' || fail "$1: $(cat "$1")"
import json, math, sys
results = json.load(open(sys.argv[1]))["results"]
names = [result["name"] for result in results if not result["name"].startswith("made-by-")]
assert names == sys.argv[2:], names
for result in results:
    value = result["value"]
    assert math.isfinite(value), result
    share = result["name"].startswith(("part-", "not-gemm-"))
    assert 0 <= value <= 100 if share else value > 0, result
END
    python3 -m json.tool "$1" >/dev/null || fail "$1 is not JSON"
}

# made_by FILE LENGTH TYPE: those who made the products of a phase, on operands of this type alone, made
# all of them
made_by() {
    python3 - "$@" <<'END' || fail "$1: $(cat "$1")"
import json, re, sys
results = json.load(open(sys.argv[1]))["results"]
made = {r["name"]: r["value"] for r in results if re.fullmatch(f"made-by-.*-{sys.argv[2]}", r["name"])}
assert made and all(name.endswith(f"-on-{sys.argv[3]}-{sys.argv[2]}") for name in made), made
assert abs(sum(made.values()) - 100) < 1e-6, made
END
}

works() {
    "$@" >out.txt 2>err.txt </dev/null || fail "'$*': $(cat err.txt)"
}

left_nothing() {
    [ -z "$(ls temporary)" ] || fail "left behind: $(ls temporary)"
}

expect 2 "kernels, model, net, prep or store" "$LAMBERT" bench
expect 2 "no command .gemn.; kernels, model, net, prep or store" "$LAMBERT" bench gemn
expect 2 "no command .modle.; did you mean .model." "$LAMBERT" bench modle
works "$LAMBERT" bench --help
for part in kernels model net prep store; do
    works "$LAMBERT" bench $part --help
    grep -q "usage: .*lambert bench $part" out.txt || fail "bench $part --help"
done

sizes="text documents-met sentences-met tokens-met"
prep="$LAMBERT bench prep --vocabulary vocab.txt --repeat 1"
expect 2 "INPUT" $prep
expect 2 "--stage is read, .* or prep, not .tokenize." $prep --stage tokenize text.txt
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
expect 2 "text.txt. is one word too many" $store text.txt
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

# MPI clears its own files away when it likes, maybe after the end of a job.
export TMPDIR="$outer"
net="mpirun -n 3 $LAMBERT bench net --megabytes 0.1 --repeat 2"
expect 1 "nobody to talk to" "$LAMBERT" bench net
expect 2 "out of range" "$LAMBERT" bench net --megabytes 0
expect 2 "text.txt. is one word too many" "$LAMBERT" bench net text.txt
works $net
grep -q "^all-at-once  *[0-9.]* GB/s" out.txt || fail "no table: $(cat out.txt)"
works $net --json
[ "$(wc -l <out.txt)" = 1 ] || fail "JSON is one line, of rank 0: $(cat out.txt)"
results out.txt ranks nodes latency-node bandwidth-node all-at-once message
grep -q '"name":"ranks","value":3,' out.txt || fail "not 3 ranks: $(cat out.txt)"

row_kernels() {
    for kernel in dropout layernorm residual_layernorm layernorm_backward bias_gelu bias_gelu_tanh \
        gelu_backward gelu_backward_tanh bias_tanh attention_weights attention_backward cross_entropy \
        bias_gelu_bfloat16 gelu_backward_bfloat16 attention_weights_bfloat16 \
        attention_backward_bfloat16 to_bfloat16 from_bfloat16 \
        accumulate multiply axpy adam_direction dot sum_squares; do
        for what in "$@"; do
            echo "$kernel-$what"
        done
    done
}
in_memory() {
    for kernel in accumulate multiply axpy adam_direction dot sum_squares; do
        echo "$kernel-memory $kernel-memory-share-of-bandwidth"
    done
}
kernels="$LAMBERT bench kernels --length 100 --repeat 1"
expect 2 "out of range" "$LAMBERT" bench kernels --length 0
expect 2 "text.txt. is one word too many" "$LAMBERT" bench kernels text.txt
expect 1 "LAMBERT_ISA" env LAMBERT_ISA=v9 $kernels
LAMBERT_ISA=plain LAMBERT_GEMM='' works $kernels --json
[ "$(wc -l <out.txt)" = 1 ] || fail "JSON is one line: $(cat out.txt)"
results out.txt copy-100 copy-100-elements $(row_kernels 100 100-elements) $(in_memory)
if LAMBERT_ISA=v3 LAMBERT_GEMM='' $kernels --json >out.txt 2>err.txt; then
    results out.txt copy-100 copy-100-elements $(row_kernels 100 100-elements 100-speed-up) $(in_memory)
    LAMBERT_ISA=v3 LAMBERT_GEMM='' works $kernels
    grep -q "^dropout-100  *[0-9.e+-]* GB/s .* times plain" out.txt || fail "no table: $(cat out.txt)"
else
    grep -q "no such kernels" err.txt || fail "LAMBERT_ISA=v3: $(cat err.txt)"
fi

model="$LAMBERT bench model $ROOT/configs/tiny.ini data.corpus=corpus run.folder=run --repeat 1"
expect 2 "CONFIG is missing" "$LAMBERT" bench model
expect 1 "missing.ini" "$LAMBERT" bench model missing.ini
expect 2 "out of range" $model --repeat 0
expect 2 "no option .--unknown.; see lambert bench model --help" $model --unknown
expect 1 "unknown key 'train.nonsense'" $model train.nonsense=1
expect 1 "no corpus" $model --samples
expect 1 "third" $model --phase third
expect 1 "LAMBERT_GEMM" env LAMBERT_GEMM=unknown $model

machine="peak peak-one-thread peak-float32 peak-bfloat16 bandwidth-read bandwidth-mixed"
products() {
    for shape in qkv output up down decoder; do
        for form in forward dx dw; do
            for maker in "$@"; do
                echo "$maker-$shape-$form"
            done
            echo "intensity-$shape-$form"
        done
    done
}
# phase LENGTH [NAME]: the results of a phase; NAME: one more
phase() {
    for name in forward forward-share-of-peak peak micro-batch micro-batch-tokens \
        micro-batch-share-of-peak part-projection-gemm part-feed-forward-gemm part-attention-gemm \
        part-heads-gemm part-softmax part-gelu part-norm part-bias part-heads part-embedding \
        part-waiting not-gemm ${2:-} step step-useful step-share-of-peak tokens sequences; do
        echo "$name-$1"
    done
}
# steps [NAME]: the results of both phases, and of the optimizer
steps() {
    echo update update-bandwidth update-share-of-bandwidth $(phase 32 "${1:-}") $(phase 64 "${1:-}") \
        activations
}

export LAMBERT_GEMM=blas
works $model --gemm
grep -q "^blas-qkv-forward  *[0-9.e+-]* %" out.txt || fail "no table: $(cat out.txt)"
works $model --json
results out.txt $machine $(products blas) $(steps)
made_by out.txt 32 float32
made_by out.txt 64 float32
[ "$(wc -l <out.txt)" = 1 ] || fail "JSON is one line: $(cat out.txt)"
works mpirun -n 2 $model --json --whole --steps
results out.txt $machine $(steps)
works mpirun -n 2 $model --json --steps --one-rank
results out.txt $machine $(steps rank-speed-up)
works $model --gemm --json train.compute_type=bfloat16
results out.txt $machine $(products blas)
works $model --json --steps --phase two
results out.txt $machine update update-bandwidth update-share-of-bandwidth $(phase 64) activations

# By Lambert's tiles, where this CPU has them and LAMBERT_ISA does not forbid them.
export LAMBERT_GEMM=lambert
if $model --gemm --json >out.txt 2>err.txt; then
    results out.txt $machine $(products gemm blas)
    make_corpus
    works $model --json --samples --one-thread model.num_hidden_layers=1
    results out.txt $machine $(products gemm blas) $(steps "thread-speed-up peak-speed-up")
    works $model --json train.compute_type=bfloat16 train.recompute=1
    results out.txt $machine $(products gemm) $(steps)
    grep -q '"compute_type":"bfloat16","products":"[^"]* GFLOP/s a core' out.txt || fail "$(cat out.txt)"
    made_by out.txt 32 bfloat16
    made_by out.txt 64 bfloat16
else
    grep -q "no such kernels" err.txt || fail "LAMBERT_GEMM=lambert: $(cat err.txt)"
fi
[ ! -e run ] || fail "bench model made a run folder"

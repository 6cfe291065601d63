#!/bin/sh
# Three hosts with two ranks each: every micro-batch is computed again on another host, and the host whose processor is
# wrong is named.
. "$(dirname "$0")/lib.sh"
hosts_up 3 100 1gbit
make_corpus >/dev/null 2>&1
${CC:-cc} -shared -fPIC -o wrong_products.so "$ROOT/tests/end_to_end/wrong_products.c" || fail "no shim"
for host in h0 h1 h2; do
    echo "$host slots=2"
done >hosts.file

# replaying FOLDER WRONG-RANKS WORDS...: the exit code in $code
replaying() {
    replaying_folder=$1 replaying_wrong=$2
    shift 2
    code=0
    on_hosts hosts.file -x LD_PRELOAD="$WORK/wrong_products.so" -x LAMBERT_GEMM=blas -x WRONG_RANKS="$replaying_wrong" \
        "$LAMBERT" train "$ROOT/configs/tiny.ini" data.corpus=corpus run.folder="$replaying_folder" \
        phase.one.steps=6 phase.two.steps=2 train.replay_every=2 "$@" >log.txt 2>&1 || code=$?
}

replaying right none
[ $code = 0 ] || { tail -n 20 log.txt; fail "three hosts"; }
grep -q "^phase one, replays: 18 micro-batches computed twice, in 3 steps, all with the same bits" log.txt ||
    { tail -n 20 log.txt; fail "replays that differ"; }
! grep -q "checked on their own machines" log.txt || fail "a rank is checked on its own host"
replaying without none train.replay_every=0
cmp right/checkpoints/step-00000008.checkpoint without/checkpoints/step-00000008.checkpoint ||
    fail "replays change the run"

replaying wrong 2,3
[ $code = 71 ] || { tail -n 20 log.txt; fail "exit code $code, not 71"; }
grep -q "error: .*step 2 of phase one: .* on h[012] .* on h[012], .* differ.*; so do those of .*A processor or the memory of h1 is wrong" log.txt ||
    { tail -n 20 log.txt; fail "h1 is not named"; }

# One of its ranks alone, which meets one host at a time: it, or that one.
replaying half 3 train.replay_action=continue
[ $code = 0 ] || { tail -n 20 log.txt; fail "one wrong rank ended the run"; }
[ "$(grep -c "warning: step [246] of phase .*h1" log.txt)" = 4 ] || { grep warning log.txt; fail "not four warnings of h1"; }

#!/bin/sh
# train.compute_type = bfloat16: all products are made by what the start of the log names, losses are
# those of float32 up to rounding, and bits are promised as in float32: threads, ranks with
# train.reproducible, resuming, train.recompute (in both types). Evaluation computes as training did.
. "$(dirname "$0")/../lib.sh"
make_corpus
words="phase.one.steps=12 phase.two.steps=8"
bfloat16="$words train.compute_type=bfloat16"

# run FOLDER RANKS THREADS WORDS...
run() {
    run_folder=$1 run_ranks=$2 run_threads=$3
    shift 3
    : >log.txt
    train "$run_ranks" "$run_folder" run.threads="$run_threads" "$@" ||
        { tail -n 5 log.txt >&2; fail "train, $run_ranks ranks of $run_threads threads, $*"; }
}

last_of() {
    ls "$1"/checkpoints/*.checkpoint | tail -n 1
}

same() {
    cmp "$(last_of "$1")" "$(last_of "$2")" || fail "the checkpoints of $1 and $2 differ"
}

differ() {
    ! cmp -s "$(last_of "$1")" "$(last_of "$2")" || fail "the checkpoints of $1 and $2 are the same"
}

# --- every kernel of this machine ----------------------------------------------------------------------
run float32 1 1 $words
for isa in plain v3 v4 v4-bf16 v4-amx neon neon-bf16; do
    export LAMBERT_ISA=$isa
    [ $isa != plain ] || [ "${LAMBERT_GEMM:-}" != lambert ] || continue # the two exclude each other
    if ! "$LAMBERT" bench kernels --length 1 --repeat 1 >out.txt 2>err.txt; then
        grep -q "no such kernels" err.txt || fail "$isa: $(cat err.txt)"
        continue
    fi
    run "isa-$isa" 1 1 $bfloat16
    maker=$(sed -nE 's/^matrix products: .*, in bfloat16 by ([^ ]+) .*/\1/p' log.txt)
    [ -n "$maker" ] || { cat log.txt >&2; fail "$isa: nothing is said of bfloat16"; }
    made_share "isa-$isa" "$maker" bfloat16 || fail "$isa: $(grep products log.txt)"
    near float32 "isa-$isa"
    differ float32 "isa-$isa"
done
unset LAMBERT_ISA

# --- bits ----------------------------------------------------------------------------------------------
run whole 1 1 $bfloat16 train.checkpoint_every=5 train.checkpoint_keep=10
run threads 1 2 $bfloat16
same whole threads

# From the checkpoint after step 5, and the metrics as well.
cp -r whole parts
ls parts/checkpoints/*.checkpoint | tail -n +2 | xargs rm
expect 1 "train.compute_type = float32, was bfloat16" "$LAMBERT" train "$ROOT/configs/tiny.ini" \
    data.corpus=corpus run.folder=parts $words run.threads=1 --resume
run parts 1 1 $bfloat16 --resume
grep -q "resumed from .* at step 5$" log.txt || { cat log.txt >&2; fail "not resumed at step 5"; }
same whole parts
field mlm_loss whole >whole.loss
field mlm_loss parts >parts.loss
cmp whole.loss parts.loss || fail "the resumed run's losses differ"

# In the other type, where that is accepted.
cp -r whole accepted
ls accepted/checkpoints/*.checkpoint | tail -n +2 | xargs rm
run accepted 1 1 $words --resume --accept train.compute_type
near whole accepted
differ whole accepted

exact="$bfloat16 train.reproducible=yes train.micro_batch_tokens=96 phase.one.global_batch=22
    phase.two.global_batch=9"
run exact 1 1 $exact
for layout in 1x2 2x1 2x2 3x1; do
    run exact$layout ${layout%x*} ${layout#*x} $exact
    same exact exact$layout
done
run nodes 3 1 $exact train.ranks_per_node=1
same exact nodes

# Weights that travel in bfloat16, with and without products in it.
run rounded 1 1 $exact train.weight_type=bfloat16
run rounded3x1 3 1 $exact train.weight_type=bfloat16 train.ranks_per_node=1
same rounded rounded3x1
near exact rounded
differ exact rounded

# --- memory --------------------------------------------------------------------------------------------

# activations: megabytes in log.txt
activations() {
    sed -nE 's/^memory a rank: .* activations ([0-9]+) MB.*/\1/p' log.txt
}

deep="phase.one.steps=3 phase.two.steps=2 model.num_hidden_layers=5 train.micro_batch_tokens=8192"
for type in float32 bfloat16; do
    run kept-$type 1 1 $deep train.compute_type=$type
    kept=$(activations)
    [ $type = float32 ] || [ "$kept" -lt "$before" ] || fail "bfloat16 takes $kept MB, float32 $before"
    before=$kept
    for layers in 1 2 3 5; do
        run again-$type-$layers 1 1 $deep train.compute_type=$type train.recompute=$layers
        same kept-$type again-$type-$layers
        again=$(activations)
        [ $layers = 5 ] || [ "$again" -lt "$kept" ] ||
            fail "recompute=$layers takes $again MB in $type, without it $kept"
    done
    run ranks-$type 3 1 $exact train.compute_type=$type model.num_hidden_layers=3 train.recompute=2
    run all-$type 1 1 $exact train.compute_type=$type model.num_hidden_layers=3
    same ranks-$type all-$type
done

# --- evaluation, gradients -----------------------------------------------------------------------------

# evaluated WORDS...: what eval says of the run `whole`, as JSON
evaluated() {
    OMP_NUM_THREADS=1 "$LAMBERT" eval "$ROOT/configs/tiny.ini" data.corpus=corpus run.folder=whole --json \
        "$@" 2>log.txt || { cat log.txt >&2; fail "eval $*"; }
}
evaluated >trained.json
evaluated train.compute_type=float32 >float32.json
evaluated train.compute_type=bfloat16 >bfloat16.json
cmp trained.json bfloat16.json || fail "eval does not compute as training did"
grep '"kind":"evaluation"' whole/metrics.jsonl | tail -n 1 >run.json
python3 - <<'END' || fail "evaluations in both types: $(cat run.json trained.json float32.json)"
import json
run, trained, other = (json.load(open(name + ".json")) for name in ("run", "trained", "float32"))
assert (trained["compute_type"], other["compute_type"]) == ("bfloat16", "float32")
assert all(run[key] == value for key, value in trained.items() if key != "checkpoint")
for loss in ("mlm_loss", "nsp_loss"):
    assert 0 < abs(trained[loss] - other[loss]) <= 2 ** -8, loss
END
OMP_NUM_THREADS=1 "$LAMBERT" eval "$ROOT/configs/tiny.ini" data.corpus=corpus run.folder=whole >out.txt 2>&1 ||
    fail "eval: $(cat out.txt)"
grep -q "masked tokens (15%), products in bfloat16" out.txt || fail "eval does not say its type: $(cat out.txt)"

for type in float32 bfloat16; do
    OMP_NUM_THREADS=1 "$LAMBERT" show gradients "$ROOT/configs/tiny.ini" data.corpus=corpus run.folder=whole \
        --checkpoint whole --output $type.safetensors --json train.compute_type=$type 2>log.txt |
        sed -E 's/.*"gradient_norm":([^,}]*).*/\1/' >$type.norm
done
agree 0.0078125 float32.norm bfloat16.norm || fail "gradient norms in both types"
! cmp -s float32.safetensors bfloat16.safetensors || fail "gradients are the same in both types"

#!/bin/sh
# Corpora and checkpoints of older commits and versions (tests/golden/files) are read, give the same samples and
# the same evaluation, and a run goes on from them.
. "$(dirname "$0")/../lib.sh"

# same WANTED SEEN: what was said then is said now, numbers to 1e-6; what is new may stand beside it.
same() {
    python3 - "$1" "$2" <<'PYTHON' || fail "$2 is not what $1 holds"
import json, sys

def differs(wanted, seen, where):
    if isinstance(wanted, dict):
        lacking = [f"{where}: no {key}" for key in wanted if key not in seen]
        return lacking or [d for key in wanted for d in differs(wanted[key], seen[key], f"{where}.{key}")]
    if isinstance(wanted, list) and len(wanted) == len(seen):
        return [d for i, w in enumerate(wanted) for d in differs(w, seen[i], f"{where}[{i}]")]
    if isinstance(wanted, float) or isinstance(seen, float):
        return [] if abs(wanted - seen) <= 1e-6 * max(1, abs(wanted)) else [f"{where}: {wanted}, now {seen}"]
    return [] if wanted == seen else [f"{where}: {wanted}, now {seen}"]

wanted, seen = ([json.loads(line) for line in open(name)] for name in sys.argv[1:])
found = differs(wanted, seen, "")
print("\n".join(found[:5]), file=sys.stderr)
sys.exit(bool(found) or not wanted)
PYTHON
}

checkpoint=step-00000002.checkpoint

# shown: what is said of the checkpoint
shown() {
    "$LAMBERT" show checkpoint $checkpoint --json >seen.checkpoint 2>err.txt ||
        fail "$old: show checkpoint: $(cat err.txt)"
    same checkpoint.json seen.checkpoint
}

# resumed COMMAND CONFIG WORDS...: the run goes on from the checkpoint
resumed() {
    mkdir -p run/checkpoints && cp $checkpoint run/checkpoints
    "$LAMBERT" "$@" run.folder=run --resume >log.txt 2>&1 || fail "$old: $(cat log.txt)"
    grep -q "resumed from .*$checkpoint at step 2" log.txt || fail "$old: $(cat log.txt)"
}

pretrained() {
    "$LAMBERT" show corpus corpus --verify >out.txt 2>err.txt || fail "$old: $(cat err.txt)"
    "$LAMBERT" show corpus samples --verify >out.txt 2>err.txt || fail "$old: $(cat err.txt)"
    # batch NAME WORDS...
    batch() {
        batch_name=$1
        shift
        "$LAMBERT" show batch run.ini run.folder=none --json "$@" >"seen.$batch_name" 2>err.txt ||
            fail "$old: show batch: $(cat err.txt)"
        same "$batch_name.batch.json" "seen.$batch_name"
    }
    batch corpus data.corpus=corpus --count 6
    batch heldout data.corpus=corpus --count 4 --split heldout
    batch samples data.corpus=samples --count 6

    shown
    "$LAMBERT" eval run.ini data.corpus=corpus run.folder=none --checkpoint $checkpoint --json \
        >seen.evaluation 2>err.txt || fail "$old: eval: $(cat err.txt)"
    same evaluation.json seen.evaluation

    resumed train run.ini data.corpus=corpus --accept phase.one.steps
    { field mlm_loss run; field nsp_loss run; } >seen.losses
    agree 1e-6 losses.txt seen.losses || fail "$old: other losses than then"
}

fine_tuned() {
    shown
    "$LAMBERT" predict --model $checkpoint --input dev.* --output seen.jsonl 2>err.txt ||
        fail "$old: predict: $(cat err.txt)"
    same predictions.jsonl seen.jsonl
    resumed finetune task.ini
    field loss run >seen.losses
    agree 1e-6 losses.txt seen.losses || fail "$old: other losses than then"
}

folders=0
for old in "$ROOT"/tests/golden/files/*/; do
    folders=$((folders + 1))
    cp -r "$old" files && chmod -R u+w files && cd files
    if [ -e task.ini ]; then fine_tuned; else pretrained; fi
    cd ..
    rm -r files
done
[ "$folders" -gt 3 ] || fail "no files of older commits"

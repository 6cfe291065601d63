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

# --- many runs ----------------------------------------------------------------------------------------------------

# make FOLDER SEED RATE STEPS LOSS [KEY=VALUE...]: a run of ten planned steps, of which so many were made, and what the
# evaluation after the last of them found. A loss of null is one that is not finite.
make() {
    mkdir -p "$1"
    python3 - "$@" <<'PYTHON'
import json, os, sys
folder, seed, rate, steps, loss, *more = sys.argv[1:]
steps, loss, phase = int(steps), json.loads(loss), os.environ.get("made_in", "one")
keys = {"run.folder": folder, "run.seed": seed, "data.masked_lm_probability": "0.15",
        "train.evaluate_masked_lm_probability": "0.15", "phase.one.learning_rate": rate, "phase.one.steps": "10"}
keys.update(word.split("=", 1) for word in more)
sections = {}
for key, value in keys.items():
    if value != "none":
        sections.setdefault(key.rsplit(".", 1)[0].replace(".", " "), []).append(f"{key.rsplit('.', 1)[1]} = {value}\n")
with open(folder + "/config.ini", "w") as file:
    for section, lines in sections.items():
        file.write(f"[{section}]\n" + "".join(lines))
def evaluation(step, mlm):
    return {"kind": "evaluation", "phase": phase, "phase_step": step, "total_step": step, "total_sequences": 4 * step,
            "total_tokens": 100 * step, "sequence_length": 128, "masked_lm_probability": 0.15, "sequences": 64,
            "mlm_loss": mlm, "mlm_accuracy": 0.25, "nsp_loss": 0.6, "nsp_accuracy": 0.75, "unigram_loss": 6.5,
            "unigram_accuracy": 0.07}
lines = [evaluation(0, 9.25)]
lines += [{"kind": "step", "phase": phase, "phase_step": s, "total_step": s, "total_sequences": 4 * s,
           "total_tokens": 100 * s, "loss": loss, "mlm_loss": loss, "seconds": 360, "sequences": 4, "tokens": 100}
          for s in range(1, steps + 1)]
lines += [evaluation(steps, loss)] if steps else []
with open(folder + "/metrics.jsonl", "w") as file:
    file.writelines(json.dumps(line) + "\n" for line in lines)
PYTHON
}

for seed in 1 2 3; do
    make sweep/low-$seed $seed 0.001 10 "4.$seed"
    make sweep/high-$seed $seed 0.01 10 "3.$seed"
done
make sweep/high-3 3 0.01 10 null     # diverged
make sweep/huge-1 1 0.1 10 9.5       # learnt nothing
make sweep/lowest-1 1 0.0001 10 5.5
make sweep/lowest-2 2 0.0001 4 6.5   # stopped
make sweep/lowest-3 3 0.0001 0 9     # not begun
echo '{"state": "failed"}' >sweep/lowest-2.json
echo 'no run' >sweep/notes.txt
"$summary" sweep >seen.txt 2>err.txt || fail "$(cat err.txt)"
[ ! -s err.txt ] || fail "$(cat err.txt)"
has '^phase.one.learning_rate +MLM loss +accuracy +NSP loss +accuracy +n +tokens +hours +state$'
has '^0.0001 +5.5000 +25.00% +0.6000 +75.00% +1 +1,000 +1 +2 unfinished of 3$'
has '^0.001 +4.2000 ± 0.1000 +25.00 ± 0.00% +0.6000 ± 0.0000 +75.00 ± 0.00% +3 +1,000 +1 +complete$'
has '^0.01 +3.1500 ± 0.0707 .* 2 +1,000 +1 +1 diverged of 3$'
has '^0.1 +– +– +– +– +0 +– +– +1 diverged$'
[ "$(wc -l <seen.txt)" = 5 ] || fail "$(cat seen.txt)"
cut -d ' ' -f 1 seen.txt | tail -n 4 | sort -gc || fail "rates stand in another order than that of numbers: $(cat seen.txt)"
"$summary" sweep/*-*[0-9] | cmp - seen.txt || fail "the runs give another table than their folder"
"$summary" sweep sweep/low-1/metrics.jsonl | cmp - seen.txt || fail "a run counts twice"

"$summary" sweep --markdown >seen.txt || fail "--markdown"
has '^\| `phase.one.learning_rate` \| MLM loss \| accuracy \|'
has '^\|---\|--:\|--:\|--:\|--:\|--:\|--:\|--:\|---\|$'
has '^\| 0.001 \| 4.2000 ± 0.1000 \| 25.00 ± 0.00% \|'

"$summary" sweep --json >seen.json || fail "--json"
python3 - <<'PYTHON' || fail "$(cat seen.json)"
import json
found = json.load(open("seen.json"), parse_constant=lambda word: exit(f"{word} is no JSON"))
assert found["keys"] == ["phase.one.learning_rate"], found["keys"]
lowest, low, high, huge = found["groups"]
assert low["keys"] == {"phase.one.learning_rate": "0.001"} and low["runs"] == low["complete"] == 3, low
assert abs(low["mlm_loss"]["mean"] - 4.2) < 1e-12 and abs(low["mlm_loss"]["deviation"] - 0.1) < 1e-12, low
assert low["mlm_loss"]["n"] == 3 and low["unigram_loss"]["mean"] == 6.5 and low["hours"]["mean"] == 1, low
assert [run["seed"] for run in low["of"]] == ["1", "2", "3"], low
assert (high["diverged"], high["mlm_loss"]["n"]) == (1, 2), high
assert high["of"][2]["mlm_loss"] is None and "not finite" in high["of"][2]["note"], high
assert huge["mlm_loss"] == {"mean": None, "deviation": None, "n": 0}, huge
assert huge["of"][0]["mlm_loss"] == 9.5 and "risen from 9.25 to 9.5" in huge["of"][0]["note"], huge
assert [run["state"] for run in lowest["of"]] == ["complete", "failed", "not begun"], lowest
assert lowest["unfinished"] == 2 and lowest["of"][1]["steps"] == 4 and lowest["of"][1]["mlm_loss"] == 6.5, lowest
assert lowest["mlm_loss"]["deviation"] is None, lowest
PYTHON

# What scripts/sweep recorded of a run counts where its metrics do not tell.
echo '{"state": "diverged"}' >sweep/low-3.json
"$summary" sweep >seen.txt || fail "a record of a sweep"
has '^0.001 +4.1500 ± 0.0707 .*1 diverged of 3$'
rm sweep/low-3.json

# Runs of programs that did not know a key yet are told from others by what they were evaluated at, and by no more.
make old/1 1 0.001 10 4.0 train.evaluate_masked_lm_probability=none
sed -i 's/"masked_lm_probability": [0-9.]*, //' old/1/metrics.jsonl
make old/2 2 0.001 10 4.2 train.new_key=5
"$summary" old >seen.txt || fail "old runs"
has '^4.1000 ± 0.1414 '
make old/1 1 0.001 10 4.0 train.evaluate_masked_lm_probability=none data.masked_lm_probability=0.3
sed -i 's/"masked_lm_probability": [0-9.]*, //' old/1/metrics.jsonl
make old/3 3 0.001 10 4.4 data.masked_lm_probability=0.3
"$summary" old >seen.txt || fail "old runs"
has '^data.masked_lm_probability +train.evaluate_masked_lm_probability +MLM loss'
has '^0.15 +0.15 +4.2000 '
has '^0.3 +0.15 +4.4000 '
has '^0.3 +0.3 +4.0000 '
# A phase more is a difference, though its keys have one value.
make phases/1 1 0.001 10 4.0
make phases/2 2 0.001 20 3.0 phase.two.steps=10
"$summary" phases >seen.txt || fail "another phase"
has '^phase.two.steps '
has '^– +4.0000'
has '^10 +3.0000'

# A run is complete when its last phase is, however long another was to be.
phases="phase.one.steps=0 phase.one.hours=2 phase.two.steps=10"
made_in=two make hours/1 1 0.001 10 4.0 $phases
made_in=two make hours/2 2 0.001 9 4.2 $phases
made_in=one make hours/3 3 0.001 10 4.4 $phases
"$summary" hours >seen.txt || fail "phases in hours"
has '^ +4.0000 .* 2 unfinished of 3$'

make twice/1 1 0.001 10 4.0
make twice/2 1 0.001 10 4.0
expect 0 "two runs have the seed 1: their spread is not that of seeds" "$summary" twice
expect 1 "run has no config.ini" "$summary" run phases/1
expect 2 "not allowed with" "$summary" twice --json --markdown

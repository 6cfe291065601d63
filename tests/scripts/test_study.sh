#!/bin/sh
# scripts/study without the work: a stand-in for lambert whose losses are known. Rates that are tried follow from
# losses, every run is made once, what is known is not made, and the tables say what is reckoned by hand. The words of all
# runs that this build can make are configurations that it accepts.
. "$(dirname "$0")/../lib.sh"
study=$ROOT/scripts/study
export PYTHONDONTWRITEBYTECODE=1

# The stand-in: the best rate of LAMB is 0.016 at batch 64 and goes with the root of the batch; a loss is 3 and the
# square of how many doublings the rate is off it, a tenth more for each seed behind the first; 16 times too high diverges.
mkdir fake
cat >fake/lambert <<'PYTHON'
#!/usr/bin/env python3
import json, math, os, subprocess, sys
if sys.argv[1] == "show" and sys.argv[2] == "corpus":
    print(json.dumps({"manifest": {"hash": "c0"}}))
    sys.exit(0)
if sys.argv[1] == "show":
    os.execv(os.environ["REAL"], ["lambert", *sys.argv[1:]])
options = dict(zip(sys.argv[2::2], sys.argv[3::2]))
if sys.argv[1] == "finetune":
    keys = dict(word.split("=", 1) for word in sys.argv[2:] if "=" in word)
    open(keys["run.start_from"]).close()
    with open("tuned", "a") as file:
        file.write(os.path.basename(keys["run.folder"]) + "\n")
    os.makedirs(keys["run.folder"])
    with open(keys["run.folder"] + "/metrics.jsonl", "w") as file:
        file.write(json.dumps({"kind": "step", "seconds": 0.5, "tokens": 100}) + "\n")
    trained = "task.fresh_weights=yes" not in sys.argv and "cola" not in keys["run.folder"]
    with open(keys["run.folder"] + "/score", "w") as file:
        file.write(str(0.5 + 0.2 * trained + int(keys["run.seed"]) / 100))
    sys.exit(0)
if sys.argv[1] == "predict":
    with open(options["--model"] + "/score") as score, open(options["--output"], "w") as file:
        file.write(score.read())
    sys.exit(0)
if sys.argv[1] == "score":
    value = float(open([word for word in sys.argv if "predictions" in word][0]).read())
    print(json.dumps({"metrics": {name: {"value": value} for name in ("accuracy", "f1", "matthews", "pearson", "spearman")}}))
    sys.exit(0)
if os.environ.get("OMPI_COMM_WORLD_RANK", os.environ.get("PMI_RANK", "0")) != "0":
    sys.exit(0)
keys = dict(word.split("=", 1) for word in sys.argv[2:] if "=" in word)
with open("calls", "a") as file:
    file.write(os.path.basename(keys["run.folder"]) + "\n")
if os.path.exists("full"):
    sys.exit("lambert: the disk is full")
batch, rate = int(keys["phase.one.global_batch"]), float(keys["phase.one.learning_rate"])
off = math.log2(rate / (0.016 * math.sqrt(batch / 64)))
os.makedirs(keys["run.folder"] + "/checkpoints")
open(keys["run.folder"] + "/checkpoints/step-00000160.checkpoint", "w").close()
def write(**record):
    with open(keys["run.folder"] + "/metrics.jsonl", "a") as file:
        file.write(json.dumps({"phase": "one", **record}) + "\n")
write(kind="run", commit="c", date="d", kernels="v3", products="AVX2", ranks=1, threads=1)
write(kind="evaluation", total_step=0, mlm_loss=9.0, mlm_accuracy=0.0, nsp_loss=0.7, unigram_loss=7.0)
for step in range(1, 161):
    write(kind="step", seconds=0.5, total_step=step, total_tokens=100 * step, mlm_loss=9 - step / 100)
if off > 3.9:
    sys.exit("step 161 of phase one: the gradient is not finite, first in tensor x")
write(kind="evaluation", total_step=160, mlm_loss=3 + off * off + (int(keys["run.seed"]) - 1) / 10, mlm_accuracy=0.2,
      nsp_loss=0.6, unigram_loss=7.0)
PYTHON
chmod +x fake/lambert
export REAL="$LAMBERT"
run() {
    "$study/run.py" fake corpus out --results study.json "$@"
}
: >calls
run --only pilot types >said.txt 2>&1 || fail "$(cat said.txt)"
# The pilot's seventeen; for the types five rates, of which 0.016 is the best; its seeds; those of
# three other types.
[ "$(grep -c '^lamb-64-0' calls)" = 7 ] || fail "rates and seeds of batch 64: $(cat calls)"
grep -qx "lamb-64-wire-0.016-s3" calls || fail "$(cat calls)"
[ "$(sort calls | uniq -d)" = "" ] || fail "made twice: $(sort calls | uniq -d)"
[ "$(grep -c '^{"name"' study.json)" = "$(grep -c . calls)" ] || fail "$(cat study.json)"
[ "$(grep -c '"kind": "pilot"' study.json)" = 17 ] || fail "the pilot is not marked"
grep -q '"name": "lamb-64-0.016-s2".*"mlm_loss": 3.1.*"curve": \[\[4, 8.975\]' study.json || fail "$(cat study.json)"
[ -e out/lamb-64-0.016-s1/checkpoints ] || fail "weights that are to be fine-tuned are gone"
[ ! -e out/lamb-64-float32-0.016-s1/checkpoints ] || fail "weights are left"

# Once more: nothing; from the results alone, on another machine: nothing; with a corpus of another hash: all.
: >calls
run --only pilot types >said.txt || fail "$(cat said.txt)"
[ ! -s calls ] || fail "made again: $(cat calls)"
rm -r out
run --only pilot types >said.txt || fail "$(cat said.txt)"
[ ! -s calls ] || fail "the results are not known: $(cat calls)"
run --only types --list >list.txt
grep -q "^types	lamb-64-wire-0.016-s3	.*	done$" list.txt || fail "$(cat list.txt)"
cp study.json before.json
sed -i 's/"c0"/"c1"/' fake/lambert
run --only pilot --max-hours 0 >said.txt && fail "no time is left"
grep -q "results of study.json are of another study.ini or corpus" said.txt || fail "$(cat said.txt)"
sed -i 's/"c1"/"c0"/' fake/lambert
cmp study.json before.json || fail "the results were touched"

# The best rate at the edge of its grid: further ones are tried; what diverges is a result, and what fails is none.
: >full
: >calls
run --only warmups >said.txt && fail "a full disk is forgotten"
grep -q "^lamb-128-0.01131-s1: failed: lambert: the disk is full" said.txt || fail "$(cat said.txt)"
cmp study.json before.json || fail "what failed is a result"
rm full
run --only warmups >said.txt || fail "$(cat said.txt)"
python3 - "$study" <<'PYTHON' || fail "the questions"
import math, sys
sys.path.insert(0, sys.argv[1])
import cells, results, tables

losses = results.losses_of(results.read("study.json"))
ask = cells.Ask(losses)
assert cells.anchor(ask, "lamb").rate == 0.016
found, seeds = cells.warmups(ask)[512, "doubling"]
assert found.rate == 0.04525 and not found.at_edge and sorted(found.rates) == [0.02263, 0.04525, 0.09051], found
assert [round(loss, 6) for loss in seeds.values()] == [3, 3.1, 3.2], seeds
assert tables.best_word(found, seeds) == "3.100 ± 0.100 at 0.04525"
assert abs(tables.lowest(found) - 0.04525) < 1e-4
assert tables.power([(16, 1.0), (64, 2.0), (256, 4.0)])[0] == 0.5

# A search that begins three doublings too low goes on until the best rate is inside; from too far it says that it is at an edge.
def searched(low, further=3):
    tried = {}
    def ask(run):
        return tried.setdefault(run, abs(math.log2(run / 8)) if run < 64 else math.inf)
    ask.planning = False
    return cells.search(ask, lambda rate: rate, 8.0 / 2 ** low, further=further)
assert searched(3).rate == 8 and not searched(3).at_edge and max(searched(3).rates) == 16
assert searched(4).at_edge and searched(4).rate == 8, searched(4)
assert searched(-3).rate == 8 and math.inf in searched(-3).rates.values()

# The list: names are of one run each, and all of a question's plan is wanted at once where losses are known to be flat.
runs = {run.name: run for question in cells.QUESTIONS.values() for run in cells.planned(question)}
assert len(runs) > 250 and len({run.keys for run in runs.values()}) == len(runs)
samples = {name: int(dict(run.keys)["phase.one.steps"]) * int(dict(run.keys)["phase.one.global_batch"])
           for name, run in runs.items()}
assert all(count == 2 * cells.SAMPLES if "-twice-" in name else count <= cells.SAMPLES for name, count in samples.items())
assert sum("-twice-" in name for name in runs) == len(cells.SEEDS)
PYTHON

# Models of cells whose best rate is known, for the tasks that tell them from fresh ones: one of these two. Weights
# that are not here are made again, and the result stays.
for set in MRPC CoLA; do
    mkdir -p data/glue/$set
    echo "a sentence" >data/glue/$set/train.tsv
    cp data/glue/$set/train.tsv data/glue/$set/dev.tsv
done
rm -r out
cp study.json before.json
: >calls
"$study/tune.py" fake corpus out data --tasks MRPC CoLA --results study.json >said.txt 2>&1 || fail "$(cat said.txt)"
grep -qx "tasks that count: MRPC" said.txt || fail "$(cat said.txt)"
grep -qx "lamb-256-0.032-s1:mrpc-s3: accuracy 0.7300, f1 0.7300" said.txt || fail "$(cat said.txt)"
[ "$(sort calls | uniq -d)" = "" ] && grep -qx "lamb-64-0.016-s1" calls || fail "weights of $(cat calls)"
[ "$(grep -c . tuned)" = "$(grep -c '"kind": "task"' study.json)" ] || fail "results of tasks"
[ "$(grep -v '"kind": "task"' study.json | sed 's/,$//' | cksum)" = "$(sed 's/,$//' before.json | cksum)" ] || fail "other results"
: >tuned
"$study/tune.py" fake corpus out data --tasks MRPC CoLA --results study.json >said.txt 2>&1 || fail "$(cat said.txt)"
[ ! -s tuned ] || fail "tuned again: $(cat tuned)"

# The page and its pictures; a row that it cites has to be there. (Those of the page's own sentences are not of these results.)
cp -r "$ROOT/docs" docs
sed -i ':a; N; $!ba; s/(rows\{0,1\}[[:space:]][^)]*)//g' docs/study.md
export MPLCONFIGDIR="$WORK/matplotlib"
"$study/report.py" --results study.json --docs docs || fail "the report"
grep -qF "| 512 | 0.2 | 3.100 ± 0.100 at 0.04525 | 0.025 | 3.100 ± 0.100 at 0.04525 |" docs/study.md || fail "$(cat docs/study.md)"
grep -qF "| LAMB | 512 | 640 | 327,680 | 0.04525 | 3.000 | 4.00 |" docs/study.md || fail "the pilot: $(cat docs/study.md)"
grep -qF "| MRPC | 73.0 ± 1.6 | 53.0 ± 1.6 | 20.0 |" docs/study.md || fail "the choice: $(cat docs/study.md)"
grep -qF "| MRPC | 256 | 72.0 ± 1.0 | – |" docs/study.md || fail "the tasks: $(cat docs/study.md)"
"$study/report.py" --results study.json --docs docs --check || fail "the page differs from itself"
if /usr/bin/python3 -c 'import matplotlib' 2>/dev/null; then
    [ -s docs/study-batches.png ] && grep -q '^!\[batches\](study-batches.png)$' docs/study.md || fail "no picture"
fi
printf 'So it is (row lamb-64-0.016-s1), and so (rows\nlamb-64-0.016-s2, lamb-7-s1).\n' >>docs/study.md
expect 1 "cites rows that are not there: lamb-7-s1" "$study/report.py" --results study.json --docs docs

# The page that is committed is what the results that are committed say.
"$study/report.py" --check || fail "docs/study.md is not of study.json"

# The curves of sizes: means between marks by what was masked, the last step's point, and none of a run without an end.
"$study/curves.py" --check || fail "docs/reference-curves.md is not of curves.json"
python3 - "$study" <<'PYTHON' || fail "curves of runs"
import json, sys
sys.path.insert(0, sys.argv[1])
import curves
step = {"kind": "step", "phase": "one", "nsp_loss": 0.5, "sequences": 4}
lines = [{**step, "total_tokens": 6000, "mlm_loss": 9, "masked": 1}, {**step, "total_tokens": 11000, "mlm_loss": 6, "masked": 2},
         {**step, "total_tokens": 12400, "mlm_loss": 5, "masked": 2}]
end = {"kind": "evaluation", "total_tokens": 12400, "mlm_loss": 4.5, "unigram_loss": 6.5}
def run(records):
    with open("metrics.jsonl", "w", encoding="utf-8") as file:
        file.writelines(json.dumps(record) + "\n" for record in records)
    return curves.curve_of("metrics.jsonl")
assert run(lines + [end]) == {"points": [[11000, 7.0, 0.5], [12400, 5.0, 0.5]], "held_out": 4.5, "guess": 6.5}
assert curves.shown_point([[11000, 7.0, 0.5]], 10000) == 7.0 and curves.shown_point([[12400, 5.0, 0.5]], 10000) is None
try:
    run(lines)
except SystemExit as refused:
    assert "not complete" in str(refused), refused
else:
    raise AssertionError("a run without an end")
PYTHON

# Each run whose keys there are is a configuration that is accepted.
python3 - "$study" "$LAMBERT" <<'PYTHON' || fail "the words of a run"
import subprocess, sys
sys.path.insert(0, sys.argv[1])
import cells, run
sys.path.insert(0, sys.argv[1] + "/..")
from sweeping import Failure, settings_of
common = ["data.corpus=c", "run.folder=f"]
known = settings_of(sys.argv[2], [run.CONFIG] + common + run.one_row(cells.one_phase("lamb", 64, 0.01)).words)
tried = waiting = 0
seen = set()
for question in cells.QUESTIONS.values():
    for wanted in cells.planned(question):
        kind = tuple(key for key, _ in wanted.keys)
        if kind in seen:
            continue
        seen.add(kind)
        if any(key.replace("phase.two.", "phase.one.") not in known for key, _ in wanted.keys):
            waiting += 1
            continue
        settings = settings_of(sys.argv[2], [run.config_of(wanted)] + common + run.one_row(wanted).words)
        tried += 1
        assert all(key in settings for key, _ in wanted.keys), wanted
assert tried > 3, (tried, waiting)
PYTHON

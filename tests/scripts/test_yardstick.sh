#!/bin/sh
# scripts/yardstick without the work: stand-ins for lambert and for the peer, whose numbers are known. What is
# done is not done again, tables are what is reckoned by hand, parts are the same for both programs, and the
# words that Lambert is given are a configuration that it accepts.
. "$(dirname "$0")/../lib.sh"
yardstick=$ROOT/scripts/yardstick

# lambert: of seed s, accuracy 0.80, 0.82, ...; 1000 tokens in a second
mkdir fake
cat >fake/lambert <<'END'
#!/usr/bin/env python3
import json, os, sys
command, *words = sys.argv[1:]
keys = dict(word.split("=", 1) for word in words if "=" in word)
with open("calls", "a") as file:
    file.write(f"{command} {' '.join(words)}\n")
if command == "finetune":
    os.makedirs(keys["run.folder"] + "/checkpoints")
    with open(keys["run.folder"] + "/metrics.jsonl", "w") as file:
        for step in range(4):
            file.write(json.dumps({"kind": "step", "seconds": 0.25, "tokens": 250}) + "\n")
        file.write(json.dumps({"kind": "evaluation"}) + "\n")
    with open(keys["run.folder"] + "/seed", "w") as file:
        file.write(keys["run.seed"])
elif command == "predict":
    options = dict(zip(words[::2], words[1::2]))
    with open(options["--model"] + "/seed") as seed, open(options["--output"], "w") as file:
        file.write(str(0.78 + 0.02 * int(seed.read())))
elif command == "score":
    predictions = [word for word in words if "predictions" in word][0]
    with open(predictions) as file:
        accuracy = float(file.read())
    values = {"accuracy": {"value": accuracy}, "f1": {"value": accuracy / 2}}
    print(json.dumps({"metrics": values}))
elif command == "export":
    folder = words[words.index("--output") + 1]
    os.makedirs(folder)
    with open(folder + "/model.safetensors", "w") as file:
        file.write("untrained")
END
# The peer: accuracy 0.81, 0.83, ...; 1000 tokens in two seconds, 1500 with padding
cat >fake/python <<'END'
#!/usr/bin/env python3
import json, sys
if sys.argv[1] == "-c":
    sys.exit(0)
job = json.load(sys.stdin)
with open("jobs", "a") as file:
    file.write(json.dumps(job) + "\n")
with open(job["predictions"], "w") as file:
    file.write(str(0.79 + 0.02 * job["seed"]))
print("a warning")
print(json.dumps({"steps": 4, "examples": 20, "seconds": 2, "tokens": 1000, "padded_tokens": 1500}))
END
chmod +x fake/lambert fake/python

mkdir -p data/glue/SST-2 data/glue/MRPC data/squad data/conll2003 model
echo weights >model/model.safetensors
{
    printf 'sentence\tlabel\n'
    for n in $(seq 20); do printf 'sentence %s\t%s\n' "$n" $((n % 2)); done
} >data/glue/SST-2/train.tsv
cp data/glue/SST-2/train.tsv data/glue/SST-2/dev.tsv
gzip -c data/glue/SST-2/train.tsv >data/glue/MRPC/train.tsv.gz
cp data/glue/MRPC/train.tsv.gz data/glue/MRPC/dev.tsv.gz
run() {
    "$yardstick/run.py" fake data out --model model --python "$PWD/fake/python" "$@"
}
run --tasks sst-2 MRPC --seeds 3 --part SST-2=5 --set MRPC.epochs=2 >said.txt 2>err.txt || fail "$(cat err.txt)"
grep -q "^SST-2, seed 2, lambert: accuracy 0.8200; 4 steps in 1 s, 1000 tokens a second" said.txt ||
    fail "no word of a run: $(cat said.txt)"

# Means 82 and 83, deviations 2: standard errors 2 / sqrt 3 = 1.15, of the difference 1.63.
grep -qxF "| SST-2 | 20 | accuracy | 82.00 ± 1.15 | 83.00 ± 1.15 | -1.00 | -0.6 | 3 |" out/yardstick.md ||
    fail "the scores: $(cat out/yardstick.md)"
grep -qxF "| MRPC | 20 | f1 | 41.00 ± 0.58 | 41.50 ± 0.58 | -0.50 | -0.6 | 3 |" out/yardstick.md ||
    fail "the second metric: $(cat out/yardstick.md)"
python3 - "$yardstick" <<'END' || fail "the times"
import json, sys
sys.path.insert(0, sys.argv[1])
import tables
with open("out/yardstick.json") as file:
    results = json.load(file)["results"]
for result in results:
    result["others"] = 0.5 if result["seed"] == 3 and result["program"] == "pytorch" else 0.01
row = tables.speeds(results)[2]
assert row == "| SST-2 | 4 | 2 of 3 | 1 | 2 | 1,000 | 500 | 2.00 | 1.50 | 1.33 |", row
for result in results:
    result["others"] = 0.06
assert tables.speeds(results)[2] == "| SST-2 | 4 | 0 of 3 | – | – | – | – | – | – | – |", tables.speeds(results)[2]
END

# What both were told: the same file, a part of five rows in their order, the same numbers.
part=$PWD/out/parts/sst-2-5.txt
[ "$(wc -l <"$part")" = 6 ] && head -n 1 "$part" | grep -q "^sentence" && sort -u -t' ' -k2n "$part" | cmp - "$part" ||
    fail "a part: $(cat "$part")"
grep "^finetune" calls | grep -F "task.train=$part" | grep -F "run.start_from=model" |
    grep -F "phase.one.epochs=3 " | grep -F "run.seed=2 " | grep -q -- "--resume" || fail "what Lambert is told: $(cat calls)"
grep -F "\"train\": \"$part\"" jobs | grep -F '"epochs": 3' | grep -qF '"seed": 2,' || fail "what the peer is told"
grep "^finetune" calls | grep -F "MRPC/train.tsv.gz" | grep -qF "phase.one.epochs=2 " || fail "--set"

[ -e out/runs/mrpc-lambert-1/metrics.jsonl ] && [ ! -e out/runs/mrpc-lambert-1/checkpoints ] ||
    fail "the weights of a run that is done"

# Once more: nothing is done again; one result less, and that one is.
cp calls calls-before
run --tasks SST-2 MRPC --seeds 3 --part SST-2=5 --set MRPC.epochs=2 >again.txt || fail "once more"
cmp said.txt again.txt && cmp calls calls-before || fail "done again: $(diff calls-before calls)"
rm -r out/results/mrpc-lambert-3.json out/runs/mrpc-lambert-3
run --tasks SST-2 MRPC --seeds 3 --part SST-2=5 --set MRPC.epochs=2 >again.txt || fail "what was lost"
[ "$(diff calls-before calls | grep -c '> finetune')" = 1 ] || fail "not one run: $(diff calls-before calls)"
expect 1 "mrpc-lambert-1.json was made with another epochs" run --tasks MRPC --seeds 3

# On another machine: what a file of results has is not done again; what it has not, or of other weights, is.
known() {
    rm -rf elsewhere
    cp calls calls-before
    "$yardstick/run.py" fake data elsewhere --model model --python "$PWD/fake/python" --known out/yardstick.json "$@"
}
known --tasks SST-2 --seeds 4 --part SST-2=5 >again.txt || fail "what is known"
[ "$(diff calls-before calls | grep '> finetune' | grep -c 'run.seed=4')" = 1 ] &&
    [ "$(diff calls-before calls | grep -c '> finetune')" = 1 ] || fail "of what is known: $(diff calls-before calls)"
[ "$(head -n 1 again.txt)" = "$(head -n 1 said.txt)" ] ||
    fail "what is known, told: $(cat again.txt)"
echo others >model/model.safetensors
known --tasks SST-2 --seeds 3 --part SST-2=5 >again.txt || fail "other weights"
[ "$(diff calls-before calls | grep -c '> finetune')" = 3 ] || fail "other weights: $(diff calls-before calls)"
echo weights >model/model.safetensors
expect 1 "nowhere is neither a checkpoint nor a folder with model.safetensors" \
    "$yardstick/run.py" fake data out --model nowhere --python "$PWD/fake/python" --tasks SST-2

# Means that are apart: 50 against 83.
sed -i 's/0.78 + 0.02/0.46 + 0.02/' fake/lambert
expect 1 "further apart than two standard errors: SST-2 accuracy" \
    "$yardstick/run.py" fake data apart --model model --python "$PWD/fake/python" --tasks SST-2 --seeds 3
sed -i 's/0.46 + 0.02/0.78 + 0.02/' fake/lambert

# Faults
expect 1 "yardstick: there is no task SST; there are SST-2, MRPC" run --tasks SST
expect 1 "there is no data/glue/CoLA/train.tsv, and none with .gz; data/tasks fetches it" run --tasks CoLA
expect 1 "--seeds 1: 2 or more" run --tasks SST-2 --seeds 1
expect 1 "--part SST-2: TASK=N" run --tasks SST-2 --part SST-2
expect 1 "a part of 20 examples is none of 20" run --tasks SST-2 --part SST-2=20
expect 1 "--set epochs=2: TASK.KEY=VALUE" run --tasks SST-2 --set epochs=2
expect 1 "speed is nothing that can be set; epochs, learning_rate" run --tasks SST-2 --set SST-2.speed=2
expect 1 "nowhere/lambert is not there" "$yardstick/run.py" nowhere data out --model model
printf '#!/bin/sh\necho "no such column" >&2\nexit 3\n' >fake/python
expect 1 "exit code 3: no such column" "$yardstick/run.py" fake data failed --model model \
    --python "$PWD/fake/python" --tasks SST-2
[ ! -e failed/results/sst-2-pytorch-1.json ] || fail "a result of a run that failed"
printf '#!/bin/sh\nexit 0\n' >fake/python

# Weights from along a run
mkdir -p pretrained/checkpoints
for step in 25 52 99 100; do : >"pretrained/checkpoints/$(printf 'step-%08d.checkpoint' $step)"; done
curve() {
    "$yardstick/curve.py" fake data curve-out pretrained --python "$PWD/fake/python" --tasks SST-2 "$@"
}
curve --seeds 2 >said.txt 2>err.txt || fail "a curve: $(cat err.txt)"
grep -qxF "| task | metric | 0 steps | 25 steps | 52 steps | 100 steps |" curve-out/curve.md || fail "$(cat curve-out/curve.md)"
grep -qxF "| SST-2 | accuracy | 81.00 ± 1.00 | 81.00 ± 1.00 | 81.00 ± 1.00 | 81.00 ± 1.00 |" curve-out/curve.md ||
    fail "$(cat curve-out/curve.md)"
grep -qF "run.start_from=pretrained/checkpoints/step-00000052.checkpoint" calls || fail "the weights of a half"
grep -qF "run.start_from=curve-out/untrained" calls || fail "weights that have learnt nothing"
expect 1 "no checkpoint is near step 75 of 100; the nearest is 99|no checkpoint is near step 75" curve --fractions 0.75
expect 1 "there is no checkpoint in model/checkpoints" "$yardstick/curve.py" fake data curve-out model

# The page and the picture
cp -r "$ROOT/docs" docs
export MPLCONFIGDIR="$WORK/matplotlib"
"$yardstick/report.py" --yardstick out/yardstick.json --curve curve-out/curve.json --docs docs || fail "the report"
grep -qF "82.00 ± 1.15" docs/yardstick.md && grep -qF "| 52 steps |" docs/yardstick.md || fail "the page"
[ "$(grep -c "^<!-- end -->" docs/yardstick.md)" = 3 ] || fail "the marks of the page"
[ -s docs/yardstick.png ] || fail "no picture"

# Parts of sentences and of questions; and the words of each task are a configuration.
python3 - "$yardstick" "$LAMBERT" <<'END' || fail "tasks.py or programs.py"
import dataclasses, json, subprocess, sys
sys.path.insert(0, sys.argv[1])
import programs, tasks

lines = ["-DOCSTART- O", ""]
for number in range(9):
    lines += [f"word{number} O", f"end{number} B-X", ""]
part = tasks.part_of_sentences(lines, 4).rstrip("\n").split("\n\n")
assert len(part) == 4 and part == sorted(part) and all(len(s.split("\n")) == 2 for s in part), part
assert part == tasks.part_of_sentences(lines, 4).rstrip("\n").split("\n\n")

article = lambda first: {"title": "t", "paragraphs": [
    {"context": "c", "qas": [{"id": str(n)} for n in range(first, first + 3)]},
    {"context": "d", "qas": [{"id": str(first + 3)}]}]}
squad = json.loads(tasks.part_of_questions({"version": "1.1", "data": [article(0), article(4)]}, 3))
ids = [int(q["id"]) for a in squad["data"] for p in a["paragraphs"] for q in p["qas"]]
assert squad["version"] == "1.1" and len(ids) == 3 and ids == sorted(ids), ids
assert all(p["qas"] for a in squad["data"] for p in a["paragraphs"]), squad

for task in tasks.TASKS.values():
    words = programs.Lambert(None, "float32").words(task, {"train": "t", "evaluate": "e"}, "m", 3, "f")
    done = subprocess.run([sys.argv[2], "show", "config", *words], capture_output=True, text=True)
    assert done.returncode == 0, (task.name, done.stderr)
    shown = done.stdout
    for wanted in (f"kind = {task.kind}", f"global_batch = {task.batch}", "name = adamw", "seed = 3"):
        assert wanted in shown, (task.name, wanted, shown)
END

#!/bin/sh
# scripts/plot-run.py writes a PNG and an SVG that say what they show, the same ones each time, and
# gets along with runs that go on, with broken lines, and with runs that are not there.
. "$(dirname "$0")/../lib.sh"
plot=$ROOT/scripts/plot-run.py
confusion=$ROOT/scripts/plot-confusion.py
export MPLCONFIGDIR="$WORK/matplotlib" # its font cache: not in anyone's home

# Starting Python and loading matplotlib takes as long as a picture. So most scripts run in a copy of a process that has
# done so: told by the pipe `ask` that there are `words`, script and arguments, it forks, and answers with the exit code.
cat >loaded.py <<'END'
import gc
import os
import runpy
import sys

sys.path.insert(0, sys.argv[1])
import plotting

gc.freeze()  # else the copies would touch, and so copy, all that there is
gc.disable()
while True:
    with open("ask", encoding="utf-8") as ask:
        ask.read()
    child = os.fork()
    if child == 0:
        with open("words", encoding="utf-8") as words:
            sys.argv = words.read().splitlines()
        for name, descriptor in (("said.out", 1), ("said.err", 2)):
            os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), descriptor)
        runpy.run_path(sys.argv[0], run_name="__main__")
        break
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    with open("answer", "w", encoding="utf-8") as answer:
        print(code, file=answer)
END
mkfifo ask answer
/usr/bin/python3 loaded.py "$ROOT/scripts" &
loaded=$!
trap 'kill $loaded 2>/dev/null || :; rm -rf "$WORK"' EXIT

# in_loaded SCRIPT WORDS...: as if it was started
in_loaded() {
    printf '%s\n' "$@" >words
    kill -0 $loaded || fail "the process that has matplotlib is gone"
    : >ask
    read -r loaded_code <answer
    cat said.out
    cat said.err >&2
    return "$loaded_code"
}

# make_metrics FOLDER STEPS: as src/run/metrics.c writes them, two phases of STEPS steps each
make_metrics() {
    mkdir -p "$1"
    awk -v steps="$2" '
        function head(kind, phase, step) {
            printf "{\"kind\":\"%s\",\"phase\":\"%s\",\"phase_step\":%d,", kind, phase, step
            printf "\"total_step\":%d,", total
            printf "\"total_sequences\":%d,\"total_tokens\":%d,", total * 16, total * 1800
        }
        function evaluation(phase, step) {
            head("evaluation", phase, step)
            printf "\"sequence_length\":128,\"sequences\":64,\"masked\":1200,"
            printf "\"mlm_loss\":%g,", 8 - total / 20
            printf "\"mlm_accuracy\":0.1,\"nsp_loss\":0.69,\"nsp_accuracy\":0.5,"
            printf "\"unigram_loss\":5.9,\"unigram_accuracy\":0.07}\n"
        }
        function training(phase, step) {
            total++
            head("step", phase, step)
            printf "\"loss\":%g,\"mlm_loss\":%g,\"nsp_loss\":0.7,", 8.7 - total / 20, 8 - total / 20
            printf "\"mlm_accuracy\":0.08,\"nsp_accuracy\":0.5,"
            printf "\"learning_rate\":%g,", step / 1000
            printf "\"gradient_norm\":2,\"clip\":0.5,\"sequences\":16,\"tokens\":1800,\"masked\":270,"
            printf "\"seconds\":0.1,\"sequences_per_second\":160,\"tokens_per_second\":18000,"
            printf "\"peak_fraction\":0.4}\n"
        }
        BEGIN {
            evaluation("one", 0)
            for (s = 1; s <= steps; s++) training("one", s)
            evaluation("one", steps)
            for (s = 1; s <= steps; s++) training("two", s)
            evaluation("two", steps)
        }' >"$1/metrics.jsonl"
}

# draws WORDS...: no error, no warning
draws() {
    in_loaded "$plot" "$@" >out.txt 2>err.txt || { cat err.txt; fail "$*"; }
    [ ! -s err.txt ] || fail "$*: it complained: $(cat err.txt)"
}

# well_formed NAME...: NAME.png begins and ends as a PNG does, NAME.svg is XML; the SVG's texts, one a line, go to
# NAME.txt.
well_formed() {
    python3 -S - "$@" <<'END' || fail "these are no pictures: $*"
import sys
import xml.etree.ElementTree as tree
for name in sys.argv[1:]:
    with open(name + ".png", "rb") as file:
        png = file.read()
    assert png.startswith(b"\x89PNG\r\n\x1a\n"), name
    assert png[-8:-4] == b"IEND", name
    root = tree.parse(name + ".svg").getroot()
    assert root.tag == "{http://www.w3.org/2000/svg}svg", (name, root.tag)
    with open(name + ".txt", "w", encoding="utf-8") as texts:
        for text in root.iter("{http://www.w3.org/2000/svg}text"):
            print("".join(text.itertext()), file=texts)
END
    [ -z "$(find . -name '*.tmp')" ] || fail "a temporary file is left: $(find . -name '*.tmp')"
}

# says NAME TEXT..., lacks NAME TEXT...: lines of the picture's texts
says() {
    picture=$1
    shift
    for text in "$@"; do
        grep -qxF -- "$text" "$picture.txt" ||
            { cat "$picture.txt"; fail "$picture.svg lacks '$text'"; }
    done
}

lacks() {
    picture=$1
    shift
    for text in "$@"; do
        ! grep -qxF -- "$text" "$picture.txt" || fail "$picture.svg says '$text'"
    done
}

# make_task_metrics FOLDER OBJECTIVE TASK METRICS ACCURACY: fine-tuning, 40 steps, evaluated every 20
make_task_metrics() {
    mkdir -p "$1"
    awk -v objective="$2" -v task="$3" -v metrics="$4" -v accuracy="$5" '
        function head(kind, step) {
            printf "{\"kind\":\"%s\",\"phase\":\"one\",\"phase_step\":%d,\"total_step\":%d,", kind, step, step
            printf "\"total_sequences\":%d,\"total_tokens\":%d,", step * 32, step * 900
        }
        BEGIN {
            for (s = 1; s <= 40; s++) {
                head("step", s)
                printf "\"loss\":%g,\"%s_loss\":%g,", 1 - s / 50, objective, 1 - s / 50
                printf "\"%s_accuracy\":%s,\"learning_rate\":%g,", objective, accuracy, s / 1e6
                printf "\"sequences\":32,\"tokens\":900,\"seconds\":0.1,\"tokens_per_second\":9000,"
                printf "\"peak_fraction\":0.5}\n"
                if (s % 20 == 0) {
                    head("evaluation", s)
                    printf "\"task\":\"%s\",\"file\":\"dev.tsv\",\"examples\":50,\"loss\":0.5,", task
                    printf "\"metrics\":{%s}}\n", metrics
                }
            }
        }' >"$1/metrics.jsonl"
}

make_metrics runs/first 60
make_metrics runs/second 30

# One run
"$plot" runs/first --output one >out.txt 2>err.txt && [ ! -s err.txt ] || fail "a run: $(cat err.txt)"
well_formed one
says one first "phase one" "phase two" "training tokens" "loss (nats per prediction)" "accuracy (%)" \
    "learning rate" "throughput (tokens/s)" "fraction of the arithmetic peak (%)" "MLM, held-out" \
    "NSP, held-out" "MLM, unigram guess"

# Several runs, another axis; the file instead of its folder. Folders of the same name are told apart; so are names that
# mean something to matplotlib.
make_metrics other/first 5
make_metrics 'runs/_a$b$' 5
draws runs/first runs/second/metrics.jsonl other/first/ 'runs/_a$b$' --output several.svg --x steps
well_formed several
says several runs/first second other/first './_a$b$' "phase two" "training steps" "MLM, unigram guess"
lacks several "fraction of the arithmetic peak (%)" "training tokens"

# The same picture each time; neither lines of other kinds nor one that is being written change anything.
mkdir -p again/first
awk '{ print } /"kind":"step"/ { print "{\"kind\":\"tensors\",\"phase\":\"one\",\"tensors\":[]}" }' \
    runs/first/metrics.jsonl >again/first/metrics.jsonl
printf '{"kind":"step","phase":"two","phase_st' >>again/first/metrics.jsonl
draws again/first --output again
cmp one.svg again.svg && cmp one.png again.png || fail "another picture of the same run"

# Without evaluations, and over the third axis; after one step; with losses that are not finite
mkdir bare young infinite
grep '"kind":"step"' runs/first/metrics.jsonl >bare/metrics.jsonl
head -n 2 runs/first/metrics.jsonl >young/metrics.jsonl
sed 's/"mlm_loss":[^,]*/"mlm_loss":null/' runs/second/metrics.jsonl >infinite/metrics.jsonl
draws bare --output bare-picture --x sequences
draws young --output young-picture
draws infinite --output infinite-picture
well_formed bare-picture young-picture infinite-picture
says bare-picture bare "training sequences"
lacks bare-picture "MLM, held-out" "MLM, unigram guess"

# A run that mixes corpora has a curve of each in its picture, and one with minimal pairs has theirs. Several runs have
# but the pairs.
mkdir mixing
sed -E 's|("unigram_accuracy":0.07)\}|\1,"corpora":[{"corpus":"/data/wiki","share":0.7,"mlm_loss":5},{"corpus":"books/","share":0.3,"mlm_loss":null}]}|' \
    runs/first/metrics.jsonl |
    awk '{ print } /"kind":"evaluation"/ { sub(/"evaluation"/, "\"pairs\""); sub(/"sequence_length".*/, "")
        print $0 "\"accuracy\":0.61,\"pairs\":1000}" }' >mixing/metrics.jsonl
draws mixing --output mixing-picture
draws mixing runs/second --output two-picture
well_formed mixing-picture two-picture
says mixing-picture "MLM, held-out, wiki" "MLM, held-out, books" "minimal pairs"
says two-picture "minimal pairs"
lacks two-picture "MLM, held-out, wiki"
lacks one "minimal pairs" "MLM, held-out, wiki"

# Fine-tuning: the metrics of each task, of which those that are no share are left out
make_task_metrics tuned/sst classes classification '"accuracy":0.9,"f1":0.8,"macro_f1":0.85,"matthews":-0.1' 0.7
make_task_metrics tuned/sts value regression '"pearson":0.8,"spearman":null,"mse":1.5' null
make_task_metrics tuned/squad span questions '"f1":70.5,"exact_match":60.5,"best_f1":71,"best_f1_threshold":-3' 0.3
for run in sst sts squad; do
    draws tuned/$run --output task-$run
done
well_formed task-sst task-sts task-squad
for run in sst sts squad; do
    says task-$run loss evaluation "metrics of the evaluation set (%)" "learning rate" "throughput (tokens/s)"
    lacks task-$run "loss (nats per prediction)" mse "best f1 threshold"
done
says task-sst accuracy f1 "macro f1" matthews
says task-sts pearson
lacks task-sts spearman
says task-squad f1 "exact match" "best f1"
make_task_metrics more/sst classes classification '"accuracy":0.8,"matthews":0.5' 0.6
draws tuned/sst more/sst --output two-tuned --x steps
mkdir unjudged
grep '"kind":"step"' tuned/sst/metrics.jsonl >unjudged/metrics.jsonl
draws tuned/sst unjudged --output unjudged-picture
well_formed two-tuned unjudged-picture
says two-tuned tuned/sst more/sst accuracy evaluation
lacks two-tuned matthews f1
lacks unjudged-picture accuracy

# Errors
mkdir empty unstarted broken listed unkind untyped
head -n 1 runs/first/metrics.jsonl >unstarted/metrics.jsonl
sed '7s/.*/{"kind":"step","phase":"o/' runs/first/metrics.jsonl >broken/metrics.jsonl
sed '5s/.*/[1,2]/' runs/first/metrics.jsonl >listed/metrics.jsonl
sed '6s/.*/{"phase":"one"}/' runs/first/metrics.jsonl >unkind/metrics.jsonl
sed '9s/"nsp_loss":[^,]*/"nsp_loss":"low"/' runs/first/metrics.jsonl >untyped/metrics.jsonl
rm -f bad.png bad.svg
mkdir unmixed
sed -E 's|("unigram_accuracy":0.07)\}|\1,"corpora":[5]}|' runs/first/metrics.jsonl >unmixed/metrics.jsonl
expect 1 "^plot-run: unmixed/metrics.jsonl:1: .*no list of corpora" in_loaded "$plot" unmixed --output bad

expect 1 "^plot-run: .*nowhere" in_loaded "$plot" nowhere --output bad
expect 1 "^plot-run: empty holds no metrics.jsonl" in_loaded "$plot" empty --output bad
expect 1 "^plot-run: unstarted/metrics.jsonl .*no step" in_loaded "$plot" unstarted --output bad
expect 1 "^plot-run: broken/metrics.jsonl:7: " in_loaded "$plot" broken --output bad
expect 1 "^plot-run: listed/metrics.jsonl:5: " in_loaded "$plot" runs/first listed --output bad
expect 1 "^plot-run: unkind/metrics.jsonl:6: " in_loaded "$plot" unkind --output bad
expect 1 "^plot-run: untyped/metrics.jsonl:9: .*nsp_loss" in_loaded "$plot" untyped --output bad
expect 1 "^plot-run: cannot write nowhere/bad.png: No such" in_loaded "$plot" runs/first --output nowhere/bad
expect 2 "RUN" in_loaded "$plot" --output bad
expect 2 "--output" in_loaded "$plot" runs/first
expect 2 "--x.*hours" in_loaded "$plot" runs/first --output bad --x hours
mkdir mixed unknown
cat runs/first/metrics.jsonl tuned/sst/metrics.jsonl >mixed/metrics.jsonl
sed 's/"task":"[a-z]*"/"task":"dancing"/' tuned/sst/metrics.jsonl >unknown/metrics.jsonl
expect 1 "^plot-run: mixed/metrics.jsonl holds lines of more than one task" in_loaded "$plot" mixed --output bad
expect 1 "^plot-run: unknown/metrics.jsonl:21: .*task and metrics" in_loaded "$plot" unknown --output bad
expect 1 "^plot-run: a picture is of runs of one task; these are .*pre-training.*classification" \
    in_loaded "$plot" runs/first tuned/sst --output bad
[ ! -e bad.png ] && [ ! -e bad.svg ] || fail "a picture of nothing but errors"

mkdir -p lacking/matplotlib
echo 'raise ImportError("not here")' >lacking/matplotlib/__init__.py
expect 1 "^plot-run: matplotlib .*python3-matplotlib" \
    env PYTHONPATH=lacking "$plot" runs/first --output bad

# Confusion matrices
cat >score.json <<'END'
{"metrics": {"accuracy": 0.7}, "confusion": {"labels": ["no", "yes", "$m$"], "counts": [[30, 10, 0], [5, 40, 5], [0, 10, 0]]}}
END
in_loaded "$confusion" score.json --output matrix.png 2>err.txt || fail "a confusion matrix: $(cat err.txt)"
well_formed matrix
says matrix no yes 30 10 40 "70.0% of 100 right" said is "share of the row (%)"
cp matrix.svg matrix-before.svg
in_loaded "$confusion" score.json --output matrix && cmp matrix.svg matrix-before.svg || fail "another picture of the same matrix"
echo '{"metrics": {"pearson": 1}}' >number.json
echo '{"confusion": {"labels": ["a", "b"], "counts": [[1, 2]]}}' >ragged.json
expect 1 "^plot-confusion: number.json holds no confusion matrix" in_loaded "$confusion" number.json --output bad
expect 1 "^plot-confusion: ragged.json: 2 labels, and counts of 1 x 2" in_loaded "$confusion" ragged.json --output bad
expect 1 "^plot-confusion: cannot read nowhere.json" in_loaded "$confusion" nowhere.json --output bad

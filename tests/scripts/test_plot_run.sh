#!/bin/sh
# scripts/plot-run.py writes a PNG and an SVG that say what they show, the same ones each time, and
# gets along with runs that go on, with broken lines, and with runs that are not there.
. "$(dirname "$0")/../lib.sh"
plot=$ROOT/scripts/plot-run.py
export MPLCONFIGDIR="$WORK/matplotlib" # its font cache: not in anyone's home

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
    "$plot" "$@" >out.txt 2>err.txt || { cat err.txt; fail "$*"; }
    [ ! -s err.txt ] || fail "$*: it complained: $(cat err.txt)"
}

# well_formed NAME: NAME.png begins and ends as a PNG does, NAME.svg is XML; the SVG's texts, one a
# line, go to NAME.txt.
well_formed() {
    [ "$(head -c 8 "$1.png" | od -An -tx1 | tr -d ' \n')" = 89504e470d0a1a0a ] ||
        fail "$1.png is no PNG"
    [ "$(tail -c 8 "$1.png" | head -c 4)" = IEND ] || fail "$1.png ends too early"
    python3 - "$1.svg" >"$1.txt" <<'END' || fail "$1.svg is no SVG"
import sys
import xml.etree.ElementTree as tree
root = tree.parse(sys.argv[1]).getroot()
assert root.tag == "{http://www.w3.org/2000/svg}svg", root.tag
for text in root.iter("{http://www.w3.org/2000/svg}text"):
    print("".join(text.itertext()))
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

make_metrics runs/first 60
make_metrics runs/second 30

# One run
draws runs/first --output one
well_formed one
says one first "phase one" "phase two" "training tokens" "loss (nats per prediction)" "accuracy (%)" \
    "learning rate" "throughput (tokens/s)" "fraction of the arithmetic peak (%)" "MLM, held-out" \
    "NSP, held-out" "MLM, unigram guess"

# Several runs, other axes; the file instead of its folder
draws runs/first runs/second/metrics.jsonl --output several.svg --x steps
well_formed several
says several first second "phase two" "training steps" "MLM, unigram guess"
lacks several "fraction of the arithmetic peak (%)" "training tokens"
draws runs/second --output sequences --x sequences
well_formed sequences
says sequences second "training sequences"

# Folders of the same name are told apart; so are names that mean something to matplotlib.
make_metrics other/first 5
make_metrics 'runs/_a$b$' 5
draws runs/first other/first/ 'runs/_a$b$' --output names
well_formed names
says names runs/first other/first './_a$b$'

# The same picture each time; a line that is being written changes nothing.
cp -r runs/first runs/again && mkdir half && mv runs/again half/first
printf '{"kind":"step","phase":"two","phase_st' >>half/first/metrics.jsonl
draws half/first --output half
cmp one.svg half.svg && cmp one.png half.png || fail "another picture of the same run"

# Lines of other kinds change nothing either.
mkdir reported && cp -r runs/first reported/first
awk '{ print } /"kind":"step"/ { print "{\"kind\":\"tensors\",\"phase\":\"one\",\"tensors\":[]}" }' \
    runs/first/metrics.jsonl >reported/first/metrics.jsonl
draws reported/first --output reported
cmp one.svg reported.svg || fail "another picture of the same run with a report on its tensors"

# Without evaluations; after one step; with losses that are not finite
mkdir bare young infinite
grep '"kind":"step"' runs/first/metrics.jsonl >bare/metrics.jsonl
head -n 2 runs/first/metrics.jsonl >young/metrics.jsonl
sed 's/"mlm_loss":[^,]*/"mlm_loss":null/' runs/second/metrics.jsonl >infinite/metrics.jsonl
for run in bare young infinite; do
    draws $run --output $run-picture
    well_formed $run-picture
done
lacks bare-picture "MLM, held-out" "MLM, unigram guess"

# Errors
mkdir empty unstarted broken listed unkind untyped
head -n 1 runs/first/metrics.jsonl >unstarted/metrics.jsonl
sed '7s/.*/{"kind":"step","phase":"o/' runs/first/metrics.jsonl >broken/metrics.jsonl
sed '5s/.*/[1,2]/' runs/first/metrics.jsonl >listed/metrics.jsonl
sed '6s/.*/{"phase":"one"}/' runs/first/metrics.jsonl >unkind/metrics.jsonl
sed '9s/"nsp_loss":[^,]*/"nsp_loss":"low"/' runs/first/metrics.jsonl >untyped/metrics.jsonl
rm -f bad.png bad.svg
expect 1 "^plot-run: .*nowhere" "$plot" nowhere --output bad
expect 1 "^plot-run: empty holds no metrics.jsonl" "$plot" empty --output bad
expect 1 "^plot-run: unstarted/metrics.jsonl .*no step" "$plot" unstarted --output bad
expect 1 "^plot-run: broken/metrics.jsonl:7: " "$plot" broken --output bad
expect 1 "^plot-run: listed/metrics.jsonl:5: " "$plot" runs/first listed --output bad
expect 1 "^plot-run: unkind/metrics.jsonl:6: " "$plot" unkind --output bad
expect 1 "^plot-run: untyped/metrics.jsonl:9: .*nsp_loss" "$plot" untyped --output bad
expect 1 "^plot-run: cannot write nowhere/bad.png: No such" "$plot" runs/first --output nowhere/bad
expect 2 "RUN" "$plot" --output bad
expect 2 "--output" "$plot" runs/first
expect 2 "--x.*hours" "$plot" runs/first --output bad --x hours
[ ! -e bad.png ] && [ ! -e bad.svg ] || fail "a picture of nothing but errors"

mkdir -p lacking/matplotlib
echo 'raise ImportError("not here")' >lacking/matplotlib/__init__.py
expect 1 "^plot-run: matplotlib .*python3-matplotlib" \
    env PYTHONPATH=lacking "$plot" runs/first --output bad

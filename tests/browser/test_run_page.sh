#!/bin/sh
# Pages of scripts/run-page.py in a headless browser (look.py says what is looked at): of a run, of three, one of which
# was resumed, and of fine-tuning. make check-page runs it; PICTURE=FILE also writes the picture that is in docs/.
. "$(dirname "$0")/../lib.sh"
command -v chromium >/dev/null || fail "there is no chromium; make check-page installs it"
export PYTHONDONTWRITEBYTECODE=1
page=$ROOT/scripts/run-page.py
look=$ROOT/tests/browser/look.py

make_corpus >prep.txt
rates() { # FOLDER RATE WORDS...
    rates_folder=$1 rates_one=$2
    shift 2
    train 1 "$rates_folder" train.evaluate_every=25 train.report_every=10 phase.one.steps=160 phase.two.steps=80 \
        phase.one.learning_rate="$rates_one" "$@"
}
rates rate-0.02 0.02 || fail "$(cat log.txt)"
rates rate-0.005 0.005 || fail "$(cat log.txt)"
rates rate-0.05 0.05 || fail "$(cat log.txt)"
rm rate-0.05/checkpoints/step-0000020*.checkpoint rate-0.05/checkpoints/step-0000024*.checkpoint
rates rate-0.05 0.05 --resume || fail "$(cat log.txt)"
awk 'BEGIN { srand(3); for (i = 0; i < 200; i++) { right = rand() < 0.5
    print (right ? "The old king found the garden" : "The quiet stone lost the lamp") "\t" right } }' >task.tsv
"$LAMBERT" finetune "$ROOT/configs/finetune-demo.ini" run.start_from=rate-0.05 run.folder=tuned task.train=task.tsv \
    task.evaluate=task.tsv task.text=1 task.label=2 task.positive=1 task.header=no train.evaluate_every=5 \
    2>>log.txt || fail "$(cat log.txt)"

"$page" rate-0.02 --output one.html
"$page" rate-0.02 rate-0.005 rate-0.05 --output three.html
"$page" tuned --output tuned.html
"$page" tuned rate-0.02 --output both.html --x tokens
python3 "$look" one.html three.html tuned.html both.html >seen.txt || fail "$(cat seen.txt)"

# What is looked for is found: a page that is too wide, loads something and has labels on each other.
sed -e 's|</h1>|</h1><img src="nowhere.png"/><div style="width: 2000px">wide</div>|' \
    -e 's|<text class="end"|<text class="end" x="60" y="40">on each other</text>&|g' one.html >bad.html
! python3 "$look" bad.html >seen.txt || fail "a bad page passes"
for fault in "pixels wide" "DIV wide" "lies on" "nowhere.png\|violates"; do
    grep -q "$fault" seen.txt || fail "it is not found: $fault; only: $(cat seen.txt)"
done

[ -z "${PICTURE:-}" ] || python3 "$look" --picture "$ROOT/$PICTURE" three.html

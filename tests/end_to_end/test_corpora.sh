#!/bin/sh
# Several corpora mixed in one phase: the same samples on any number of ranks and after resuming, in the shares
# that were asked for, with what the run tells of each; and what cannot be mixed.
. "$(dirname "$0")/../lib.sh"
make_corpus
make_text more.txt 40
"$LAMBERT" prep --vocabulary vocab.txt --output more --heldout 0.2 more.txt 2>log.txt || fail "prep: $(cat log.txt)"
"$LAMBERT" prep --vocabulary vocab.txt --output cased --cased more.txt 2>log.txt || fail "prep: $(cat log.txt)"
words="data.corpus=corpus,more data.weights=0.7,0.3 phase.one.steps=6 phase.one.global_batch=10 phase.two.steps=4
    phase.two.corpus=more,more,corpus phase.two.global_batch=10 phase.two.temperature=2 train.log_every=2
    train.reproducible=yes run.threads=1"

for ranks in 1 2 3; do
    : >log.txt
    train $ranks run-$ranks $words || fail "$ranks ranks: $(cat log.txt)"
    cmp run-1/checkpoints/step-00000010.checkpoint run-$ranks/checkpoints/step-00000010.checkpoint ||
        fail "$ranks ranks made another model"
done
for said in 'phase one: .*; 2 corpora$' \
    'phase one, corpus: 70% of the samples; it has [0-9]+ tokens, an epoch [0-9]+ samples, this phase sees [0-9.]+ epochs' \
    'phase one, step 6, more: 18 samples, gone through 0\.[0-9]+ times' \
    'step 10, held-out of corpus: MLM loss .*; [0-9]+ sequences$' 'step 10, held-out: MLM loss '; do
    grep -qE "$said" log.txt || { cat log.txt; fail "the log does not say '$said'"; }
done

# In the metrics: samples by the shares, epochs, and held-out means that are weighted by them.
"$LAMBERT" eval "$ROOT/configs/tiny.ini" $words run.folder=run-1 --phase one --json >eval.json 2>err.txt ||
    fail "eval: $(cat err.txt)"
python3 - <<'PYTHON' || fail "metrics"
import json
lines = [json.loads(line) for line in open("run-1/metrics.jsonl")]
told = [line for line in lines if line["kind"] == "corpora"]
assert [line["total_step"] for line in told] == [2, 4, 6, 8, 10], told
for line in told[:3]:
    samples = [corpus["samples"] for corpus in line["corpora"]]
    assert samples == [7 * line["phase_step"], 3 * line["phase_step"]], line
    assert all(0 < corpus["epochs"] < 1 for corpus in line["corpora"])
assert [corpus["corpus"] for corpus in told[-1]["corpora"]] == ["more", "more", "corpus"]
assert sum(corpus["samples"] for corpus in told[-1]["corpora"]) == 40
held = [line for line in lines if line["kind"] == "evaluation"] + [json.load(open("eval.json"))]
for line in held:
    shares = sum(corpus["share"] for corpus in line["corpora"])
    for name in "mlm_loss", "nsp_accuracy", "unigram_loss":
        mean = sum(corpus["share"] * corpus[name] for corpus in line["corpora"]) / shares
        assert abs(mean - line[name]) < 1e-6, (line, name)
assert held[0]["corpora"][0]["corpus"] == "corpus" and len(held[-1]["corpora"]) == 2
PYTHON
python3 "$ROOT/scripts/run-summary.py" run-1 >out.txt || fail "run-summary"
grep -q '^  more' out.txt || fail "the summary has no corpora: $(cat out.txt)"

# A run whose two spellings of one folder were two corpora, as they were to earlier versions and two copies are: it
# goes on, and with a corpus that is another one does not.
cp -r corpus copy
spelt="data.corpus=corpus phase.one.steps=2 phase.two.steps=1"
train 1 spelt $spelt phase.two.corpus=copy || fail "two copies: $(cat log.txt)"
train 1 spelt $spelt phase.two.corpus=./corpus phase.two.steps=2 --resume --accept phase.two.steps ||
    fail "two spellings: $(tail -n 3 log.txt)"
grep -q "resumed from spelt/checkpoints/step-00000003.checkpoint" log.txt || fail "two spellings: not resumed"
expect 1 "it was trained on another corpus" "$LAMBERT" train "$ROOT/configs/tiny.ini" $spelt run.folder=spelt \
    phase.two.corpus=more phase.two.steps=2 --resume --accept phase.two.steps

# Gone on with from the middle of each phase, on other ranks: bit for bit the same, and so are the counts.
train 2 parts $words train.checkpoint_every=1 train.checkpoint_keep=20 || fail "$(cat log.txt)"
for step in 3 8; do
    mkdir -p "from-$step/checkpoints"
    cp parts/checkpoints/step-0000000$step.checkpoint "from-$step/checkpoints"
    train 3 from-$step $words --resume || fail "$(cat log.txt)"
    cmp run-1/checkpoints/step-00000010.checkpoint from-$step/checkpoints/step-00000010.checkpoint ||
        fail "resumed at step $step, another model"
    for folder in run-1 from-$step; do
        grep '"kind":"corpora"' $folder/metrics.jsonl | tail -n 1 >counts.$folder
    done
    cmp counts.run-1 counts.from-$step || fail "resumed at step $step, other counts"
done

# Samples, and which corpus each is of.
"$LAMBERT" show batch "$ROOT/configs/tiny.ini" $words run.folder=none --count 40 --json >out.txt 2>err.txt ||
    fail "show batch: $(cat err.txt)"
[ "$(grep -c '"corpus":"corpus"' out.txt)" = 28 ] || fail "not 7 of 10 samples are of the first corpus"
"$LAMBERT" show batch "$ROOT/configs/tiny.ini" $words run.folder=none --first 20 --count 20 --json >part.txt
tail -n 20 out.txt | cmp - part.txt || fail "samples depend on those before them"

# A list of one, with a weight: what the corpus alone is.
train 1 one phase.one.steps=2 phase.two.steps=1 run.threads=1 || fail "$(cat log.txt)"
train 1 list phase.one.steps=2 phase.two.steps=1 run.threads=1 data.weights=3 || fail "$(cat log.txt)"
[ "$(field loss one)" = "$(field loss list)" ] || fail "a weight changes a run on one corpus"
grep -q '"corpora"' one/metrics.jsonl && fail "a run on one corpus tells of several"

tiny=$ROOT/configs/tiny.ini
expect 1 "the corpus corpus is uncased, and cased is cased" "$LAMBERT" train "$tiny" run.folder=no data.corpus=corpus,cased
expect 1 "there is no corpus nowhere" "$LAMBERT" train "$tiny" run.folder=no data.corpus=corpus,nowhere
expect 1 "data.weights has 1 values and data.corpus has 2" "$LAMBERT" train "$tiny" run.folder=no \
    data.corpus=corpus,more data.weights=1
expect 1 "data.weights = 0.5, 0.5, was 0.7, 0.3" mpirun -n 1 "$LAMBERT" train "$tiny" $words run.folder=run-1 \
    data.weights=0.5,0.5 --resume
expect 1 "another corpus" mpirun -n 1 "$LAMBERT" train "$tiny" $words run.folder=run-1 data.corpus=more,corpus --resume

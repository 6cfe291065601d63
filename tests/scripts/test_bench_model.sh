#!/bin/sh
# scripts/bench-model and scripts/peers: which rounds count and what is printed of them; that Lambert is
# asked for what is measured; and, where PyTorch is installed in the build folder (make bench-peers or
# check-numerics), that the peer computes what transformers does.
. "$(dirname "$0")/../lib.sh"
export PYTHONDONTWRITEBYTECODE=1
bench=$ROOT/scripts/bench-model

python3 - "$ROOT/scripts/peers" <<'END' || fail "the rounds"
import sys
sys.path.insert(0, sys.argv[1])
from rounds import *

class Scripted:
    """A machine whose peaks and others are given; it writes down what happens when."""
    def __init__(self, peaks, others):
        self.peaks, self.others, self.told = iter(peaks), iter(others), []
    def peak(self):
        self.told.append("peak")
        return next(self.peaks)
    def load(self):
        return 0.25
    def times(self):
        self.told.append("begin")
        return len(self.told)
    def others_since(self, started):
        assert self.told[started - 1] == "begin" and len(self.told) == started + 1
        self.told.append("end")
        return next(self.others)

def measuring(machine, name, speeds):
    speeds = iter(speeds)
    def once():
        machine.told.append(name)
        return next(speeds)
    return once

# Round 1 is calm; in 2 the peak sinks between the two; in 3 it has sunk for good; 4 is disturbed.
machine = Scripted([200, 202, 204, 190, 191, 191, 192, 191, 190],
                   [0, 0.01, 0.02, 0, 0.049, 0.05, 0.01, 0.0501])
measurements = {"ours": measuring(machine, "ours", [300, 310, 280, 290]),
                "theirs": measuring(machine, "theirs", [200, 100, 140, 10])}
seen = []
rounds = measure(measurements, machine, 4, lambda number, it: seen.append((number, it)))
one = ["begin", "ours", "end", "peak", "begin", "theirs", "end", "peak"]
assert machine.told == ["peak"] + 4 * one, machine.told
assert seen == list(enumerate(rounds, 1))
assert [it.peaks for it in rounds] == [[200, 202, 204], [204, 190, 191], [191, 191, 192], [192, 191, 190]]
assert [it.others for it in rounds] == [0.01, 0.02, 0.05, 0.0501]
assert [it.faults() for it in rounds] == [
    [], ["the peak moved by 7.4%"], [], ["others took 5.0% of the cores' time"]]
both = Round({}, [100, 106], 0.5, 0)
assert both.faults() == ["the peak moved by 6.0%", "others took 50.0% of the cores' time"]
assert not Round({}, [100, 104.9], 0, 0).faults() and not Round({}, [104.9, 100], 0, 0).faults()
assert Round({}, [100, 106, 101], 0, 0).faults()  # the first and the last alone do not tell

speeds = {"a": 10, "b": 30, "c": 5, "d": 20}
assert Ratio("", ["a"], ["c"]).of(speeds) == 2 and Ratio("", ["a", "b"], ["c", "d"]).of(speeds) == 1.5

table = Table(["ours", "theirs"], [Ratio("ratio", ["ours"], ["theirs"])])
assert table.head().split() == ["round", "ours", "theirs", "ratio", "peak", "moved", "others", "load"]
rows = [table.row(number, it) for number, it in seen]
assert rows[0].split() == ["1", "300", "200", "1.50", "202", "2.0%", "1.0%", "0.25"], rows
assert rows[1].split()[:5] == ["2", "x", "310", "100", "3.10"]
assert rows[1].endswith("   left out: the peak moved by 7.4%")
assert len(table.head()) == len(rows[0]) == len(rows[1].split("   left out")[0])
lines = table.medians(rounds).split("\n")
assert lines[0].split() == ["median", "290", "170", "1.75", "196"], lines
assert lines[1:] == ["ratio: 1.75 (1.50 to 2.00)", "of 2 rounds; 2 of 4 left out"], lines
assert table.medians([rounds[1], rounds[3]]) is None
END

python3 - "$ROOT/scripts/peers" "$BUILD" <<'END' || fail "the machine"
import os, subprocess, sys
sys.path.insert(0, sys.argv[1])
import machine
from machine import *

machine.TICKS = 100
stat = """cpu  9 9 9 9 9 9 9 9 9 9
cpu0 100 20 30 5000 600 7 8 40 90 5
cpu1 1000 0 0 1 1 0 0 0 0 0
cpu10 10000 0 0 1 1 0 0 0 0 0
intr 1 2 3
"""
near = lambda a, b: abs(a - b) < 1e-9
assert near(busy_seconds(stat, {0}), 2.05)  # neither idle nor waiting; a guest's time is in the user's
assert near(busy_seconds(stat, {0, 1}), 12.05) and near(busy_seconds(stat, {10}), 100)
assert near(others_between((50, 10, 4), (60, 30, 23), 2), 0.05)
assert others_between((50, 10, 4), (60, 29, 24), 2) == 0  # ticks are coarse

machine.TICKS = os.sysconf("SC_CLK_TCK")
here = Machine(sys.argv[2])
assert 1 <= here.threads <= len(here.processors)
# What a child has computed is not others'.
started = here.times()
subprocess.run([sys.executable, "-c", "while __import__('time').process_time() < 1: pass"], check=True)
own = here.times()[2] - started[2]
assert 1 <= own < 2, own
assert 0 <= here.others_since(started) <= 1.01

os.environ.update(OPENBLAS_CORETYPE="Prescott", LD_PRELOAD="", OMP_NUM_THREADS="77", KEPT="yes")
given = here.environment(LD_PRELOAD="tcmalloc")
assert "OPENBLAS_CORETYPE" not in given and given["KEPT"] == "yes"
assert given["OMP_NUM_THREADS"] == str(here.threads) and given["LD_PRELOAD"] == "tcmalloc"
assert "LD_PRELOAD" not in here.environment()
assert here.peak() > 0 and here.cpu() and here.load() >= 0
END

make_corpus
python3 - "$bench" "$BUILD" "$ROOT/configs/tiny.ini" <<'END' || fail "Lambert's side"
import importlib.machinery, importlib.util, sys
loader = importlib.machinery.SourceFileLoader("bench_model", sys.argv[1])
bench = importlib.util.module_from_spec(importlib.util.spec_from_loader("bench_model", loader))
loader.exec_module(bench)
tiny, machine = sys.argv[3], bench.Machine(sys.argv[2])

def refused(call, words):
    try:
        call()
    except bench.Failure as error:
        assert words in str(error), error
        return
    raise AssertionError(words)

# The shape, and samples as many and as long as those that lambert bench makes up.
bert = bench.Bert(machine, tiny, ["run.folder=x", "data.corpus=none", "model.hidden_act=gelu_new"], None)
assert bert.phases() == {"one": 32, "two": 64}
shape = bert.shape()
assert (shape["hidden_size"], shape["num_hidden_layers"], shape["intermediate_size"]) == (32, 2, 64)
assert shape["hidden_act"] == "gelu_new" and shape["vocab_size"] == 30522
assert shape["hidden_dropout_prob"] == shape["attention_probs_dropout_prob"] == 0.1
samples = bert.samples("two")
assert len(samples) == 16
for n, sample in enumerate(samples):
    ids, types, positions, labels = (sample[key] for key in (
        "input_ids", "token_type_ids", "masked_positions", "masked_labels"))
    assert len(ids) == len(types) == 64 and sum(types) == 32 and types == sorted(types)
    assert len(positions) == len(labels) == len(set(positions)) == 10
    assert all(0 < position < 64 for position in positions)
    assert all(5 <= word < 30522 for word in ids + labels)
    assert sample["next_sentence_label"] == n % 2
assert samples[0]["input_ids"] != samples[1]["input_ids"]

# Lambert computes as many, in both types; a peer that computes others is refused.
for kind in bench.TYPES:
    speed, tokens = bert.lambert_speed("two", kind, 1)
    assert speed > 0 and tokens == 16 * 64
refused(lambda: bert.lambert_speed("two", "float33", 1), "train.compute_type")
measurements = bench.measurements_of(bert, "one", ["float32"], 1, None)
assert list(measurements) == ["Lambert float32", "PyTorch float32"]
said = {"seconds": [4.0, 1.0, 2.0], "tokens": 1024, "tcmalloc": True, "threads": machine.threads,
        "attention": "sdpa"}
bench.run = lambda command, environment, text: bench.json.dumps(said)
assert bench.pytorch_speed(machine, {}, "libtcmalloc.so") == (512, 1024)
refused(lambda: bench.pytorch_speed(machine, {}, None), "to run with tcmalloc = False, and ran with True")
said["tcmalloc"] = False
refused(lambda: bench.pytorch_speed(machine, {}, "libtcmalloc.so"), "to run with tcmalloc = True")
bench.pytorch_speed = lambda machine, job, tcmalloc: (5.0, len(job["samples"]) * 32)
assert measurements["PyTorch float32"]() == 5 and measurements["Lambert float32"]() > 0
bench.pytorch_speed = lambda machine, job, tcmalloc: (5.0, 1)
refused(measurements["PyTorch float32"], "PyTorch computed 1 tokens, and not the 1024")

# The samples of a corpus are those that Lambert takes.
real = bench.Bert(machine, tiny, ["run.folder=x"], "corpus")
batch = real.samples("one")
tokens = sum(len(sample["input_ids"]) for sample in batch)
assert 1024 - 32 < tokens <= 1024 and min(len(sample["input_ids"]) for sample in batch) < 32
assert real.lambert_speed("one", "float32", 1)[1] == tokens
assert real.shape()["vocab_size"] == sum(1 for _ in open("vocab.txt"))

# What is set against what.
assert [(r.title, r.ours, r.theirs) for r in bench.ratios_of(["bfloat16"])] == [
    ("bfloat16 ratio", ["Lambert bfloat16"], ["PyTorch bfloat16"])]
best = bench.ratios_of(list(bench.TYPES))[-1]
assert best.of({"Lambert float32": 3, "Lambert bfloat16": 6, "PyTorch float32": 4,
                "PyTorch bfloat16": 2}) == 1.5
assert bench.types_in("float32 bfloat16") == bench.types_in("float32,bfloat16") == list(bench.TYPES)
END

config="$ROOT/configs/tiny.ini run.folder=x data.corpus=none"
expect 2 "types are float32 and bfloat16, not 'float16'" "$bench" "$BUILD" $config --types float16
expect 2 "types are" "$bench" "$BUILD" $config --types ''
expect 2 "rounds: 1 or more, not '0'" "$bench" "$BUILD" $config --rounds 0
expect 1 "^bench-model: nowhere/lambert is not there; run make" "$bench" nowhere
expect 1 "unknown key 'train.nonsense'" "$bench" "$BUILD" $config train.nonsense=1
expect 1 "^bench-model: .*has no phase three; it has one, two" "$bench" "$BUILD" $config --phase three
# -S: without the packages that are installed
expect 1 "^bench-model: torch is not installed for .*make bench-peers" python3 -I -S "$bench" "$BUILD" $config

# --- with PyTorch -----------------------------------------------------------------------------
python=
for folder in "$BUILD/numerics" "$BUILD/peers"; do
    [ ! -e "$folder/installed" ] || python=$folder/bin/python
done
[ -n "$python" ] || { echo "PyTorch's side was left out: it is not in $BUILD"; exit 0; }

"$python" - "$ROOT/scripts/peers" <<'END' || fail "PyTorch's side"
import sys
sys.path.insert(0, sys.argv[1])
import torch
from pytorch_bert import SCALE, batch_of, losses_of, new_model, training_pass

SHAPE = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64,
         "max_position_embeddings": 64, "vocab_size": 90}
CALM = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}

def sample(length, masked, label):
    word = lambda i: 5 + (i * 37 + length) % 80
    return {"input_ids": [word(i) for i in range(length)],
            "token_type_ids": [int(i >= length // 2) for i in range(length)],
            "masked_positions": masked, "masked_labels": [word(3 * i) for i in masked],
            "next_sentence_label": label}

def as_users_call_it(model, samples, longest):
    """The sums of both losses from the model as it is, with labels at every position."""
    pad = lambda values: values + [0] * (longest - len(values))
    labels = torch.full((len(samples), longest), -100)
    for n, one in enumerate(samples):
        labels[n, one["masked_positions"]] = torch.tensor(one["masked_labels"])
    pairs = torch.tensor([-100 if one["next_sentence_label"] < 0 else one["next_sentence_label"]
                          for one in samples])
    out = model(torch.tensor([pad(one["input_ids"]) for one in samples]),
                attention_mask=torch.tensor([pad([1] * len(one["input_ids"])) for one in samples]),
                token_type_ids=torch.tensor([pad(one["token_type_ids"]) for one in samples]),
                labels=labels, next_sentence_label=pairs)
    cross_entropy = torch.nn.functional.cross_entropy
    words = cross_entropy(out.prediction_logits.flatten(0, 1), labels.flatten(), reduction="sum")
    nsp = cross_entropy(out.seq_relationship_logits, pairs, reduction="sum")
    means = words / (labels >= 0).sum() + nsp / (pairs >= 0).sum()
    assert torch.allclose(out.loss, means, rtol=1e-5), (out.loss, means)
    return words, nsp

def gradients(model):
    found = {name: p.grad.clone() for name, p in model.named_parameters()}
    assert all(p.dtype == p.grad.dtype == torch.float32 for p in model.parameters())
    model.zero_grad()
    return found

def apart(ours, theirs):
    """The largest distance of a tensor's gradient, as a part of its norm. That of the keys' bias is zero
    but for rounding."""
    return max(((ours[name] - theirs[name]).norm() / theirs[name].norm()).item()
               for name in theirs if not name.endswith("key.bias"))

# Losses and gradients are those of the model as transformers has it, of padded samples and of full ones.
for samples in ([sample(17, [1, 5, 9], 1), sample(33, [2, 30], -1), sample(29, [28], 0)],
                [sample(24, [3, 4], 0), sample(24, [23], 1)]):
    model, batch = new_model({**SHAPE, **CALM}), batch_of(samples)
    longest = max(len(one["input_ids"]) for one in samples)
    assert batch["ids"].shape == (len(samples), longest)
    assert batch["tokens"] == sum(len(one["input_ids"]) for one in samples)
    assert (batch["mask"] is None) == (batch["tokens"] == batch["ids"].numel())
    wanted = as_users_call_it(model, samples, longest)
    assert all(torch.allclose(a, b, rtol=1e-5) for a, b in zip(losses_of(model, batch), wanted))
    (SCALE * sum(wanted)).backward()
    theirs = gradients(model)
    assert torch.allclose(training_pass(model, batch, "float32"), sum(wanted), rtol=1e-5)
    ours = gradients(model)
    assert apart(ours, theirs) < 1e-4, apart(ours, theirs)
    for _ in range(2):  # passes add up, as a step's micro-batches do
        training_pass(model, batch, "float32")
    assert apart(gradients(model), {name: 2 * g for name, g in ours.items()}) < 1e-4

# The vocabulary's product is made for masked rows alone; in autocast products are made in bfloat16, and
# weights, gradients and loss stay what they were, but for the rounding of operands.
shapes, types = [], []
model.cls.predictions.decoder.register_forward_hook(lambda _, __, out: shapes.append(tuple(out.shape)))
for module in model.modules():
    if isinstance(module, torch.nn.Linear):
        module.register_forward_hook(lambda _, __, out: types.append(out.dtype))
training_pass(model, batch, "float32")
assert shapes == [(3, 90)] and set(types) == {torch.float32}, (shapes, types)
model.zero_grad()
types.clear()
loss = training_pass(model, batch, "bfloat16")
assert set(types) == {torch.bfloat16} and len(types) == 2 * 6 + 4, types
assert 0 < abs(loss.item() / sum(wanted).item() - 1) < 0.02, (loss, wanted)
assert 1e-4 < apart(gradients(model), ours) < 0.1, "bfloat16"

# It trains: there is dropout, and in attention as well.
assert model.training and model.config._attn_implementation == "sdpa"
for still in CALM:
    model = new_model({**SHAPE, **CALM, still: 0.1})
    assert training_pass(model, batch, "float32") != training_pass(model, batch, "float32"), still
END

# The whole of it, once. Whether its round counts is the machine's affair, and said.
code=0
"$python" "$bench" "$BUILD" $config --phase two --rounds 1 --repeat 1 >seen.txt 2>err.txt || code=$?
seen() {
    [ "$(grep -cE -- "$1" seen.txt)" = "$2" ] || { cat seen.txt err.txt; fail "not $2 times '$1'"; }
}
seen "^phase two, S = 64$" 1
seen '^1( x)?( +[0-9]+){4}( +[0-9.]+){3} ' 1
seen "torch [0-9.+a-z]*, transformers [0-9.]*, .*tcmalloc" 1
case $code in
0) seen '^median' 1 ;;
1)
    seen 'left out: ' 1
    grep -qE "^bench-model: S = 64: no round is left" err.txt || fail "$(cat err.txt)"
    ;;
*) fail "exit code $code: $(cat err.txt)" ;;
esac
